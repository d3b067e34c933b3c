"""Score the plates pipeline's model on photographs of real plates, without formats and with the region's.

PLATES is a folder of images with a truth.csv (header image,text), or a folder of such folders. Formats are part of the
graph, so the trained models of pipelines/plates are fused anew for each list of them. The scores go to the pipeline's
metrics/real.json, a row a folder and one for all together; with --model a finished model is scored as it is, and
nothing is written. Scores are those of platefuse/metrics/text.py; `folded` counts O and 0, I and 1 as equal.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import ValidationError

from platefuse.core import params
from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image
from platefuse.data.plate_set import Plate
from platefuse.evaluation.drawing import contact_sheet, draw_plate, labels_of_reading
from platefuse.evaluation.report import read_plates
from platefuse.fusion.params import FuseParams
from platefuse.fusion.trained import fuse_trained
from platefuse.inference.reader import Reading
from platefuse.labels.text_only import read_text_only
from platefuse.metrics.text import parse_look_alikes, score_texts
from platefuse.runner.atomic import atomic_write, write_json

PIPELINE = Path("pipelines/plates")
FOLDS = parse_look_alikes("O0,I1")
BATCH_SIZE = 16
COLUMNS = {"exact": "exact", "folded": "folded", "character_error_rate": "errors", "length_accuracy": "length"}

Formats = tuple[str, ...]
Variants = dict[str, list[Reading]]
"""What was read on plates, by the suffix that its scores have."""


def parse_formats(entries: Sequence[str]) -> dict[str, Formats]:
    """Read entries such as "eu=sk,cz" as the formats of each folder, by its name.

    Raises:
        PlatefuseError: for an entry of another form, or of a folder that has one already.
    """
    formats: dict[str, Formats] = {}
    for entry in entries:
        folder, equals, lists = entry.partition("=")
        if not (folder and equals and lists) or folder in formats:
            raise PlatefuseError(f"FORMATS: {entry!r} is not FOLDER=LIST,LIST, as in eu=sk,cz, with a new folder each.")
        formats[folder] = tuple(lists.split(","))
    return formats


def fuse_again(pipeline: Path, formats: set[Formats], folder: Path) -> dict[Formats, Path]:
    """Fuse the pipeline's trained models once for each of the formats; the SavedModels go into `folder`.

    Raises:
        PlatefuseError: for wrong parameters or formats, or models that are missing or do not fit.
    """
    settings = params.load(FuseParams, "fuse", pipeline / "params.yaml")
    changed = {entries: with_formats(settings, entries) for entries in sorted(formats)}
    models: dict[Formats, Path] = {}
    for entries, parameters in changed.items():
        models[entries] = folder / str(len(models))
        fuse_trained(pipeline / "models", parameters, models[entries])
    return models


def with_formats(settings: FuseParams, formats: Formats) -> FuseParams:
    try:
        return FuseParams.model_validate(settings.model_dump() | {"formats": formats})
    except ValidationError as error:
        reason = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise PlatefuseError(f"FORMATS={','.join(formats)}: {reason}.") from None


def read_real(folders: dict[str, list[Plate]], pipeline: Path, formats: dict[str, Formats]) -> dict[str, Variants]:
    """Read each folder's plates without formats and with its own; one that has none is read the same way twice."""
    of_folder = {name: formats.get(name, ()) for name in folders}
    read: dict[Formats, dict[Path, Reading]] = {}
    with TemporaryDirectory() as temporary:
        for entries, model in fuse_again(pipeline, {(), *of_folder.values()}, Path(temporary)).items():
            plates = [p for name in folders if entries in ((), of_folder[name]) for p in folders[name]]
            paths = [plate.path for plate in plates]
            read[entries] = dict(zip(paths, read_plates(model, plates, BATCH_SIZE), strict=True))
    return {
        name: {
            "": [read[()][plate.path] for plate in plates],
            "_with_formats": [read[of_folder[name]][plate.path] for plate in plates],
        }
        for name, plates in folders.items()
    }


