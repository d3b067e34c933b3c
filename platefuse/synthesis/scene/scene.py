"""Photographs with licence plates: backdrop, cars, plates, clutter, light, camera."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from platefuse.synthesis.licence.background import mount_plate
from platefuse.synthesis.licence.camera import take_picture
from platefuse.synthesis.licence.canvas import PrintFont
from platefuse.synthesis.licence.emblems import Colour
from platefuse.synthesis.licence.face import Face, draw_face
from platefuse.synthesis.licence.number import Font
from platefuse.synthesis.sampling import bernoulli, log_uniform
from platefuse.synthesis.scene.backdrop import draw_backdrop
from platefuse.synthesis.scene.cars import draw_body, draw_ground, random_car
from platefuse.synthesis.scene.clutter import draw_clutter
from platefuse.synthesis.scene.details import draw_details, draw_panel
from platefuse.synthesis.scene.light import light_scene
from platefuse.synthesis.scene.painter import Painter, View
from platefuse.synthesis.scene.params import LEAST_WIDTH, SceneParams
from platefuse.synthesis.scene.placing import (
    Placed,
    hides,
    plate_box,
    plate_corners,
    random_middle,
    random_tilt,
    random_view,
    scaled_to,
)
from platefuse.synthesis.scene.spot import random_spot

_FINER = 1.5  # pixels of the canvas for each of the picture, if the canvas is not too large
_MOST_PIXELS = 1_200_000
_DRAWN = (48, 720)  # pixels; width of a plate's face as it is drawn
_PADDING = 0.3  # of the face's width and height around it, for its holder
_ALONE = 0.35  # of the width; a scene with a wider plate has no other car
_SMALLER = 0.4  # least width of a further plate, as a share of the widest one
_TRIES = 6  # places for a further car
_REAL_WIDTHS = ((3.8, 52.0), (2.6, 40.0), (0.0, 31.0))  # least width by height, and the width in centimetres


@dataclass(frozen=True, eq=False)
class Scene:
    """A photograph with plates in it.

    Attributes:
        file: the bytes of a JPEG file.
        boxes: int32 [n,4], x1,y1,x2,y2 in pixels of the photograph, x2 and y2 exclusive. A box is tight around the
            plate's outer edge, without its holder, and clipped to the photograph.
        texts: n texts, one for each box.
    """

    file: bytes
    boxes: np.ndarray
    texts: tuple[str, ...]


def render_scene(
    rng: np.random.Generator,
    size: tuple[int, int],
    alphabet: str,
    draw_font: Callable[[np.random.Generator], Font],
    print_fonts: Sequence[PrintFont],
    params: SceneParams,
    backgrounds: Sequence[Callable[[], Image.Image]] = (),
) -> Scene:
    """Render one photograph.

    Args:
        rng: the scene's own generator; every random choice comes from it.
        size: width and height of the photograph, in pixels.
        alphabet: the characters of numbers.
        draw_font: chooses a font for a number.
        print_fonts: fonts of all other print.
        params: all of the scene's parameters.
        backgrounds: functions that open photographs without plates, RGB; some scenes use one as their backdrop.
    """
    scale = float(np.clip(np.sqrt(_MOST_PIXELS / (size[0] * size[1])), 1, _FINER))
    canvas = (round(size[0] * scale), round(size[1] * scale))
    image = _backdrop(rng, canvas, print_fonts, params, backgrounds)
    draw_clutter(rng, image, print_fonts, params.clutter, [])
    maker = _PlateMaker(alphabet, draw_font, print_fonts, params)
    cars = _place_cars(rng, canvas, maker, params)
    around = image.resize((48, 32), Image.Resampling.BOX)
    lamps = [lamp for placed in cars for lamp in _draw_car(rng, image, around, placed, print_fonts, params)]
    boxes, texts, quads, widths = [], [], [], [float(size[0])]
    for placed in cars:
        if placed.plate is None:
            continue
        quads.append(placed.pixels)
        box = plate_box(placed, scale, size, params.placing)
        if box is not None:
            boxes.append(box)
            texts.append(placed.plate.text)
            widths.append(float(box[2] - box[0]))
    draw_clutter(rng, image, print_fonts, params.overlay, [_grown(placed.box) for placed in cars])
    lit = light_scene(rng, image, quads, lamps, params.light)
    file = take_picture(rng, lit, size, params.camera, max(1.0, min(widths) / LEAST_WIDTH / 1.6))
    return Scene(file, np.array(boxes, np.int32).reshape(-1, 4), tuple(texts))


def _backdrop(
    rng: np.random.Generator,
    canvas: tuple[int, int],
    print_fonts: Sequence[PrintFont],
    params: SceneParams,
    backgrounds: Sequence[Callable[[], Image.Image]],
) -> Image.Image:
    """Draw a backdrop, or crop a background photograph."""
    if not backgrounds or not bernoulli(rng, params.background_share):
        return draw_backdrop(rng, canvas, print_fonts, params.backdrop)
    photograph = backgrounds[int(rng.integers(len(backgrounds)))]()
    part = log_uniform(rng, (0.4, 1.0)) * min(photograph.width / canvas[0], photograph.height / canvas[1])
    wide, high = canvas[0] * part, canvas[1] * part
    x, y = rng.uniform(0, photograph.width - wide), rng.uniform(0, photograph.height - high)
    return photograph.resize(canvas, Image.Resampling.BILINEAR, box=(x, y, x + wide, y + high))


@dataclass(frozen=True, eq=False)
class _PlateMaker:
    """Draws faces of plates."""

    alphabet: str
    draw_font: Callable[[np.random.Generator], Font]
    print_fonts: Sequence[PrintFont]
    params: SceneParams

    def __call__(self, rng: np.random.Generator, width: float) -> Face:
        """Draw a face for a plate that is `width` pixels wide."""
        plate = self.params.plate
        drawn = round(np.clip(1.4 * width, *_DRAWN))
        font = self.draw_font(rng)
        return draw_face(rng, drawn, self.alphabet, font, self.print_fonts, plate.face, plate.number)


def _place_cars(
    rng: np.random.Generator, canvas: tuple[int, int], make_plate: _PlateMaker, params: SceneParams
) -> list[Placed]:
    """Choose the cars of a scene, the farthest first."""
    placing, tilt = params.placing, random_tilt(rng, params.pose)
    empty = bernoulli(rng, placing.none)
    if empty and bernoulli(rng, 0.4):
        return []
    width = log_uniform(rng, placing.width) * canvas[0]
    count = int(placing.cars[0] + (placing.cars[1] + 1 - placing.cars[0]) * rng.random() ** 2)  # most have few
    if width > _ALONE * canvas[0]:
        count = 1
    cars: list[Placed] = []
    for index in range(count):
        least = max(placing.width[0] * canvas[0], _SMALLER * width)
        own = log_uniform(rng, (least, width)) if index else width
        face = make_plate(rng, own)
        for _ in range(_TRIES if index else 1):
            placed = _place_car(rng, canvas, own, tilt, face, empty, params)
            if not any(hides(placed, other) for other in cars):
                cars.append(placed)
                break
    return sorted(cars, key=lambda placed: float(np.ptp(placed.pixels[:, 0])))


def _place_car(
    rng: np.random.Generator,
    canvas: tuple[int, int],
    width: float,
    tilt: float,
    face: Face,
    empty: bool,
    params: SceneParams,
) -> Placed:
    """Choose a car for a plate that is `width` pixels wide."""
    aspect = face.image.width / face.image.height
    real = next(real for least, real in _REAL_WIDTHS if aspect >= least)
    car = random_car(rng, params.car, _common_colour(face.image))
    spot = random_spot(rng, car, real, real / aspect)
    corners = plate_corners(car, spot)
    view = random_view(rng, corners.mean(axis=0), params.pose, tilt, rng.uniform(-80, 80) if empty else None)
    view = scaled_to(view, corners, width if not empty else width * _apparent_width(view, corners))
    flat = view.project(corners)
    view = view.placed(1.0, random_middle(rng, canvas, np.ptp(flat, axis=0), params.placing))
    loose = not empty and bernoulli(rng, params.placing.loose)
    return Placed(car, spot, view, None if empty else face, corners, view.project(corners), loose)


def _apparent_width(view: View, corners: np.ndarray) -> float:
    """Give the ratio of a plate's projected width to its frontal width."""
    distance = np.linalg.norm(view.position - corners.mean(axis=0))
    return float(np.ptp(view.project(corners)[:, 0]) * distance / np.linalg.norm(corners[1] - corners[0]))


