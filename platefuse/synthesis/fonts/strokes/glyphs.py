"""Strokes of the glyphs 0-9 and A-Z in a given style.

Every glyph is a few paths of the pen's centre in a unit box, x to the right and y downwards.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from platefuse.synthesis.fonts.strokes.pen import Corner, Path
from platefuse.synthesis.fonts.strokes.style import Style


@dataclass(frozen=True)
class Glyph:
    """Strokes of one character.

    Attributes:
        paths: ways of the pen in the unit box.
        width: width of the box, in the style's normal widths; at least the pen's own width is drawn.
        heaviest: the heaviest vertical stroke that leaves the glyph legible, in the style's normal widths.
    """

    paths: tuple[Path, ...]
    width: float = 1.0
    heaviest: float = 0.3


def _line(*corners: Corner, pen: float = 1.0) -> Path:
    return Path(corners, pen=pen)


def _loop(left: float, top: float, right: float, bottom: float, roundness: float = 1.0) -> Path:
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return Path(tuple((x, y, roundness) for x, y in corners), closed=True)


def _apex(style: Style, y: float) -> list[Corner]:
    """Give the apex of A or V on the row `y`."""
    if style.flat:
        return [(0.5 - style.flat, y), (0.5 + style.flat, y)]
    return [(0.5, abs(y - style.point))]


def _turned(path: Path) -> Path:
    """Rotate a path by half a turn."""
    corners = tuple((1 - x, 1 - y, *roundness) for x, y, *roundness in path.corners)
    start, end = (None if y is None else 1 - y for y in (path.start, path.end))
    return replace(path, corners=corners, start=start, end=end)


def _zero(s: Style) -> Glyph:
    if s.zero == "as_o":
        return _o(s)
    paths = [_loop(0, 0, 1, 1, s.round_0)]
    if s.zero == "slash":
        paths.append(_line((0.85, 0.18), (0.15, 0.82), pen=0.55))
    if s.zero == "gap":
        paths.append(Path(((0.5, 0.32), (1.2, 0.0)), pen=0.45, erase=True))
    if s.zero == "dot":
        paths.append(_line((0.5, 0.47), (0.5, 0.53), pen=0.7))
    return Glyph(tuple(paths), s.width_0)


def _one(s: Style) -> Glyph:
    if s.one == "bar":
        return Glyph((_line((0, 0), (0, 1)),), 0)
    if s.one == "flag":
        return Glyph((_line((0, s.flag_1), (1, 0), (1, 1)),), s.width_1)
    stem = _line((0.08, s.flag_1), (0.5, 0), (0.5, 1))
    return Glyph((stem, _line((0, 1), (1, 1))), s.width_foot)


def _two(s: Style) -> Glyph:
    top: tuple[Corner, ...] = ((0, 0.3), (0, 0, 1), (1, 0, 1))
    neck: tuple[Corner, ...] = ((1, s.neck_2 - 0.1, 1),)
    if s.two == "curved":
        turn = max(s.neck_2, 0.5)
        neck = ((1, turn - 0.06, 1), (0, turn + 0.1, 1))
    return Glyph((Path((*top, *neck, (0, 1), (1, 1)), start=s.opening_2),))


def _three(s: Style) -> Glyph:
    right, middle = 1 - s.inset, s.waist - (0.06 if s.three == "flat" else 0)
    lower = Path(((s.arm_3, middle), (1, middle, 1), (1, 1, 1), (0, 1, 1), (0, 0.7)), end=1 - s.opening_digit)
    if s.three == "flat":
        return Glyph((_line((0, 0), (0.95, 0), (s.arm_3, middle)), lower))
    upper = Path(((0, 0.3), (0, 0, 1), (right, 0, 1), (right, middle, 1), (s.arm_3, middle)), start=s.opening_digit)
    return Glyph((upper, lower))


def _four(s: Style) -> Glyph:
    stem = min(s.stem_4, 1.0)
    if s.four == "open":
        return Glyph((_line((s.top_4, 0), (0, s.bar_4), (1, s.bar_4)), _line((stem, s.start_4), (stem, 1))))
    top: list[Corner] = [(stem, 0)] if not s.apex_4 else [(stem, 0), (stem - s.apex_4, 0)]
    return Glyph((_line((stem, 1), *top, (0, s.bar_4), (1, s.bar_4)),), 1 + 0.05 * s.spread, 0.27)


def _five(s: Style) -> Glyph:
    top, shift = min(s.waist - 0.06, 0.44), 0.08 if s.five == "slanted" else 0.0
    back = _line((0.93, 0), (shift, 0), (0, top + 0.04))
    bowl = (0.12, top + 0.03), (0.35, top, 1), (1, top, 1), (1, 1, 1), (0, 1, 1), (0, 0.7)
    return Glyph((back, Path(bowl, end=1 - min(s.opening_digit, 0.36 * (1 - top)))))


def _six(s: Style) -> Glyph:
    bowl = _loop(0, s.tail_bowl, 1, 1)
    if s.six == "straight":
        return Glyph((bowl, _line((0.72, 0), (0, 0.62, 1), (0, 0.8))))
    tail = Path(((0, 0.75), (0, 0, 1), (1, 0, 1), (1, 0.3)), end=min(s.opening_digit, s.tail_bowl - 0.2))
    return Glyph((bowl, tail))


def _nine(s: Style) -> Glyph:
    six = _six(s if s.nine == "as_six" else replace(s, six=s.nine))
    return replace(six, paths=tuple(map(_turned, six.paths)))


def _seven(s: Style) -> Glyph:
    foot, top = s.foot_7, ((0, 0), (1, 0))
    if s.seven == "curved":
        return Glyph((_line(*top, (1, 0.12), (foot, 0.6, 1), (foot, 1)),))
    if s.seven == "serif":
        return Glyph((_line((0, 0.14), *top, (foot, 1)),))
    cross = (_line((0.3, 0.5), (0.85, 0.5), pen=0.8),) if s.seven == "crossed" else ()
    return Glyph((_line(*top, (foot, 1)), *cross))


def _eight(s: Style) -> Glyph:
    left, right, middle = s.inset, 1 - s.inset, s.waist
    if s.eight == "crossing":
        over = (right, 0, 1), (left, 0, 1), (left, middle - 0.05, 1), (1, middle + 0.05, 1)
        return Glyph((Path((*over, (1, 1, 1), (0, 1, 1), (0, middle + 0.05, 1), (right, middle - 0.05, 1)), True),))
    return Glyph((_loop(left, 0, right, middle), _loop(0, middle, 1, 1)))


def _a(s: Style) -> Glyph:
    inner = 0.5 * (1 - s.bar_a) + 0.04
    legs = _line((0, 1), *_apex(s, 0), (1, 1))
    return Glyph((legs, _line((inner, s.bar_a), (1 - inner, s.bar_a))), 1 + 0.1 * s.spread, 0.25)


def _b(s: Style) -> Glyph:
    right, middle, stem = 1 - s.inset, s.waist, s.spine
    upper = _line((0, 0), (right, 0, 1), (right, middle, 1), (stem, middle))
    lower = _line((stem, middle), (1, middle, 1), (1, 1, 1), (0, 1))
    return Glyph((upper, lower, _line((stem, 0), (stem, 1))), 1 + 0.03 * s.spread)


def _c(s: Style) -> Glyph:
    corners = (1, 0.5), (1, 0, 1), (0, 0, 1), (0, 1, 1), (1, 1, 1), (1, 0.5)
    return Glyph((Path(corners, start=s.opening, end=1 - s.opening),), 1 + 0.05 * s.spread)


def _d(s: Style) -> Glyph:
    bow = _line((0, 0), (1, 0, 1), (1, 1, 1), (0, 1))
    return Glyph((bow, _line((s.spine, 0), (s.spine, 1))), 1 + 0.06 * s.spread)


def _e(s: Style) -> Glyph:
    arms = _line((1, 0), (0, 0), (0, 1), (1, 1))
    return Glyph((arms, _line((0, s.waist), (s.arm_e, s.waist))), 1 - 0.12 * s.spread)


def _f(s: Style) -> Glyph:
    return Glyph((_line((1, 0), (0, 0), (0, 1)), _line((0, s.waist), (s.arm_f, s.waist))), 1 - 0.14 * s.spread)


def _g(s: Style) -> Glyph:
    bar = ((1, s.bar_g), (0.59, s.bar_g)) if s.g != "spur" else ((1, s.bar_g),)
    bow = Path(((1, 0.4), (1, 0, 1), (0, 0, 1), (0, 1, 1), (1, 1, 1), *bar), start=min(s.opening, s.bar_g - 0.27))
    spur = (_line((1, 0.72), (1, 1)),) if s.g != "bar" else ()
    return Glyph((bow, *spur), 1 + 0.08 * s.spread)


def _h(s: Style) -> Glyph:
    return Glyph((_line((0, 0), (0, 1)), _line((1, 0), (1, 1)), _line((0, s.waist), (1, s.waist))))


def _i(s: Style) -> Glyph:
    if s.i == "bar":
        return Glyph((_line((0, 0), (0, 1)),), 0)
    return Glyph((_line((0.5, 0), (0.5, 1)), _line((0, 0), (1, 0)), _line((0, 1), (1, 1))), s.width_i)


def _j(s: Style) -> Glyph:
    hook = Path(((1, 0), (1, 1, 1), (0, 1, 1), (0, 0.5)), end=1 - s.hook_j)
    bars = {"bar": (_line((0.3, 0), (1, 0)),), "serif": (_line((0.5, 0), (1.4, 0)),)}
    return Glyph((hook, *bars.get(s.j, ())), s.width_j)


def _k(s: Style) -> Glyph:
    stem, fork = _line((0, 0), (0, 1)), s.fork_k
    if s.k == "meeting":
        return Glyph((stem, _line((1, 0), (0.08, fork - 0.04), (1, 1))), 1 + 0.06 * s.spread)
    branch = 0.36
    return Glyph(
        (stem, _line((1, 0), (0.14, 0.86 * fork)), _line((branch, fork * (1 - branch)), (1, 1))), 1 + 0.06 * s.spread
    )


def _l(s: Style) -> Glyph:
    return Glyph((_line((0, 0), (0, 1), (1, 1)),), s.width_l * (1 - 0.12 * s.spread))


def _m(s: Style) -> Glyph:
    vertex = min(s.vertex_m, 1.0)
    legs = _line((0, 1), (s.splay_m, 0), (0.5, vertex), (1 - s.splay_m, 0), (1, 1))
    width = 1 + (s.width_m - 1) * (0.4 + 0.6 * s.spread)
    return Glyph((legs,), width, 0.21 * width)


def _n(s: Style) -> Glyph:
    return Glyph((_line((0, 1), (0, 0), (1, 1), (1, 0)),), 1 + 0.06 * s.spread, 0.25)


def _o(s: Style) -> Glyph:
    return Glyph((_loop(0, 0, 1, 1),), 1 + 0.08 * s.spread)


def _p(s: Style) -> Glyph:
    return Glyph((_line((0, 1), (0, 0), (1, 0, 1), (1, s.bowl, 1), (0, s.bowl)),))


def _q(s: Style) -> Glyph:
    tails = {"crossing": ((0.52, 0.68), (1.06, 1.03)), "inside": ((0.45, 0.62), (0.96, 0.97)),
             "outside": ((0.75, 0.82), (1.16, 1.02))}  # fmt: skip
    return replace(_o(s), paths=(*_o(s).paths, _line(*tails[s.q])))


def _r(s: Style) -> Glyph:
    bowl, width = _p(s).paths, 1 + 0.05 * s.spread
    if s.r == "curved":
        return Glyph((*bowl, _line((0.3, s.bowl), (1, s.bowl, 0.8), (1, 1))), width)
    return Glyph((*bowl, _line((s.leg_r, s.bowl + 0.04), (1, 1))), width)


def _s(s: Style) -> Glyph:
    left, right, middle, slope = s.inset, 1 - s.inset, s.waist, s.slope_s
    upper = (right, 0.3), (right, 0, 1), (left, 0, 1), (left, middle - slope, 1)
    lower = (1, middle + slope, 1), (1, 1, 1), (0, 1, 1), (0, 0.7)
    return Glyph((Path((*upper, *lower), start=s.opening, end=1 - s.opening),))


def _t(s: Style) -> Glyph:
    return Glyph((_line((0, 0), (1, 0)), _line((0.5, 0), (0.5, 1))), 1 - 0.05 * s.spread)


def _u(s: Style) -> Glyph:
    return Glyph((_line((0, 0), (0, 1, 1), (1, 1, 1), (1, 0)),), 1 + 0.04 * s.spread)


def _v(s: Style) -> Glyph:
    return Glyph((_line((0, 0), *_apex(s, 1), (1, 0)),), 1 + 0.08 * s.spread, 0.27)


def _w(s: Style) -> Glyph:
    foot = max(s.splay_w, 0.0) * 0.46
    legs = _line((0, 0), (foot, 1), (0.5, max(s.vertex_w, 0.0)), (1 - foot, 1), (1, 0))
    width = 1 + (s.width_w - 1) * (0.4 + 0.6 * s.spread)
    return Glyph((legs,), width, 0.19 * width)


def _x(s: Style) -> Glyph:
    return Glyph((_line((0, 0), (1, 1)), _line((1, 0), (0, 1))), 1 + 0.06 * s.spread)


def _y(s: Style) -> Glyph:
    arms = _line((0, 0), (0.5, s.fork_y), (1, 0))
    return Glyph((arms, _line((0.5, s.fork_y + 0.05), (0.5, 1))), 1 + 0.06 * s.spread)


def _z(s: Style) -> Glyph:
    cross = (_line((0.2, 0.5), (0.8, 0.5), pen=0.8),) if s.z == "crossed" else ()
    return Glyph((_line((0, 0), (1, 0), (0, 1), (1, 1)), *cross), 1 - 0.04 * s.spread)


def build_glyph(character: str, style: Style) -> Glyph:
    """Build the strokes of a character of `STROKE_ALPHABET`, with the style's serifs."""
    glyph = _BUILDERS[STROKE_ALPHABET.index(character)](style)
    if character.isalpha():
        glyph = replace(glyph, width=glyph.width * style.letter_width)
    return replace(glyph, paths=(*glyph.paths, *_serifs(glyph, style.serif))) if style.serif and glyph.width else glyph


def _serifs(glyph: Glyph, length: float) -> list[Path]:
    """Give a bar across each steep end on the outer rows."""
    ends = [way[:2] for path in glyph.paths if not path.closed for way in (path.corners, path.corners[::-1])]
    steep = [
        end[:2] for end, towards in ends if end[1] in (0, 1) and abs(towards[0] - end[0]) < abs(towards[1] - end[1])
    ]
    return [_line((x - length, y), (x + length, y), pen=0.8) for x, y in steep]


STROKE_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BUILDERS: tuple[Callable[[Style], Glyph], ...] = (
    *(_zero, _one, _two, _three, _four, _five, _six, _seven, _eight, _nine),
    *(_a, _b, _c, _d, _e, _f, _g, _h, _i, _j, _k, _l, _m),
    *(_n, _o, _p, _q, _r, _s, _t, _u, _v, _w, _x, _y, _z),
)
