"""The shape of a warning: one pitfall, one row, one stable code, this column's numbers in its sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from losses.advice.candidates import Candidate
from losses.advice.question import Question
from losses.words import filled

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Notice:
    """A pitfall that this column, this wish or this loss runs into."""

    code: str
    severity: Severity
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return {"code": self.code, "severity": self.severity, "message": self.message, "data": dict(self.data)}


@dataclass(frozen=True)
class Pitfall:
    """A pitfall fires on a question, or on a candidate too where ``which`` is given; ``message`` holds its numbers.

    What ``doubts`` the question itself leaves no answer firm.
    """

    code: str
    severity: Severity
    when: Callable[[Question], bool]
    message: str
    which: Callable[[Question, Candidate], bool] | None = None
    data: Callable[[Question], dict[str, Any]] = lambda q: {}
    doubts: bool = field(default=False, kw_only=True)
    source: str = field(kw_only=True)

    def warn(self, q: Question, c: Candidate | None = None) -> Notice:
        """The warning, with the numbers in it."""
        data = self.data(q)
        return Notice(self.code, self.severity, filled(self.message, q=q, p=q.p, c=c, **data), data)


def of_mean(q: Question, value: float) -> dict[str, Any]:
    """A constant prediction against the mean: the share of the total that it would make."""
    return {"constant": value, "mean": q.p.mean, "share_of_total": value / q.p.mean if q.p.mean else 0.0}


def geometric_mean(q: Question) -> float:
    """The best constant for MSLE."""
    y, rows = q.p.sketch.weighted()
    return float(np.expm1(np.average(np.log1p(y), weights=rows)))
