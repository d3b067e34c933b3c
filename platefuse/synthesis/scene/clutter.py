"""Clutter of a scene: hard negatives for the plate detector."""

from collections.abc import Callable, Sequence
from typing import Annotated

import numpy as np
from PIL import Image, ImageFilter
from pydantic import Field

from platefuse.core.params import Params, Probability, Range
from platefuse.synthesis.licence.camera import homography, warp
from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import Box
from platefuse.synthesis.sampling import bernoulli, log_uniform, uniform
from platefuse.synthesis.scene import fittings, prints, signs
from platefuse.synthesis.scene.textures import Size, fractal_noise

_Count = Annotated[int, Field(ge=0, le=100)]
_Width = Annotated[float, Field(ge=0.01, le=1)]
_Offset = Annotated[float, Field(ge=0, le=0.3)]
_Blur = Annotated[float, Field(ge=0, le=0.2)]
_MARGIN = 2  # pixels between clutter and a box to keep out of
_TRIALS = 6  # places tried, each for a smaller patch
_LARGEST = 420  # pixels; larger patches are drawn at this width and enlarged
_FINE = 160  # pixels; smaller patches are drawn at twice their size and reduced


class ClutterParams(Params):
    """Hard negatives: number, frequency of each kind, size, pose and wear."""

    count: Range[_Count] = Field(description="Number of things a scene.")
    sign: Probability = Field(description="Frequency of shop signs and billboards against the other kinds.")
    street_sign: Probability = Field(description="Frequency of traffic signs.")
    guide_board: Probability = Field(description="Frequency of boards with places and arrows.")
    lettering: Probability = Field(description="Frequency of words without a board, as on vans.")
    number: Probability = Field(description="Frequency of house numbers and figures without a board.")
    poster: Probability = Field(description="Frequency of posters and stickers.")
    page: Probability = Field(description="Frequency of pages and notices.")
    table: Probability = Field(description="Frequency of tables of figures and codes.")
    keyboard: Probability = Field(description="Frequency of keyboards, keypads and calendars.")
    van: Probability = Field(description="Frequency of vans' and buses' sides with lettering.")
    stamp: Probability = Field(description="Frequency of dates, times and cameras' names burnt into a corner.")
    window: Probability = Field(description="Frequency of windows, often with bars.")
    slats: Probability = Field(description="Frequency of ventilation slots, grilles, radiators and stairs.")
    fence: Probability = Field(description="Frequency of fences, gates and balustrades.")
    stripes: Probability = Field(description="Frequency of bar codes, crosswalks and barriers.")
    wheel: Probability = Field(description="Frequency of wheels.")
    lamp: Probability = Field(description="Frequency of headlights and taillights.")
    tiles: Probability = Field(description="Frequency of bricks, tiles and lockers.")
    shelf: Probability = Field(description="Frequency of shelves of books or goods.")
    face: Probability = Field(description="Frequency of heads with shoulders.")
    blank: Probability = Field(description="Frequency of boards without characters.")
    width: Range[_Width] = Field(description="Width of a thing, as a share of the picture's width.")
    tilted: Probability = Field(description="Share of things seen at an angle.")
    perspective: Range[_Offset] = Field(description="Displacement of their corners, as a share of the height.")
    blurred: Probability = Field(description="Share of things out of focus.")
    blur: Range[_Blur] = Field(description="Standard deviation of their blur, as a share of the height.")
    wear: Range[Probability] = Field(description="Strength of stains and uneven light, 0 to 1.")


def draw_clutter(
    rng: np.random.Generator,
    image: Image.Image,
    print_fonts: Sequence[PrintFont],
    params: ClutterParams,
    keep_out: Sequence[Box],
) -> None:
    """Draw clutter into a picture, RGB, in place.

    Args:
        rng: the scene's own generator.
        image: the picture.
        print_fonts: fonts of words; without fonts, boards stay empty.
        params: number of things, frequency of each kind, size, pose and wear.
        keep_out: boxes x1,y1,x2,y2 in pixels, which stay as they are. A thing that finds no place is left out.
    """
    shares = np.array([getattr(params, name) for name in _KINDS], float)
    count = int(rng.integers(params.count[0], params.count[1] + 1)) if shares.any() else 0
    chosen = rng.choice(len(shares), count, p=shares / shares.sum()).tolist() if count else []
    names = [list(_KINDS)[index] for index in chosen]
    for name in sorted(names, key="stamp".__eq__):  # a stamp is above everything
        _draw_one(rng, image, print_fonts, params, keep_out, name)


