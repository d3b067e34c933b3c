"""Every reader of bytes from outside, by name. A new one is a line in TARGETS.

A target prepares an empty folder, and gives what reads the bytes of one input there and some good inputs to begin with.
What reads them asserts what it promises of what it gives.
"""

from collections.abc import Callable
from pathlib import Path

from tests.fuzz import data, models

Read = Callable[[bytes], object]
Target = Callable[[Path], tuple[Read, list[bytes]]]

TARGETS: dict[str, Target] = {
    "annotations": data.annotations,
    "classes": data.classes,
    "truth": data.truth,
    "coco": data.coco,
    "data_yaml": data.data_yaml,
    "yolo": data.yolo,
    "voc": data.voc,
    "params": data.params,
    "image": data.image,
    "archive": data.archive,
    "characters": data.characters,
    "mnist": data.mnist,
    "font": data.font,
    "detector": models.detector,
    "classifier": models.classifier,
    "metadata": models.metadata,
    "encoded": models.encoded,
    "onnx": models.onnx,
    "litert": models.litert,
}
