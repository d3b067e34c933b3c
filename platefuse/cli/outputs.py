"""Refusal of outputs that would replace an input or another output."""

import os
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from platefuse.core.errors import PlatefuseError

_Key = str | tuple[int, int]  # a path without links, or a file's device and number there


def check_outputs(outputs: Iterable[tuple[str, Path]], inputs: Iterable[Path]) -> None:
    """Check that no output would replace an input or another output.

    Call it before anything is read. A file is the same under any name: through links, hard links, and letters of
    another case where the file system does not tell them apart.

    Args:
        outputs: the files to be written, each with the option that names it.
        inputs: the files and folders that are read; nothing may be written into a folder.

    Raises:
        PlatefuseError: for the first output that is an input, lies in an input folder, or is another output.
    """
    outputs = list(outputs)
    exists = any(os.path.lexists(output) for _, output in outputs)
    files = chain.from_iterable(_with_files(path) if exists else [path] for path in inputs if outputs)
    read = {key: path for path in files for key in _keys(path)}
    input_above: dict[Path, Path | None] = {}  # of each output's folder
    written: dict[Path, str] = {}
    below: dict[Path, str] = {}  # the folders of outputs
    for option, output in outputs:
        replaced = next((read[key] for key in _keys(output) if key in read), None)
        if replaced:
            raise _refused(option, output, f"it would take the place of {replaced}, which is read")
        if output.parent not in input_above:
            input_above[output.parent] = next((read[key] for key in _keys_above(output) if key in read), None)
        if input_above[output.parent]:
            raise _refused(option, output, f"it lies in {input_above[output.parent]}, among what is read")
        # Nothing is there yet that would tell whether the case of letters counts.
        place = Path(os.path.realpath(output).casefold())
        other = below.get(place) or next((written[path] for path in (place, *place.parents) if path in written), None)
        if other:
            raise _refused(option, output, f"{other} is written there")
        written[place] = option
        below |= dict.fromkeys(place.parents, option)


def check_folders(outputs: Iterable[tuple[str, Path]]) -> None:
    """Check that no two options write into one folder.

    Args:
        outputs: the folders, each with the option that names it; one may lie in another.

    Raises:
        PlatefuseError: for the first folder that has been named already.
    """
    written: dict[str, str] = {}
    for option, folder in outputs:
        place = os.path.realpath(folder).casefold()
        if place in written:
            raise _refused(option, folder, f"{written[place]} is written there")
        written[place] = option


def _refused(option: str, output: Path, reason: str) -> PlatefuseError:
    return PlatefuseError(f"{option} {output}: {reason}; choose another name or folder.")


def _with_files(path: Path) -> Iterator[Path]:
    """Yield a path and the files below it.

    One of them may be a link that leads out of the folder.
    """
    yield path
    for folder, _, files in os.walk(path):
        yield from (Path(folder, name) for name in files)


def _keys(path: Path) -> Iterator[_Key]:
    yield os.path.realpath(path)
    try:
        status = path.stat()
        yield status.st_dev, status.st_ino
    except OSError:  # a new file, or a link in a circle
        pass


def _keys_above(path: Path) -> Iterator[_Key]:
    for folder in Path(os.path.realpath(path)).parents:
        yield from _keys(folder)
