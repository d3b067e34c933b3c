"""Small folders of annotated images, for tests of what reads them."""

from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 24, 60


def write_image(path: Path, seed: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    """Write noise of that width and height; another seed gives other pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(256, size=(size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


def write_annotated(folder: Path, texts: list[str], first_seed: int = 0) -> Path:
    """Write an image a text, whose characters stand in boxes from left to right, and annotations.csv alone."""
    rows = []
    for index, text in enumerate(texts):
        name = f"{index}.png"
        write_image(folder / name, first_seed + index)
        rows += [f"{name},{12 * i},2,{12 * i + 10},22,{character}" for i, character in enumerate(text)]
        rows += [] if text else [f"{name},,,,,"]
    (folder / "annotations.csv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return folder
