"""What was measured, beside what was wanted, in the terminal or in the README."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

HEAD = ("work", "measured", "target", "stretch", "verdict", "beside")
WIDTHS = (47, 12, 7, 7, 12)


class Target(NamedTuple):
    """A bound on a number (None: there is none), and the one hoped for."""

    unit: str
    sign: str
    bound: float | None = None
    stretch: float | None = None

    def holds(self, measured: float, bound: float | None) -> bool:
        """Whether a number keeps within a bound."""
        return bound is not None and (measured <= bound if self.sign == "<=" else measured >= bound)

    def told(self, bound: float | None) -> str:
        """A bound as text."""
        return "–" if bound is None else f"{self.sign} {bound:g}"

    def verdict(self, measured: float) -> str:
        """Met, met with the stretch, or not."""
        if self.bound is None:
            return "–"
        if not self.holds(measured, self.bound):
            return "NOT MET"
        return "stretch met" if self.holds(measured, self.stretch) else "met"


def at_most(unit: str, bound: float, stretch: float | None = None) -> Target:
    """The less, the better."""
    return Target(unit, "<=", bound, stretch)


def faster(bound: float | None = None, stretch: float | None = None) -> Target:
    """Times as fast as something else."""
    return Target("x", ">=", bound, stretch)


class Row(NamedTuple):
    """One line: a number (None: it could not be measured here) in the unit of its target, and what else there is."""

    work: str
    measured: float | None
    target: Target
    beside: str = ""

    def cells(self) -> tuple[str, ...]:
        """The line as text."""
        known, target = self.measured, self.target
        found = "–" if known is None else f"{known:.3g} {target.unit}"
        verdict = "not measured" if known is None else target.verdict(known)
        return self.work, found, target.told(target.bound), target.told(target.stretch), verdict, self.beside


def head(title: str, markdown: bool) -> str:
    """The title and the names of the columns."""
    if markdown:
        return f"\n**{title}**\n\n{_line(HEAD, True)}\n{_line(['---'] * len(HEAD), True)}"
    return f"\n{title}\n{_line(HEAD, False)}"


def line(row: Row, markdown: bool) -> str:
    """A row of the table."""
    return _line(row.cells(), markdown)


def _line(cells: Iterable[str], markdown: bool) -> str:
    if markdown:
        return f"| {' | '.join(cells)} |"
    return " ".join(f"{cell:{width}}" for cell, width in zip(cells, (*WIDTHS, 0), strict=True)).rstrip()
