"""Floating-point operations of a graph, and this machine's highest rate of them."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import Plan, interleaved
from platefuse.networks.common.keras2 import convert_variables_to_constants_v2, tf

_SIDE = 2048  # of the matrices; large enough to be bound by arithmetic, not memory

Shapes = list[tuple[int, ...]]


def count_operations(function: Callable[..., Any], images: np.ndarray) -> int:
    """Count the additions and multiplications in a graph's products and convolutions.

    Sums, activations and the rest are comparatively small and not counted. Shapes are the actual ones for these images,
    so the count depends on the number of characters.

    Args:
        function: from images to any outputs.
        images: uint8 [B,H,W,3].

    Returns:
        Operations for all B images.
    """
    concrete = tf.function(lambda batch: function(batch)).get_concrete_function(tf.TensorSpec(images.shape, tf.uint8))
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=False)
    counted = [op for op in frozen.graph.get_operations() if op.type in _COUNTERS]
    tensors = {tensor.name: tensor for op in counted for tensor in [*op.inputs, *op.outputs]}
    values = frozen.prune(frozen.inputs, list(tensors.values()))(tf.constant(images)) if tensors else []
    shapes = dict(zip(tensors, (tuple(value.shape) for value in values), strict=True))

    def of(op: Any) -> int:
        return _COUNTERS[op.type](op, [shapes[tensor.name] for tensor in [*op.inputs, *op.outputs]])

    return sum(of(op) for op in counted)


def _convolution(op: Any, shapes: Shapes) -> int:
    _, kernel, outputs = shapes
    return 2 * math.prod(outputs) * math.prod(kernel[:3])


def _depthwise(op: Any, shapes: Shapes) -> int:
    _, kernel, outputs = shapes
    return 2 * math.prod(outputs) * math.prod(kernel[:2])


def _product(op: Any, shapes: Shapes) -> int:
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    return 2 * math.prod(shapes[-1]) * shapes[0][-2 if transposed else -1]


def _einsum(op: Any, shapes: Shapes) -> int:
    subscripts = op.get_attr("equation").decode().split("->")[0].split(",")
    if len(subscripts) < 2:
        return 0
    sizes: dict[str, int] = {}
    for labels, shape in zip(subscripts, shapes, strict=False):  # the last shape is the output's
        sizes |= dict(zip(labels, shape, strict=True))
    return 2 * math.prod(sizes.values())


_COUNTERS: dict[str, Callable[[Any, Shapes], int]] = {
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "MatMul": _product,
    "BatchMatMulV2": _product,
    "Einsum": _einsum,
}


def matrix_rate(plan: Plan) -> float:
    """Measure the median operations per second of float32 matrix products."""
    side = _SIDE if plan.seconds else _SIDE // 8
    matrix = tf.random.normal([side, side], seed=1)
    product = tf.function(lambda: tf.linalg.matmul(matrix, matrix))
    times = interleaved({"product": lambda: product().numpy()}, plan, "matrix products")["product"]
    return 2 * side**3 / float(np.median(times))
