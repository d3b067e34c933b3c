"""Post-processing with hand-made boxes and distributions, its parts against plain code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platefuse.fusion.postprocess import Postprocess, at_least_height, join_characters
from platefuse.networks.common.keras2 import tf
from tests.helpers.small_models import ALPHABET, FUSE, INPUT_SIZE


@st.composite
def heights_of_plates(draw):
    """Heights of boxes, some 0 or negative, float32 [B,N], and which are used, bool [B,N]."""
    batch, slots = draw(st.integers(1, 4)), draw(st.integers(1, 9))
    heights = draw(st.lists(st.integers(-3, 40), min_size=batch * slots, max_size=batch * slots))
    used = [draw(st.sampled_from([[False] * slots, [True] * slots, None])) for _ in range(batch)]
    mixed = st.lists(st.booleans(), min_size=slots, max_size=slots)
    used = [draw(mixed) if of_plate is None else of_plate for of_plate in used]
    return np.array(heights, np.float32).reshape(batch, slots), np.array(used)


def filtered_by_height(heights: np.ndarray, used: np.ndarray, least: float) -> np.ndarray:
    top = np.linspace(-5, 60, heights.size, dtype=np.float32).round().reshape(heights.shape)
    boxes = np.stack([top, top, top + 7, top + heights], axis=-1)
    return at_least_height(tf.constant(boxes), tf.constant(used), least).numpy() & used


def plain_at_least_height(heights: list[float], least: float) -> list[bool]:
    """Filter the heights of one plate's boxes that no other threshold drops."""
    return [height >= np.float32(least) * np.float32(plain_number_height(heights)) for height in heights]


