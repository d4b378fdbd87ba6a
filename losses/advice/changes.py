"""What would change the answer: one turn, one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from losses.advice.for_classes import overconfident
from losses.advice.question import Question
from losses.words import filled


@dataclass(frozen=True)
class Turn:
    """Something that the user knows and we do not, and that would change the answer."""

    id: str
    when: Callable[[Question], bool]
    says: str


def _numbers(q: Question) -> bool:
    return q.task == "regression"


NOT_TOTALS = ("median", "geometric_mean", "relative_median", "near_median", "centre")

TURNS = (
    Turn(
        "metric", lambda q: not q.stated and _numbers(q),
        "If you are judged by absolute error, train for the median: MAE.",
    ),
    Turn(
        "totals",
        lambda q: _numbers(q) and q.functional in NOT_TOTALS,
        "If totals or averages must come out right, train for the mean: metric rmse or goal total.",
    ),
    Turn(
        "costs", lambda q: _numbers(q) and not q.costs,
        "If missing low and missing high cost differently, name costs: a quantile.",
    ),
    Turn(
        "model", lambda q: q.functional == "mean" and q.model is None and q.nonnegative,
        "If the model is boosted trees, a Tweedie or Poisson loss with log link; name the model or framework.",
    ),
    Turn(
        "outliers", lambda q: q.functional == "mean" and q.of_numbers and q.p.outlier_share > 0.01,
        "If the far values are errors of measurement, a robust loss: require robust.",
    ),
    Turn(
        "true-tails", lambda q: q.functional == "centre",
        "If the far values are true and count in full, train for the mean: MSE."
    ),
    Turn(
        "class-costs", lambda q: q.task == "classification" and not q.costs,
        "If a miss and a false alarm cost differently, name costs: the same loss with another threshold.",
    ),
    Turn(
        "early-stopping",
        lambda q: q.task == "classification" and q.functional == "probability" and q.stated and overconfident(q),
        "If training stops early by the log loss of held-out rows, the model is not too sure: plain cross-entropy.",
    ),
    Turn(
        "each-class-alike",
        lambda q: q.task == "classification" and q.functional in ("probability", "decision") and bool(q.shares),
        "If each class counts alike, metric balanced_accuracy: the same loss, decided by priors.",
    ),
    Turn(
        "rival", lambda q: len(q.p.kinds) > 1 and bool(q.p.n) and q.p.kinds[0].share < 0.9,
        "If the target is really {rival}, other losses may fit: name the task.",
    ),
    Turn(
        "misses", lambda q: q.functional == "overlap" and q.foreground >= 0.05,
        "If misses cost more than false alarms, Tversky.",
    ),
)  # fmt: skip


def would_change(q: Question) -> tuple[str, ...]:
    """The turns that apply, as sentences."""
    rival = q.p.kinds[1].id.replace("_", " ") if len(q.p.kinds) > 1 else ""
    return tuple(filled(turn.says, q=q, p=q.p, rival=rival) for turn in TURNS if turn.when(q))
