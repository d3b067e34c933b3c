"""Stage synth: makes plates and single characters for training, validation and test."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.synthesis.dataset import load_params, synthesise


def main() -> None:
    synthesise(load_params(), Path("data/plates"), Path("data/characters"))


if __name__ == "__main__":
    run(main)
