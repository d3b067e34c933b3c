"""Parameters that pages of the documentation propose: they are right, and render what the pages say."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from platefuse.configuration.pipeline_params import issues_of
from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS
from platefuse.data.views import MIN_SLOPE, common_slope
from platefuse.synthesis.fonts.library import load_fonts, load_print_fonts
from platefuse.synthesis.licence.dataset import LicenceSynthParams, make_licence_splits
from platefuse.synthesis.params import load_params
from tests.helpers.imports import ROOT
from tests.pipeline.test_docs import blocks

PLATES = ROOT / "pipelines" / "plates"
PAGES = ["docs/alphabets.md", "docs/licence-plates.md"]


def merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Change values at any depth."""
    return values | {
        name: merged(values[name], change) if isinstance(change, dict) else change for name, change in changes.items()
    }


def written(page: str, folder: Path) -> Path:
    """Write the parameters that a page's reader ends up with."""
    (block,) = (text for language, text in blocks(page) if language == "yaml")
    values = merged(yaml.safe_load((PLATES / "params.yaml").read_text(encoding="utf-8")), yaml.safe_load(block))
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def params_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parameters of docs/alphabets.md."""
    return written("docs/alphabets.md", tmp_path_factory.mktemp("cyrillic"))


@pytest.mark.parametrize("page", PAGES)
def test_the_parameters_are_right(page: str, tmp_path: Path):
    assert issues_of(written(page, tmp_path)) == []


def test_the_worlds_plates_are_long_tilted_and_in_two_rows(tmp_path: Path):
    params, geometry = load_params(written("docs/licence-plates.md", tmp_path))
    assert isinstance(params, LicenceSynthParams) and geometry
    samples = list(make_licence_splits(params, geometry, {"test": 60})["test"].samples)
    assert 4 < sum(len(sample.text) > 8 for sample in samples) < 25
    slopes = [abs(common_slope(sample.boxes, np.ones(len(sample.boxes)))) for sample in samples if len(sample.text) > 2]
    assert 5 < sum(slope > MIN_SLOPE for slope in slopes) < 45
    rows = [np.ptp(sample.boxes[:, 1]) > 0.8 * np.ptp(sample.boxes[:, [1, 3]]) / 2 for sample in samples if sample.text]
    assert 3 < sum(rows) < 45


def test_every_split_has_fonts_with_every_letter(params_file: Path):
    params, _ = load_params(params_file)
    assert isinstance(params, LicenceSynthParams)
    fonts, print_fonts = load_fonts(params.fonts, params.seed), load_print_fonts(params.fonts, params.seed)
    families = [{font.family for font in fonts[split]} for split in SPLITS]
    assert len(set.union(*families)) == sum(map(len, families)) == 10
    assert all(fonts[split] for split in SPLITS) and any(print_fonts.values())
    masks = {character: fonts["train"][0].glyph(character) for character in params.fonts.alphabet}
    assert len({(mask.shape, mask.tobytes()) for mask in masks.values()}) == len(masks)


def test_plates_are_rendered_in_the_alphabet(params_file: Path):
    params, geometry = load_params(params_file)
    assert isinstance(params, LicenceSynthParams) and geometry
    split = make_licence_splits(params, geometry, {"test": 12})["test"]
    samples = list(split.samples)
    text = "".join(sample.text for sample in samples)
    assert set(text) <= set(params.fonts.alphabet) and any(character > "Z" for character in text)
    for sample in samples:
        assert len(sample.boxes) == len(sample.text) <= 12
        assert Image.open(io.BytesIO(sample.image)).width in range(110, 331)
        assert np.ptp(sample.crops[: len(sample.text)], axis=(1, 2)).min(initial=255) > 0


def test_a_letter_that_no_font_has_stops_before_any_plate(params_file: Path):
    params, _ = load_params(params_file)
    assert isinstance(params, LicenceSynthParams)
    armenian = params.fonts.model_copy(update={"alphabet": "0123456789Ա"})
    with pytest.raises(PlatefuseError, match=r"synth\.fonts finds no usable font with all of '0123456789Ա'"):
        load_fonts(armenian, params.seed)
