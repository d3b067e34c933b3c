"""A fused model in miniature: it keeps the contract of the real one, but reads by a fixed rule.

A character is a run of columns in which the red channel is above 0: red 20 * (digit + 1) says which it is,
green over 255 is its score, blue over 255 is the detector's. `board` draws such images. A plate with more runs than
SLOTS is truncated.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from platefuse.inference.reading import Box, Character, Plate, Reading
from platefuse.networks.common.keras2 import tf

ALPHABET = "0123456789"
SLOTS = 4


def board(height: int, width: int, *characters: tuple[int, tuple[int, int, int, int], int, int]) -> np.ndarray:
    """Draw characters: each a digit, its box x1,y1,x2,y2, its green (score) and blue (detector's score)."""
    image = np.zeros((height, width, 3), np.uint8)
    for digit, (x1, y1, x2, y2), green, blue in characters:
        image[y1:y2, x1:x2] = 20 * (digit + 1), green, blue
    return image


def digits(text: str, width: int = 100) -> np.ndarray:
    """Draw a board that reads `text`: digits 10 pixels wide and 20 high, every 20 pixels, score 1."""
    places = [(int(digit), (5 + 20 * i, 5, 15 + 20 * i, 25), 255, 255) for i, digit in enumerate(text)]
    return board(40, width, *places)


def reading_of(text: str, *boxes: Box, confidence: float = 1.0) -> Reading:
    """A reading of one plate whose characters have these boxes, or boxes without an area, and scores of 1."""
    if not text:
        return Reading()
    places = boxes or [(0.0, 0.0, 0.0, 0.0)] * len(text)
    characters = tuple(Character(letter, 1.0, 1.0, box) for letter, box in zip(text, places, strict=True))
    return Reading(plates=(Plate(text, confidence, 1.0, (0.0, 0.0, 100.0, 40.0), characters),))


def folder_of_plates(folder: Path, truth: Sequence[tuple[str, str]]) -> Path:
    """Write a board for each pair of texts, its true and its drawn one, and truth.csv; give the folder."""
    folder.mkdir(parents=True)
    rows = ["image,text"]
    for index, (true, drawn) in enumerate(truth):
        Image.fromarray(digits(drawn)).save(folder / f"{index}.png")
        rows.append(f"{index}.png,{true}")
    (folder / "truth.csv").write_text("\n".join(rows) + "\n")
    return folder


class RuleReader(tf.Module):
    """The model; `read` is its signature."""

    @tf.function(input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")])
    def read(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        height, width = tf.shape(images)[1], tf.shape(images)[2]
        bright = tf.cast(images[..., 0] > 0, tf.int32)
        column = tf.reduce_max(bright, axis=1)
        starts = tf.maximum(column - tf.pad(column, [[0, 0], [1, 0]])[:, :-1], 0)
        run = tf.cumsum(starts, axis=1) * column  # 1, 2, … inside each run of bright columns, else 0
        here = (run[:, None] == tf.range(1, SLOTS + 1)[None, :, None])[:, :, None] & (bright[:, None] > 0)
        used = tf.reduce_any(here, axis=[2, 3])
        x1, x2 = self.span(tf.reduce_any(here, axis=2), width)
        y1, y2 = self.span(tf.reduce_any(here, axis=3), height)
        colour = tf.reduce_max(tf.where(here[..., None], tf.cast(images, tf.int32)[:, None], 0), axis=[2, 3])
        ids = tf.where(used, colour[..., 0] // 20 - 1, -1)
        letters = tf.gather(tf.constant([*ALPHABET, ""]), tf.where(used, ids, len(ALPHABET)))
        scores = tf.cast(colour, tf.float32) / 255
        lowest = tf.reduce_min(tf.where(used, scores[..., 1], 1), axis=1)
        boxes = tf.cast(tf.stack([x1, y1, x2, y2], axis=-1), tf.float32)
        truncated = tf.reduce_max(run, axis=1) > SLOTS
        return {
            "text": tf.strings.reduce_join(letters, axis=1),
            "confidence": tf.where(tf.reduce_any(used, axis=1) & ~truncated, lowest, 0),
            "count": tf.reduce_sum(tf.cast(used, tf.int32), axis=1),
            "truncated": truncated,
            "boxes": tf.where(used[..., None], boxes, 0),
            "scores": scores[..., 2],
            "character_ids": ids,
            "character_scores": scores[..., 1],
        }

    @staticmethod
    def span(mask: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Give the first and the last but one index that is set along the last axis."""
        index = tf.range(size)
        first = tf.reduce_min(tf.where(mask, index, size), axis=-1)
        return first, tf.reduce_max(tf.where(mask, index + 1, 0), axis=-1)


def save_rule_reader(folder: Path) -> Path:
    """Write the model as a SavedModel and give its folder."""
    module = RuleReader()
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.read})
    (folder / "platefuse.json").write_text(json.dumps({"alphabet": ALPHABET, "max_characters": SLOTS}))
    return folder
