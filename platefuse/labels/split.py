"""Group split into train, val and test.

No two splits share a source.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from platefuse.core.errors import PlatefuseError
from platefuse.data.characters import SPLITS
from platefuse.labels.folder import AnnotatedImage


def group_split(
    images: Sequence[AnnotatedImage], val_share: float, test_share: float, seed: int
) -> dict[str, list[AnnotatedImage]]:
    """Split images so that each source stays in one split.

    Images with the same pixels stay together too. The largest sources are assigned first, each to the split that lacks
    most images; sources of equal size are in random order. The shares are met as closely as the sources allow.

    Args:
        images: in any order, which each split keeps.
        val_share, test_share: share of the images, 0..1.
        seed: seed of the random order.

    Returns:
        The images of `train`, `val` and `test`.

    Raises:
        PlatefuseError: if there are too few sources for three splits.
    """
    sources = _sources(images)
    order = np.random.default_rng(seed).permutation(len(sources))
    order = order[np.argsort([-len(sources[index]) for index in order], kind="stable")]
    wanted = np.array([1 - val_share - test_share, val_share, test_share]) * len(images)
    taken: dict[str, list[int]] = {split: [] for split in SPLITS}
    for index in order:
        lacking = wanted - [len(taken[split]) for split in SPLITS]
        taken[SPLITS[int(np.argmax(lacking))]] += sources[index]
    empty = [split for split in SPLITS if not taken[split]]
    if empty:
        raise PlatefuseError(
            f"{len(images)} images of {len(sources)} sources leave none for {' and '.join(empty)}: add images of other "
            "sources, or raise synth.val_share and synth.test_share."
        )
    return {split: [images[index] for index in sorted(taken[split])] for split in SPLITS}


def _sources(images: Sequence[AnnotatedImage]) -> list[list[int]]:
    """Return the indices of each source's images.

    An image in two sources joins them.
    """
    keys: dict[tuple[str, str | None], int] = {}
    edges = []  # of a graph: from each image to its content and to its source
    for index, image in enumerate(images):
        for key in (("content", image.content), ("source", image.source)):
            if key[1] is not None:
                edges.append((index, len(images) + keys.setdefault(key, len(keys))))
    nodes, ends = len(images) + len(keys), np.array(edges, np.int64).reshape(-1, 2).T
    _, source_of = connected_components(coo_array((np.ones(len(edges)), ends), shape=(nodes, nodes)), directed=False)
    sources: dict[int, list[int]] = {}
    for index, source in enumerate(source_of[: len(images)].tolist()):
        sources.setdefault(source, []).append(index)
    return list(sources.values())
