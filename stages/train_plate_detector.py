"""Stage train_plate_detector: trains the RetinaNet that detects plates in photographs."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.networks.detection.params import PlateDetectorParams
from platefuse.networks.detection.training import train_plate_detector


def main() -> None:
    train_plate_detector(
        params.load(PlateDetectorParams, "plate_detector"),
        train=Path("data/photographs/train"),
        val=Path("data/photographs/val"),
        model=Path("models/plate_detector.h5"),
        metrics=Path("metrics/plate_detector.json"),
        curves=Path("metrics/plate_detector_curves.csv"),
        checkpoint_dir=Path(".checkpoints/train_plate_detector"),
    )


if __name__ == "__main__":
    run(main)
