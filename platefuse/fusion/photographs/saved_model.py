"""Writes the fused model for photographs as a SavedModel."""

from pathlib import Path
from typing import Any

from platefuse.fusion.image_decoding import decode_each
from platefuse.fusion.photographs.graph import FusedPhotographModel
from platefuse.fusion.photographs.params import PhotographFuseParams
from platefuse.fusion.saved_model import Signatures, freeze, write_saved_model
from platefuse.inference.metadata import PHOTOGRAPHS, READS
from platefuse.networks.common.keras2 import tf


def save_photographs(
    path: Path, fused: FusedPhotographModel, params: PhotographFuseParams, reader: dict[str, Any]
) -> None:
    """Write the fused model for photographs: three signatures and metadata.

    Args:
        path: the SavedModel's folder; replaced as a whole.
        fused: from `fuse_photographs`.
        params: section `fuse`, for the metadata.
        reader: the plate reader's parameters in JSON types, for the metadata.
    """
    network = freeze(fused.model)
    specs = fused.model.output
    names = sorted(specs)
    like = tuple(tf.zeros(specs[name].shape[1:], specs[name].dtype) for name in names)

    def read(photograph: tf.Tensor) -> tuple[tf.Tensor, ...]:
        outputs = network(photograph[None])
        return tuple(outputs[name][0] for name in names)

    def of_encoded(encoded: tf.Tensor) -> dict[str, tf.Tensor]:
        # Photographs differ in size, so that each passes through the network by itself.
        return dict(zip(names, decode_each(encoded, read, like), strict=True))

    metadata = {
        READS: PHOTOGRAPHS,
        "alphabet": fused.alphabet,
        **params.model_dump(mode="json"),
        "reader": reader,
    }
    write_saved_model(path, Signatures(network, of_encoded, "texts", fused.alphabet), metadata)
