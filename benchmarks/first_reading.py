"""Reads one image with detector and classifier as separate Keras models.

Timed from outside: python -m benchmarks.first_reading PIPELINE IMAGE
"""

import sys
from pathlib import Path

from benchmarks.glue import PredictGlue, PythonPostprocess, prediction_model_of
from platefuse.core import params
from platefuse.data.images import read_image
from platefuse.fusion.params import FuseParams
from platefuse.networks.classification.model import load_classifier
from platefuse.networks.detection.retinanet import load_detector


def main() -> None:
    pipeline, image = map(Path, sys.argv[1:])
    settings = params.load(FuseParams, "fuse", pipeline / "params.yaml")
    predictor = prediction_model_of(load_detector(pipeline / "models" / "detector.h5"), settings)
    classifier = load_classifier(pipeline / "models" / "classifier.h5")
    glue = PredictGlue(predictor, classifier.model, settings, PythonPostprocess(settings, classifier.alphabet))
    print(*glue(read_image(image)[None]))


if __name__ == "__main__":
    main()
