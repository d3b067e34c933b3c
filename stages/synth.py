"""Stage synth: makes plates and single characters for training, validation and test."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.synthesis.dataset import synthesise
from platefuse.synthesis.params import load_params


def main() -> None:
    params, geometry = load_params()
    synthesise(params, Path("data/plates"), Path("data/characters"), geometry)


if __name__ == "__main__":
    run(main)
