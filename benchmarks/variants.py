"""The rows: every way of reading the same images, each a function of uint8 RGB [B,H,W,3]."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.exported import ExportedReader
from benchmarks.glue import CompiledGlue, PredictGlue, PythonReadOut, predictor_of
from benchmarks.subject import TRAINED, Subject
from benchmarks.table import ROWS
from platefuse.core import params
from platefuse.export.export import KINDS, Kind
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
class Variants:
    """What of the rows can be had.

    Attributes:
        reads: the rows that read; `detector` and `prediction_model` give empty texts.
        parts: the graphs whose operations are counted: functions of images.
        sizes: bytes on the disk, by row.
        missing: why a row cannot be had, by row.
        fused: the SavedModel of the row `fused`.
    """

    fused: Path
    reads: dict[str, Read] = field(default_factory=dict)
    parts: dict[str, Callable[..., Any]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def build_variants(subject: Subject, work: Path, cores: int) -> Variants:
    """Build every row that the subject has models for; `work` is a folder for what they write.

    Raises:
        PlatefuseError: for models or parameters that cannot be read.
    """
    if subject.source == TRAINED:
        variants = _trained(subject, work)
    else:
        variants = Variants(subject.released)
        variants.missing = dict.fromkeys(
            ("detector", "prediction_model", "multiflow", "compiled_glue", "predict_glue"),
            "needs detector.h5 and classifier.h5, which this pipeline has not trained here",
        )
    model = tf.saved_model.load(str(variants.fused))
    variants.reads["fused"] = _SavedModelReader(model)
    variants.parts["fused"] = lambda images: model.signatures["numeric"](images=images)
    input_size = tuple(read_metadata(variants.fused)["input_size"])
    variants.parts["scaling"] = lambda images: letterbox(images, input_size)
    variants.sizes["fused"] = size_of(variants.fused)
    for kind in KINDS:
        _add_exported(variants, kind, subject, cores)
    variants.reads = {name: variants.reads[name] for name in ROWS if name in variants.reads}
    return variants


def _trained(subject: Subject, work: Path) -> Variants:
    settings = params.load(FuseParams, "fuse", subject.pipeline / "params.yaml")
    detector, classifier = load_detector(subject.detector), load_classifier(subject.classifier)
    variants = Variants(work / "fused")
    for row, head in (("fused", "batched"), ("multiflow", "multiflow")):
        changed = settings.model_copy(update={"head": head})
        fused = fuse(detector, classifier, changed)
        save_fused(work / row, fused, changed.model_dump(mode="json"))
        variants.sizes[row] = size_of(work / row)
        if row == "fused":
            detect = _detector_of(fused)
            variants.reads["detector"] = _DetectorReader(detect)
            variants.parts |= {
                "detector": detect,
                "classifier": _classifier_on_one(multi_crop(classifier.model, len(crop_shifts(settings.crop_shift)))),
            }
    variants.reads["multiflow"] = _SavedModelReader(tf.saved_model.load(str(work / "multiflow")))
    variants.sizes |= {"detector": size_of(subject.detector), "classifier": size_of(subject.classifier)}
    predictor = predictor_of(detector.model, detector.anchors, settings)
    variants.reads["prediction_model"] = _DetectorReader(_prediction_model(predictor))
    if settings.detector_class_weight:
        why = "fuse.detector_class_weight joins the models in a way that has no glue here"
        variants.missing |= dict.fromkeys(("compiled_glue", "predict_glue"), why)
    else:
        for name, glue in (("compiled_glue", CompiledGlue), ("predict_glue", PredictGlue)):
            variants.reads[name] = glue(
                predictor, classifier.model, settings, PythonReadOut(settings, classifier.alphabet)
            )
    return variants


def _detector_of(fused: FusedModel) -> Callable[..., Any]:
    """The fused model's own detector, from the same images: whatever makes it faster there does so here."""
    scale, network = fused.model.get_layer("letterbox"), fused.on_letterboxed
    predictor = freeze(keras.Model(network.inputs[:1], network.get_layer("non_max_suppression").output[:2]))
    return tf.function(lambda images: predictor(scale(images)[0]), [_IMAGES])


def _prediction_model(predictor: keras.Model) -> Callable[..., Any]:
    """The detector as keras-retinanet converts it for use, compiled."""
    input_size = tuple(predictor.input_shape[1:3])
    return tf.function(lambda images: predictor(letterbox(images, input_size)), [_IMAGES])


def _classifier_on_one(classifier: keras.Model) -> Callable[..., Any]:
    """The classifier on one character for each image."""
    shape = classifier.input_shape[1:]
    return lambda images: classifier(tf.zeros([images.shape[0], *shape]))


_IMAGES = tf.TensorSpec([None, None, None, 3], tf.uint8, name="images")


class _SavedModelReader:
    def __init__(self, model: Any) -> None:
        self._model = model  # its signatures live no longer than the model itself
        self._signature = model.signatures["serving_default"]

    def __call__(self, images: np.ndarray) -> list[str]:
        return [text.decode() for text in self.outputs(images)["text"]]

    def outputs(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """All outputs, by name."""
        return {name: value.numpy() for name, value in self._signature(images=tf.constant(images)).items()}


class _DetectorReader:
    def __init__(self, detect: Callable[..., Any]) -> None:
        self._detect = detect

    def __call__(self, images: np.ndarray) -> list[str]:
        for values in self._detect(tf.constant(images)):
            values.numpy()
        return [""] * len(images)


def _add_exported(variants: Variants, kind: Kind, subject: Subject, cores: int) -> None:
    reader = ExportedReader.make(kind, variants.fused, subject, cores)
    if isinstance(reader, str):
        variants.missing[kind] = reader
    else:
        variants.reads[kind] = reader
        variants.sizes[kind] = size_of(reader.file)


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
