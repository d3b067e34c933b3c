"""The model and plates of one pipeline, which all benchmarks share."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from pydantic import BaseModel

from platefuse.core.errors import PlatefuseError
from platefuse.data.images import read_image
from platefuse.data.plate_set import IMAGES, AnnotatedPlate, read_plate_set
from platefuse.synthesis.dataset import synthesise
from platefuse.synthesis.params import load_params
from platefuse.synthesis.scene.dataset import SceneSynthParams

TRAINED, RELEASED = "trained", "released"
PLATES_READ = 64  # test plates that are read, or rendered if the pipeline has none


class ModelUnderTest(BaseModel, frozen=True):
    """The model of one pipeline, and what to read with it.

    Attributes:
        name: digits or plates.
        pipeline: the folder of its params.yaml.
        source: `trained` if its models/ has detector and classifier, else `released`.
        released: the released SavedModel.
        plates: a plate set to read.
        photographs: a folder of folders of plates, each with a truth.csv, for other readers too; or None.
        quick: whether to repeat as little as possible.
        work: a folder that all processes may write to.
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
        """The pipeline's trained fused model if there is one, else the release."""
        own = self.pipeline / "models" / "fused"
        return own if self.source == TRAINED and own.is_dir() else self.released

    @property
    def images_read(self) -> int:
        """Number of test plates for times and texts."""
        return 16 if self.quick else PLATES_READ


def find_model(
    name: str, pipeline: Path, released: Path, photographs: Path | None, quick: bool, work: Path
) -> ModelUnderTest:
    """Find a pipeline's model and test plates.

    Missing plates are rendered into `work`.

    Raises:
        PlatefuseError: if there is neither a trained nor a released model, or params.yaml is wrong.
    """
    trained = all((pipeline / "models" / f"{network}.h5").is_file() for network in ("detector", "classifier"))
    if not trained and not (released / "saved_model.pb").is_file():
        raise PlatefuseError(
            f"{pipeline / 'models'} has no detector.h5 and classifier.h5, and {released} no model: `dvc repro` in that "
            f"pipeline's folder trains them, `dvc pull released/{name}` fetches the released one."
        )
    plates = pipeline / "data" / "plates" / "test"
    if not plates.is_dir():
        plates = _render(pipeline, work / f"{name}-plates")
    return ModelUnderTest(
        name=name,
        pipeline=pipeline,
        source=TRAINED if trained else RELEASED,
        released=released,
        plates=plates,
        photographs=photographs,
        quick=quick,
        work=work,
    )


def _render(pipeline: Path, folder: Path) -> Path:
    """Render the pipeline's first test plates."""
    params, geometry = load_params(pipeline / "params.yaml")
    assert not isinstance(params, SceneSynthParams)  # the models under test read single plates
    few = params.model_copy(update={"train": 1, "val": 1, "test": PLATES_READ})
    with TemporaryDirectory() as characters:
        synthesise(few, folder, Path(characters) / "characters", geometry)
    return folder / "test"


def read_plates(model: ModelUnderTest, count: int) -> list[AnnotatedPlate]:
    """The first `count` test plates."""
    return read_plate_set(model.plates)[:count]


def load_images(plates: list[AnnotatedPlate]) -> np.ndarray:
    """Load plates as uint8 RGB [n,H,W,3], resized to the most frequent size."""
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
def linked_folder(model: ModelUnderTest, count: int) -> Iterator[Path]:
    """Make a temporary folder of `count` images.

    The images are links to the test plates, repeated.
    """
    paths = [plate.path for plate in read_plates(model, PLATES_READ)]
    if not (model.plates / IMAGES).is_dir():
        raise PlatefuseError(f"{model.plates} is packed; benchmarks need a plate set of image files.")
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for index in range(count):
            source = paths[index % len(paths)].resolve()
            (folder / f"{index:06d}{source.suffix}").symlink_to(source)
        yield folder