def _common_colour(face: Image.Image) -> Colour:
    """Give the median colour of a face, which is near its ground's."""
    pixels = np.asarray(face.resize((32, 16), Image.Resampling.NEAREST)).reshape(-1, 3)
    red, green, blue = np.median(pixels, axis=0).astype(int).tolist()
    return red, green, blue


def _draw_car(
    rng: np.random.Generator,
    image: Image.Image,
    around: Image.Image,
    placed: Placed,
    print_fonts: Sequence[PrintFont],
    params: SceneParams,
) -> list[tuple[np.ndarray, float]]:
    """Draw a car with its plate.

    Returns middle, float [2], and radius of each lamp, in pixels.
    """
    painter = Painter(image, ImageDraw.Draw(image), placed.view, around)
    if placed.loose:
        draw_panel(painter, rng, placed.car, placed.spot)
        lamps = []
    else:
        draw_ground(painter, rng, placed.car)
        draw_body(painter, rng, placed.car)
        lamps = draw_details(painter, rng, placed.car, placed.spot, print_fonts, params.car)
    if placed.plate:
        _mount(rng, painter, placed, placed.plate, print_fonts, params)
    return [(placed.view.project([lamp])[0], 8 * painter.pixels_per_cm(lamp)) for lamp in lamps]


def _mount(
    rng: np.random.Generator,
    painter: Painter,
    placed: Placed,
    face: Face,
    print_fonts: Sequence[PrintFont],
    params: SceneParams,
) -> None:
    """Draw the plate and its holder onto the car."""
    width, height = face.image.size
    padding = (round(_PADDING * width), round(_PADDING * height) + 2)
    layer = Image.new("RGBA", (width + 2 * padding[0], height + 2 * padding[1]), (*placed.car.paint, 0))
    mount_plate(rng, layer, face.image, padding, print_fonts, params.plate.background)
    middle = placed.corners.mean(axis=0)
    grown = placed.corners - middle
    across, up = (grown[1] - grown[0]) / 2, (grown[0] - grown[3]) / 2
    across, up = across * layer.width / width, up * layer.height / height
    painter.paste(layer, middle + np.array([up - across, up + across, across - up, -up - across]))


def _grown(box: np.ndarray) -> tuple[float, float, float, float]:
    """Enlarge a box [4] by half; overlays keep out of it."""
    x1, y1, x2, y2 = box.tolist()
    x, y = (x2 - x1) / 4, (y2 - y1) / 4
    return x1 - x, y1 - y, x2 + x, y2 + y
