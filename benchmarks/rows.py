"""The rows of a benchmark: functions that read uint8 RGB images [B,H,W,3]."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.exported import open_exported
from benchmarks.glue import CompiledGlue, PredictGlue, PythonPostprocess, prediction_model_of
from benchmarks.model_under_test import TRAINED, ModelUnderTest
from benchmarks.table import ROWS
from platefuse.core import params
from platefuse.export.export import KINDS
from platefuse.fusion.graph import FusedModel, fuse
from platefuse.fusion.multi_crop import crop_shifts, multi_crop
from platefuse.fusion.params import FuseParams
from platefuse.fusion.saved_model import freeze, save_fused
from platefuse.inference.metadata import read_metadata
from platefuse.networks.classification.model import load_classifier
from platefuse.networks.common.keras2 import keras, tf
from platefuse.networks.detection.resize import letterbox
from platefuse.networks.detection.retinanet import load_detector

Read = Callable[[np.ndarray], list[str]]


@dataclass
class Rows:
    """The rows available for a model.

    Attributes:
        fused: the SavedModel of the row `fused`.
        reads: functions by row; `detector` returns empty texts.
        parts: graphs whose operations are counted: functions of images, by part.
        sizes: bytes on disk, by row and network.
        missing: why a row is not available, by row.
    """

    fused: Path
    reads: dict[str, Read] = field(default_factory=dict)
    parts: dict[str, Callable[..., Any]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def build_rows(model: ModelUnderTest, work: Path, cores: int) -> Rows:
    """Build every row that the model has files for.

    Files are written to the folder `work`.

    Raises:
        PlatefuseError: for models or parameters that cannot be read.
    """
    if model.source == TRAINED:
        rows = _from_networks(model, work)
    else:
        rows = Rows(model.released)
        rows.missing = dict.fromkeys(
            ("detector", "multiflow", "compiled_glue", "predict_glue"),
            "needs detector.h5 and classifier.h5, which this pipeline has not trained here",
        )
    fused = tf.saved_model.load(str(rows.fused))
    rows.reads["fused"] = SavedModelReader(fused)
    rows.parts["fused"] = lambda images: fused.signatures["numeric"](images=images)
    input_size = tuple(read_metadata(rows.fused)["input_size"])
    rows.parts["letterbox"] = lambda images: letterbox(images, input_size)
    rows.sizes["fused"] = _size_of(rows.fused)
    for kind in KINDS:
        exported = open_exported(kind, rows.fused, model, cores)
        if isinstance(exported, str):
            rows.missing[kind] = exported
        else:
            rows.reads[kind] = exported
            rows.sizes[kind] = _size_of(exported.file)
    rows.reads = {name: rows.reads[name] for name in ROWS if name in rows.reads}
    return rows


def _from_networks(model: ModelUnderTest, work: Path) -> Rows:
    """Rows that need the pipeline's detector.h5 and classifier.h5."""
    # No text, and no time, depends on the temperature.
    settings = params.load(FuseParams, "fuse", model.pipeline / "params.yaml").model_copy(update={"temperature": 1.0})
    detector, classifier = load_detector(model.detector), load_classifier(model.classifier)
    rows = Rows(work / "fused")
    fused = {head: fuse(detector, classifier, settings.model_copy(update={"head": head})) for head in _HEADS}
    for head, row in _HEADS.items():
        save_fused(work / row, fused[head], settings.model_dump(mode="json") | {"head": head})
        rows.sizes[row] = _size_of(work / row)
    rows.reads["multiflow"] = SavedModelReader(tf.saved_model.load(str(work / "multiflow")))
    rows.parts["detector"] = detect = _detector_of(fused["batched"])
    rows.reads["detector"] = lambda images: _detect(detect, images)
    rows.parts["classifier"] = _one_character_each(multi_crop(classifier.model, len(crop_shifts(settings.crop_shift))))
    rows.sizes |= {"detector": _size_of(model.detector), "classifier": _size_of(model.classifier)}
    if settings.detector_class_weight or settings.reads_twice:
        reason = "the glue has no fuse.detector_class_weight, no fuse.polarity and no fuse.deskew"
        rows.missing |= dict.fromkeys(("compiled_glue", "predict_glue"), reason)
    else:
        predictor = prediction_model_of(detector, settings)
        postprocess = PythonPostprocess(settings, classifier.alphabet)
        for name, glue in (("compiled_glue", CompiledGlue), ("predict_glue", PredictGlue)):
            rows.reads[name] = glue(predictor, classifier.model, settings, postprocess)
    return rows


_HEADS = {"batched": "fused", "multiflow": "multiflow"}


def _detector_of(fused: FusedModel) -> Callable[..., Any]:
    """The fused model's detector, from images to boxes and scores.

    It has the same optimisations as the fused model.
    """
    scale, network = fused.model.get_layer("letterbox"), fused.network
    predictor = freeze(keras.Model(network.inputs, network.get_layer("non_max_suppression").output[:2]))
    images = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")
    return tf.function(lambda images: predictor(scale(images)[0]), [images])


def _detect(detect: Callable[..., Any], images: np.ndarray) -> list[str]:
    for values in detect(tf.constant(images)):
        values.numpy()
    return [""] * len(images)


def _one_character_each(classifier: keras.Model) -> Callable[..., Any]:
    """The classifier on one character per image."""
    shape = classifier.input_shape[1:]
    return lambda images: classifier(tf.zeros([images.shape[0], *shape]))


class SavedModelReader:
    """Reads images with the signature `serving_default` of a SavedModel."""

    def __init__(self, model: Any) -> None:
        self._model = model  # signatures live only as long as their model
        self._signature = model.signatures["serving_default"]

    def __call__(self, images: np.ndarray) -> list[str]:
        return [text.decode() for text in self.outputs(images)["text"]]

    def outputs(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """All outputs, by name."""
        return {name: value.numpy() for name, value in self._signature(images=tf.constant(images)).items()}


def _size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
