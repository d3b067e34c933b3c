"""`platefuse score`: the share of labelled plates that are read right.

platefuse.cli.score_photographs scores models of photographs.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from platefuse.cli.common import (
    PIPELINE,
    add_reading_command,
    file_path,
    on_one_line,
    positive,
    print_lines,
    report,
)
from platefuse.cli.score_comparison import Comparison, compare
from platefuse.cli.score_files import check_files, write_outputs
from platefuse.cli.score_reading import Reads, add_networks, is_of_photographs, read_folders, text_read
from platefuse.core.errors import not_installed
from platefuse.data.plate_set import TRUTH, AnnotatedPlate
from platefuse.evaluation.confidence_tables import calibration_of
from platefuse.evaluation.misread import Misread, lines_of, misread, picture_of_misread
from platefuse.evaluation.real import ALL, ReadFolder, score_folders, table_of
from platefuse.labels.text_only import read_text_only
from platefuse.metrics.alphabets import plain
from platefuse.metrics.text import parse_look_alikes, score_texts
from platefuse.runner.atomic import atomic_write, write_csv, write_json

LOOK_ALIKES = "O0,I1"
MISREAD = 24


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_reading_command(
        commands,
        "score",
        _score,
        "read plates whose text is known, and print how many were read right",
        "examples:\n"
        "  platefuse score data/plates/test\n"
        "  platefuse score photos --draw misread.png              the worst misread plates, drawn\n"
        "  platefuse score photos --normalise --equate O0,I1 --out readings.csv --json scores.json\n"
        "  platefuse score photos --networks released/plates --formats eu=sk,cz br=br\n"
        "  platefuse score streets --model photographs            several plates a photograph\n\n"
        f"FOLDER holds {TRUTH} with the header image,text, and the images by the paths given there; or it\n"
        "holds such folders: each of them gets a row, and all together one more. With --networks, plates\n"
        "are read without formats and with those of their folder; the list of misread plates, --out and\n"
        "--draw show the readings without.\n\n"
        f"Of a model of photographs, {TRUTH} has the header image,x1,y1,x2,y2,text and a row a plate, or\n"
        "image,,,,, for a photograph without plates; or image,text and a row a plate, if no boxes are known.\n"
        "Found are the plates that a box overlaps by an IoU of .5 or .75. A plate is read if its text stands in\n"
        "a box of IoU .1 or more. A plate read with another text in a box of less than .5 is a false alarm.\n\n"
        "The worst misread plates have the most edits between reading and truth; of as many edits, the\n"
        "more confident reading is worse.\n\n"
        "--normalise compares in upper case, without spaces, punctuation and dashes, and in usual forms\n"
        "(Unicode's NFKC): ab-123 is AB123. A Latin, Cyrillic or Greek capital that the model's alphabet\n"
        "lacks becomes the one of the same shape that it has. Truths and readings are normalised, and the\n"
        "groups of --equate with them; --out shows the texts that were compared.\n\n"
        "coverage_at_99 is the largest share of the plates, the most confident first, of which 99 % are right;\n"
        "expected_calibration_error how far confidences are from the shares that are right.\n\n"
        "An image that is missing stops the command before any work. One that cannot be read counts as\n"
        "wrong and is named on the error output at the end; the exit status is then 1.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=f"a folder with {TRUTH}, or a folder of such")
    parser.add_argument("--json", type=file_path, metavar="FILE", help="also write the scores as JSON")
    parser.add_argument(
        "--out",
        type=file_path,
        metavar="FILE",
        help="also write a CSV row an image: image,truth,text,confidence,right; of photographs, a row a plate, with "
        "both boxes",
    )
    parser.add_argument(
        "--misread",
        type=not_negative,
        default=MISREAD,
        metavar="N",
        help=f"list, and draw, at most N misread plates (default: {MISREAD})",
    )
    parser.add_argument("--draw", type=file_path, metavar="FILE.png", help="also draw the plates that were misread")
    parser.add_argument(
        "--normalise", action="store_true", help="compare without regard to case, separators and compatibility forms"
    )
    parser.add_argument(
        "--equate",
        metavar="GROUPS",
        help=f'also count look-alikes as equal, such as "{LOOK_ALIKES}", the default for a folder of folders',
    )
    add_networks(parser)


def not_negative(text: str) -> int:
    """Parse a whole number of at least 0."""
    return 0 if text == "0" else positive(text)


def _score(arguments: argparse.Namespace) -> int:
    look_alikes = None if arguments.equate is None else _look_alikes(arguments.equate, arguments.normalise)
    if is_of_photographs(arguments):
        try:  # here, because the base install scores single plates without SciPy
            from platefuse.cli.score_photographs import score_photographs
        except ModuleNotFoundError as error:
            raise not_installed("Scoring photographs", [str(error.name)], PIPELINE) from None
        return score_photographs(arguments, look_alikes or parse_look_alikes(LOOK_ALIKES))
    folders = read_text_only(arguments.folder)
    check_files(arguments, folders)
    plates = [plate for of_folder in folders.values() for plate in of_folder]
    read = read_folders(arguments, folders)
    compared = compare(folders, read, arguments.normalise)
    alone = len(folders) == len(read.by_suffix) == 1 and (arguments.folder / TRUTH).is_file()
    scores = (_scores_of if alone else _rows_of)(compared, look_alikes)
    print_lines(compared.remarks(folders).lines() + compared.in_vain(look_alikes or ()))
    pairs = [(plate, compared.reads[""][plate.path]) for of in compared.plates.values() for plate in of]
    wrong = misread(pairs)
    print_lines(_lines_of_misread(wrong, arguments, len(plates)))
    # Before anything is written: an output that cannot be written hides no image that cannot be read.
    status = report([reading.error for _, reading in pairs if reading.error], len(plates))
    rows = [_csv_row(plate, arguments.folder, compared.reads[""]) for plate, _ in pairs]
    written = write_outputs(
        [
            (arguments.json, lambda path: write_json(path, scores)),
            (arguments.out, lambda path: write_csv(path, ["image", "truth", "text", "confidence", "right"], rows)),
            (arguments.draw, lambda path: _draw(path, wrong, arguments, len(plates))),
        ]
    )
    return max(status, written)


def _look_alikes(groups: str, normalised: bool) -> Mapping[str, str]:
    """Parse the groups of --equate, normalised as the texts are.

    A group such as Oo0 then has each character once.
    """
    if normalised:
        groups = ",".join("".join(dict.fromkeys(plain(group))) for group in groups.split(","))
    return parse_look_alikes(groups)


def _scores_of(compared: Comparison, look_alikes: Mapping[str, str] | None) -> dict[str, Any]:
    """Score one folder, and print a line a score."""
    (name, plates), reads = *compared.plates.items(), compared.reads[""]
    truths, texts = [plate.text for plate in plates], [text_read(reads, plate) for plate in plates]
    scores: dict[str, float] = {"images": len(truths), **asdict(score_texts(truths, texts))}
    right = np.array([truth == text for truth, text in zip(truths, texts, strict=True)])
    scores |= calibration_of(np.array(_confidences(reads, plates)), right)
    if look_alikes is not None:
        scores["exact_match_equated"] = score_texts(truths, texts, look_alikes).exact_match
    print_lines(
        f"{name.replace('_', ' '):<28}{score:.4f}" if name != "images" else f"{name:<28}{score}"
        for name, score in scores.items()
    )
    return scores | compared.remarks([name]).as_json()


def _rows_of(compared: Comparison, look_alikes: Mapping[str, str] | None) -> dict[str, Any]:
    """Score each folder, and print a line a folder."""
    texts = {
        name: ReadFolder(
            [plate.text for plate in plates],
            {suffix: [text_read(of_model, plate) for plate in plates] for suffix, of_model in compared.reads.items()},
            {suffix: _confidences(of_model, plates) for suffix, of_model in compared.reads.items()},
        )
        for name, plates in compared.plates.items()
    }
    rows = score_folders(texts, look_alikes or parse_look_alikes(LOOK_ALIKES))
    print_lines([table_of({on_one_line(name): row for name, row in rows.items()})])
    return {
        name: row | compared.remarks(compared.plates if name == ALL else [name]).as_json() for name, row in rows.items()
    }


def _confidences(reads: Reads, plates: Sequence[AnnotatedPlate]) -> list[float]:
    return [reads[plate.path].confidence for plate in plates]


def _lines_of_misread(wrong: Sequence[Misread], arguments: argparse.Namespace, plates: int) -> list[str]:
    shown = wrong[: arguments.misread]
    if not shown:
        return []
    some = f", {len(shown)} of them (--misread N lists N)" if len(shown) < len(wrong) else ""
    title = f"\n{len(wrong)} of {plates} plates were misread{some}, worst first:"
    return [title, *map(on_one_line, lines_of(shown, arguments.folder))]


def _draw(path: Path, wrong: Sequence[Misread], arguments: argparse.Namespace, plates: int) -> None:
    shown = wrong[: arguments.misread]
    if not shown:
        print(f"{path} is not written: there is no misread plate to draw.")
        return
    some = f"; these are the worst {len(shown)}" if len(shown) < len(wrong) else ""
    title = f"{len(wrong):,} of {plates:,} plates were misread{some}, worst first."
    with atomic_write(path) as draft:
        picture_of_misread(shown, arguments.folder, title).save(draft, "PNG", optimize=True)


def _csv_row(plate: AnnotatedPlate, folder: Path, reads: Reads) -> list[Any]:
    name, text = plate.path.relative_to(folder).as_posix(), text_read(reads, plate)
    return [name, plate.text, text, round(reads[plate.path].confidence, 6), int(text == plate.text)]
