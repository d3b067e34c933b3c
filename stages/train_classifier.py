"""Stage train_classifier: trains the network that names single characters."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse import classifier, params
from platefuse.characters import read_characters
from platefuse.classifier_params import ClassifierParams
from platefuse.files import write_json
from platefuse.history import write_curves


def main() -> None:
    settings = params.load(ClassifierParams, "classifier")
    train, val, test = (read_characters(Path(f"data/characters/{split}.npz")) for split in ("train", "val", "test"))
    model, history = classifier.train_classifier(settings, train, val)
    classifier.save_classifier(Path("models/classifier.h5"), model, train.alphabet)
    accuracies = {
        "validation_accuracy": classifier.accuracy(model, val),
        "test_accuracy": classifier.accuracy(model, test),
    }
    write_json(Path("metrics/classifier.json"), accuracies)
    write_curves(Path("metrics/classifier_curves.csv"), history)


if __name__ == "__main__":
    run(main)
