"""Writes the fused model as a SavedModel, which needs TensorFlow alone to be served."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from platefuse.fusion.graph import FusedModel
from platefuse.fusion.image_decoding import decode_letterboxed
from platefuse.fusion.postprocess import text_of
from platefuse.inference.metadata import write_metadata
from platefuse.networks.common.keras2 import SavedModel, convert_variables_to_constants_v2, keras, tf
from platefuse.runner.atomic import atomic_write


def save_fused(path: Path, fused: FusedModel, parameters: dict[str, Any]) -> None:
    """Write the fused model with its three signatures, and its metadata beside it.

    Args:
        path: the SavedModel's folder; replaced whole.
        fused: from `fuse`.
        parameters: what it was fused with, in JSON's types; they go into the metadata.
    """
    module = _Signatures(fused)
    signatures = {
        "serving_default": module.serving_default,
        "encoded": module.encoded,
        "numeric": module.numeric,
    }
    with atomic_write(path) as draft:
        tf.saved_model.save(module, draft, signatures)
        _make_repeatable(draft)
        write_metadata(draft, {"alphabet": fused.alphabet, "input_size": list(fused.input_size), **parameters})


def _make_repeatable(model: Path) -> None:
    """Make the bytes of equal SavedModels equal."""
    (model / "fingerprint.pb").unlink(missing_ok=True)  # a random number; loading does without it
    saved = SavedModel.FromString((model / "saved_model.pb").read_bytes())
    for function in saved.meta_graphs[0].graph_def.library.function:
        function.node_def.sort(key=lambda node: node.name)  # constants come in any order
    (model / "saved_model.pb").write_bytes(saved.SerializeToString(deterministic=True))


class _Signatures(tf.Module):
    """The three signatures around one network: they differ in what comes before and after it."""

    def __init__(self, fused: FusedModel) -> None:
        super().__init__()
        images = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")
        encoded = tf.TensorSpec([None], tf.string, name="encoded")
        letterbox, read = fused.model.get_layer("letterbox"), frozen(fused.on_letterboxed)

        def with_text(outputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return {"text": text_of(outputs["character_ids"], fused.alphabet), **outputs}

        self.numeric = tf.function(lambda images: read(*letterbox(images)), [images])
        self.serving_default = tf.function(lambda images: with_text(read(*letterbox(images))), [images])
        self.encoded = tf.function(
            lambda encoded: with_text(read(*decode_letterboxed(encoded, fused.input_size))), [encoded]
        )


def frozen(model: keras.Model) -> Callable[..., Any]:
    """Make one function of a model, with its weights as constants.

    oneDNN lays out weights anew in each call unless it knows that they never change: a fifteenth of the time.

    Args:
        model: a functional model of several inputs.

    Returns:
        From its inputs, one after another, to what the model gives.
    """
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype, name=tensor.name) for tensor in model.inputs]
    traced = tf.function(lambda *inputs: model(inputs)).get_concrete_function(*specs)
    constant = convert_variables_to_constants_v2(traced, lower_control_flow=False)  # exporters know it functional only
    return lambda *inputs: tf.nest.pack_sequence_as(traced.structured_outputs, constant(*inputs))