def scores_of(plates: Sequence[Plate], variants: Variants) -> dict[str, float]:
    """One row: the number of images, and four scores for each variant."""
    truths = [plate.text for plate in plates]
    row: dict[str, float] = {"images": len(plates)}
    for suffix, readings in variants.items():
        texts = [reading.text for reading in readings]
        scores = score_texts(truths, texts)
        row |= {
            f"exact{suffix}": scores.exact_match,
            f"folded{suffix}": score_texts(truths, texts, FOLDS).exact_match,
            f"character_error_rate{suffix}": scores.character_error_rate,
            f"length_accuracy{suffix}": scores.length_accuracy,
        }
    return row


def metrics_of(folders: dict[str, list[Plate]], read: dict[str, Variants]) -> dict[str, dict[str, float]]:
    """A row for each folder, and the row `all` of all their plates together."""
    rows = {name: scores_of(plates, read[name]) for name, plates in folders.items()}
    suffixes = next(iter(read.values()))
    pooled = {suffix: [reading for name in folders for reading in read[name][suffix]] for suffix in suffixes}
    return rows | {"all": scores_of([plate for plates in folders.values() for plate in plates], pooled)}


def table_of(metrics: dict[str, dict[str, float]]) -> str:
    """The metrics as lines to print: a line a row, and the scores with formats beside those without."""
    suffixes = [""] if "exact_with_formats" not in metrics["all"] else ["", "_with_formats"]
    width = max(map(len, metrics))
    group = "".join(f"{title:>8}" for title in COLUMNS.values())
    lines = [f"{'':<{width}}  images{group}" + "".join(f"   with formats:{group}" for _ in suffixes[1:])]
    for name, row in metrics.items():
        groups = ["".join(f"{row[column + suffix]:8.3f}" for column in COLUMNS) for suffix in suffixes]
        lines.append(f"{name:<{width}}{row['images']:>8}" + f"{'':<16}".join(groups))
    return "\n".join(lines)


def draw_misread(folders: dict[str, list[Plate]], read: dict[str, Variants], picture: Path) -> None:
    """Draw every plate that was misread without formats; it shows photographs, so keep it out of the project."""
    wrong = [
        draw_plate(read_image(plate.path), labels_of_reading(reading), reading.text, plate.text, size=(288, 144))
        for name, plates in folders.items()
        for plate, reading in zip(plates, read[name][""], strict=True)
        if plate.text != reading.text
    ]
    if wrong:
        with atomic_write(picture) as draft:
            contact_sheet(wrong, columns=6, title=f"{len(wrong)} plates misread without formats").save(draft)


def score_real(arguments: argparse.Namespace) -> None:
    folders = read_text_only(arguments.plates)
    formats = parse_formats(arguments.formats)
    if arguments.model:
        read = {name: {"": read_plates(arguments.model, p, BATCH_SIZE)} for name, p in folders.items()}
    else:
        read = read_real(folders, arguments.pipeline, formats)
    metrics = metrics_of(folders, read)
    print(table_of(metrics))
    if arguments.picture:
        draw_misread(folders, read, arguments.picture)
    if not arguments.model:
        written = arguments.pipeline / "metrics" / "real.json"
        write_json(written, metrics)
        print(f"Written to {written}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plates", type=Path, metavar="PLATES", help="the folder of folders, or one of them")
    parser.add_argument("formats", nargs="*", metavar="FOLDER=LIST,LIST", help="what fuse.formats takes, for a folder")
    parser.add_argument("--pipeline", type=Path, default=PIPELINE, help=f"whose models to fuse (default: {PIPELINE})")
    parser.add_argument("--model", type=Path, help="score this fused model instead, with the formats that it has")
    parser.add_argument("--picture", type=Path, help="where to draw the misread plates; none unless given")
    try:
        score_real(parser.parse_args())
    except PlatefuseError as error:
        print(f"score-real: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
