"""Build the wheel in dist/ with the released readers inside.

They read plates and photographs. Each is one ONNX file, exported from released/. It must read the same as the
SavedModel on the images of --plates and --photographs, or else on rendered ones, whose seed is fixed. The ONNX files
are put into a copy of the package, so that the checkout stays as it is. Run it in the project's root.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from platefuse.core.params_yaml import read_parameters
from platefuse.inference.metadata import read_metadata
from platefuse.runner.atomic import write_json

RENDERED = {"plates": 64, "photographs": 16}
"""How many images of its own pipeline each bundled model is compared on."""
SOURCES = ("pyproject.toml", "README.md", "LICENSE")
EARLIEST = "315532800"  # 1980, the first year that a zip file can have


def render(name: str, folder: Path) -> Path:
    """Render test images of a model's pipeline, and give their folder."""
    parameters = read_parameters(Path("pipelines") / name / "params.yaml")
    parameters["synth"] |= {"train": 1, "val": 1, "test": RENDERED[name]}
    folder.mkdir(parents=True)
    (folder / "params.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")
    subprocess.run([sys.executable, Path("stages/synth.py").resolve()], cwd=folder, check=True)
    return folder / "data" / name / "test" / "images"


def export_onnx(model: Path, out: Path, plates: Path) -> None:
    """Export a released model to ONNX, and check it on images."""
    options = ["--to", "onnx", "--model", model, "--out", out, "--plates", plates]
    subprocess.run([sys.executable, "-m", "platefuse", "export", *options], check=True)


def card_of(model: Path) -> dict[str, object]:
    """Join a released model's alphabet and its release.json."""
    released = json.loads((model / "release.json").read_text(encoding="utf-8"))
    return {"alphabet": read_metadata(model)["alphabet"], **released}


def build_wheel(models: Mapping[str, tuple[Path, Mapping[str, object]]], dist: Path) -> Path:
    """Build the wheel from the working folder's package, and give its path.

    The same package and models make the same bytes.

    Args:
        models: the ONNX file of each bundled model, and the content of the JSON file beside it, by name.
        dist: the folder of the wheel; older wheels in it are removed.
    """
    with TemporaryDirectory() as temporary:
        tree, built = Path(temporary) / "tree", Path(temporary) / "dist"
        shutil.copytree("platefuse", tree / "platefuse", ignore=shutil.ignore_patterns("__pycache__"))
        for source in SOURCES:
            shutil.copy(source, tree)
        for name, (file, card) in models.items():
            shutil.copyfile(file, tree / "platefuse" / "models" / f"{name}.onnx")
            write_json(tree / "platefuse" / "models" / f"{name}.json", card)
        pip = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation", "-w", built, tree]
        subprocess.run(pip, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": EARLIEST})
        [wheel] = built.iterdir()
        dist.mkdir(exist_ok=True)
        for old in dist.glob("platefuse-*.whl"):
            old.unlink()
        return Path(shutil.copy(wheel, dist))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in RENDERED:
        parser.add_argument(
            f"--{name}", type=Path, metavar="DIR", help=f"a folder of {name} to check that model's ONNX file on"
        )
    options = vars(parser.parse_args(arguments))
    for name in RENDERED:
        if not (released := Path("released") / name).is_dir():
            print(f"wheel: {released} is missing: `dvc pull {released}` brings it.", file=sys.stderr)
            return 1
    with TemporaryDirectory() as temporary:
        models = {}
        try:
            for name in RENDERED:
                released, onnx = Path("released") / name, Path(temporary) / f"{name}.onnx"
                export_onnx(released, onnx, options[name] or render(name, Path(temporary) / "rendered" / name))
                models[name] = onnx, card_of(released)
            wheel = build_wheel(models, Path("dist"))
        except subprocess.CalledProcessError as error:  # which has said why
            return error.returncode or 1
    print(f"{wheel}: {wheel.stat().st_size / 1e6:.1f} MB")
    print(f'To install: pip install "{wheel}[onnx]"')
    return 0


if __name__ == "__main__":
    sys.exit(main())
