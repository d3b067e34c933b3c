"""`platefuse score` for models of whole photographs, with several plates a photograph."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from platefuse.cli.common import on_one_line, print_lines, report
from platefuse.cli.score_comparison import Remarks, characters_known, in_vain, remarks_on
from platefuse.cli.score_files import check_files, write_outputs
from platefuse.cli.score_reading import ModelReads, normalised_reads, read_folders
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import TRUTH
from platefuse.evaluation.plate_outcomes import (
    RIGHT,
    PhotographResult,
    PlateOutcome,
    counted,
    lines_of_outcomes,
    match_photographs,
    mistakes_of,
)
from platefuse.evaluation.plate_pictures import picture_of_outcomes
from platefuse.evaluation.real import ALL
from platefuse.evaluation.real_photographs import photograph_table, score_photograph_folders
from platefuse.labels.photographs import LabelledPhotograph, read_photographs
from platefuse.metrics.alphabets import normalise
from platefuse.metrics.plates import PlateMatches
from platefuse.runner.atomic import atomic_write, write_csv, write_json

_HEADER = ["image", "x1", "y1", "x2", "y2", "truth"]
_HEADER += ["read_x1", "read_y1", "read_x2", "read_y2", "text", "confidence", "iou", "right"]

Folders = Mapping[str, Sequence[LabelledPhotograph]]


def score_photographs(arguments: argparse.Namespace, look_alikes: Mapping[str, str]) -> int:
    """Score the plates read on photographs; print and write the scores."""
    folders = read_photographs(arguments.folder)
    check_files(arguments, folders)
    compared = _compare(folders, read_folders(arguments, folders), arguments.normalise)
    rows = score_photograph_folders(compared.matches(), look_alikes)
    scores = {name: row | compared.remarks(folders if name == ALL else [name]).as_json() for name, row in rows.items()}
    alone = len(folders) == len(compared.read.by_suffix) == 1 and (arguments.folder / TRUTH).is_file()
    if alone:
        rows.pop(ALL)
    print_lines([photograph_table({on_one_line(name): row for name, row in rows.items()})])
    print_lines(compared.remarks(folders).lines() + (compared.in_vain(look_alikes) if arguments.equate else []))
    results = [result for of in compared.results.values() for result in of[""]]
    wrong = mistakes_of(results)
    print_lines(_lines_of(wrong, arguments))
    # Before anything is written: an output that cannot be written hides no image that cannot be read.
    status = report(compared.errors(), sum(map(len, folders.values())))
    outcomes = [outcome for result in results for outcome in result.outcomes()]
    written = write_outputs(
        [
            (arguments.json, lambda path: write_json(path, next(iter(scores.values())) if alone else scores)),
            (arguments.out, lambda path: write_csv(path, _HEADER, [_csv_row(o, arguments.folder) for o in outcomes])),
            (arguments.draw, lambda path: _draw(path, wrong, arguments)),
        ]
    )
    return max(status, written)


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Photographs and readings whose texts are compared.

    Attributes:
        given: the photographs of each folder, with their texts as truth.csv has them.
        photographs: the same with the texts to compare.
        read: the readings as the models gave them.
        normalised: whether the texts to compare are normalised.
        results: the matched plates by folder, then by the suffix of the scores' names. A photograph without plates that
            could not be read is left out: no reading praises the model.
    """

    given: Folders
    photographs: Folders
    read: ModelReads
    normalised: bool
    results: Mapping[str, Mapping[str, Sequence[PhotographResult]]]

    def errors(self) -> list[PlatefuseError]:
        """List why photographs could not be read."""
        readings = (self.read.by_suffix[""][photograph.path] for of in self.given.values() for photograph in of)
        return [reading.error for reading in readings if reading.error]

    def matches(self) -> dict[str, dict[str, list[PlateMatches]]]:
        """Give the matches to score."""
        return {
            name: {suffix: [result.matches for result in results] for suffix, results in of_folder.items()}
            for name, of_folder in self.results.items()
        }

    def remarks(self, folders: Iterable[str]) -> Remarks:
        """Collect the remarks on the plates of some folders."""
        names = list(folders)
        given, photographs = ([of for name in names for of in group[name]] for group in (self.given, self.photographs))
        outcomes = (outcome for name in names for result in self.results[name][""] for outcome in result.outcomes())
        return remarks_on(
            [text for photograph in given for text in photograph.texts],
            [pair for photograph in photographs for pair in zip(photograph.texts, photograph.wheres, strict=True)],
            self.read.alphabet,
            self.normalised,
            truncated=sum(o.truth is not None and o.plate is not None and o.plate.truncated for o in outcomes),
        )

    def in_vain(self, look_alikes: Iterable[str]) -> list[str]:
        """Name the look-alikes that neither the alphabet nor a truth has."""
        texts = (text for of in self.photographs.values() for photograph in of for text in photograph.texts)
        return in_vain(look_alikes, characters_known(self.read.alphabet, self.normalised).union(*texts))


def _compare(folders: Folders, read: ModelReads, normalised: bool) -> _Comparison:
    """Match the plates read with the true ones.

    Their texts are normalised if asked."""
    photographs, reads = folders, read.by_suffix
    if normalised:
        normal = partial(normalise, alphabet=read.alphabet)
        photographs = {
            name: [replace(photograph, texts=tuple(map(normal, photograph.texts))) for photograph in of]
            for name, of in folders.items()
        }
        reads = {suffix: normalised_reads(of_model, normal) for suffix, of_model in reads.items()}
    results = {
        name: {
            suffix: match_photographs(kept, [of_model[photograph.path] for photograph in kept])
            for suffix, of_model in reads.items()
            for kept in [[p for p in of if p.texts or not of_model[p.path].error]]
        }
        for name, of in photographs.items()
    }
    return _Comparison(folders, photographs, read, normalised, results)


def _lines_of(wrong: Sequence[PlateOutcome], arguments: argparse.Namespace) -> list[str]:
    shown = wrong[: arguments.misread]
    if not shown:
        return []
    some = f"; {len(shown)} of them (--misread N lists N)" if len(shown) < len(wrong) else ""
    title = f"\n{counted(wrong)}{some}, worst first:"
    return [title, *map(on_one_line, lines_of_outcomes(shown, arguments.folder))]


def _draw(path: Path, wrong: Sequence[PlateOutcome], arguments: argparse.Namespace) -> None:
    shown = wrong[: arguments.misread]
    if not shown:
        print(f"{path} is not written: there is no mistake to draw.")
        return
    some = f"; these are the worst {len(shown)}" if len(shown) < len(wrong) else ""
    with atomic_write(path) as draft:
        picture = picture_of_outcomes(shown, arguments.folder, f"{counted(wrong)}{some}, worst first.")
        picture.save(draft, "PNG", optimize=True)


def _csv_row(outcome: PlateOutcome, folder: Path) -> list[Any]:
    """Give a row of the true plate and the plate read.

    A false alarm has no true plate, a missed plate none read.
    """
    nothing = [""] * 4
    return [
        outcome.path.relative_to(folder).as_posix(),
        *(nothing if outcome.true_box is None else map(round, outcome.true_box)),
        outcome.truth or "",
        *([round(corner, 2) for corner in outcome.plate.box] if outcome.plate else nothing),
        outcome.text,
        round(outcome.confidence, 6),
        "" if outcome.iou is None else round(outcome.iou, 6),
        int(outcome.kind == RIGHT),
    ]
