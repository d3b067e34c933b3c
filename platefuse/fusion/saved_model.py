"""Writes the fused model as a SavedModel, which TensorFlow alone can serve."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from platefuse.fusion.graph import FusedModel
from platefuse.fusion.image_decoding import decode_letterboxed
from platefuse.fusion.postprocess import join_characters
from platefuse.inference.metadata import write_metadata
from platefuse.networks.common.keras2 import SavedModel, convert_variables_to_constants_v2, keras, tf
from platefuse.runner.atomic import atomic_write

Outputs = dict[str, tf.Tensor]


def save_fused(path: Path, fused: FusedModel, parameters: dict[str, Any]) -> None:
    """Write the fused model with its three signatures and its metadata.

    Args:
        path: the SavedModel's folder; replaced as a whole.
        fused: from `fuse`.
        parameters: section `fuse` in JSON types, for the metadata.
    """
    letterbox, network = fused.model.get_layer("letterbox"), freeze(fused.on_letterboxed)
    signatures = Signatures(
        lambda images: network(*letterbox(images)),
        lambda encoded: network(*decode_letterboxed(encoded, fused.input_size)),
        "text",
        fused.alphabet,
    )
    write_saved_model(
        path, signatures, {"alphabet": fused.alphabet, "input_size": list(fused.input_size), **parameters}
    )


class Signatures(tf.Module):
    """The three signatures of one network.

    They differ in input and text output.

    Args:
        of_images: from uint8 [B,H,W,3] to the outputs without text.
        of_encoded: from string [B], PNG or JPEG bytes, to the same outputs.
        text: the name of the output that has the texts.
        alphabet: the character of each id.
    """

    def __init__(
        self,
        of_images: Callable[[tf.Tensor], Outputs],
        of_encoded: Callable[[tf.Tensor], Outputs],
        text: str,
        alphabet: str,
    ) -> None:
        super().__init__()
        images = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")
        encoded = tf.TensorSpec([None], tf.string, name="encoded")

        def with_text(outputs: Outputs) -> Outputs:
            return {text: join_characters(outputs["character_ids"], alphabet), **outputs}

        self.numeric = tf.function(lambda images: of_images(images), [images])
        self.serving_default = tf.function(lambda images: with_text(of_images(images)), [images])
        self.encoded = tf.function(lambda encoded: with_text(of_encoded(encoded)), [encoded])


def write_saved_model(path: Path, module: Signatures, metadata: dict[str, Any]) -> None:
    """Write a SavedModel of three signatures; equal models have equal bytes.

    Args:
        path: the SavedModel's folder; replaced as a whole.
        module: the signatures.
        metadata: of JSON's types.
    """
    signatures = {
        "serving_default": module.serving_default,
        "encoded": module.encoded,
        "numeric": module.numeric,
    }
    with atomic_write(path) as draft:
        tf.saved_model.save(module, draft, signatures)
        _make_reproducible(draft)
        write_metadata(draft, metadata)


def _make_reproducible(model: Path) -> None:
    """Rewrite a SavedModel so that equal models have equal bytes."""
    (model / "fingerprint.pb").unlink(missing_ok=True)  # random, and not needed for loading
    saved = SavedModel.FromString((model / "saved_model.pb").read_bytes())
    for function in saved.meta_graphs[0].graph_def.library.function:
        function.node_def.sort(key=lambda node: node.name)  # constants have no fixed order
    (model / "saved_model.pb").write_bytes(saved.SerializeToString(deterministic=True))


def freeze(model: keras.Model) -> Callable[..., Any]:
    """Turn a model into one function with constant weights.

    oneDNN repacks variable weights in each call, which takes a fifteenth of the time.

    Args:
        model: a functional model with several inputs.

    Returns:
        A function from the inputs, as separate arguments, to the model's outputs.
    """
    specs = [tf.TensorSpec(tensor.shape, tensor.dtype, name=tensor.name) for tensor in model.inputs]
    traced = tf.function(lambda *inputs: model(inputs)).get_concrete_function(*specs)
    constant = convert_variables_to_constants_v2(traced, lower_control_flow=False)  # exporters need it functional
    return lambda *inputs: tf.nest.pack_sequence_as(traced.structured_outputs, constant(*inputs))
