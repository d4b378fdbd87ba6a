"""The reply: the advice again, in the order that was measured, with what each loss reached on held-out rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from losses.advice.answer import Advice, Recommendation, json_safe
from losses.advice.firmness import Confidence

SHORT = 36  # characters of a loss in a table


@dataclass(frozen=True)
class Measured:
    """What a loss cost on held-out folds, and how that compares with the leader, the lowest mean, on the same folds.

    ``mean`` is lower for better losses (1 − accuracy …), ``score`` is the metric as it is usually told; ``difference``
    is in the metric's unit, ``relative`` its share of the leader's mean; ``tie`` says that the interval covers 0, or is
    not known, ``close`` that the difference is at most one standard error. ``rows`` are those that a model was trained
    with; ``heat`` tells them if not all.
    """

    loss: str
    mean: float
    score: float
    se: float | None
    folds: int
    seconds: float
    difference: float
    interval: tuple[float, float] | None
    relative: float | None
    relative_interval: tuple[float, float] | None
    tie: bool
    close: bool
    rows: int
    dropped: bool
    heat: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        found: dict[str, Any] = json_safe(asdict(self))
        return found

    @property
    def figure(self) -> str:
        """The score with its standard error."""
        return with_error(self.score, self.se)

    @property
    def short(self) -> str:
        """The loss, without its parameters where they are long."""
        return self.loss if len(self.loss) <= SHORT else self.loss.partition(":")[0]


def with_error(value: float, error: float | None) -> str:
    """A number with its error, to two digits of the error.

    >>> with_error(3.21456, 0.1234)
    '3.21 ± 0.12'
    """
    if not error:
        return f"{value:.4g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def gap(difference: float, ends: tuple[float, float], base: float | None, sign: str = "") -> str:
    """A difference with its interval: in percent of ``base``, or as it is where there is none.

    >>> gap(0.41, (0.2, 0.63), 10.0), gap(0.021, (0.01, 0.033), None)
    ('4.1% [2.0, 6.3]', '0.021 [0.010, 0.033]')
    """
    if base:
        share, low, high = (100 * x / base for x in (difference, *ends))
        return f"{share:{sign}.1f}% [{low:.1f}, {high:.1f}]"
    return f"{difference:{sign}.3f} [{ends[0]:.3f}, {ends[1]:.3f}]"


@dataclass(frozen=True)
class Raced(Recommendation):
    """A recommendation with what was measured of it; None where the budget did not reach it."""

    measured: Measured | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return super().to_dict() | {"measured": self.measured.to_dict() if self.measured else None}


def settled(ranked: Sequence[Raced]) -> Confidence:
    """How firmly the first stands, from what was measured."""
    rows = [found.measured for found in ranked if found.measured]
    if len(rows) < 2:
        return Confidence("weak", None, "weak: the budget measured no second loss")
    ties = [row.short for row in rows[1:] if row.tie]
    if ties:
        return Confidence("tie", None, f"a tie with {', '.join(ties)}: the difference may be chance")
    return Confidence("firm", None, f"firm: {rows[1].short} is worse by more than chance")


@dataclass(frozen=True)
class Race(Advice):
    """The answer to one question, measured: the loss with the best mean first, and what ties with it told."""

    metric: str
    lower_is_better: bool
    trainer: str
    complete: bool
    notes: tuple[str, ...]

    @property
    def measured(self) -> tuple[Measured, ...]:
        """A row for each loss that was measured, in the order of ``ranked``."""
        rows = (found.measured for found in self.ranked if isinstance(found, Raced))
        return tuple(row for row in rows if row)

    @property
    def answer(self) -> str:
        """The answer in one plain sentence."""
        return f"Train with {self.best.usage}: {self.best.evidence}." if self.measured else super().answer

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        own = {name: getattr(self, name) for name in ("metric", "lower_is_better", "trainer", "complete")}
        rows = [row.to_dict() for row in self.measured]
        return super().to_dict() | own | {"notes": list(self.notes), "measured": rows}

    def _head(self) -> list[str]:
        return [self.answer, *(f"  · {reason}" for reason in self.best.reasons[bool(self.measured) :])]

    def _others(self) -> list[str]:
        if not self.measured:
            return [*super()._others(), *self._noted()]
        better = "lower" if self.lower_is_better else "higher"
        rows = [(str(i), row.short, row.figure, self._against(row)) for i, row in enumerate(self.measured, 1)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        heads = ["", f"Measured: {self.metric}, {better} is better; {self.trainer}"]
        lines = ["  " + "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]
        return [*heads, *lines, *self._noted()]

    def _noted(self) -> list[str]:
        return ["", *(f"  {note}" for note in self.notes)] if self.notes else []

    def _against(self, row: Measured) -> str:
        """The difference to the leader: what it costs more, or its score lacks."""
        if not row.difference and not row.dropped:
            return f"the best figure, over {row.folds} folds"
        found = self._gap(row)
        if row.dropped:
            return f"{found}, dropped after {row.folds} folds{row.heat}"
        return f"{found}, a tie" if row.tie else found

    def _gap(self, row: Measured) -> str:
        if row.interval is None:
            return f"{row.difference:+.3g}, one fold only"
        if self.lower_is_better:
            return gap(row.difference, row.interval, row.mean - row.difference, sign="+")
        return gap(-row.difference, (-row.interval[1], -row.interval[0]), None, sign="+")
