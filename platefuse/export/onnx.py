"""Conversion of a SavedModel to ONNX, with tf2onnx."""

import logging
import math
from pathlib import Path
from typing import Any

import onnx
import tf2onnx
from tf2onnx import tf_loader

from platefuse.export.branches import constants_into_branches
from platefuse.export.conversion_error import conversion_error
from platefuse.export.onnx_graph import share_initializers, shorten_names
from platefuse.inference.metadata import METADATA_KEY, metadata_text
from platefuse.networks.common.keras2 import tf

OPSET = 17  # the first that has all that the graph needs


def convert(model: Path, out: Path, metadata: dict[str, Any], precision: str) -> None:
    """Write the `numeric` signature as ONNX for any image size and number.

    Args:
        model: the SavedModel's folder.
        out: the file to write.
        metadata: the model's metadata, an entry of the file's own.
        precision: float32, or float16 for weights of half the size.

    Raises:
        PlatefuseError: if tf2onnx cannot convert the model.
    """
    for logger in (tf.get_logger(), logging.getLogger("tf2onnx")):
        logger.setLevel(logging.CRITICAL)  # they log their own deprecations; a failure raises
    try:
        proto = _converted(model)
        onnx.checker.check_model(proto)  # tf2onnx keeps operations that it does not know
    except Exception as error:  # tf2onnx has no error class of its own
        raise conversion_error(model, "ONNX", error) from error
    _name_axes(proto)
    if precision == "float16":
        _halve_weights(proto)
    onnx.helper.set_model_props(proto, {METADATA_KEY: metadata_text(metadata)})
    onnx.save(proto, str(out))


def _converted(model: Path) -> onnx.ModelProto:
    loaded = tf.saved_model.load(str(model))  # its signatures live no longer than the model itself
    signature = loaded.signatures["numeric"]
    inputs = {signature.inputs[0].name: "images"}
    # The outputs are in the order of their keys.
    outputs = {
        tensor.name: name for tensor, name in zip(signature.outputs, sorted(signature.structured_outputs), strict=True)
    }
    graph = tf_loader.from_function(signature, list(inputs), list(outputs))
    constants_into_branches(graph)
    proto, _ = tf2onnx.convert.from_graph_def(
        graph,
        name="platefuse",
        input_names=list(inputs),
        output_names=list(outputs),
        opset=OPSET,
        tensors_to_rename={**inputs, **outputs},
    )
    share_initializers(proto.graph)
    shorten_names(proto.graph)
    return proto


def _name_axes(proto: onnx.ModelProto) -> None:
    for value in (*proto.graph.input, *proto.graph.output):
        axes = ("batch", "height", "width") if value.name == "images" else ("batch",)
        for name, axis in zip(axes, value.type.tensor_type.shape.dim, strict=False):
            axis.dim_param = name


def _halve_weights(proto: onnx.ModelProto) -> None:
    """Store kernels as float16; cast them where they are used.

    The kernels are those of convolutions and matrix products. All other constants stay float32: anchor boxes in float16
    would be off by a tenth of a pixel.
    """
    graph = proto.graph
    products = {name for node in graph.node if node.op_type in ("Conv", "Gemm", "MatMul") for name in node.input[1:2]}
    casts = []
    for tensor in graph.initializer:
        if tensor.name in products and tensor.data_type == onnx.TensorProto.FLOAT and math.prod(tensor.dims) > 1:
            half = onnx.numpy_helper.to_array(tensor).astype("float16")
            casts.append(onnx.helper.make_node("Cast", [f"{tensor.name}_half"], [tensor.name], to=tensor.data_type))
            tensor.CopyFrom(onnx.numpy_helper.from_array(half, f"{tensor.name}_half"))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
