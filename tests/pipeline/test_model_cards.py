"""The model cards beside the released models, against the metrics that were released with them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.helpers.imports import ROOT


def rounded(number: float, places: int) -> str:
    return f"{number:.{places}f}".removeprefix("0")


def released_metrics(name: str) -> dict[str, Any]:
    """Metrics in a released model's release.json; those of real plates are as committed, since anybody may measure."""
    [out] = yaml.safe_load((ROOT / "released" / f"{name}.dvc").read_text())["outs"]
    listed = json.loads(stored(out["md5"]).read_text())
    [release] = [stored(entry["md5"]) for entry in listed if entry["relpath"] == "release.json"]
    content = json.loads(release.read_text())
    real = ROOT / content["pipeline"] / "metrics" / "real.json"
    return dict(content["metrics"]) | ({"real": json.loads(real.read_text())} if real.is_file() else {})


def stored(md5: str) -> Path:
    return ROOT / "released" / "store" / "files" / "md5" / md5[:2] / md5[2:]


@pytest.mark.parametrize("name", ["digits", "plates", "photographs"])
def test_a_model_card_has_the_numbers_of_the_metrics(name: str):
    card = (ROOT / "released" / f"{name}.md").read_text(encoding="utf-8")
    metrics = released_metrics(name)
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
