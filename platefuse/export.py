"""Writes the fused model as a SavedModel that needs TensorFlow alone, and none of our code."""

from pathlib import Path

from platefuse.card import write_card
from platefuse.files import replacing
from platefuse.keras2 import keras, tf
from platefuse.read_out import text_of
from platefuse.resampling import canvas_geometry, scale_to_canvas


def save_fused(path: Path, fused: keras.Model, on_canvas: keras.Model, alphabet: str, card: dict) -> None:
    """Write the fused model with its three signatures.

    Args:
        path: the SavedModel's folder; replaced whole.
        fused, on_canvas: from `platefuse.fusion.fuse`.
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
        # A random number that changes the bytes of an equal model; loading does without it.
        (draft / "fingerprint.pb").unlink(missing_ok=True)
        write_card(draft, {"alphabet": alphabet, "canvas": list(on_canvas.input_shape[0][1:3]), **card})


class _Signatures(tf.Module):
    """The signatures; it keeps the models' variables, not the models, so that only the graph is saved."""

    def __init__(self, fused: keras.Model, on_canvas: keras.Model, alphabet: str) -> None:
        super().__init__()
        self.weights = fused.weights
        images = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")
        encoded = tf.TensorSpec([None], tf.string, name="encoded")
        canvas_size = tuple(on_canvas.input_shape[0][1:3])

        def with_text(outputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return {"text": text_of(outputs["character_ids"], alphabet), **outputs}

        self.numeric = tf.function(lambda images: fused(images), [images])
        self.serving_default = tf.function(lambda images: with_text(fused(images)), [images])
        self.encoded = tf.function(lambda encoded: with_text(on_canvas(_decode(encoded, canvas_size))), [encoded])


def _decode(encoded: tf.Tensor, canvas: tuple[int, int]) -> tuple[tf.Tensor, tf.Tensor]:
    """Decode images, string [B], of any sizes; give their canvases [B,h,w,3] and geometry [B,3].

    An image that cannot be decoded fails the call with its index. A graph cannot catch an error, but tf.data can
    skip what raised one: what is missing afterwards is named.
    """
    count = tf.shape(encoded, tf.int64)[0]

    def load(index: tf.Tensor, content: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        image = tf.io.decode_image(content, channels=3, expand_animations=False)
        image.set_shape([None, None, 3])
        height, width, _ = tf.unstack(tf.shape(image))
        return index, scale_to_canvas(image[None], canvas)[0], canvas_geometry(height, width, canvas)

    loaded = tf.data.Dataset.from_tensor_slices((tf.range(count), encoded)).map(load, tf.data.AUTOTUNE)
    # One more element, so that a batch can be taken even if none could be decoded, or none was given.
    end = tf.data.Dataset.from_tensors((count, tf.zeros([*canvas, 3]), tf.zeros([3])))
    indices, canvases, geometry = loaded.ignore_errors().concatenate(end).batch(count + 1).get_single_element()
    missing = tf.sets.difference(tf.range(count)[None], indices[None]).values
    check = tf.debugging.Assert(
        tf.size(missing) == 0, ["encoded: not PNG or JPEG bytes that can be decoded, at index", missing]
    )
    with tf.control_dependencies([check]):
        return tf.identity(canvases[:-1]), tf.identity(geometry[:-1])
