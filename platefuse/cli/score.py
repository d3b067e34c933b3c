"""`platefuse score`: how much of a folder whose truth is known is read right."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.cli.common import add_reading_command, file_path, read_with_progress, report
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import TRUTH, read_truth
from platefuse.inference.reader import Reading
from platefuse.metrics.text import parse_look_alikes, score_texts
from platefuse.runner.atomic import write_csv, write_json


def add(commands: Any) -> None:
    parser = add_reading_command(
        commands,
        "score",
        _score,
        "read a folder whose truth is known, and print how much was right",
        "examples:\n"
        "  platefuse score data/plates/test\n"
        "  platefuse score photos --equate O0,I1 --out readings.csv --json scores.json\n\n"
        f"The folder holds {TRUTH} with the header image,text, and the images by the paths given there.\n"
        "An image that is missing stops the command before any work; one that cannot be read counts as\n"
        "wrong, is named on the error output at the end, and makes the exit status 1.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help=f"a folder with {TRUTH}")
    parser.add_argument("--json", type=file_path, metavar="FILE", help="also write the scores as JSON")
    parser.add_argument(
        "--out",
        type=file_path,
        metavar="FILE",
        help="also write a CSV row an image: image,truth,text,confidence,right",
    )
    parser.add_argument(
        "--equate",
        metavar="GROUPS",
        help='also count look-alikes as equal, such as "O0,I1" (commas between groups)',
    )


def _score(arguments: argparse.Namespace) -> int:
    look_alikes = None if arguments.equate is None else parse_look_alikes(arguments.equate)
    truth = truth_of(arguments.folder)
    names = {arguments.folder / name: name for name in truth}
    rows: list[list[Any]] = []
    errors = []
    for path, reading in read_with_progress(arguments, list(names)):
        name, true = names[path], truth[names[path]]
        if isinstance(reading, PlatefuseError):
            errors.append(reading)
            reading = _unread(true)
        rows.append([name, true, reading.text, round(reading.confidence, 6), int(reading.text == true)])
    scores = _scores_of([row[1] for row in rows], [row[2] for row in rows], look_alikes)
    _print_scores(scores)
    if arguments.json:
        write_json(arguments.json, scores)
    if arguments.out:
        write_csv(arguments.out, ["image", "truth", "text", "confidence", "right"], rows)
    return report(errors, len(rows))


def truth_of(folder: Path) -> dict[str, str]:
    """Read a folder's truth, and check that its images are there."""
    truth = read_truth(folder / TRUTH)
    missing = [name for name in truth if not (folder / name).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise PlatefuseError(f"{folder / TRUTH} names images that are not there: {missing[0]}{more}.")
    return truth


def _unread(truth: str) -> Reading:
    """Stand in for an image that could not be read: no text, which must be wrong even on an empty plate."""
    nothing = np.zeros(0, np.float32)
    return Reading("" if truth else "\N{REPLACEMENT CHARACTER}", 0.0, nothing.reshape(0, 4), nothing, "", nothing)


def _scores_of(truths: list[str], texts: list[str], look_alikes: dict[str, str] | None) -> dict[str, float]:
    scores: dict[str, float] = {"images": len(truths), **asdict(score_texts(truths, texts))}
    if look_alikes is not None:
        scores["exact_match_equated"] = score_texts(truths, texts, look_alikes).exact_match
    return scores


def _print_scores(scores: dict[str, float]) -> None:
    for name, score in scores.items():
        print(f"{name.replace('_', ' '):<22}{score:.4f}" if name != "images" else f"{name:<22}{score}")
