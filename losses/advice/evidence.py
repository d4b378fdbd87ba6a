"""What was measured of a loss, beside its source: the figures of ``evidence.json``, which ``benchmarks.regret`` writes.

They are kept as "metric, model, condition on the target" -> loss -> tasks, share of tasks on which the loss was within
1% of the best, mean regret (relative excess over the best loss), standard error of that mean.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from losses.advice import vocabulary as v
from losses.advice.question import Question
from losses.core import Loss
from losses.profile import Profile
from losses.sums import Sum

FILE = Path(__file__).with_name("evidence.json")
FEWEST = 10  # tasks below which a figure says nothing
UNEVEN = 3.0  # rows of the largest class to one of the smallest


@dataclass(frozen=True)
class Condition:
    """A sort of target that figures are kept of by themselves: of numbers, of classes, or of either (None)."""

    id: str
    classes: bool | None
    holds: Callable[[Profile], bool]
    says: str


CONDITIONS = (
    Condition("nonnegative", False, lambda p: p.nonnegative, " with y >= 0"),
    Condition("uneven", True, lambda p: p.imbalance_ratio >= UNEVEN, f" with classes at least {UNEVEN:g} to 1"),
    Condition("any", None, lambda p: True, ""),
)


def conditions(p: Profile, classes: bool) -> list[Condition]:
    """Those that a target meets, the closest first."""
    return [row for row in CONDITIONS if row.classes in (classes, None) and row.holds(p)]


SAME = {  # a loss with the gradient of another, on one output or two
    "poisson_deviance": "poisson_nll",
    "bce_with_logits": "cross_entropy",
    "weighted_bce": "weighted_ce",
    "hinge": "multiclass_hinge",
}
SET_BY_DATA = ("huber", "weighted_ce", "weighted_bce", "class_balanced_ce")  # in the measurement as in the advice

DECIDING = ("prior_adjusted_decision", "threshold")  # steps after training that change the decision


class Figure(NamedTuple):
    """How a loss did on tasks like this one."""

    tasks: int
    close: float
    regret: float
    error: float


def evidence(q: Question, loss: Loss | Sum, transform: str | None, post: Iterable[str], source: str) -> str:
    """The figure where there is one, and the source always."""
    if q.model is None or transform or not isinstance(loss, Loss):
        return source
    metric, name = measured_by(q), name_of(loss, post)
    for row in conditions(q.p, q.of_classes):
        if found := figures().get(key(metric, q.model, row.id), {}).get(name):
            return f"{says(metric, q.model, row, Figure(*found))}; source: {source}"
    return source


def key(metric: str, model: str, condition: str) -> str:
    """Where figures are kept."""
    return f"{metric}, {model}, {condition}"


def says(metric: str, model: str, where: Condition, found: Figure) -> str:
    """A figure in words."""
    return (
        f"by {metric} within 1% of the best loss on {found.close:.0%} of {found.tasks} {model} tasks{where.says} "
        f"(mean regret {found.regret:.3f} ± {found.error:.3f})"
    )


def measured_by(q: Question) -> str:
    """The metric whose figures speak to a question: its own, one with the same order, or one of its functional."""
    if q.metric is None:
        like = [m.id for m in v.METRICS if m.functional == q.functional and not m.level]
    else:
        same = [m.id for m in v.METRICS if m.losses and not m.level and _order(m) == _order(q.metric)]
        like = [q.named, *same]
    measured = {where.partition(", ")[0] for where in figures()}
    return next((name for name in like if name in measured), "")


def name_of(loss: Loss, post: Iterable[str]) -> str:
    """How a loss is called in the figures: with the parameters that it was measured with, and how one decides."""
    spec = loss.about.id if loss.about.id in SET_BY_DATA else str(loss)
    return " with ".join([SAME.get(spec, spec), *(step for step in post if step in DECIDING)])


@functools.cache
def figures() -> dict[str, Any]:
    """The file."""
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def _order(metric: v.Metric) -> tuple[str, tuple[str, ...]]:
    """Metrics that agree on it rank predictions alike, or nearly."""
    return metric.functional, metric.losses
