"""Stage evaluate: read the test plates and score the readings.

The readings are those of the fused model.
"""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.evaluation.params import EvaluateParams
from platefuse.evaluation.report import evaluate


def main() -> None:
    settings = params.load(EvaluateParams, "evaluate")
    evaluate(Path("models/fused"), Path("data/plates/test"), Path("metrics"), settings)


if __name__ == "__main__":
    run(main)
