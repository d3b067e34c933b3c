"""Pages of plots, and the marks that Vega draws, without a browser."""

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import vl_convert


class Page(HTMLParser):
    """A page of plots.

    Attributes:
        scripts: the number of its scripts.
        addresses: what its elements have the browser fetch.
        specifications: its plots in Vega-Lite.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts = 0
        self.addresses: list[str] = []
        self.specifications = [json.loads(plot) for plot in re.findall(r"^ *var spec = (.*);$", text, re.MULTILINE)]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def marks(specification: dict[str, Any], kind: str) -> list[ElementTree.Element]:
    """The marks of one kind ("line", "point", "rect", "text") in a plot's picture, without axes and legends."""
    return _with_role(specification, kind, f"{kind} mark")


def axis(specification: dict[str, Any], letter: str) -> tuple[str, float, float]:
    """An axis' title, and the numbers that it goes from and to."""
    labels = [element.get("aria-label", "") for element in _with_role(specification, "axis")]
    (label,) = [label for label in labels if label.startswith(f"{letter.upper()}-axis")]
    found = re.fullmatch(r".* titled '(.*)' for a linear scale with values from (.*) to (.*)", label)
    assert found, label
    return found[1], float(found[2]), float(found[3])


def _with_role(specification: dict[str, Any], *roles: str) -> list[ElementTree.Element]:
    picture = ElementTree.fromstring(vl_convert.vegalite_to_svg(specification))
    return [element for element in picture.iter() if element.get("aria-roledescription") in roles]
