"""A process that loads detector and classifier as most people would, reads an image and prints its text.

To be timed from outside: python -m benchmarks.first_reading PIPELINE IMAGE
"""

import sys
from pathlib import Path

from benchmarks.glue import PredictGlue, PythonReadOut, predictor_of
from platefuse.core import params
from platefuse.data.images import read_image
from platefuse.fusion.params import FuseParams
from platefuse.networks.classification.model import load_classifier
from platefuse.networks.detection.retinanet import load_detector


def main() -> None:
    pipeline, image = map(Path, sys.argv[1:])
    settings = params.load(FuseParams, "fuse", pipeline / "params.yaml")
    loaded = load_detector(pipeline / "models" / "detector.h5")
    detector, anchors = loaded.model, loaded.anchors
    named = load_classifier(pipeline / "models" / "classifier.h5")
    classifier, alphabet = named.model, named.alphabet
    predictor = predictor_of(detector, anchors, settings)
    glue = PredictGlue(predictor, classifier, settings, PythonReadOut(settings, alphabet))
    print(*glue(read_image(image)[None]))


if __name__ == "__main__":
    main()