def _draw_one(
    rng: np.random.Generator,
    image: Image.Image,
    print_fonts: Sequence[PrintFont],
    params: ClutterParams,
    keep_out: Sequence[Box],
    name: str,
) -> None:
    """Draw one thing of a kind, if it finds a place."""
    draw, aspects = _KINDS[name]
    aspect = log_uniform(rng, aspects)
    wide = log_uniform(rng, params.width) * image.width * min(1.0, aspect)  # tall things are no larger than wide ones
    if name == "stamp":
        wide = image.width * log_uniform(rng, (0.1, 1.2))  # a close view of it is cut off
    wide = min(wide, image.height * aspect)
    size = (max(5, round(wide)), max(4, round(wide / aspect)))
    place = _find_place(rng, image.size, size, keep_out, at_corner=name == "stamp" and bernoulli(rng, 0.75))
    if place is None:
        return
    x, y, size = place
    scale = 2.0 if max(size) < _FINE else min(1.0, _LARGEST / max(size))
    drawn = draw(rng, (max(8, round(size[0] * scale)), max(6, round(size[1] * scale))), print_fonts)
    if name != "stamp":
        drawn = _weather(rng, _tilt(rng, drawn, params), params)
    radius = uniform(rng, params.blur) * size[1] if name != "stamp" and bernoulli(rng, params.blurred) else 0.0
    edge = round(min(2.5 * radius, 0.3 * min(size)))  # the blur's own room
    inner = (size[0] - 2 * edge, size[1] - 2 * edge)
    if drawn.size != inner:
        drawn = drawn.resize(inner, Image.Resampling.BICUBIC, reducing_gap=2)
    if radius:
        padded = Image.new("RGBa", size)
        padded.paste(drawn.convert("RGBa"), (edge, edge))
        drawn = padded.filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
    image.paste(drawn, (x, y), drawn)


def _find_place(
    rng: np.random.Generator, picture: Size, size: Size, keep_out: Sequence[Box], at_corner: bool
) -> tuple[int, int, Size] | None:
    """Find a free place: x, y and size, or None.

    The thing is made smaller at each trial.
    """
    for trial in range(_TRIALS):
        wide, high = (max(4, round(side * 0.8**trial)) for side in size)
        if at_corner:
            edge = round(rng.uniform(0, 0.04) * picture[0])
            x = edge if bernoulli(rng, 0.6) else picture[0] - wide - edge
            y = edge if bernoulli(rng, 0.5) else picture[1] - high - edge
        else:  # a part may be cut by the border
            x = round(rng.uniform(-0.3 * wide, picture[0] - 0.7 * wide))
            y = round(rng.uniform(-0.3 * high, picture[1] - 0.7 * high))
        if not any(
            x - _MARGIN < x2 and x1 < x + wide + _MARGIN and y - _MARGIN < y2 and y1 < y + high + _MARGIN
            for x1, y1, x2, y2 in keep_out
        ):
            return x, y, (wide, high)
    return None


def _tilt(rng: np.random.Generator, drawn: Image.Image, params: ClutterParams) -> Image.Image:
    """Show a thing at an angle, within its size."""
    if not bernoulli(rng, params.tilted):
        return drawn
    (width, height), offset = drawn.size, uniform(rng, params.perspective)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * min(width, height) * offset
    target = corners + rng.uniform(0, 1, (4, 2)) * inwards
    return warp(drawn, homography(corners, target), drawn.size)


def _weather(rng: np.random.Generator, drawn: Image.Image, params: ClutterParams) -> Image.Image:
    """Vary the brightness of a thing: stains, and a vertical gradient."""
    strength = uniform(rng, params.wear)
    noise = fractal_noise(rng, drawn.size, 3, 0.7) * np.float32(0.12 * strength)
    noise += np.linspace(-1, 1, drawn.height, dtype=np.float32)[:, None] * np.float32(rng.normal() * 0.2 * strength)
    pixels = np.asarray(drawn).astype(np.float32)
    pixels[..., :3] *= (1 + noise)[..., None] * np.float32(1 - rng.uniform(0, 0.5) * strength)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


_Draw = Callable[[np.random.Generator, Size, Sequence[PrintFont]], Image.Image]
_KINDS: dict[str, tuple[_Draw, tuple[float, float]]] = {  # with the range of width divided by height
    "sign": (signs.sign, (1.2, 6.0)),
    "street_sign": (signs.street_sign, (0.4, 1.0)),
    "guide_board": (signs.guide_board, (1.2, 3.0)),
    "lettering": (signs.lettering, (2.0, 8.0)),
    "number": (signs.number, (1.0, 3.0)),
    "poster": (prints.poster, (0.6, 2.5)),
    "page": (prints.page, (0.6, 2.0)),
    "table": (prints.table, (0.5, 3.0)),
    "keyboard": (prints.keyboard, (1.0, 3.0)),
    "van": (prints.van, (1.4, 3.0)),
    "stamp": (prints.stamp, (2.5, 25.0)),
    "window": (fittings.window, (0.6, 4.0)),
    "slats": (fittings.slats, (0.8, 6.0)),
    "fence": (fittings.fence, (1.0, 5.0)),
    "stripes": (fittings.stripes, (1.2, 6.0)),
    "wheel": (fittings.wheel, (0.6, 1.0)),
    "lamp": (fittings.lamp, (0.7, 4.0)),
    "tiles": (fittings.tiles, (1.0, 5.0)),
    "shelf": (fittings.shelf, (1.0, 4.0)),
    "face": (fittings.face, (0.7, 0.9)),
    "blank": (fittings.blank, (1.2, 6.0)),
}
