"""Stage train_detector: trains the RetinaNet that detects characters."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.networks.detection.params import DetectorParams
from platefuse.networks.detection.training import train_detector


def main() -> None:
    train_detector(
        params.load(DetectorParams, "detector"),
        train=Path("data/plates/train"),
        val=Path("data/plates/val"),
        model=Path("models/detector.h5"),
        metrics=Path("metrics/detector.json"),
        curves=Path("metrics/detector_curves.csv"),
        checkpoint_dir=Path(".checkpoints/train_detector"),
    )


if __name__ == "__main__":
    run(main)
