"""Makes an ONNX graph with branches smaller: equal constants once, short names."""

import itertools
from collections.abc import Iterator

import onnx


def share_initializers(graph: onnx.GraphProto) -> None:
    """Store equal constants of an ONNX graph and its branches once.

    A branch may use the names of the graph around it.

    Args:
        graph: changed in place.
    """
    shared = {_bytes(tensor): tensor.name for tensor in graph.initializer}
    for branch in _branches(graph):
        renamed = {}
        for tensor in list(branch.initializer):
            if (content := _bytes(tensor)) in shared:
                renamed[tensor.name] = shared[content]
                branch.initializer.remove(tensor)
        for node in branch.node:
            node.input[:] = [renamed.get(name, name) for name in node.input]


def _bytes(tensor: onnx.TensorProto) -> tuple[int, tuple[int, ...], bytes]:
    return tensor.data_type, tuple(tensor.dims), onnx.numpy_helper.to_array(tensor).tobytes()


def _branches(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield attribute.g


def shorten_names(graph: onnx.GraphProto) -> None:
    """Rename a graph's values to numbers, in their order.

    tf2onnx's names are longer than the nodes they name, and differ from one process to the next. Inputs and outputs of
    the whole graph keep their names.

    Args:
        graph: changed in place.
    """
    kept = {value.name: value.name for value in (*graph.input, *graph.output)}
    _rename(graph, {"": "", **kept}, map(str, itertools.count()))


def _rename(graph: onnx.GraphProto, names: dict[str, str], numbers: Iterator[str]) -> None:
    """Rename a graph and its branches, which see its names."""
    for tensor in graph.initializer:
        tensor.name = names.setdefault(tensor.name, next(numbers))
    for node in graph.node:
        node.name = ""
        node.input[:] = [names[name] for name in node.input]
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _rename(attribute.g, dict(names), numbers)
        node.output[:] = [names.setdefault(name, next(numbers)) for name in node.output]
    for value in graph.output:
        value.name = names[value.name]
    del graph.value_info[:]
