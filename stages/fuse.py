"""Stage fuse: joins the two trained models into one SavedModel."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse import params
from platefuse.fuse_params import FuseParams
from platefuse.trained import fuse_trained


def main() -> None:
    fuse_trained(Path("models"), params.load(FuseParams, "fuse"), Path("models/fused"))


if __name__ == "__main__":
    run(main)
