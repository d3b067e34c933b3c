"""Stage fuse: fuses the trained networks into one SavedModel."""

from pathlib import Path

from start import run  # first: it chooses which platefuse is imported

from platefuse.core import params
from platefuse.core.params_yaml import read_parameters
from platefuse.data.plate_set import read_plate_set
from platefuse.fusion.photographs.params import PhotographFuseParams, fuse_params_of
from platefuse.fusion.photographs.trained import fuse_trained_photographs
from platefuse.fusion.trained import fuse_trained

MODELS, FUSED, VALIDATION = Path("models"), Path("models/fused"), Path("data/plates/val")


def main() -> None:
    section = params.load(fuse_params_of(read_parameters(params.FILE).get("fuse")), "fuse")
    if isinstance(section, PhotographFuseParams):
        fuse_trained_photographs(MODELS, section, FUSED)
    else:
        plates = read_plate_set(VALIDATION) if section.temperature == "fit" else ()
        fuse_trained(MODELS, section, FUSED, plates)


if __name__ == "__main__":
    run(main)
