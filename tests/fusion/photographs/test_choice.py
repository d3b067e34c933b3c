"""Which plates are given, and in which order."""

import numpy as np

from platefuse.fusion.photographs.choice import ChoosePlates, without_duplicates
from platefuse.networks.common.keras2 import tf
from tests.helpers.small_photographs import PHOTOGRAPHS

PLATES = [  # box, score, confidence, characters
    ([0, 0, 40, 10], 0.9, 0.5, 3),
    ([1, 1, 39, 9], 0.8, 0.6, 3),  # within the first, and read better
    ([50, 0, 90, 10], 0.7, 0.9, 2),
    ([0, 50, 40, 60], 0.99, 0.99, 0),  # without text
    ([50, 50, 90, 60], 0.3, 0.95, 7),
    ([80, 0, 120, 10], 0.9, 0.1, 4),  # read badly
    ([0, 80, 40, 90], -1.0, 0.9, 4),  # no plate
]


def chosen(**changes: object) -> list[float]:
    """The left edges of the plates chosen, in order."""
    params = PHOTOGRAPHS.model_copy(
        update={"max_plates": 3, "candidates": len(PLATES), "min_confidence": 0.0, **changes}
    )
    boxes, scores, confidences, counts = (np.array(column)[None] for column in zip(*PLATES, strict=True))
    ids = np.where(np.arange(7) < counts[..., None], 1, -1)
    read = {
        "count": tf.constant(counts, tf.int32),
        "confidence": tf.constant(confidences, tf.float32),
        "truncated": tf.zeros([1, len(PLATES)], tf.int32),
        "boxes": tf.zeros([1, len(PLATES), 7, 4]),
        "scores": tf.zeros([1, len(PLATES), 7]),
        "character_ids": tf.constant(ids, tf.int32),
        "character_scores": tf.zeros([1, len(PLATES), 7]),
    }
    inputs = [tf.constant(boxes, tf.float32), tf.constant(scores, tf.float32), read, tf.zeros([1, 9, 9, 3], tf.uint8)]
    outputs = {name: value.numpy()[0] for name, value in ChoosePlates(params)(inputs).items()}
    count = outputs["plate_count"]
    assert (outputs["counts"][:count] > 0).all() and not outputs["counts"][count:].any()
    assert (outputs["character_ids"][count:] == -1).all()
    return outputs["plate_boxes"][:count, 0].tolist()


def test_the_best_plates_come_first() -> None:
    assert chosen() == [50, 1, 50]
    assert chosen(max_plates=2) == [50, 1]
    assert chosen(length_weight=2.0) == [50, 1, 50]
    assert chosen(length_weight=2.0, max_plates=1, nms_threshold=1.0) == [50]


def test_plates_read_badly_or_too_short_do_not_count() -> None:
    assert chosen(min_confidence=0.7) == [50, 50]
    assert chosen(min_characters=3) == [1, 50, 80]
    assert chosen(min_characters=8) == []


def test_of_plates_that_share_too_much_the_better_one_is_kept() -> None:
    boxes = [[0, 0, 10, 10], [0, 0, 10, 4], [5, 5, 15, 15], [9, 9, 19, 19], [0, 0, 0, 0]]
    kept = tf.constant([[True, True, True, True, True], [False, True, True, True, False]])
    alive = without_duplicates(tf.constant([boxes, boxes], tf.float32), kept, 0.3)
    # The second lies within the first; the third shares a quarter with it; the fourth more than that with the third.
    assert alive.numpy().tolist() == [[True, False, True, False, True], [False, True, True, False, False]]
