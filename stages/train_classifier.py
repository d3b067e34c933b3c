"""Stage train_classifier: trains the network that classifies single characters."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.data.characters import read_characters
from platefuse.networks.classification.model import Classifier, save_classifier
from platefuse.networks.classification.params import ClassifierParams
from platefuse.networks.classification.training import accuracy, train_classifier
from platefuse.networks.common.resume import write_curves
from platefuse.runner.atomic import write_json


def main() -> None:
    settings = params.load(ClassifierParams, "classifier")
    train, val, test = (read_characters(Path(f"data/characters/{split}.npz")) for split in ("train", "val", "test"))
    model, history = train_classifier(settings, train, val, Path(".checkpoints/train_classifier"))
    save_classifier(Path("models/classifier.h5"), Classifier(model, train.alphabet))
    accuracies = {
        "validation_accuracy": accuracy(model, val),
        "test_accuracy": accuracy(model, test),
    }
    write_json(Path("metrics/classifier.json"), accuracies)
    write_curves(Path("metrics/classifier_curves.csv"), history)


if __name__ == "__main__":
    run(main)
