"""Stage fuse: joins the two trained models into one SavedModel."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse import params
from platefuse.classifier import load_classifier
from platefuse.detector import load_detector
from platefuse.export import save_fused
from platefuse.fuse_params import FuseParams
from platefuse.fusion import fuse


def main() -> None:
    settings = params.load(FuseParams, "fuse")
    detector = load_detector(Path("models/detector.h5"))
    classifier, alphabet = load_classifier(Path("models/classifier.h5"))
    fused, on_canvas = fuse(*detector, classifier, alphabet, settings)
    save_fused(Path("models/fused"), fused, on_canvas, alphabet, settings.model_dump(mode="json"))


if __name__ == "__main__":
    run(main)
