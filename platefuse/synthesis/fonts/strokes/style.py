"""The parameters of a plate font and their distributions."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np


def _triangular(low: float, mode: float, high: float) -> Any:
    """Declare a field with a triangular distribution on low..high."""
    return _sampled(lambda rng: float(rng.triangular(low, mode, high)))


def _choice(**weights: float) -> Any:
    """Declare a field that is one of the names, drawn by weight."""
    shares = np.array(list(weights.values())) / sum(weights.values())
    return _sampled(lambda rng: list(weights)[rng.choice(len(shares), p=shares)])


def _uniform_or_zero(share: float, low: float, high: float) -> Any:
    """Declare a field, uniform in a share of the fonts, otherwise 0."""

    def sample(rng: np.random.Generator) -> float:
        value = float(rng.uniform(low, high))
        return value if rng.random() < share else 0.0

    return _sampled(sample)


def _sampled(sample: Callable[[np.random.Generator], Any]) -> Any:
    return field(metadata={"sample": sample})


@dataclass(frozen=True, kw_only=True)
class Style:
    """Parameters of one font.

    `width` and `weight` are in glyph heights. Positions and lengths inside a glyph are shares of the unit box of the
    pen's centre, x to the right and y downwards.
    """

    # The whole font.
    width: float = _triangular(0.38, 0.47, 0.72)
    weight: float = _triangular(0.085, 0.12, 0.2)  # of vertical strokes
    contrast: float = _triangular(0.72, 0.97, 1.15)  # weight of horizontal strokes divided by that of vertical ones
    corners: str = _choice(round=0.92, chamfered=0.08)
    superness: float = _triangular(1.95, 2.1, 3.0)  # exponent of the corner's superellipse; 2 is an ellipse
    radius: float = _triangular(0.12, 0.34, 0.9)  # of a rounded corner, in glyph widths
    stretch: float = _triangular(0.85, 1.05, 2.6)  # height of a corner divided by its width
    ends: str = _choice(square=0.7, round=0.3)
    mitre: float = _triangular(1.1, 1.6, 4.0)  # how far a sharp corner reaches, in half weights
    slant: float = _uniform_or_zero(0.18, -0.05, 0.14)  # tangent of the angle
    spread: float = _uniform_or_zero(0.6, 0.2, 1.0)  # 0 gives every glyph the same width, 1 its own
    letter_width: float = _triangular(0.95, 1.0, 1.2)  # width of letters divided by that of digits
    serif: float = _uniform_or_zero(0.05, 0.08, 0.2)
    blur: float = _triangular(0.01, 0.012, 0.03)  # how far paint softens an outline, in glyph heights
    bleed: float = _triangular(-0.14, 0.0, 0.16)  # spread of paint: coverage that counts as ink, below one half
    roughness: float = _triangular(0.0, 0.02, 0.09)  # unevenness of the outline

    # Heights.
    waist: float = _triangular(0.41, 0.48, 0.55)
    bowl: float = _triangular(0.46, 0.54, 0.64)  # where the bowls of P and R close
    tail_bowl: float = _triangular(0.34, 0.42, 0.52)  # top of the bowl of 6; 9 is a turned 6
    bar_a: float = _triangular(0.62, 0.7, 0.82)
    bar_4: float = _triangular(0.6, 0.75, 0.88)
    bar_g: float = _triangular(0.48, 0.54, 0.64)
    opening: float = _triangular(0.14, 0.2, 0.26)  # length of the open ends of C, G and S
    opening_digit: float = _triangular(0.15, 0.21, 0.29)  # length of the open ends of 3, 5, 6 and 9
    opening_2: float = _triangular(0.08, 0.2, 0.29)
    fork_y: float = _triangular(0.36, 0.48, 0.62)
    fork_k: float = _triangular(0.46, 0.56, 0.68)
    vertex_m: float = _triangular(0.35, 0.6, 1.3)  # above 1: on the baseline
    vertex_w: float = _triangular(-0.3, 0.3, 0.65)
    flag_1: float = _triangular(0.1, 0.18, 0.32)

    # Widths of single glyphs in normal widths, and lengths within glyphs.
    width_m: float = _triangular(1.0, 1.1, 1.35)
    width_w: float = _triangular(1.0, 1.15, 1.45)
    width_1: float = _triangular(0.4, 0.5, 0.72)
    width_foot: float = _triangular(0.5, 0.7, 0.95)
    width_i: float = _triangular(0.4, 0.6, 0.9)
    width_j: float = _triangular(0.75, 0.92, 1.0)
    width_l: float = _triangular(0.75, 0.92, 1.0)
    width_0: float = _triangular(0.82, 0.98, 1.0)
    arm_e: float = _triangular(0.68, 0.9, 1.0)
    arm_3: float = _triangular(0.3, 0.45, 0.62)  # where the middle arm starts
    arm_f: float = _triangular(0.65, 0.85, 1.0)
    inset: float = _uniform_or_zero(0.65, 0.02, 0.12)  # by which the upper bowls of B, S, 3 and 8 are narrower
    spine: float = _uniform_or_zero(0.12, 0.08, 0.2)  # by which the bars of B and D stick out on the left
    slope_s: float = _triangular(0.0, 0.05, 0.16)
    flat: float = _uniform_or_zero(0.4, 0.04, 0.13)  # half the width of a flat apex
    point: float = _uniform_or_zero(0.35, 0.05, 0.16)  # depth of a pointed apex below the top
    splay_m: float = _uniform_or_zero(0.12, 0.03, 0.12)
    splay_w: float = _triangular(-0.25, 0.5, 0.62)  # 0 or less: vertical outer legs
    stem_4: float = _triangular(0.68, 0.8, 1.08)
    top_4: float = _triangular(0.3, 0.5, 0.8)  # where an open 4's slope starts
    start_4: float = _triangular(0.3, 0.42, 0.68)  # depth at which an open 4's stem starts
    apex_4: float = _uniform_or_zero(0.3, 0.05, 0.2)  # the flat top of a closed 4
    foot_7: float = _triangular(0.1, 0.3, 0.5)
    neck_2: float = _triangular(0.26, 0.42, 0.68)  # depth at which the upper bow of 2 ends
    hook_j: float = _triangular(0.1, 0.28, 0.42)
    leg_r: float = _triangular(0.25, 0.45, 0.7)
    round_0: float = _triangular(0.6, 1.0, 1.0)

    # Forms.
    zero: str = _choice(plain=0.46, as_o=0.4, slash=0.06, gap=0.05, dot=0.03)
    one: str = _choice(flag=0.45, foot=0.33, bar=0.22)
    two: str = _choice(straight=0.6, curved=0.4)
    three: str = _choice(round=0.85, flat=0.15)
    four: str = _choice(closed=0.72, open=0.28)
    five: str = _choice(vertical=0.65, slanted=0.35)
    six: str = _choice(curved=0.7, straight=0.3)
    nine: str = _choice(as_six=0.85, curved=0.08, straight=0.07)
    seven: str = _choice(straight=0.62, curved=0.2, serif=0.13, crossed=0.05)
    eight: str = _choice(bowls=0.85, crossing=0.15)
    g: str = _choice(bar=0.6, both=0.25, spur=0.15)
    i: str = _choice(bar=0.6, serif=0.4)
    j: str = _choice(plain=0.6, bar=0.3, serif=0.1)
    k: str = _choice(joined=0.6, meeting=0.4)
    q: str = _choice(crossing=0.5, inside=0.3, outside=0.2)
    r: str = _choice(straight=0.8, curved=0.2)
    z: str = _choice(plain=0.95, crossed=0.05)

    @classmethod
    def sample(cls, rng: np.random.Generator) -> "Style":
        """Sample every parameter from `rng`, in the order of the fields."""
        return cls(**{parameter.name: parameter.metadata["sample"](rng) for parameter in fields(cls)})
