"""SVG as text: elements, the frame of a plot with its scales, and the colours.

Colours stand as attributes, so that a picture is whole by itself; a page that gives ``.c0`` … ``.c5`` a colour of its
own overrides them. No style, no script: a picture can stand in a page that allows neither.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

WIDE, LEAST_WIDE, MOST_WIDE = 640, 240, 1600
COLOURS = ("#2f74c0", "#d1660d", "#1b8a6b", "#b2457f", "#8a7400", "#5b6b7a")  # told apart by the colour-blind too
DASHES = ("none", "7 3", "2 3", "9 3 2 3", "4 4", "1 2")
LETTER = 6.6  # what a character of a label takes, about
LINE = 16  # from one line of text to the next

Scale = Callable[[float], float]


def escaped(text: str) -> str:
    """Text that no reader of XML takes for anything else; what cannot be printed is a dot.

    >>> escaped('<a b="1">\\x00')
    '&lt;a b=&quot;1&quot;&gt;·'
    """
    plain = "".join(c if c.isprintable() else "·" for c in text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def element(tag: str, *inside: str, **attributes: Any) -> str:
    """An element; ``stroke_width=2`` is written ``stroke-width="2"``, numbers are cut to a hundredth of a pixel.

    >>> element("rect", x=1.23456, class_="bar")
    '<rect x="1.23" class="bar"/>'
    """
    written = "".join(f' {name.strip("_").replace("_", "-")}="{_short(value)}"' for name, value in attributes.items())
    body = "".join(inside)
    return f"<{tag}{written}>{body}</{tag}>" if body else f"<{tag}{written}/>"


def _short(value: float | str) -> str:
    return escaped(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def label(x: float, y: float, text: str, anchor: str = "start", **attributes: Any) -> str:
    """A line of text."""
    given = {"x": x, "y": y, "text_anchor": anchor, "fill": "currentColor"} | attributes
    return element("text", escaped(text), **given)


def tip(text: str) -> str:
    """What a reader sees who points at the element it stands in."""
    return element("title", escaped(text))


def colour(i: int, of: str = "fill") -> dict[str, Any]:
    """The attributes of the i-th thing that is shown."""
    i %= len(COLOURS)
    return {"class_": f"c{i} {of}", of: COLOURS[i]}


def picture(width: float, height: float, name: str, parts: Iterable[str]) -> str:
    """The whole, under a name that is read out to those who cannot see it."""
    return element(
        "svg", tip(name), *parts,
        xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {width:g} {height:g}", width=width, height=height,
        role="img", aria_label=name, font_family="system-ui, sans-serif", font_size=12,
    )  # fmt: skip


def number(x: float) -> str:
    """A number for people.

    >>> number(1234567), number(0.00001234), number(-2.5)
    ('1,234,567', '1.23e-05', '-2.5')
    """
    plain = 0.001 <= abs(x) < 1e9 or x == 0
    digits = max(0, 4 - len(str(int(abs(x))))) if plain else 0
    text = f"{x:,.{digits}f}" if plain else f"{x:.3g}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two ends.

    >>> ticks(0, 97)
    [0.0, 20.0, 40.0, 60.0, 80.0]
    """
    if not 0 < high - low < math.inf:
        return [low]
    rough = (high - low) / max(most - 1, 1)
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * step for step in (1, 2, 2.5, 5, 10) if size * step >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) if abs(i * step) < 1e9 else i * step for i in range(first, last + 1)]


def decades(low: float, high: float, most: int = 6) -> list[float]:
    """Powers of ten between two positive ends, and their halves and fifths where there are few.

    >>> decades(3, 1200)
    [10.0, 100.0, 1000.0]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps in ((1, 2, 5), (1,)):
        found = [float(f"{s}e{e}") for e in range(first, last + 1) for s in steps]
        found = [x for x in found if low <= x <= high]
        if len(found) <= most:
            return found
    return found[:: -(-len(found) // most)]


@dataclass(frozen=True)
class Frame:
    """The place of a plot inside its picture, with both ends of both axes."""

    left: float
    top: float
    right: float
    bottom: float
    xs: tuple[float, float]
    ys: tuple[float, float]
    logs: bool = False

    def x(self, at: float) -> float:
        """Where a number lies from left to right."""
        low, high, at = (math.log(v) for v in (*self.xs, at)) if self.logs else (*self.xs, at)
        return self.left + (at - low) / (high - low) * (self.right - self.left)

    def y(self, at: float) -> float:
        """Where a number lies, counted from the top."""
        low, high = self.ys
        return self.bottom - (at - low) / (high - low) * (self.bottom - self.top)

    def along(self, says: str, far: bool = False) -> Iterator[str]:
        """The axis below; its words stand beneath it."""
        most = max(2, int((self.right - self.left) / 75))
        yield line(self.left, self.bottom, self.right, self.bottom, 0.5)
        for at in (decades if self.logs else ticks)(*self.xs, most + 1):
            yield line(self.x(at), self.bottom, self.x(at), self.bottom + 4, 0.5)
            yield label(self.x(at), self.bottom + 17, number(at), "middle")
        yield label((self.left + self.right) / 2, self.bottom + 34, says, "middle", class_="quiet")

    def up(self, most: int = 5) -> Iterator[str]:
        """Fine lines across, each with its number."""
        for at in ticks(*self.ys, most):
            yield line(self.left, self.y(at), self.right, self.y(at), 0.12)
            yield label(self.left - 6, self.y(at) + 4, number(at), "end")


def line(x1: float, y1: float, x2: float, y2: float, opacity: float = 1.0, **attributes: Any) -> str:
    """A straight line."""
    given = {"stroke": "currentColor", "stroke_opacity": opacity} | attributes
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **given)


def path(points: Sequence[tuple[float, float]]) -> str:
    """The ``d`` of a line through points."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
