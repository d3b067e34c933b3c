"""The models and plates of one pipeline that everything is measured on."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import IMAGES, read_image
from platefuse.data.plate_set import Plate, read_plate_set
from platefuse.synthesis.dataset import synthesise
from platefuse.synthesis.params import load_params

TRAINED, RELEASED = "trained", "released"
PLATES_READ = 64  # so many test plates are read, and rendered where the pipeline has not made its own


@dataclass(frozen=True)
class Subject:
    """One pipeline as a bench sees it.

    Attributes:
        name: digits or plates.
        pipeline: the folder that holds its params.yaml.
        source: `trained` if its models/ has detector and classifier; `released` if there is only a released model.
        released: that model, a SavedModel.
        plates: a plate set to read.
        photographs: a folder of folders of plates with a truth.csv each, that other readers read too; None for none.
        quick: few repeats.
        work: a folder that all processes of a bench may write to.
    """

    name: str
    pipeline: Path
    source: str
    released: Path
    plates: Path
    photographs: Path | None
    quick: bool
    work: Path

    @property
    def detector(self) -> Path:
        return self.pipeline / "models" / "detector.h5"

    @property
    def classifier(self) -> Path:
        return self.pipeline / "models" / "classifier.h5"

    @property
    def fused(self) -> Path:
        """The finished model: the pipeline's own, if its two parts are there too, or else the released one."""
        own = self.pipeline / "models" / "fused"
        return own if self.source == TRAINED and own.is_dir() else self.released

    @property
    def images_read(self) -> int:
        """How many of its test plates are read for times and texts."""
        return 16 if self.quick else PLATES_READ

    def as_dict(self) -> dict[str, Any]:
        """The attributes in JSON's types."""
        return {key: str(value) if isinstance(value, Path) else value for key, value in vars(self).items()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Subject":
        """The inverse of `as_dict`."""
        paths = {key: Path(content[key]) for key in ("pipeline", "released", "plates", "work")}
        photographs = content["photographs"] and Path(content["photographs"])
        return cls(**{**content, **paths, "photographs": photographs})


def find_subject(
    name: str, pipeline: Path, released: Path, photographs: Path | None, quick: bool, work: Path
) -> Subject:
    """Find a pipeline's models and test plates; plates that are not there are rendered into the folder `work`.

    Raises:
        PlatefuseError: if there is neither a trained nor a released model, or params.yaml is wrong.
    """
    trained = all((pipeline / "models" / f"{model}.h5").is_file() for model in ("detector", "classifier"))
    if not trained and not (released / "saved_model.pb").is_file():
        raise PlatefuseError(
            f"{pipeline / 'models'} has no detector.h5 and classifier.h5, and {released} no model: `dvc repro` in that "
            f"pipeline's folder trains them, `dvc pull released/{name}` brings the released one."
        )
    plates = pipeline / "data" / "plates" / "test"
    if not plates.is_dir():
        plates = _render(pipeline, work / f"{name}-plates")
    return Subject(name, pipeline, TRAINED if trained else RELEASED, released, plates, photographs, quick, work)


def _render(pipeline: Path, folder: Path) -> Path:
    """Render a few of the pipeline's test plates: its first ones, since no plate depends on how many come after."""
    params, geometry = load_params(pipeline / "params.yaml")
    few = params.model_copy(update={"train": 1, "val": 1, "test": PLATES_READ})
    with TemporaryDirectory() as characters:
        synthesise(few, folder, Path(characters) / "characters", geometry)
    return folder / "test"


def read_plates(subject: Subject, most: int) -> list[Plate]:
    """The first `most` of the plates."""
    return read_plate_set(subject.plates)[:most]


def images_of(plates: list[Plate]) -> np.ndarray:
    """Read plates as one array, uint8 RGB [n,H,W,3]: those of another size than the commonest are scaled to it."""
    images = [read_image(plate.path) for plate in plates]
    (height, width), _ = Counter(image.shape[:2] for image in images).most_common(1)[0]
    return np.stack(
        [
            image
            if image.shape[:2] == (height, width)
            else np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
            for image in images
        ]
    )


@contextmanager
def linked_folder(subject: Subject, number: int) -> Iterator[Path]:
    """A folder of so many images: links to the subject's plates, again and again."""
    paths = [plate.path for plate in read_plates(subject, PLATES_READ)]
    if not (subject.plates / IMAGES).is_dir():
        raise PlatefuseError(f"{subject.plates} is packed; a bench reads test plates, which are folders of files.")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for index in range(number):
            source = paths[index % len(paths)].resolve()
            (folder / f"{index:06d}{source.suffix}").symlink_to(source)
        yield folder
