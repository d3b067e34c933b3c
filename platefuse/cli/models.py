"""`platefuse models`: list the released models."""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platefuse.cli.common import add_command
from platefuse.core.errors import PlatefuseError
from platefuse.inference.metadata import read_metadata
from platefuse.inference.models import KNOWN, bundled_file, find_released, in_checkout

_NETWORKS = ".h5"  # lie beside a released model, and are not loaded to read


@dataclass(frozen=True)
class KnownModel:
    """One released model; unknown values are None.

    Attributes:
        name: for `--model` and `Reader`.
        path: a SavedModel's folder or an .onnx file.
        missing: why there is no path, and the command that brings the model.
        alphabet: every character that it can read.
        bytes: size of what is loaded.
        exact_match: the share of plates read right to the last character.
        measured_on: which plates these are.
        licence: an SPDX identifier.
    """

    name: str
    path: str | None = None
    missing: str | None = None
    alphabet: str | None = None
    bytes: int | None = None
    exact_match: float | None = None
    measured_on: str | None = None
    licence: str | None = None


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "models",
        _models,
        "list the released models, which --model takes by name",
        "examples:\n"
        "  platefuse models\n"
        "  platefuse models --json | jq -r .name     one JSON object a line\n"
        "  platefuse read plate.jpg --model plates\n\n"
        "In a checkout a name stands for released/NAME, elsewhere for the file that was installed with the\n"
        "package. The accuracy is the share of plates read right to the last character.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")


def _models(arguments: argparse.Namespace) -> int:
    models = [_known(name) for name in KNOWN]
    if arguments.json:
        print("\n".join(json.dumps(asdict(model), ensure_ascii=False) for model in models))
    else:
        print("\n\n".join(map(_in_words, models)))
    return 0


def _known(name: str) -> KnownModel:
    try:
        path = find_released(name)
    except PlatefuseError as error:
        return KnownModel(name, missing=str(error))
    card = _card(path / "release.json" if in_checkout(name) else bundled_file(name).with_suffix(".json"))
    alphabet = read_metadata(path)["alphabet"] if path.is_dir() else card.get("alphabet")
    exact_match, measured_on = _accuracy(card.get("metrics", {}))
    return KnownModel(
        name, str(path), None, alphabet, _size(path), exact_match, measured_on, licence=card.get("licence")
    )


def _card(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _size(path: Path) -> int:
    files = [path, *path.rglob("*")]
    return sum(file.stat().st_size for file in files if file.is_file() and file.suffix != _NETWORKS)


def _accuracy(metrics: dict[str, Any]) -> tuple[float | None, str | None]:
    """Return the exact match and the kind of plates measured.

    Photographs are preferred to synthetic plates.
    """
    if "real" in metrics:
        of_all = metrics["real"]["all"]
        whole = f"{of_all['plates']} plates in {of_all['photographs']} photographs" if "plates" in of_all else None
        return of_all["exact"], whole or f"{of_all['images']} photographs"
    if "evaluation" in metrics:
        return metrics["evaluation"]["exact_match"], "synthetic test plates"
    return None, None


def _in_words(model: KnownModel) -> str:
    if model.path is None:
        return f"{model.name}\n  {model.missing}"
    lines = {
        "where": model.path,
        "alphabet": model.alphabet,
        "size": f"{model.bytes / 1e6:.1f} MB" if model.bytes else None,
        "accuracy": f"{model.exact_match:.3f} of {model.measured_on}" if model.exact_match is not None else None,
        "licence": model.licence,
    }
    return "\n".join([model.name, *(f"  {name:<10}{value or 'unknown'}" for name, value in lines.items())])
