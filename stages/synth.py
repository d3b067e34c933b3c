"""Stage synth: makes the data sets for training, validation and test.

They are plates and single characters, or photographs.
"""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.synthesis.dataset import synthesise, synthesise_photographs
from platefuse.synthesis.params import load_params
from platefuse.synthesis.scene.dataset import SceneSynthParams


def main() -> None:
    params, geometry = load_params()
    if isinstance(params, SceneSynthParams):
        synthesise_photographs(params, Path("data/photographs"))
    else:
        synthesise(params, Path("data/plates"), Path("data/characters"), geometry)


if __name__ == "__main__":
    run(main)
