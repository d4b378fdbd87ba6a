"""What a loss would predict if it knew nothing but this column: the best constant, its total, whom it overshoots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from losses.advice.facts import relative_median
from losses.advice.pitfall import geometric_mean
from losses.advice.question import Question
from losses.core import Loss
from losses.layouts import Elementwise, Signed
from losses.words import number

Floats = npt.NDArray[np.float64]

POINTS = 257  # of the column, on which a constant is looked for
GRID = 65  # constants tried at once, between two neighbours of the best of the last grid
ROUNDS = 3
FAR = 30.0  # a logit that is as good as certain


@dataclass(frozen=True)
class Constant:
    """The best constant under a loss.

    ``value`` is in the target's unit, or the probability of the second class; ``share_of_total`` is its sum over all
    rows as a share of the target's own; ``over`` is the share of rows that lie below it, so that it overshoots them.
    """

    value: float
    share_of_total: float | None
    over: float

    def __str__(self) -> str:
        share = "" if self.share_of_total is None else f", {self.share_of_total:.0%} of the total"
        return f"alone it predicts {number(self.value)}{share}, above {self.over:.0%} of rows"

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return asdict(self)


KNOWN: dict[str, Callable[[Question], float]] = {  # what is elicited, where a formula gives it
    "mean": lambda q: q.p.mean,
    "probability": lambda q: q.p.mean,
    "smeared_mean": lambda q: q.p.mean,
    "median": lambda q: q.p.median,
    "median_of_logs": lambda q: q.p.median,
    "geometric_mean": geometric_mean,
    "relative_median": relative_median,
}


def constant(q: Question, loss: Any, elicits: str) -> Constant | None:
    """The best constant of a loss that serves by what it ``elicits``; None where one number is no prediction.

    >>> from losses import MAE, profile
    >>> from losses.advice.question import ask
    >>> constant(ask(profile([0.0] * 60 + [10.0, 20.5] * 20), metric="mae"), MAE(), "median")
    Constant(value=0.0, share_of_total=0.0, over=0.0)
    """
    if not isinstance(loss, Loss):
        return None
    if q.of_numbers:
        elicits = "mean" if "var" in loss.inputs else elicits  # a Gaussian's location
        if elicits in KNOWN:
            with np.errstate(all="ignore"):
                return _judged(q, KNOWN[elicits](q))
        return _judged(q, _searched(q, loss)) if one_number(loss) else None
    two = len(q.shares) == 2 and q.task == "classification" and loss.about.elicits != "decision"
    return _prevalence(loss, q.shares[1]) if two and one_number(loss) else None


def one_number(loss: Loss) -> bool:
    """Whether its prediction is a number a row, on the target's scale or the logit's."""
    several = isinstance(getattr(loss, "tau", None), tuple)
    return isinstance(loss, Elementwise) and not isinstance(loss, Signed) and not several


def _searched(q: Question, loss: Loss) -> float:
    y, rows = _thinned(*q.p.sketch.weighted())
    return _least(
        lambda c: rows @ loss.value(y[:, None], c[None, :]), np.unique(y[np.linspace(0, y.size - 1, GRID).astype(int)])
    )


def _prevalence(loss: Loss, share: float) -> Constant:
    domain = loss.inputs["y_pred"]
    logits = domain.infinite
    ends = (-FAR, FAR) if logits else (0.0, 1.0)
    y, rows = np.array([0.0, 1.0]), np.array([1 - share, share])
    best = _least(lambda c: rows @ loss.value(y[:, None], c[None, :]), np.linspace(*ends, GRID))
    value = 1 / (1 + float(np.exp(-best))) if logits else best
    return Constant(value, value / share if share else None, 1 - share)


def _least(cost: Callable[[Floats], Floats], grid: Floats) -> float:
    """Where a cost is least: on a grid, then on finer ones between the neighbours of the best."""
    with np.errstate(all="ignore"):
        for _ in range(ROUNDS):
            best = _lowest(cost(grid))
            around = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
            middle = grid[best]
            grid = np.unique(np.append(np.linspace(*around, GRID), middle))
        return float(grid[_lowest(cost(grid))])


def _lowest(costs: Floats) -> int:
    """The place of the least cost; the first where no constant has one."""
    return int(np.where(np.isnan(costs), np.inf, costs).argmin())


def _thinned(y: Floats, rows: Floats) -> tuple[Floats, Floats]:
    """At most so many points of a column, each for the rows around it."""
    if y.size <= POINTS:
        return y, rows
    group = np.minimum((np.cumsum(rows) - rows / 2) / rows.sum() * POINTS, POINTS - 1).astype(int)
    heft = np.bincount(group, rows).astype(np.float64)
    used = heft > 0
    return np.bincount(group, rows * y)[used] / heft[used], heft[used]


def _judged(q: Question, value: float) -> Constant:
    y, rows = q.p.sketch.weighted()
    share = value / q.p.mean if q.p.mean else None
    return Constant(value, share, float(rows[y < value].sum() / rows.sum()))
