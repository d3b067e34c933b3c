import pytest

from platefuse.export.parity import PHOTOGRAPH_SCORE_TOLERANCE, Thresholds, texts_of
from platefuse.inference.reading import Plate, Reading

LIMITS = Thresholds(score=0.3, confidence=0.1)


def reading(*plates: tuple[str, float, float]) -> Reading:
    return Reading(None, tuple(Plate(text, confidence, score, (0, 0, 9, 3), ()) for text, score, confidence in plates))


@pytest.mark.parametrize(
    ("score", "confidence", "left_out"),
    [
        (0.3 + PHOTOGRAPH_SCORE_TOLERANCE / 2, 0.9, True),
        (0.3 + PHOTOGRAPH_SCORE_TOLERANCE * 2, 0.9, False),
        (0.8, 0.1 + PHOTOGRAPH_SCORE_TOLERANCE / 2, True),
        (0.8, 0.1 + PHOTOGRAPH_SCORE_TOLERANCE * 2, False),
    ],
)
def test_a_plate_on_a_threshold_may_be_missing_in_one_model(score: float, confidence: float, left_out: bool) -> None:
    both, one = reading(("AB12", 0.9, 0.9)), reading(("AB12", 0.9, 0.9), ("CD34", score, confidence))
    assert texts_of(LIMITS.without_undecided(one, both)) == (("AB12",) if left_out else ("AB12", "CD34"))
    assert LIMITS.without_undecided(both, one) == both


def test_a_plate_that_both_models_give_stays_whatever_its_score() -> None:
    given = reading(("AB12", 0.3, 0.1), ("AB12", 0.3, 0.1))
    assert LIMITS.without_undecided(given, given) == given
    assert texts_of(LIMITS.without_undecided(given, reading(("AB12", 0.3, 0.1)))) == ("AB12",)


def test_thresholds_are_those_of_the_last_look() -> None:
    metadata = {"reads": "photographs", "score_threshold": 0.2, "refined_threshold": 0.3, "min_confidence": 0.1}
    assert Thresholds.of_model({**metadata, "refined_size": [96, 192]}) == Thresholds(0.3, 0.1)
    assert Thresholds.of_model({**metadata, "refined_size": []}) == Thresholds(0.2, 0.1)


def test_a_reader_of_single_plates_has_no_threshold_of_plates() -> None:
    assert Thresholds.of_model({"reads": "plates", "score_threshold": 0.1}) == Thresholds()
    given = reading(("AB12", 0.3, 0.1))
    assert Thresholds().without_undecided(given, reading()) == given
