"""The model cards beside the released models, against the committed metrics."""

import json
import re

import pytest

from tests.helpers.imports import ROOT


def rounded(number: float, places: int) -> str:
    return f"{number:.{places}f}".removeprefix("0")


@pytest.mark.parametrize(
    ("name", "pipeline"),
    [("digits", "."), ("plates", "pipelines/plates"), ("photographs", "pipelines/photographs")],
)
def test_a_model_card_has_the_numbers_of_the_metrics(name: str, pipeline: str):
    card = (ROOT / "released" / f"{name}.md").read_text(encoding="utf-8")
    metrics = {path.stem: json.loads(path.read_text()) for path in (ROOT / pipeline / "metrics").glob("*.json")}
    assert f"exact match {rounded(metrics['evaluation']['exact_match'], 3)}," in " ".join(card.split())
    if "real" not in metrics:
        return
    folders = [folder for folder in ("eu", "br", "us", "us-studio", "all") if folder in metrics["real"]]
    rows = [metrics["real"][folder] for folder in folders]
    for label, suffix in {"released model, without": "", "fused with": "_with_formats"}.items():
        [line] = re.findall(rf"^\| {label} .*", card, flags=re.MULTILINE)
        assert re.findall(r"(\S+) \(", line) == [rounded(row[f"exact{suffix}"], 2) for row in rows]
        assert re.findall(r"\((\S+)\)", line) == [rounded(row[f"equated{suffix}"], 2) for row in rows]


def test_the_card_of_photographs_has_the_shares_found():
    card = (ROOT / "released" / "photographs.md").read_text(encoding="utf-8")
    real = json.loads((ROOT / "pipelines" / "photographs" / "metrics" / "real.json").read_text(encoding="utf-8"))
    for label, key in (
        ("found at IoU .5", "recall_50"),
        ("found at IoU .75", "recall_75"),
        ("false alarms a photograph", "false_alarms"),
    ):
        [cells] = re.findall(rf"^\| {re.escape(label)} \| (.*) \|$", card, flags=re.MULTILINE)
        assert cells.split(" | ") == [rounded(real[folder][key], 2) for folder in ("eu", "br", "us", "all")]
