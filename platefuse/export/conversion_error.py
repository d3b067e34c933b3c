"""Error of a conversion that failed."""

from pathlib import Path

from platefuse.core.errors import PlatefuseError


def conversion_error(model: Path, runtime: str, error: Exception) -> PlatefuseError:
    """Make the error for a model that a converter rejects.

    Args:
        model: the SavedModel's folder.
        runtime: what it was to be converted to.
        error: the converter's own; the first line of its message is quoted.
    """
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return PlatefuseError(
        f"{model} does not convert to {runtime}: {reason[0]} If an older version fused it, fuse it again: "
        "`dvc repro -f fuse`."
    )
