"""Boards: digits of random sizes at random places on black."""

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from PIL import Image
from pydantic import Field

from platefuse.core.errors import PlatefuseError
from platefuse.core.params import Pair, Params, Probability
from platefuse.data.characters import Characters

_MAX_BOARD_TRIES = 200
_MAX_TILE_TRIES = 50
_INK = 64  # least brightness of a character's pixel; darker pixels are the blur of its edge

Count = Annotated[int, Field(ge=0, le=100)]
Pixels = Annotated[int, Field(ge=4, le=4096)]


class ScatterParams(Params):
    """Boards with characters of random sizes at random places."""

    height: int = Field(ge=16, le=4096, description="Height of a board, in pixels.")
    width: int = Field(ge=16, le=4096, description="Width of a board, in pixels.")
    count: Pair[Count] = Field(description="Least and most characters on a board.")
    size: Pair[Pixels] = Field(description="Least and largest side of a character's square tile, in pixels.")
    spacing: int = Field(
        ge=0, le=4096, description="Least horizontal distance between the centres of two tiles, in pixels."
    )
    max_overlap: Probability = Field(description="Share of the smaller of two tiles that the other may cover.")
    box: Literal["tile", "ink"] = Field(description="What a box encloses: the whole tile, or the ink alone.")

    def check_rules(self) -> Iterator[str]:
        for name in ("count", "size"):
            low, high = getattr(self, name)
            if low > high:
                yield f".{name} = [{low}, {high}]: the first number is the least, the second the most"
        count, size, most = list(self.count), list(self.size), self.count[1]
        board = f".height = {self.height} by .width = {self.width}"
        if size[1] > min(self.height, self.width):
            yield f".size = {size}: a character of {size[1]} pixels does not fit on a plate of {board}"
        if self.spacing * (most - 1) > self.width - size[0]:
            yield (
                f".count = {count}: {most} characters whose centres are .spacing = {self.spacing} pixels "
                f"apart do not fit into .width = {self.width}"
            )
        if self.max_overlap == 0 and most > (self.height // size[0]) * (self.width // size[0]):
            yield (
                f".count = {count}: {most} characters of .size = {size} do not fit on a plate of {board} "
                "without overlapping"
            )


def make_board(
    characters: Characters, rng: np.random.Generator, params: ScatterParams
) -> tuple[np.ndarray, np.ndarray, str]:
    """Make one board of random characters.

    Args:
        characters: the split to draw from.
        rng: the board's own generator; every random choice comes from it.
        params: size of the board; number, size and distance of its characters.

    Returns:
        The board, uint8 RGB [height,width,3], light on black; boxes int32 [n,4], x1,y1,x2,y2 in pixels, x2 and y2
        exclusive, from left to right; and the text, one character for each box.

    Raises:
        PlatefuseError: if the characters find no room on the board.
    """
    tiles = _place(rng, params)
    tiles = tiles[np.argsort(tiles[:, 0] + tiles[:, 2], kind="stable")]
    chosen = rng.integers(len(characters.labels), size=len(tiles))
    board = np.zeros((params.height, params.width), np.uint8)
    boxes = tiles.copy()
    for i, (x1, y1, x2, y2) in enumerate(tiles):
        tile = Image.fromarray(characters.images[chosen[i]]).resize((x2 - x1, y2 - y1), Image.Resampling.BILINEAR)
        pixels = np.asarray(tile)
        board[y1:y2, x1:x2] = np.maximum(board[y1:y2, x1:x2], pixels)
        if params.box == "ink":
            boxes[i] = _ink_box(pixels) + np.array([x1, y1, x1, y1])
    order = np.argsort(boxes[:, 0] + boxes[:, 2], kind="stable")  # ink may lie off the centre of its tile
    boxes, chosen = boxes[order], chosen[order]
    text = "".join(characters.alphabet[label] for label in characters.labels[chosen])
    return np.repeat(board[..., None], 3, axis=2), boxes.astype(np.int32), text


def _place(rng: np.random.Generator, params: ScatterParams) -> np.ndarray:
    """Place tiles, int64 [n,4], by rejection sampling; restart a full board."""
    size = params.size
    wanted = int(rng.integers(params.count[0], params.count[1] + 1))
    for _ in range(_MAX_BOARD_TRIES):
        tiles = np.zeros((0, 4), np.int64)
        for _ in range(_MAX_TILE_TRIES * wanted):
            if len(tiles) == wanted:
                break
            side = int(rng.integers(size[0], size[1] + 1))
            x, y = int(rng.integers(params.width - side + 1)), int(rng.integers(params.height - side + 1))
            tile = np.array([x, y, x + side, y + side])
            if _keeps_distance(tile, tiles, params.spacing, params.max_overlap):
                tiles = np.vstack([tiles, tile])
        if len(tiles) == wanted:
            return tiles
    raise PlatefuseError(
        f"{wanted} characters of {size[0]} to {size[1]} pixels find no room on a board of "
        f"{params.width} x {params.height} pixels: lower synth.count, synth.size or synth.spacing, or raise "
        "synth.height, synth.width or synth.max_overlap."
    )


def _keeps_distance(tile: np.ndarray, others: np.ndarray, spacing: int, max_overlap: float) -> bool:
    """Whether a tile [4] keeps spacing and overlap with all others [n,4]."""
    apart = np.abs((tile[0] + tile[2]) - (others[:, 0] + others[:, 2])) >= 2 * spacing
    wide, high = (
        np.clip(np.minimum(tile[i + 2], others[:, i + 2]) - np.maximum(tile[i], others[:, i]), 0, None) for i in (0, 1)
    )
    smaller = np.minimum(tile[2] - tile[0], others[:, 2] - others[:, 0]) ** 2
    return bool(np.all(apart & (wide * high <= max_overlap * smaller)))


def _ink_box(pixels: np.ndarray) -> np.ndarray:
    """Give the box x1,y1,x2,y2 (exclusive) of bright pixels, or the whole tile."""
    rows, columns = (np.flatnonzero((pixels >= _INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return np.array([0, 0, pixels.shape[1], pixels.shape[0]])
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])


def ink_tiles(images: np.ndarray) -> np.ndarray:
    """Stretch ink over the whole tile, like a crop of its box.

    Args:
        images: uint8 [n,H,W].

    Returns:
        uint8 [n,H,W].
    """
    height, width = images.shape[1:]
    stretched = [
        Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR, box=tuple(_ink_box(image)))
        for image in images
    ]
    return np.stack([np.asarray(image) for image in stretched])
