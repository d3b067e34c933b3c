"""Parameters of the stage synth for one layout.

Layouts that cut characters out also use two parameters of other sections.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import FILE, Params, load
from platefuse.data.crop_geometry import CropMargin, Deskew, InputSize, Polarity
from platefuse.synthesis.crops import CropGeometry
from platefuse.synthesis.folder import FolderSynthParams
from platefuse.synthesis.licence.dataset import LicenceSynthParams
from platefuse.synthesis.scatter.dataset import ScatterSynthParams
from platefuse.synthesis.scene.dataset import SceneSynthParams

PlateSynthParams = ScatterSynthParams | LicenceSynthParams | FolderSynthParams
"""Layouts of plates; the others are layouts of photographs."""
SynthParams = Annotated[
    PlateSynthParams | SceneSynthParams,
    Field(
        discriminator="layout",
        description="The plates or photographs, and the single characters; `layout` decides what is made.",
    ),
]
SYNTH_PARAMS: TypeAdapter[SynthParams] = TypeAdapter(SynthParams)
OF_OTHER_SECTIONS = ("detector.input_size", "fuse.crop_margin", "fuse.polarity", "fuse.deskew")
"""Parameters of other sections that the stage reads where characters are cut out of plates."""

_CONTENT = {"synth.folder": "plates", "synth.scene.backgrounds": "photographs"}


class _DetectorParams(Params, extra="ignore"):
    input_size: InputSize


class _FuseParams(Params, extra="ignore"):
    crop_margin: CropMargin
    polarity: Polarity
    deskew: Deskew


def load_params(path: Path = FILE) -> tuple[SynthParams, CropGeometry | None]:
    """Read the section `synth` and the crop geometry of a parameter file.

    The geometry is None unless the layout cuts characters out.

    Raises:
        PlatefuseError: for an unknown layout, wrong parameters, or something that the stage reads and the dvc.yaml
            beside the file does not declare.
    """
    params, geometry = load(SYNTH_PARAMS, "synth", path), None
    if _cuts_characters(params):
        input_size, fuse = load(_DetectorParams, "detector", path).input_size, load(_FuseParams, "fuse", path)
        geometry = CropGeometry(input_size, fuse.crop_margin, fuse.polarity, fuse.deskew)
    _check_declared(params, geometry is not None, path.with_name("dvc.yaml"))
    return params, geometry


def _cuts_characters(params: SynthParams) -> bool:
    if isinstance(params, FolderSynthParams):
        return bool(params.crops or (params.mixed and params.mixed.licence))
    return isinstance(params, LicenceSynthParams)


def _check_declared(params: SynthParams, cuts_characters: bool, dvc_yaml: Path) -> None:
    """Check that DVC will see every change.

    Without a dvc.yaml there is nothing to check.

    Raises:
        PlatefuseError: names the line that the stage synth lacks.
    """
    try:
        stage = yaml.safe_load(dvc_yaml.read_text(encoding="utf-8"))["stages"]["synth"]
        dependencies = [Path(os.path.normpath(dependency)) for dependency in stage["deps"]]
        parameters = _declared_parameters(stage.get("params", []))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
        return
    for name, folder in _folders(params):
        if not any(Path(os.path.normpath(folder)).is_relative_to(path) for path in dependencies):
            raise PlatefuseError(
                f"{name} = {folder!r} is not among the deps of the stage synth in {dvc_yaml}: add a line "
                f"'- {folder}' there, so that DVC sees when your {_CONTENT[name]} change."
            )
    missing = [name for name in OF_OTHER_SECTIONS if not {name, name.split(".")[0]} & parameters]
    if cuts_characters and missing:
        raise PlatefuseError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not among the params of the stage synth "
            f"in {dvc_yaml}, although characters are cut out of plates: write 'params: "
            f"[synth, {', '.join(OF_OTHER_SECTIONS)}]' there, so that DVC sees when they change."
        )


def _folders(params: SynthParams) -> Iterator[tuple[str, str]]:
    """Yield each parameter that names a folder of images: name and value."""
    if isinstance(params, FolderSynthParams):
        yield "synth.folder", params.folder
    if isinstance(params, SceneSynthParams) and params.scene.backgrounds:
        yield "synth.scene.backgrounds", params.scene.backgrounds


def _declared_parameters(entries: list[Any]) -> set[str]:
    """Parameter names in a stage's `params`.

    They may be listed under the name of the file.
    """
    named = [entry[FILE.name] if isinstance(entry, dict) else [entry] for entry in entries]
    return {name for names in named for name in names}
