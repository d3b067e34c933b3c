"""A small photograph set: bright plates with dark bars on noise."""

from pathlib import Path

import numpy as np

from platefuse.data.photograph_set import AnnotatedPhotograph, write_photograph_set


def write_photographs(folder: Path, count: int, size: tuple[int, int], seed: int = 0, packed: bool = False) -> None:
    """Write photographs of height and width `size` with 0, 1 or 2 plates each; the first has none."""
    rng = np.random.default_rng(seed)
    write_photograph_set(folder, (_photograph(rng, index, *size) for index in range(count)), packed)


def _photograph(
    rng: np.random.Generator, index: int, height: int, width: int
) -> tuple[np.ndarray, AnnotatedPhotograph]:
    image = rng.integers(30, 110, (height, width, 3)).astype(np.uint8)
    boxes = []
    for half in range(index % 3):
        tall = min(int(rng.integers(9, 16)) * height // 64, width // 6 - 1)
        x = half * width // 2 + int(rng.integers(width // 2 - 3 * tall))
        y = int(rng.integers(height - tall))
        image[y : y + tall, x : x + 3 * tall] = rng.integers(200, 256, 3)
        image[y + tall // 4 : y + tall - tall // 4, x + tall // 3 : x + 3 * tall - tall // 3 : 6] = 20
        boxes.append([x, y, x + 3 * tall, y + tall])
    corners = np.array(boxes, np.int32).reshape(-1, 4)
    return image, AnnotatedPhotograph(Path(f"{index}.png"), corners, ("AB 12", "C3")[: len(boxes)])
