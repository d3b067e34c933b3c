"""Plots of the committed metrics in the templates under .dvc/plots, and the page that DVC puts plots on."""

import csv
import re
import runpy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc_render.html import HTML
from dvc_render.vega import VegaRenderer

from tests.helpers.imports import ROOT
from tests.helpers.plots import Page, axis, marks

FOLDERS = [ROOT, *sorted(path.parent for path in ROOT.glob("pipelines/*/dvc.yaml"))]
every_pipeline = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
OF_PLATES = [folder for folder in FOLDERS if folder.name != "photographs"]  # the others have no confusion.csv
CURVES = ("precision_recall.csv", "confidence.csv")
SHARES = {"precision_recall.csv": ("recall", "precision"), "confidence.csv": ("kept", "right")}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def plot(folder: Path, name: str, *revisions: list[dict[str, str]]) -> dict[str, Any]:
    """A plot of the stage evaluate as DVC fills its template, of the committed metrics or of other rows."""
    stage = yaml.safe_load((folder / "dvc.yaml").read_text(encoding="utf-8"))["stages"]["evaluate"]
    (options,) = [entry[f"metrics/{name}"] for entry in stage["plots"] if f"metrics/{name}" in entry]
    properties = {key: value for key, value in options.items() if key != "cache"}
    revisions = revisions or (rows_of(folder / "metrics" / name),)
    rows = [row | {"rev": f"run {index}"} for index, part in enumerate(revisions) for row in part]
    return VegaRenderer(rows, name, template_dir=str(ROOT / ".dvc" / "plots"), **properties).get_filled_template()


# --- confusion


def values_of(label: str) -> dict[str, str]:
    return dict(part.split(": ", 1) for part in label.split("; "))


def distance(colour: str, other: tuple[int, ...]) -> int:
    """The largest difference in a channel, 0..255."""
    ours = [int(number) for number in re.findall(r"\d+", colour)] if "(" in colour else bytes.fromhex(colour[1:])
    return max(abs(a - b) for a, b in zip(ours, other, strict=True))


@pytest.mark.parametrize("folder", OF_PLATES, ids=lambda folder: folder.name)
def test_every_pair_of_characters_has_a_cell_with_its_count(folder: Path):
    counted = Counter((row["actual"], row["predicted"]) for row in rows_of(folder / "metrics" / "confusion.csv"))
    written = {}
    for text in marks(plot(folder, "confusion.csv"), "text"):
        values = values_of(text.get("aria-label", ""))
        written[values["actual"], values["predicted"]] = int((text.text or "").replace(",", ""))
    assert written == counted


def test_one_mistake_is_seen_beside_hundreds_read_right():
    """Cells with numbers alone were not enough: on a linear scale to 900 a single mistake was as pale as none."""
    rows = [{"actual": "7", "predicted": "7"}] * 900 + [{"actual": "7", "predicted": "1"}]
    rows += [{"actual": "1", "predicted": "1"}] * 300 + [{"actual": "1", "predicted": "7"}] * 40
    fills = {}
    for cell in marks(plot(ROOT, "confusion.csv", rows), "rect"):
        values = values_of(cell.get("aria-label", ""))
        fills[values["actual"] + values["predicted"]] = cell.get("fill", "")
    assert fills["77"] == fills["11"] != fills["71"] != fills["17"]
    assert all(distance(fills[pair], (255, 255, 255)) > 40 for pair in ("71", "17", "77"))


def test_two_runs_have_a_matrix_each():
    rows = rows_of(ROOT / "metrics" / "confusion.csv")
    one, two = (len(marks(plot(ROOT, "confusion.csv", *runs), "text")) for runs in ([rows], [rows, rows]))
    assert two == 2 * one


# --- curves of shares


