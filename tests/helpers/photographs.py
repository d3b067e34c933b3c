"""A model of photographs in miniature: it keeps the contract of the real one, but reads by a fixed rule.

A plate is a run of rows with ink, which is where the blue channel is 250 or more; its characters are those of
tests/helpers/reader.py, and its score is the largest green over 255. `photograph` draws plates.
"""

import json
from pathlib import Path

import numpy as np

from platefuse.networks.common.keras2 import tf
from tests.helpers.reader import ALPHABET, SLOTS, RuleReader

PLATES = 3
"""The most plates that the model gives."""


def photograph(*plates: tuple[str, tuple[int, int], int], height: int = 300, width: int = 400) -> np.ndarray:
    """Draw plates on gray: each its digits, its x1,y1, and its score of 255; digits are 10 x 20, every 14 pixels."""
    image = np.full((height, width, 3), (90, 120, 100), np.uint8)
    for text, (x, y), score in plates:
        for index, digit in enumerate(text):
            image[y : y + 20, x + 14 * index : x + 14 * index + 10] = 20 * (int(digit) + 1), score, 255
    return image


class PhotographReader(tf.Module):
    """The model; `read` is its signature."""

    def __init__(self) -> None:
        super().__init__()
        self._plates = RuleReader()

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
    def read(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        ink = images[..., 2] >= 250
        row = tf.cast(tf.reduce_any(ink, axis=2), tf.int32)
        run = tf.cumsum(tf.maximum(row - tf.pad(row, [[0, 0], [1, 0]])[:, :-1], 0), axis=1) * row
        found = [self._plate(images, ink & (run == index)[..., None]) for index in range(1, PLATES + 1)]
        plates = {name: tf.stack([plate[name] for plate in found], axis=1) for name in found[0]}
        worth = plates["plate_scores"] * plates["confidences"]
        order = tf.argsort(worth, axis=1, direction="DESCENDING", stable=True)
        ordered = {name: tf.gather(value, order, axis=1, batch_dims=1) for name, value in plates.items()}
        count = tf.reduce_sum(tf.cast(ordered["counts"] > 0, tf.int32), axis=1)
        return {**ordered, "plate_count": count}

    def _plate(self, images: tf.Tensor, ink: tf.Tensor) -> dict[str, tf.Tensor]:
        read = self._plates.read(tf.where(ink[..., None], images, 0))
        x1, x2 = self._plates.span(tf.reduce_any(ink, axis=1), tf.shape(images)[2])
        y1, y2 = self._plates.span(tf.reduce_any(ink, axis=2), tf.shape(images)[1])
        score = tf.cast(tf.reduce_max(tf.where(ink, images[..., 1], 0), axis=[1, 2]), tf.float32) / 255
        box = tf.cast(tf.stack([x1, y1, x2, y2], axis=-1), tf.float32)
        return {
            "texts": read["text"],
            "confidences": read["confidence"],
            "counts": read["count"],
            "plate_boxes": tf.where(read["count"][:, None] > 0, box, 0),
            "plate_scores": score,
            **{name: read[name] for name in ("truncated", "boxes", "scores", "character_ids", "character_scores")},
        }


def save_photograph_reader(folder: Path, module: tf.Module | None = None) -> Path:
    """Write the model, or another module of the same signature, as a SavedModel and give its folder."""
    module = module or PhotographReader()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.read})
    metadata = {"alphabet": ALPHABET, "max_characters": SLOTS, "max_plates": PLATES, "reads": "photographs"}
    (folder / "platefuse.json").write_text(json.dumps(metadata))
    return folder
