"""Released models out of released/store, without DVC."""

import json
import shutil
from pathlib import Path

import yaml

from tests.helpers.imports import ROOT

STORE = ROOT / "released" / "store" / "files" / "md5"


def copy_released(name: str, folder: Path) -> Path:
    """Copy a released model into a folder of its name within `folder`, and give it."""
    [out] = yaml.safe_load((ROOT / "released" / f"{name}.dvc").read_text())["outs"]
    for entry in json.loads(_object(out["md5"]).read_text()):
        file = folder / name / entry["relpath"]
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_object(entry["md5"]), file)
    return folder / name


def _object(md5: str) -> Path:
    return STORE / md5[:2] / md5[2:]