def plain_number_height(heights: list[float]) -> float:
    """Weighted median: repeat each whole height as often as it is high, and take the upper middle one."""
    repeated = sorted(height for height in heights for _ in range(max(round(height), 0)))
    return repeated[len(repeated) // 2] if repeated else 0.0


@given(heights_of_plates(), st.sampled_from([0.1, 0.4, 0.5, 0.6, 0.9, 1.0]))
def test_boxes_count_from_a_share_of_the_numbers_height(plates, least) -> None:
    heights, used = plates
    expected = np.zeros_like(used)
    for i, of_plate in enumerate(used):
        expected[i, of_plate] = plain_at_least_height(np.maximum(heights[i, of_plate], 0).tolist(), least)
    np.testing.assert_array_equal(filtered_by_height(heights, used, least), expected)


@given(heights_of_plates())
def test_a_share_of_nothing_drops_no_box_and_none_drops_more_than_half_of_all_heights(plates) -> None:
    heights, used = plates
    np.testing.assert_array_equal(filtered_by_height(heights, used, 0.0), used)
    counted, kept = np.maximum(heights, 0) * used, filtered_by_height(heights, used, 1.0)
    assert (2 * (counted * kept).sum(axis=1) >= counted.sum(axis=1)).all()


@pytest.mark.parametrize(
    ("heights", "kept"),
    [
        ([10, 20], [20]),  # of two the higher is the height
        ([12, 20], [12, 20]),
        ([20, 9, 16, 10], [20, 16, 10]),  # the number's height is 16
        ([21, 10, 11, 60, 20], [21, 60, 20]),
        ([21, 10, 11, 64, 20], [64]),  # one box is higher than all others together
        ([20, 5, 5, 5, 21, 5, 5, 20, 5], [20, 21, 20]),  # more print than characters
        ([9], [9]),
    ],
)
def test_boxes_below_six_tenths_of_the_numbers_height_are_dropped(heights: list[int], kept: list[int]) -> None:
    plate = np.array([[*heights, 99, 99]], np.float32)  # the last two are not used
    used = np.array([[True] * len(heights) + [False] * 2])
    assert plate[filtered_by_height(plate, used, 0.6)].tolist() == kept


def postprocess(
    boxes: list[tuple], probabilities: list[list[float]], more: bool = False, **changes: object
) -> dict[str, np.ndarray]:
    """Outputs for one plate letterboxed to half its size, with boxes of falling scores."""
    params = FUSE.model_validate(FUSE.model_dump() | {"max_characters": len(boxes)} | changes)
    scores = np.linspace(0.9, 0.5, len(boxes))
    geometry = [0.5, 2 * INPUT_SIZE[0], 2 * INPUT_SIZE[1]]
    *detections, of_image = (tf.constant([values], tf.float32) for values in (boxes, scores, probabilities, geometry))
    outputs = Postprocess(params, ALPHABET)((*detections, tf.constant([float(more)]), of_image))
    return {name: value[0].numpy() for name, value in outputs.items()}


def distributions(*shares: float) -> list[list[float]]:
    """Distributions: the i-th gives the i-th character of the alphabet the i-th share."""
    others = len(ALPHABET) - 1
    return [[share if i == j else (1 - share) / others for j in range(others + 1)] for i, share in enumerate(shares)]


@pytest.mark.parametrize(
    ("order", "everything", "tall"),
    [("left_to_right", [3, 1, 4, 0, 2], [3, 4, 0, 2]), ("score", [0, 1, 2, 3, 4], [0, 2, 3, 4])],
)
def test_a_small_box_among_tall_ones_disappears_and_changes_nothing_else(
    order: str, everything: list[int], tall: list[int]
) -> None:
    boxes = [(60, 10, 70, 30), (24, 22, 28, 28), (80, 10, 90, 31), (10, 9, 20, 29), (40, 10, 50, 30)]
    probabilities = distributions(0.9, 0.4, 0.8, 0.7, 0.95)
    before, after = (postprocess(boxes, probabilities, reading_order=order, min_height=least) for least in (0, 0.6))
    assert before["character_ids"].tolist() == everything
    assert after["character_ids"].tolist() == [*tall, -1]
    kept = [everything.index(i) for i in tall]
    for name in ("boxes", "scores", "character_scores"):
        np.testing.assert_array_equal(after[name][:4], before[name][kept], err_msg=name)
        assert not after[name][4:].any(), name
    np.testing.assert_array_equal(after["boxes"][tall.index(0)], [120, 20, 140, 60])
    assert (before["count"], after["count"]) == (5, 4)
    assert 0 < before["confidence"] < after["confidence"] < 1


@pytest.mark.parametrize(
    "unsure",
    [{"character_threshold": 0.5}, {"objectness_threshold": 0.5, "classifier_objectness_weight": 5.0}],
    ids=str,
)
def test_boxes_that_the_classifier_does_not_know_have_no_say_in_what_is_tall(unsure: dict[str, float]) -> None:
    boxes = [(10 * i, 10, 10 * i + 8, 10 + high) for i, high in enumerate((50, 16, 50, 8, 14, 50, 50))]
    probabilities = distributions(0.3, 0.9, 0.3, 0.9, 0.9, 0.3, 0.3)
    assert postprocess(boxes, probabilities, min_height=0.6)["character_ids"].tolist() == [0, 2, 5, 6, -1, -1, -1]
    assert postprocess(boxes, probabilities, min_height=0.6, **unsure)["character_ids"].tolist() == [1, 4, *[-1] * 5]


def test_look_alikes_count_where_a_blot_of_the_same_score_does_not() -> None:
    alike = [0.5, 0.5, *[0] * 8]
    blot = [0.5, *[0.5 / 9] * 9]
    boxes = [(10 * i, 10, 10 * i + 8, 30) for i in range(3)]
    probabilities = [alike, blot, distributions(1.0)[0]]
    assert postprocess(boxes, probabilities, objectness_threshold=0.75)["boxes"][:, 0].tolist() == [0, 40, 0]
    assert postprocess(boxes, probabilities, character_threshold=0.51)["count"] == 1
    assert postprocess(boxes, probabilities)["count"] == 3


def test_what_one_network_hardly_sees_counts_if_the_other_has_no_doubt() -> None:
    boxes = [(10 * i, 10, 10 * i + 8, 30) for i in range(3)]
    rising = distributions(0.3, 0.9, 0.999)  # the scores fall: 0.9, 0.7, 0.5
    assert postprocess(boxes, rising, objectness_threshold=0.65)["character_ids"].tolist() == [1, 2, -1]
    assert postprocess(boxes, rising, objectness_threshold=0.65, classifier_objectness_weight=0.0)["count"] == 2


@pytest.mark.parametrize(("order", "ids"), [("left_to_right", [1, 0]), ("score", [0, 1])])
def test_of_more_characters_than_slots_the_best_are_kept_and_the_plate_is_not_trusted(order: str, ids: list) -> None:
    boxes = [(50, 10, 58, 30), (10, 10, 18, 30), (30, 10, 38, 30)]
    rising = distributions(0.9, 0.9, 0.9)
    outputs = postprocess(boxes, rising, reading_order=order, max_characters=2)
    assert outputs["character_ids"].tolist() == ids
    assert outputs["boxes"].shape == (2, 4) and outputs["boxes"][:, 0].tolist() == [(100, 20)[i] for i in ids]
    assert (outputs["truncated"], outputs["count"], outputs["confidence"]) == (True, 2, 0)
    whole = postprocess(boxes, rising, reading_order=order, max_characters=3)
    assert (whole["truncated"], whole["count"]) == (False, 3) and whole["confidence"] > 0


def test_clutter_takes_no_characters_place_and_does_not_truncate() -> None:
    boxes = [(10 * i, 10, 10 * i + 8, 30) for i in range(4)]
    unsure = distributions(0.2, 0.2, 0.9, 0.9)  # the two best boxes of the detector
    outputs = postprocess(boxes, unsure, max_characters=2, character_threshold=0.5)
    assert outputs["character_ids"].tolist() == [2, 3]
    assert not outputs["truncated"] and outputs["confidence"] > 0


def plain_objectness(score: float, distribution: list[float], temperature: float, weight: float = 1.0) -> float:
    p = np.array(distribution)
    certain = 1 + (p * np.log(np.maximum(p, 1e-38))).sum() / np.log(len(p))
    odds = [np.clip(x, 1e-4, 1 - 1e-4) for x in (score, certain)]
    log_odds = np.log(odds[0] / (1 - odds[0])) + weight * np.log(odds[1] / (1 - odds[1]))
    return float(1 / (1 + np.exp(-log_odds / temperature)))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_confidence_is_that_of_boxes_and_of_the_whole_reading(temperature: float) -> None:
    boxes = [(10 * i, 10, 10 * i + 8, 30) for i in range(3)]
    sure, unsure = 0.9, 0.2
    probabilities = distributions(sure, unsure, sure)
    outputs = postprocess(boxes, probabilities, objectness_threshold=0.5, temperature=temperature)
    present = [plain_objectness(s, p, temperature) for s, p in zip((0.9, 0.7, 0.5), probabilities, strict=True)]
    of_one = sure ** (1 / temperature) / sum(q ** (1 / temperature) for q in probabilities[0])
    assert outputs["count"] == 2
    expected = of_one**2 * present[0] * (1 - present[1]) * present[2]
    assert outputs["confidence"] == pytest.approx(expected, rel=1e-4)


def test_a_low_temperature_trusts_the_networks_and_a_high_one_does_not() -> None:
    boxes = [(10 * i, 10, 10 * i + 8, 30) for i in range(3)]
    cold, warm, hot = (
        postprocess(boxes, distributions(0.9, 0.9, 0.9), temperature=t)["confidence"] for t in (0.1, 1.0, 50.0)
    )
    assert cold > 0.9 > warm > hot and hot < 0.01


def test_alternatives_begin_with_the_reading_and_fall() -> None:
    boxes = [(10 * i, 10, 10 * i + 8, 30) for i in range(3)]
    probabilities = [[0.6, 0.3, 0.1, *[0.0] * 7], [0.0, 0.7, 0.0, 0.3, *[0.0] * 6], distributions(1.0)[0]]
    outputs = postprocess(boxes, probabilities, alternatives=6)
    ids, shares = outputs["alternative_ids"], outputs["alternative_probabilities"]
    first, second = (np.flatnonzero(row).tolist() for row in probabilities[:2])
    assert ids[0].tolist() == outputs["character_ids"].tolist()
    assert shares[0] == pytest.approx(outputs["confidence"])
    assert {tuple(row[:2]) for row in ids.tolist()} == {(a, b) for a in first for b in second}
    products = sorted((probabilities[0][a] * probabilities[1][b] for a in first for b in second), reverse=True)
    np.testing.assert_allclose(shares / shares.sum(), products, atol=1e-5)
    more = postprocess(boxes, probabilities, alternatives=8)
    assert (more["alternative_ids"][6:] == -1).all() and not more["alternative_probabilities"][6:].any()


def test_a_truncated_plate_and_one_without_characters_have_no_alternatives() -> None:
    boxes = [(10 * i, 10, 10 * i + 8, 30) for i in range(2)]
    for outputs in (
        postprocess(boxes, distributions(0.9, 0.9), more=True, alternatives=2),
        postprocess(boxes, distributions(0.5, 0.5), alternatives=2, character_threshold=0.9),
    ):
        assert (outputs["alternative_ids"] == -1).all()
        assert not outputs["alternative_probabilities"].any() and outputs["confidence"] == 0


def test_a_box_that_nobody_looked_at_truncates() -> None:
    boxes = [(10 * i, 10, 10 * i + 8, 30) for i in range(2)]
    outputs = postprocess(boxes, distributions(0.9, 0.9), more=True)
    assert (outputs["truncated"], outputs["count"], outputs["confidence"]) == (True, 2, 0)


def test_more_boxes_are_classified_than_read_where_a_filter_follows() -> None:
    def candidates(**changes: object) -> int:
        return FUSE.model_validate(FUSE.model_dump() | changes).candidates

    assert candidates() == FUSE.max_characters == 5
    for name in ("character_threshold", "objectness_threshold", "min_height"):
        assert candidates(**{name: 0.1}) == 10


def test_text_joins_the_characters_of_valid_detections() -> None:
    ids = tf.constant([[3, 0, 9, -1], [-1, -1, -1, -1]])
    assert join_characters(ids, "0123456789").numpy().tolist() == [b"309", b""]
    assert join_characters(tf.constant([[1, 0]]), "ÄB").numpy()[0].decode() == "BÄ"
