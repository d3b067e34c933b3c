"""The command line: `platefuse read` and `platefuse score`.

A command is a function that adds its parser, with `run` set to the function that does its work and gives the
exit status; COMMANDS lists them.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from platefuse.dataset import TRUTH, read_image, read_truth
from platefuse.errors import PlatefuseError
from platefuse.files import replacing, write_csv, write_json
from platefuse.reader import MODEL, Reader, Reading, find_images
from platefuse.scoring import parse_folds, score_texts

_BAD = 1
_INTERRUPTED, _PIPE_CLOSED = 130, 141  # as the shell has them: 128 and the signal's number


def main(argv: list[str] | None = None) -> int:
    """Run one command and give the exit status: 0, or 1 if anything failed; wrong usage exits with 2."""
    arguments = _parser().parse_args(argv)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names that are not UTF-8 come out as they are
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except PlatefuseError as error:
        return _complain(str(error))
    except BrokenPipeError:  # `platefuse read … | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except OSError as error:
        return _complain(f"{error.filename or 'output'}: {error.strerror or error}.")
    except KeyboardInterrupt:
        return _INTERRUPTED


def _complain(message: str) -> int:
    print(f"platefuse: {message}", file=sys.stderr)
    return _BAD


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="platefuse", description="Read plates with a fused model.")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return parser


def _add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str, more: str
) -> argparse.ArgumentParser:
    """Add a command with what all that read have in common."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument("--model", type=Path, default=MODEL, help=f"the fused model (default: {MODEL})")
    parser.add_argument(
        "--batch-size", type=_positive, default=16, metavar="N", help="images read in one call (default: 16)"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, found {text!r}")
    return int(text)


def _file(text: str) -> Path:
    if Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"expected a file to write, {text} is a folder")
    return Path(text)


# --- platefuse read -----------------------------------------------------------------------------------------


def _add_read(commands: Any) -> None:
    parser = _add_command(
        commands,
        "read",
        _read,
        "read images, and print the path, text and confidence of each",
        "examples:\n"
        "  platefuse read plate.jpg                    one line: path, tab, text, tab, confidence\n"
        "  platefuse read data/plates/test/images --draw drawn    and a picture of each in drawn/\n"
        "  platefuse read photos --json | jq .text     one JSON object a line, with boxes and scores\n\n"
        "The confidence is the smallest of the characters' scores. Images that cannot be read are named on\n"
        "the error output at the end; the exit status is then 1.",
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="an image, or a folder of images")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line, with the boxes")
    parser.add_argument("--draw", type=Path, metavar="DIR", help="also draw what was read, one PNG an image")


def _read(arguments: argparse.Namespace) -> int:
    paths = find_images(arguments.paths)
    pictures = _picture_paths(paths, arguments.draw) if arguments.draw else {}
    errors = []
    for path, reading in _reading(arguments, paths):
        if isinstance(reading, PlatefuseError):
            errors.append(reading)
            continue
        tqdm.write(_as_json(path, reading) if arguments.json else _as_line(path, reading), file=sys.stdout)
        if pictures:
            _draw(path, reading, pictures[path])
    return _report(errors, len(paths))


def _reading(arguments: argparse.Namespace, paths: Sequence[Path]) -> Iterable[tuple[Path, Reading | PlatefuseError]]:
    """Read files with a progress bar on the error output, if that is a terminal."""
    files = Reader(arguments.model).read_files(paths, arguments.batch_size)
    return tqdm(files, total=len(paths), desc="reading", unit="image", disable=None, file=sys.stderr)


def _report(errors: Sequence[PlatefuseError], images: int) -> int:
    for error in errors:
        print(f"platefuse: {error}", file=sys.stderr)
    return _complain(f"{len(errors)} of {images} images could not be read.") if errors else 0


def _as_line(path: Path, reading: Reading) -> str:
    return f"{path}\t{reading.text}\t{reading.confidence:.4f}"


