"""Constants of a graph's conditional branches, as tf2onnx needs them.

A branch gets its constants, the networks' weights, as arguments. tf2onnx takes the condition for the first of them, so
that each has the shape of another, and does not convert the convolutions. A constant inside the branch has its shape.
"""

from typing import Any


def constants_into_branches(graph: Any) -> None:
    """Replace constant arguments of conditional branches by constants inside them.

    Args:
        graph: a GraphDef with its function library; changed in place. The arguments stay, unused.
    """
    nodes = {node.name: node for node in graph.node}
    functions = {function.signature.name: function for function in graph.library.function}
    for node in graph.node:
        if node.op in ("If", "StatelessIf"):
            for branch in ("then_branch", "else_branch"):
                _embed_constants(functions[node.attr[branch].func.name], node, nodes)


def _embed_constants(function: Any, node: Any, nodes: dict[str, Any]) -> None:
    """Embed the constants among a condition's inputs in one of its branches."""
    for argument, source in zip(function.signature.input_arg, node.input[1:], strict=False):
        constant = _constant(nodes, source)
        if constant is not None:
            _embed(function, argument.name, constant)


def _constant(nodes: dict[str, Any], source: str) -> Any:
    """The constant behind an input's name, or None."""
    node = nodes[source.split(":")[0]]
    while node.op == "Identity":
        node = nodes[node.input[0].split(":")[0]]
    return node if node.op == "Const" else None


def _embed(function: Any, argument: str, constant: Any) -> None:
    name = f"{argument}_constant"
    for node in function.node_def:
        node.input[:] = [f"{name}:output:0" if source == argument else source for source in node.input]
    added = function.node_def.add()
    added.CopyFrom(constant)
    added.name = name
