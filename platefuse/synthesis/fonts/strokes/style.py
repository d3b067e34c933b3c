"""The parameters of a plate font: what one die cutter does differently from the next."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np


def _between(low: float, mode: float, high: float) -> Any:
    """A field drawn from the triangular distribution on low..high."""
    return _drawn(lambda rng: float(rng.triangular(low, mode, high)))


def _one_of(**weights: float) -> Any:
    """A field that is one of the names, each as likely as its weight."""
    shares = np.array(list(weights.values())) / sum(weights.values())
    return _drawn(lambda rng: list(weights)[rng.choice(len(shares), p=shares)])


def _sometimes(share: float, low: float, high: float) -> Any:
    """A field that is uniform on low..high in that share of the fonts, else 0."""

    def draw(rng: np.random.Generator) -> float:
        value = float(rng.uniform(low, high))
        return value if rng.random() < share else 0.0

    return _drawn(draw)


def _drawn(draw: Callable[[np.random.Generator], Any]) -> Any:
    return field(metadata={"draw": draw})


@dataclass(frozen=True, kw_only=True)
class Style:
    """One font's parameters.

    Lengths named `width`, `weight` and `radius` are in glyph heights. Places and lengths inside a glyph are shares of
    the unit box that the pen's centre moves in, x to the right and y downwards.
    """

    # The whole font.
    width: float = _between(0.38, 0.47, 0.72)
    weight: float = _between(0.085, 0.12, 0.2)  # of vertical strokes
    contrast: float = _between(0.72, 0.97, 1.15)  # horizontal strokes against vertical ones
    corners: str = _one_of(round=0.92, chamfered=0.08)
    superness: float = _between(1.95, 2.1, 3.0)  # exponent of the corner's superellipse, 2 being an ellipse
    radius: float = _between(0.12, 0.34, 0.9)  # of a rounded corner, in glyph widths
    stretch: float = _between(0.85, 1.05, 2.6)  # a corner's height against its width
    ends: str = _one_of(square=0.7, round=0.3)
    mitre: float = _between(1.1, 1.6, 4.0)  # how far a sharp corner reaches, in half weights
    slant: float = _sometimes(0.18, -0.05, 0.14)  # tangent of the angle
    spread: float = _sometimes(0.6, 0.2, 1.0)  # 0 gives every glyph the same width, 1 its own
    letter_width: float = _between(0.95, 1.0, 1.2)  # letters against digits
    serif: float = _sometimes(0.05, 0.08, 0.2)
    blur: float = _between(0.01, 0.012, 0.03)  # how far paint softens an outline, in glyph heights
    bleed: float = _between(-0.14, 0.0, 0.16)  # paint spread: how much less coverage still counts as ink
    roughness: float = _between(0.0, 0.02, 0.09)  # unevenness of the outline

    # Heights.
    waist: float = _between(0.41, 0.48, 0.55)
    bowl: float = _between(0.46, 0.54, 0.64)  # where the bowls of P and R close
    tail_bowl: float = _between(0.34, 0.42, 0.52)  # top of the bowl of 6, and bottom of that of 9 upside down
    bar_a: float = _between(0.62, 0.7, 0.82)
    bar_4: float = _between(0.6, 0.75, 0.88)
    bar_g: float = _between(0.48, 0.54, 0.64)
    opening: float = _between(0.14, 0.2, 0.26)  # length of the ends of C, G, S
    opening_digit: float = _between(0.15, 0.21, 0.29)  # the same of 3, 5, 6, 9
    opening_2: float = _between(0.08, 0.2, 0.29)
    fork_y: float = _between(0.36, 0.48, 0.62)
    fork_k: float = _between(0.46, 0.56, 0.68)
    vertex_m: float = _between(0.35, 0.6, 1.3)  # above 1 it stands on the baseline
    vertex_w: float = _between(-0.3, 0.3, 0.65)
    flag_1: float = _between(0.1, 0.18, 0.32)

    # Widths of single glyphs against the normal one, and lengths within them.
    width_m: float = _between(1.0, 1.1, 1.35)
    width_w: float = _between(1.0, 1.15, 1.45)
    width_1: float = _between(0.4, 0.5, 0.72)
    width_foot: float = _between(0.5, 0.7, 0.95)
    width_i: float = _between(0.4, 0.6, 0.9)
    width_j: float = _between(0.75, 0.92, 1.0)
    width_l: float = _between(0.75, 0.92, 1.0)
    width_0: float = _between(0.82, 0.98, 1.0)
    arm_e: float = _between(0.68, 0.9, 1.0)
    arm_3: float = _between(0.3, 0.45, 0.62)  # where the middle arm starts
    arm_f: float = _between(0.65, 0.85, 1.0)
    inset: float = _sometimes(0.65, 0.02, 0.12)  # how much narrower the upper bowls of B, S, 3, 8 are
    spine: float = _sometimes(0.12, 0.08, 0.2)  # how far the bars of B and D stand out on the left
    slope_s: float = _between(0.0, 0.05, 0.16)
    flat: float = _sometimes(0.4, 0.04, 0.13)  # half the width of a flat apex
    point: float = _sometimes(0.35, 0.05, 0.16)  # how far the bend of a pointed apex lies below the top
    splay_m: float = _sometimes(0.12, 0.03, 0.12)
    splay_w: float = _between(-0.25, 0.5, 0.62)  # 0 or less: vertical outer legs
    stem_4: float = _between(0.68, 0.8, 1.08)
    top_4: float = _between(0.3, 0.5, 0.8)  # where an open 4's slope starts
    start_4: float = _between(0.3, 0.42, 0.68)  # how far down an open 4's stem starts
    apex_4: float = _sometimes(0.3, 0.05, 0.2)  # the flat top of a closed 4
    foot_7: float = _between(0.1, 0.3, 0.5)
    neck_2: float = _between(0.26, 0.42, 0.68)  # high where a straight slope ends in a small hook
    hook_j: float = _between(0.1, 0.28, 0.42)
    leg_r: float = _between(0.25, 0.45, 0.7)
    round_0: float = _between(0.6, 1.0, 1.0)

    # Forms.
    zero: str = _one_of(plain=0.46, as_o=0.4, slash=0.06, gap=0.05, dot=0.03)
    one: str = _one_of(flag=0.45, foot=0.33, bar=0.22)
    two: str = _one_of(straight=0.6, curved=0.4)
    three: str = _one_of(round=0.85, flat=0.15)
    four: str = _one_of(closed=0.72, open=0.28)
    five: str = _one_of(vertical=0.65, slanted=0.35)
    six: str = _one_of(curved=0.7, straight=0.3)
    nine: str = _one_of(as_six=0.85, curved=0.08, straight=0.07)
    seven: str = _one_of(straight=0.62, curved=0.2, serif=0.13, crossed=0.05)
    eight: str = _one_of(bowls=0.85, crossing=0.15)
    g: str = _one_of(bar=0.6, both=0.25, spur=0.15)
    i: str = _one_of(bar=0.6, serif=0.4)
    j: str = _one_of(plain=0.6, bar=0.3, serif=0.1)
    k: str = _one_of(joined=0.6, meeting=0.4)
    q: str = _one_of(crossing=0.5, inside=0.3, outside=0.2)
    r: str = _one_of(straight=0.8, curved=0.2)
    z: str = _one_of(plain=0.95, crossed=0.05)

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Style":
        """Draw every parameter from `rng`, in the order in which they stand above."""
        return cls(**{parameter.name: parameter.metadata["draw"](rng) for parameter in fields(cls)})
