"""Stage evaluate: read the test images and score the readings.

The readings are those of the fused model, of single plates or of photographs.
"""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.evaluation.params import EvaluateParams
from platefuse.evaluation.photographs import evaluate_photographs
from platefuse.evaluation.report import evaluate
from platefuse.inference.metadata import known_metadata, reads_photographs

MODEL = Path("models/fused")


def main() -> None:
    settings = params.load(EvaluateParams, "evaluate")
    if reads_photographs(known_metadata(MODEL)):
        evaluate_photographs(MODEL, Path("data/photographs/test"), Path("metrics"), settings)
    else:
        evaluate(MODEL, Path("data/plates/test"), Path("metrics"), settings)


if __name__ == "__main__":
    run(main)
