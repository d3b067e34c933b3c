"""Rules between sections: what each refuses, and what it just lets pass."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from platefuse.configuration.pipeline_params import issues_of
from platefuse.configuration.rules import RULES
from platefuse.core.params import load
from platefuse.data.characters import Characters
from platefuse.networks.detection.anchors import anchor_boxes, anchor_coverage
from platefuse.networks.detection.params import AnchorParams, DetectorParams
from platefuse.synthesis.fonts.strokes.font import StrokeFont
from platefuse.synthesis.licence.plate import render_plate
from platefuse.synthesis.params import load_params
from platefuse.synthesis.scatter.dataset import ScatterSynthParams
from platefuse.synthesis.scatter.layout import make_board
from tests.helpers.imports import ROOT
from tests.helpers.licence import PRINT_FONTS
from tests.helpers.params import write_changed

BOARDS, PLATES = ROOT / "params.yaml", ROOT / "pipelines" / "plates" / "params.yaml"
ANCHORS = "detector.anchors.sizes"
ONE_ROW = [{"share": 1, "aspect": [4, 5], "characters": [0.5, 0.8], "print": 0, "two_rows": 0}]

# Each rule: the pipeline, what is refused, words of the sentence, and what is nearly the same and right.
CASES = {
    "anchors_cover_characters": (
        BOARDS,
        {ANCHORS: [200, 300, 400]},
        "detector.anchors cover no character: on detector.input_size = [128, 256] characters are 24 to 56 pixels high, "
        "and anchors 160 to 504, none of which overlaps one by 0.5",
        {ANCHORS: [90, 300, 400]},  # with its smallest scale 72 pixels: just enough for characters of 56
    ),
    "max_characters_hold_the_longest_plate": (
        BOARDS,
        {"fuse.max_characters": 5},
        "synth.count = [1, 6] makes plates of 6 characters, and fuse.max_characters = 5 are read at most",
        {"fuse.max_characters": 6},
    ),
    "two_rows_are_read_as_rows": (
        PLATES,
        {"fuse.reading_order": "left_to_right"},
        "synth.licence.face.shapes: two_rows = 0.05 makes plates in two rows, which fuse.reading_order",
        {"fuse.reading_order": "left_to_right", "synth.licence.face.shapes": ONE_ROW},
    ),
    "formats_are_of_the_alphabet": (
        BOARDS,
        {"fuse.formats": ["L000"]},
        "fuse.formats: 'L000' asks for letters, and the classifier's alphabet '0123456789' has none",
        {"fuse.formats": ["0000"]},
    ),
    "detector_class_weight_needs_classes": (
        BOARDS,
        {"fuse.detector_class_weight": 0.5},
        "fuse.detector_class_weight = 0.5 asks the detector for characters, and with detector.classes = 'agnostic'",
        {"fuse.detector_class_weight": 0.5, "detector.classes": "character"},
    ),
}


def test_every_rule_has_its_case():
    assert CASES.keys() == {rule.__name__ for _, rule in RULES}


@pytest.mark.parametrize("rule", CASES)
def test_a_broken_rule_gets_its_sentence_alone_and_a_kept_one_none(rule, tmp_path):
    source, broken, sentence, kept = CASES[rule]
    path = tmp_path / "params.yaml"
    write_changed(source, path, broken)
    (issue,) = issues_of(path)
    assert issue.startswith(sentence) and issue.endswith(".")
    write_changed(source, path, kept)
    assert issues_of(path) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({ANCHORS: [300, 400, 500]}, "detector.anchors cover no character"),
        ({ANCHORS: [1, 1, 2]}, "detector.anchors cover no character"),
        ({"fuse.max_characters": 7}, "synth.licence.number makes plates of 8 characters"),
        (
            {"fuse.max_characters": 6, "synth.licence.number.vanity": 0, "synth.licence.number.mixed": 0},
            "of 7 characters",
        ),
        ({"synth.fonts.alphabet": "ABC", "fuse.formats": ["br"]}, "'LLL0000' asks for digits"),
    ],
)
def test_rules_know_licence_plates(changes, said, tmp_path):
    write_changed(PLATES, tmp_path / "params.yaml", changes)
    (issue,) = issues_of(tmp_path / "params.yaml")
    assert said in issue


def test_common_forms_alone_have_seven_characters_at_most(tmp_path):
    other = {"synth.licence.number.vanity": 0, "synth.licence.number.mixed": 0, "synth.licence.number.count": [1, 20]}
    write_changed(PLATES, tmp_path / "params.yaml", other | {"fuse.max_characters": 7})
    assert issues_of(tmp_path / "params.yaml") == []


def test_anchors_are_those_of_keras_retinanet():
    anchors = AnchorParams(levels=(3, 4, 5), sizes=(16, 24, 32), ratios=(0.5, 1.0, 1.6), scales=(1.0, 1.26))
    boxes = anchor_boxes(anchors, (64, 96))
    theirs = np.unique((boxes[:, 2:] - boxes[:, :2]).round(3), axis=0)
    np.testing.assert_allclose(np.unique(anchors.shapes().round(3), axis=0), theirs, atol=2e-3)


def _boxes_of_boards(path: Path, digits: Characters) -> np.ndarray:
    params = load(ScatterSynthParams, "synth", path)
    return np.concatenate([make_board(digits, np.random.default_rng(seed), params)[1] for seed in range(40)])


def _boxes_of_plates(path: Path) -> np.ndarray:
    """Boxes of letterboxed plates."""
    (params, geometry), boxes = load_params(path), []
    high, wide = geometry.input_size
    for seed in range(40):
        rng = np.random.default_rng(seed)
        plate = render_plate(rng, params.fonts.alphabet, StrokeFont(rng), PRINT_FONTS, params.licence)
        width, height = Image.open(io.BytesIO(plate.file)).size
        boxes.append(plate.boxes * min(high / height, wide / width))
    return np.concatenate(boxes)


@pytest.mark.parametrize("kind", ["tile", "ink", "licence"])
def test_the_rule_never_speaks_where_an_anchor_covers_a_character(kind, embedded_digits, tmp_path):
    """Real boxes against every real anchor, which are of one size, from far too small to far too large."""
    source, path = PLATES if kind == "licence" else BOARDS, tmp_path / "params.yaml"
    write_changed(source, path, {} if kind == "licence" else {"synth.box": kind})
    digits = Characters(*embedded_digits, "0123456789")
    boxes = _boxes_of_plates(path) if kind == "licence" else _boxes_of_boards(path, digits)
    spoke = []
    for size in (1, 2, 4, 7, 10, 14, 20, 28, 40, 56, 80, 110, 160, 220, 300):
        of_one_size = {ANCHORS: [size] * 3, "detector.anchors.scales": [1.0]}
        write_changed(path, tmp_path / "changed.yaml", of_one_size)
        detector = load(DetectorParams, "detector", tmp_path / "changed.yaml")
        spoke.append(issues_of(tmp_path / "changed.yaml") != [])
        covered = anchor_coverage(anchor_boxes(detector.anchors, detector.input_size), boxes)
        assert not (spoke[-1] and covered), f"anchors of {size} pixels cover {covered:.0%}"
    assert spoke[0] and spoke[-1] and not all(spoke)
