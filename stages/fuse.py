"""Stage fuse: fuses the two trained networks into one SavedModel."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.fusion.params import FuseParams
from platefuse.fusion.trained import fuse_trained


def main() -> None:
    fuse_trained(Path("models"), params.load(FuseParams, "fuse"), Path("models/fused"))


if __name__ == "__main__":
    run(main)
