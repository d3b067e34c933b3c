"""`platefuse score`: score a model on images whose text is known."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from platefuse.cli.common import add_reading_command, file_path, find_model, read_with_progress, report
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import TRUTH, read_truth
from platefuse.metrics.text import parse_look_alikes, score_texts
from platefuse.runner.atomic import write_csv, write_json


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_reading_command(
        commands,
        "score",
        _score,
        "read images whose text is known, and print how many were read right",
        "examples:\n"
        "  platefuse score data/plates/test\n"
        "  platefuse score photos --equate O0,I1 --out readings.csv --json scores.json\n\n"
        f"The folder holds {TRUTH}, with the header image,text, and the images that it names. A missing image\n"
        "stops the command before any work. An image that cannot be read counts as wrong and is listed on\n"
        "the error output at the end, and the exit status is 1.",
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
    paths = [arguments.folder / name for name in truth]
    readings = read_with_progress(find_model(arguments), paths, arguments.batch_size)
    rows: list[list[Any]] = []
    errors = []
    for (name, true), reading in zip(truth.items(), readings, strict=True):
        text = reading.text
        if reading.error:
            errors.append(reading.error)
            text = _wrong_text(true)
        rows.append([name, true, text, round(reading.confidence, 6), int(text == true)])
    scores = _scores_of([row[1] for row in rows], [row[2] for row in rows], look_alikes)
    _print_scores(scores)
    if arguments.json:
        write_json(arguments.json, scores)
    if arguments.out:
        write_csv(arguments.out, ["image", "truth", "text", "confidence", "right"], rows)
    return report(errors, len(rows))


def truth_of(folder: Path) -> dict[str, str]:
    """Read a folder's truth.csv, and check that its images exist."""
    truth = read_truth(folder / TRUTH)
    missing = [name for name in truth if not (folder / name).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise PlatefuseError(f"{folder / TRUTH} names images that are not there: {missing[0]}{more}.")
    return truth


def _wrong_text(truth: str) -> str:
    """The text of an image that could not be read: none, which must be wrong even on an empty plate."""
    return "" if truth else "\N{REPLACEMENT CHARACTER}"


def _scores_of(truths: list[str], texts: list[str], look_alikes: dict[str, str] | None) -> dict[str, float]:
    scores: dict[str, float] = {"images": len(truths), **asdict(score_texts(truths, texts))}
    if look_alikes is not None:
        scores["exact_match_equated"] = score_texts(truths, texts, look_alikes).exact_match
    return scores


def _print_scores(scores: dict[str, float]) -> None:
    for name, score in scores.items():
        print(f"{name.replace('_', ' '):<22}{score:.4f}" if name != "images" else f"{name:<22}{score}")
