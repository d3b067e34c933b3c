"""`platefuse score`: the share of labelled plates that are read right."""

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from platefuse.cli.check import check_picture
from platefuse.cli.common import add_reading_command, file_path, models_read, outputs_of, report
from platefuse.cli.outputs import check_outputs
from platefuse.cli.score_reading import Reads, add_networks, read_folders, text_read
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import TRUTH, AnnotatedPlate
from platefuse.evaluation.real import ReadFolder, picture_of_misread, score_folders, table_of
from platefuse.labels.text_only import read_text_only
from platefuse.metrics.text import parse_look_alikes, score_texts
from platefuse.runner.atomic import atomic_write, write_csv, write_json

LOOK_ALIKES = "O0,I1"


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = add_reading_command(
        commands,
        "score",
        _score,
        "read plates whose text is known, and print how many were read right",
        "examples:\n"
        "  platefuse score data/plates/test\n"
        "  platefuse score photos --equate O0,I1 --out readings.csv --json scores.json\n"
        "  platefuse score photos --networks released/plates --formats eu=sk,cz br=br\n\n"
        f"FOLDER holds {TRUTH} with the header image,text, and the images by the paths given there; or it\n"
        "holds such folders: each of them gets a row, and all together one more. With --networks, plates\n"
        "are read without formats and with those of their folder; --out and --draw show the readings without.\n\n"
        "An image that is missing stops the command before any work. One that cannot be read counts as\n"
        "wrong and is named on the error output at the end; the exit status is then 1.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=f"a folder with {TRUTH}, or a folder of such")
    parser.add_argument("--json", type=file_path, metavar="FILE", help="also write the scores as JSON")
    parser.add_argument(
        "--out",
        type=file_path,
        metavar="FILE",
        help="also write a CSV row an image: image,truth,text,confidence,right",
    )
    parser.add_argument("--draw", type=file_path, metavar="FILE.png", help="also draw the plates that were misread")
    parser.add_argument(
        "--equate",
        metavar="GROUPS",
        help=f'also count look-alikes as equal, such as "{LOOK_ALIKES}", the default for a folder of folders',
    )
    add_networks(parser)


def _score(arguments: argparse.Namespace) -> int:
    look_alikes = None if arguments.equate is None else parse_look_alikes(arguments.equate)
    folders = read_text_only(arguments.folder)
    plates = [plate for of_folder in folders.values() for plate in of_folder]
    _check_images(plates, arguments.folder)
    if arguments.draw:
        check_picture(arguments.draw, arguments.folder, (plate.path for plate in plates))
    check_outputs(outputs_of(arguments), [arguments.folder, *models_read(arguments)])
    reads = read_folders(arguments, folders)
    alone = len(folders) == len(reads) == 1 and (arguments.folder / TRUTH).is_file()
    scores = _scores_of(plates, reads[""], look_alikes) if alone else _rows_of(folders, reads, look_alikes)
    if arguments.json:
        write_json(arguments.json, scores)
    if arguments.out:
        rows = [_csv_row(plate, arguments.folder, reads[""]) for plate in plates]
        write_csv(arguments.out, ["image", "truth", "text", "confidence", "right"], rows)
    if arguments.draw:
        _draw(plates, reads[""], arguments.draw)
    return report([reading.error for reading in reads[""].values() if reading.error], len(plates))


def _check_images(plates: list[AnnotatedPlate], folder: Path) -> None:
    missing = [plate.path.relative_to(folder) for plate in plates if not plate.path.is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if missing[1:] else ""
        raise PlatefuseError(f"{folder}: {TRUTH} names images that are not there: {missing[0]}{more}.")


def _scores_of(plates: list[AnnotatedPlate], reads: Reads, look_alikes: Mapping[str, str] | None) -> dict[str, float]:
    """Score one folder, and print a line a score."""
    truths, texts = [plate.text for plate in plates], [text_read(reads, plate) for plate in plates]
    scores: dict[str, float] = {"images": len(truths), **asdict(score_texts(truths, texts))}
    if look_alikes is not None:
        scores["exact_match_equated"] = score_texts(truths, texts, look_alikes).exact_match
    for name, score in scores.items():
        print(f"{name.replace('_', ' '):<22}{score:.4f}" if name != "images" else f"{name:<22}{score}")
    return scores


def _rows_of(
    folders: Mapping[str, list[AnnotatedPlate]], reads: Mapping[str, Reads], look_alikes: Mapping[str, str] | None
) -> dict[str, dict[str, float]]:
    """Score each folder, and print a line a folder."""
    texts = {
        name: ReadFolder(
            [plate.text for plate in plates],
            {suffix: [text_read(of_model, plate) for plate in plates] for suffix, of_model in reads.items()},
        )
        for name, plates in folders.items()
    }
    rows = score_folders(texts, look_alikes or parse_look_alikes(LOOK_ALIKES))
    print(table_of(rows))
    return rows


def _csv_row(plate: AnnotatedPlate, folder: Path, reads: Reads) -> list[Any]:
    name, text = plate.path.relative_to(folder).as_posix(), text_read(reads, plate)
    return [name, plate.text, text, round(reads[plate.path].confidence, 6), int(text == plate.text)]


def _draw(plates: list[AnnotatedPlate], reads: Reads, path: Path) -> None:
    read = [(plate, reads[plate.path]) for plate in plates if not reads[plate.path].error]
    picture = picture_of_misread(read)
    if picture:
        with atomic_write(path) as draft:
            picture.save(draft, "PNG")
