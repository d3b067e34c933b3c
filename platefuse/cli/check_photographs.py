"""`platefuse check` for photographs: issues and counts of their plates."""

from contextlib import suppress
from pathlib import Path

import numpy as np

from platefuse.cli.check_rows import print_row, print_sizes
from platefuse.cli.common import complain, on_one_line
from platefuse.core.errors import PlatefuseError
from platefuse.data.plate_set import ImageStore
from platefuse.labels.photographs import files_with_boxes, read_photographs


def has_photographs(folder: Path) -> bool:
    """Whether a truth.csv in the folder has boxes of plates."""
    with suppress(PlatefuseError):  # whoever reads the folder says so
        return bool(files_with_boxes(folder))
    return False


def check_photographs(folder: Path) -> int:
    """Print counts, and the photographs that cannot be read.

    Raises:
        PlatefuseError: for rows that break the contract.
    """
    splits = read_photographs(folder)
    if len(splits) > 1:
        print_row("", splits)
    print_row("photographs", map(len, splits.values()))
    print_row("without plates", (sum(not photograph.texts for photograph in of) for of in splits.values()))
    print_row("plates", (sum(len(photograph.texts) for photograph in of) for of in splits.values()))
    print_row("without a text", (sum(photograph.texts.count("") for photograph in of) for of in splits.values()))
    store, sizes, issues = ImageStore(), [], 0
    photographs = [photograph for of in splits.values() for photograph in of]
    for photograph in photographs:
        try:
            sizes.append(store.size(photograph.path))
        except PlatefuseError as error:
            issues += complain(on_one_line(error))
    boxes = [of.boxes for of in photographs if of.boxes is not None and len(of.boxes)]
    if sizes:
        print_sizes("photographs", np.array(sizes))
    if boxes:
        print_sizes("boxes", np.concatenate([of[:, 2:] - of[:, :2] for of in boxes]))
    return complain(f"{folder}: issues: {issues}.") if issues else 0