@every_pipeline
@pytest.mark.parametrize("name", CURVES)
def test_every_point_of_a_curve_is_drawn_on_axes_of_shares(folder: Path, name: str):
    spec, rows = plot(folder, name), rows_of(folder / "metrics" / name)
    assert len(marks(spec, "line")) == 1
    assert axis(spec, "x")[1:] == (0, 1)
    _, low, high = axis(spec, "y")
    assert 0 <= low <= 0.9 and high == 1
    points = [re.findall(r"[\d.-]+", point.get("transform", "")) for point in marks(spec, "point")]
    assert len(points) == len(rows)
    assert all(0 <= float(x) <= spec["width"] and 0 <= float(y) <= spec["height"] for x, y in points)


def test_a_curve_that_is_1_throughout_has_an_axis_to_be_read_against():
    """Without a least extent the axis had the one number 1, and the line stood in the middle."""
    rows = [{"recall": str(index / 10), "precision": "1.0"} for index in range(11)]
    spec = plot(ROOT, "precision_recall.csv", rows)
    assert axis(spec, "y") == ("precision", 0.9, 1)
    (line,) = marks(spec, "line")
    assert set(re.findall(r",([\d.]+)", line.get("d", ""))) == {"0"}, "at the top"


def test_two_runs_are_two_lines_of_two_colours():
    rows = rows_of(ROOT / "metrics" / "confidence.csv")
    lines = marks(plot(ROOT, "confidence.csv", rows, rows[::2]), "line")
    assert len({line.get("stroke") for line in lines}) == len(lines) == 2


# --- reliability


def reliability(*pairs: tuple[float, float]) -> list[dict[str, str]]:
    return [{"confidence": str(confidence), "right": str(right), "plates": "40"} for confidence, right in pairs]


def points_of(line: Any, spec: dict[str, Any]) -> list[tuple[float, float]]:
    """The points of a line in the numbers of the axes."""
    _, left, right = axis(spec, "x")
    _, low, high = axis(spec, "y")
    pairs = re.findall(r"[ML]([\d.]+),([\d.]+)", line.get("d", ""))
    scaled = [(float(x) / spec["width"], 1 - float(y) / spec["height"]) for x, y in pairs]
    return [(left + x * (right - left), low + y * (high - low)) for x, y in scaled]


@every_pipeline
def test_the_reliability_of_each_bin_stands_beside_the_diagonal(folder: Path):
    bins = [(0.5, 0.7), (0.9, 0.85), (0.99, 1.0)]
    spec = plot(folder, "reliability.csv", reliability(*bins))
    diagonal, line = marks(spec, "line")
    assert diagonal.get("stroke-dasharray") and not line.get("stroke-dasharray")
    assert points_of(line, spec) == [pytest.approx(pair, abs=1e-3) for pair in bins]
    assert points_of(diagonal, spec) == [pytest.approx((x, x), abs=1e-3) for x, _ in bins]
    assert len(marks(spec, "point")) == 3
    assert axis(spec, "x") == ("confidence", 0.5, 1) and axis(spec, "y") == ("share read right", 0.5, 1)


def test_a_reader_that_is_never_in_doubt_has_axes_to_be_read_against():
    spec = plot(ROOT, "reliability.csv", reliability((1.0, 1.0)))
    assert axis(spec, "x") == ("confidence", 0.9, 1) and axis(spec, "y") == ("share read right", 0.9, 1)


def test_two_runs_are_two_lines_of_reliability():
    rows = reliability((0.5, 0.7), (0.9, 0.85))
    lines = marks(plot(ROOT, "reliability.csv", rows, rows), "line")
    assert len({line.get("stroke") for line in lines if not line.get("stroke-dasharray")}) == 2


# --- the page


@pytest.fixture(scope="module")
def page() -> str:
    return runpy.run_path(str(ROOT / "tools" / "plots_page.py"))["page"]()


def test_the_page_asks_for_nothing_from_a_network(page: str):
    filled = HTML(page).with_scripts(VegaRenderer.SCRIPTS).with_element('<img src="static/picture.png">').embed()
    assert Page(filled).addresses == ["static/picture.png"], "Vega's scripts are inside, and hold no placeholder"
    assert Page(filled).scripts == 1, "its end is the only one"
    assert "window.vegaEmbed" in filled


def test_a_plot_without_data_says_so(page: str):
    assert ": no data" in page
