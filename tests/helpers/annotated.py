"""Small folders of annotated images."""

from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 24, 60


def write_image(path: Path, seed: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> None:
    """Write noise of this width and height; other seeds give other pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(256, size=(size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


def write_annotated(folder: Path, texts: list[str], first_seed: int = 0) -> Path:
    """Write annotations.csv and an image for each text, with its characters in boxes from left to right."""
    rows = []
    for index, text in enumerate(texts):
        name = f"{index}.png"
        write_image(folder / name, first_seed + index)
        rows += [f"{name},{12 * i},2,{12 * i + 10},22,{character}" for i, character in enumerate(text)]
        rows += [] if text else [f"{name},,,,,"]
    (folder / "annotations.csv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return folder
