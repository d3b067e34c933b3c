"""Conversion of a SavedModel to a LiteRT flatbuffer of built-in operations."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

from platefuse.export.conversion_error import conversion_error
from platefuse.inference.metadata import METADATA_FILE, metadata_text
from platefuse.inference.runtimes.litert import SIGNATURE
from platefuse.networks.common.keras2 import tf


def convert(model: Path, out: Path, metadata: dict[str, Any], precision: str) -> None:
    """Write the `numeric` signature as a flatbuffer with an associated metadata file.

    Args:
        model: the SavedModel's folder.
        out: the file to write.
        metadata: the model's metadata.
        precision: float32, or float16 for weights of half the size.

    Raises:
        PlatefuseError: if the model has an operation that LiteRT lacks.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(model), signature_keys=[SIGNATURE])
    if precision == "float16":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
    try:
        out.write_bytes(converter.convert())
    except Exception as error:  # the base class of the converter's own error
        raise conversion_error(model, "LiteRT", error) from error
    # An associated file of LiteRT: a zip archive behind the flatbuffer, which the interpreter ignores.
    metadata = metadata | {"sha256": hashlib.sha256(out.read_bytes()).hexdigest()}
    with zipfile.ZipFile(out, "a") as associated:
        associated.writestr(zipfile.ZipInfo(METADATA_FILE), metadata_text(metadata))
