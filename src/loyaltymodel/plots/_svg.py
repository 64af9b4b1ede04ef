"""A picture as SVG that stands in a page: the same letters every time, and nothing from outside."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.axes import Axes

from loyaltymodel.plots._style import figure_of, off_screen

# Letters are drawn as shapes, so that nobody needs the font; names in the file follow from its
# content alone, and images stand in it.
_LOOK: dict[Any, Any] = {
    "svg.hashsalt": "loyaltymodel",
    "svg.fonttype": "path",
    "svg.image_inline": True,
}
_HEAD = re.compile(r"^.*?<svg\b[^>]*?viewBox=\"([^\"]+)\"[^>]*>", re.DOTALL)
# Comments have the texts of the picture; a style in a page would hold for all of the page.
_LEFT_OUT = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<style\b.*?</style>", re.DOTALL)
_ID = re.compile(r' id="([^"]*)"')
_USE = re.compile(r"(?:xlink:href=\"#|url\(#)([^\")]+)")
_BETWEEN = re.compile(r">\s+<")


class Svg(NamedTuple):
    """What stands inside an ``svg`` element, the part that is seen, and its size in points."""

    content: str
    view_box: str
    width: float
    height: float


def as_svg(draw: Callable[[], Axes], *, prefix: str) -> Svg:
    """Draw a picture, without a window, as what stands inside an ``svg`` element.

    Ids begin with the prefix, so that several pictures can stand in one page.
    """
    written = io.StringIO()
    with off_screen():
        figure = figure_of(draw())
        with rc_context(_LOOK):
            figure.savefig(written, format="svg", bbox_inches="tight", metadata={"Date": None})
    text = written.getvalue()
    head = _HEAD.match(text)
    if head is None:
        raise ValueError("matplotlib has written no SVG")
    body = _LEFT_OUT.sub("", text[head.end() : text.rindex("</svg>")])
    used = set(_USE.findall(body))
    body = _ID.sub(lambda m: f' id="{prefix}{m[1]}"' if m[1] in used else "", body)
    body = _USE.sub(lambda m: f"{m[0].removesuffix(m[1])}{prefix}{m[1]}", body)
    _, _, width, height = map(float, head[1].split())
    return Svg(_BETWEEN.sub("><", body).strip(), head[1], width, height)
