"""Stage fuse: fuses the trained networks into one SavedModel."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.core.params_yaml import read_parameters
from platefuse.fusion.params import FuseParams
from platefuse.fusion.photographs.params import PhotographFuseParams
from platefuse.fusion.photographs.trained import fuse_trained_photographs
from platefuse.fusion.trained import fuse_trained

MODELS, FUSED = Path("models"), Path("models/fused")


def main() -> None:
    section = read_parameters(params.FILE).get("fuse")
    if isinstance(section, dict) and "reader" in section:
        fuse_trained_photographs(MODELS, params.load(PhotographFuseParams, "fuse"), FUSED)
    else:
        fuse_trained(MODELS, params.load(FuseParams, "fuse"), FUSED)


if __name__ == "__main__":
    run(main)
