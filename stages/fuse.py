"""Stage fuse: fuses the trained networks into one SavedModel."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.core.params_yaml import read_parameters
from platefuse.fusion.photographs.params import PhotographFuseParams, fuse_params_of
from platefuse.fusion.photographs.trained import fuse_trained_photographs
from platefuse.fusion.trained import fuse_trained

MODELS, FUSED = Path("models"), Path("models/fused")


def main() -> None:
    section = params.load(fuse_params_of(read_parameters(params.FILE).get("fuse")), "fuse")
    if isinstance(section, PhotographFuseParams):
        fuse_trained_photographs(MODELS, section, FUSED)
    else:
        fuse_trained(MODELS, section, FUSED)


if __name__ == "__main__":
    run(main)
