"""`platefuse fuse`: fuse trained networks again, with other parameters."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from platefuse.cli.common import PIPELINE, add_command, folder_path, refuse_existing
from platefuse.core.errors import PlatefuseError, not_installed
from platefuse.data.plate_set import TRUTH, AnnotatedPlate
from platefuse.inference.metadata import reads_photographs
from platefuse.labels.text_only import read_text_only

_FIT = "--set temperature=fit"


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_command(
        commands,
        "fuse",
        _fuse,
        "fuse trained networks again, with other parameters; nothing is trained",
        "examples:\n"
        "  platefuse fuse models strict --set objectness_threshold=0.6\n"
        "  platefuse fuse models plates-br --set 'formats=[br, LLL0L00]' --set format_tolerance=8\n"
        "  platefuse fuse models mine --set temperature=fit --plates photos\n\n"
        "A model for photographs has its plate reader's parameters, too: --set 'formats=[br]', or with the prefix\n"
        "`reader.` if both have a parameter of that name: --set reader.score_threshold=0.2.\n\n"
        "--set temperature=fit --plates FOLDER calibrates the confidence on your own plates. No text changes.\n\n"
        "All other parameters are those of the fused model beside the networks, or in fused/ there. `platefuse\n"
        "params fuse` explains every parameter. In a pipeline, change params.yaml and run `dvc repro` instead.",
    )
    parser.add_argument(
        "networks",
        type=Path,
        metavar="NETWORKS",
        help="folder of detector.h5 and classifier.h5; for photographs of plate_detector.h5, too",
    )
    parser.add_argument("out", type=folder_path, metavar="OUT", help="the fused model's folder, which must not exist")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="changes",
        metavar="NAME=VALUE",
        help="a parameter of the section `fuse`, its value written as in params.yaml; may be given several times",
    )
    parser.add_argument(
        "--plates",
        type=Path,
        metavar="FOLDER",
        help=f"images of single plates with a {TRUTH}, as for `platefuse score`; temperature=fit is fitted on them",
    )


def _fuse(arguments: argparse.Namespace) -> int:
    refuse_existing(arguments.out)
    changes = _parsed(arguments.changes)
    if arguments.plates and "fit" not in (changes.get("temperature"), changes.get("reader.temperature")):
        raise PlatefuseError(f"--plates {arguments.plates}: only a temperature is fitted on plates: add {_FIT}.")
    folders = read_text_only(arguments.plates) if arguments.plates else {}
    plates = [plate for of_folder in folders.values() for plate in of_folder]
    fuse_again(arguments.networks, {arguments.out: changes}, plates)
    print(f"{arguments.out}: written. To read with it: platefuse read plate.jpg --model {arguments.out}")
    return 0


def fuse_again(networks: Path, changes: Mapping[Path, dict[str, Any]], plates: Sequence[AnnotatedPlate] = ()) -> None:
    """Fuse a folder's networks again, once for each new model.

    Args:
        networks: the folder of detector.h5 and classifier.h5, and of plate_detector.h5 if the model reads photographs;
            and of the model that they were fused to.
        changes: the changed parameters of each new model, by the path of its folder.
        plates: labelled plates that a temperature `fit` is fitted on.

    Raises:
        PlatefuseError: if a parameter is wrong, before any model is made; or a network is missing or damaged, or a
            temperature cannot be fitted.
    """
    try:  # here: the base install reads plates, and cannot fuse
        from platefuse.core.params import check
        from platefuse.fusion.params import FuseParams
        from platefuse.fusion.photographs.trained import changed_params, fuse_trained_photographs
        from platefuse.fusion.trained import fuse_trained, metadata_of, parameters_of
    except ModuleNotFoundError as error:
        raise _needs(error) from None
    if reads_photographs(metadata_of(networks)):
        changed = {out: changed_params(networks, of_model) for out, of_model in changes.items()}
        for out, (params, reader_params) in changed.items():
            fuse_trained_photographs(networks, params, out, reader_params, plates)
        return
    before = parameters_of(networks)
    checked = {out: check(FuseParams, "fuse", {"fuse": before | of_model}) for out, of_model in changes.items()}
    issues = [issue for parameters in checked.values() if isinstance(parameters, list) for issue in parameters]
    if issues:
        raise PlatefuseError("\n".join(dict.fromkeys(issues)))
    for out, parameters in checked.items():
        assert isinstance(parameters, FuseParams)  # or there are issues
        fuse_trained(networks, parameters, out, plates)


def _parsed(changes: Sequence[str]) -> dict[str, Any]:
    """Parse NAME=VALUE; the last value of a name counts."""
    try:
        from platefuse.core.params_yaml import parse
    except ModuleNotFoundError as error:
        raise _needs(error) from None
    parsed = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise PlatefuseError(f"--set {change}: expected NAME=VALUE, such as 'formats=[br]' or max_characters=12.")
        parsed[name] = parse(value, f"--set {change}", name)
    return parsed


def _needs(error: ModuleNotFoundError) -> PlatefuseError:
    """Tell what the base install lacks."""
    return not_installed("Fusing networks", [str(error.name)], PIPELINE)