def _as_json(path: Path, reading: Reading) -> str:
    return json.dumps(
        {
            "image": str(path),
            "text": reading.text,
            "confidence": round(reading.confidence, 6),
            "characters": reading.characters,
            "character_scores": [round(score, 6) for score in reading.character_scores.tolist()],
            "boxes": [[round(corner, 3) for corner in box] for box in reading.boxes.tolist()],
            "scores": [round(score, 6) for score in reading.scores.tolist()],
        }
    )


def _picture_paths(paths: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Give each image a PNG of its own in the folder; images of one name get -2, -3 … in their order.

    Raises:
        PlatefuseError: if a picture would take the place of an image that is to be read.
    """
    if folder.exists() and not folder.is_dir():
        raise PlatefuseError(f"--draw {folder}: this is a file, expected a folder.")
    images = {path.resolve() for path in paths}
    pictures: dict[Path, Path] = {}
    taken: set[str] = set()
    for path in paths:
        name, count = path.stem, 1
        while name.lower() in taken:  # some file systems do not tell A from a
            count += 1
            name = f"{path.stem}-{count}"
        taken.add(name.lower())
        pictures[path] = folder / f"{name}.png"
        if pictures[path].resolve() in images:
            raise PlatefuseError(f"--draw {folder}: {pictures[path]} is one of the images; choose another folder.")
    return pictures


def _draw(path: Path, reading: Reading, picture: Path) -> None:
    from platefuse.drawing import draw_plate, marks_of

    with replacing(picture) as draft:
        draw_plate(read_image(path), marks_of(reading), reading.text).save(draft)


# --- platefuse score ----------------------------------------------------------------------------------------


def _add_score(commands: Any) -> None:
    parser = _add_command(
        commands,
        "score",
        _score,
        "read a folder whose truth is known, and print how much was right",
        "examples:\n"
        "  platefuse score data/plates/test\n"
        "  platefuse score photos --fold O0,I1 --out readings.csv --json scores.json\n\n"
        f"The folder holds {TRUTH} with the header image,text, and the images by the paths given there.\n"
        "An image that is missing stops the command before any work; one that cannot be read counts as\n"
        "wrong, is named on the error output at the end, and makes the exit status 1.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help=f"a folder with {TRUTH}")
    parser.add_argument("--json", type=_file, metavar="FILE", help="also write the scores as JSON")
    parser.add_argument(
        "--out",
        type=_file,
        metavar="FILE",
        help="also write a CSV row an image: image,truth,text,confidence,right",
    )
    parser.add_argument(
        "--fold",
        metavar="GROUPS",
        help='also count look-alikes as equal, such as "O0,I1" (commas between groups)',
    )


def _score(arguments: argparse.Namespace) -> int:
    folds = None if arguments.fold is None else parse_folds(arguments.fold)
    truth = _truth_of(arguments.folder)
    names = {arguments.folder / name: name for name in truth}
    rows: list[list[Any]] = []
    errors = []
    for path, reading in _reading(arguments, list(names)):
        name, true = names[path], truth[names[path]]
        if isinstance(reading, PlatefuseError):
            errors.append(reading)
            reading = _unread(true)
        rows.append([name, true, reading.text, round(reading.confidence, 6), int(reading.text == true)])
    scores = _scores_of([row[1] for row in rows], [row[2] for row in rows], folds)
    _print_scores(scores)
    if arguments.json:
        write_json(arguments.json, scores)
    if arguments.out:
        write_csv(arguments.out, ["image", "truth", "text", "confidence", "right"], rows)
    return _report(errors, len(rows))


def _truth_of(folder: Path) -> dict[str, str]:
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


def _scores_of(truths: list[str], texts: list[str], folds: dict[str, str] | None) -> dict[str, float]:
    scores: dict[str, float] = {"images": len(truths), **asdict(score_texts(truths, texts))}
    if folds is not None:
        scores["exact_match_folded"] = score_texts(truths, texts, folds).exact_match
    return scores


def _print_scores(scores: dict[str, float]) -> None:
    for name, score in scores.items():
        print(f"{name.replace('_', ' '):<22}{score:.4f}" if name != "images" else f"{name:<22}{score}")


COMMANDS = (_add_read, _add_score)


if __name__ == "__main__":
    sys.exit(main())
