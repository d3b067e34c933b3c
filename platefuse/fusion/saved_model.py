"""Writes the fused model as a SavedModel that needs TensorFlow alone, and none of our code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from platefuse.fusion.image_decoding import decode
from platefuse.fusion.postprocess import text_of
from platefuse.inference.metadata import write_card
from platefuse.networks.common.keras2 import SavedModel, convert_variables_to_constants_v2, keras, tf
from platefuse.runner.atomic import replacing


def save_fused(path: Path, fused: keras.Model, on_canvas: keras.Model, alphabet: str, card: dict) -> None:
    """Write the fused model with its three signatures.

    Args:
        path: the SavedModel's folder; replaced whole.
        fused, on_canvas: from `platefuse.fusion.graph.fuse`.
        alphabet: every character, in the order of the classifier's outputs.
        card: what else to write down beside the model, in JSON's types.
    """
    module = _Signatures(fused, on_canvas, alphabet)
    signatures = {
        "serving_default": module.serving_default,
        "encoded": module.encoded,
        "numeric": module.numeric,
    }
    with replacing(path) as draft:
        tf.saved_model.save(module, draft, signatures)
        _make_repeatable(draft)
        write_card(draft, {"alphabet": alphabet, "canvas": list(on_canvas.input_shape[0][1:3]), **card})


def _make_repeatable(model: Path) -> None:
    """Take out of a SavedModel what makes the bytes of equal ones differ."""
    (model / "fingerprint.pb").unlink(missing_ok=True)  # a random number; loading does without it
    saved = SavedModel.FromString((model / "saved_model.pb").read_bytes())
    for function in saved.meta_graphs[0].graph_def.library.function:
        function.node_def.sort(key=lambda node: node.name)  # constants come in any order
    (model / "saved_model.pb").write_bytes(saved.SerializeToString(deterministic=True))


class _Signatures(tf.Module):
    """The signatures: what comes before and after it differs, the network between is one function that all call."""

    def __init__(self, fused: keras.Model, on_canvas: keras.Model, alphabet: str) -> None:
        super().__init__()
        images = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")
        encoded = tf.TensorSpec([None], tf.string, name="encoded")
        canvas_size = tuple(on_canvas.input_shape[0][1:3])
        scale, read = fused.get_layer("scale"), frozen(on_canvas)

        def with_text(outputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return {"text": text_of(outputs["character_ids"], alphabet), **outputs}

        self.numeric = tf.function(lambda images: read(*scale(images)), [images])
        self.serving_default = tf.function(lambda images: with_text(read(*scale(images))), [images])
        self.encoded = tf.function(lambda encoded: with_text(read(*decode(encoded, canvas_size))), [encoded])


def frozen(model: keras.Model) -> Callable[..., Any]:
    """Make one function of a model, its weights constants in it.

    oneDNN lays weights out anew in each call, unless it knows that they never change: a fifteenth of the time.

    Args:
        model: a functional model of several inputs.

    Returns:
        From its inputs, one after another, to what the model gives.
    """
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype, name=tensor.name) for tensor in model.inputs]
    traced = tf.function(lambda *inputs: model(inputs)).get_concrete_function(*specs)
    constant = convert_variables_to_constants_v2(traced, lower_control_flow=False)  # exporters know it functional only
    return lambda *inputs: tf.nest.pack_sequence_as(traced.structured_outputs, constant(*inputs))
