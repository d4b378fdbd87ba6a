"""What predictions are judged by: one metric, one row. Every cost is lower for better predictions.

A score that is 1 at its best (accuracy, AUC, R² …) costs what it lacks to 1. Rows tell what they read: ``values``,
``probabilities`` of classes, an ``order`` (any score that rises with the class), or ``decisions`` (class numbers).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from losses.advice.question import Question
from losses.catalogue import get
from losses.errors import LossWarning, NotSupported
from losses.profile.column import Array

VALUES, PROBABILITIES, ORDER, DECISIONS = "values", "probabilities", "order", "decisions"
LOW = 0.01  # predictions outside the domain of a metric count as this share of the mean target
BINS = 10  # of equal width, for the calibration error
POWER = 1.5  # of the Tweedie deviance, where the metric names none


@dataclass(frozen=True)
class Case:
    """Truth and prediction of some rows: numbers, or class numbers beside (n,) or (n, k) scores, or decisions."""

    y: Array
    z: Array
    weight: Array | None
    q: Question

    def average(self, costs: Array) -> float:
        """The weighted mean over rows."""
        return float(np.average(costs, weights=self.weight))

    @property
    def table(self) -> Array:
        """Probabilities as (n, k), two classes too."""
        return np.column_stack([1 - self.z, self.z]) if self.z.ndim == 1 else self.z


@dataclass(frozen=True)
class Scorer:
    """A metric: what it reads, what a prediction costs, and the best score where higher is better."""

    id: str
    reads: str
    of: Callable[[Case], float]
    best: float | None = None

    def cost(self, y: Array, z: Array, weight: Array | None, q: Question) -> float:
        """The cost of predictions; lower is better."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LossWarning)  # the advice has said what is odd in this target
            found = self.of(Case(y, z, weight, q))
        return found if self.best is None else self.best - found

    def score(self, cost: float) -> float:
        """The metric as it is usually told."""
        return cost if self.best is None else self.best - cost


def _ours(loss: str, c: Case, **parameters: Any) -> float:
    return float(get(loss, **parameters)(c.y, c.z, c.weight))


def _raised(c: Case) -> Case:
    """Predictions of 0 and less, for which the metric has no value, count as a hundredth of the mean target."""
    return Case(c.y, np.maximum(c.z, LOW * float(np.mean(c.y))), c.weight, c.q)


def _above(c: Case) -> Case:
    return Case(c.y, np.maximum(c.z, min(0.0, float(c.y.min()))), c.weight, c.q)


def _sized(c: Case) -> Case:
    """Rows that are not 0: the others have no relative error."""
    some = c.y != 0
    return Case(c.y[some], c.z[some], None if c.weight is None else c.weight[some], c.q)


def _r2(c: Case) -> float:
    return 1 - c.average((c.y - c.z) ** 2) / c.average((c.y - c.average(c.y)) ** 2)


def _medae(c: Case) -> float:
    from sklearn.metrics import median_absolute_error

    return float(median_absolute_error(c.y, c.z, sample_weight=c.weight))


def _log_loss(c: Case) -> float:
    p = c.table[np.arange(len(c.y)), c.y]
    return c.average(-np.log(np.clip(p, np.finfo(np.float64).eps, 1)))


def _brier(c: Case) -> float:
    if c.z.ndim == 1:
        return c.average((c.z - c.y) ** 2)
    return c.average(((c.z - np.eye(c.z.shape[1])[c.y]) ** 2).sum(axis=1))


def _ece(c: Case) -> float:
    """Confidence against the share of hits, bin by bin: of the second of two classes, or of the likeliest."""
    sure = c.z if c.z.ndim == 1 else c.z.max(axis=1)
    hit = c.y == (1 if c.z.ndim == 1 else c.z.argmax(axis=1))
    weight = np.ones(len(sure)) if c.weight is None else c.weight
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weight * (hit - sure), BINS)
    return float(np.abs(gaps).sum() / weight.sum())


def _costs(c: Case) -> float:
    prices = c.q.costs
    return c.average(np.where(c.z == c.y, 0, np.where(c.y == 1, prices["false_negative"], prices["false_positive"])))


def _decided(name: str, **options: Any) -> Callable[[Case], float]:
    def score(c: Case) -> float:
        from sklearn import metrics

        return float(getattr(metrics, name)(c.y, c.z, sample_weight=c.weight, **options))

    return score


def _f1(c: Case) -> float:
    """Of the second of two classes; of more, the average weighted by their rows."""
    return _decided("f1_score", average="binary" if len(c.q.shares) == 2 else "weighted", zero_division=0)(c)


def _auc(c: Case) -> float:
    from sklearn.metrics import roc_auc_score

    options = {} if c.z.ndim == 1 else {"multi_class": "ovr"}
    return float(roc_auc_score(c.y, c.z, sample_weight=c.weight, **options))


def _precision(c: Case) -> float:
    from sklearn.metrics import average_precision_score

    truth = c.y if c.z.ndim == 1 else np.eye(c.z.shape[1])[c.y]
    return float(average_precision_score(truth, c.z, sample_weight=c.weight))


SCORERS = (
    Scorer("rmse", VALUES, lambda c: math.sqrt(_ours("mse", c))),
    Scorer("mse", VALUES, lambda c: _ours("mse", c)),
    Scorer("r2", VALUES, _r2, best=1.0),
    Scorer("mae", VALUES, lambda c: _ours("mae", c)),
    Scorer("medae", VALUES, _medae),
    Scorer("wape", VALUES, lambda c: c.average(np.abs(c.y - c.z)) / c.average(np.abs(c.y))),
    Scorer("mape", VALUES, lambda c: _ours("mape", _sized(c))),
    Scorer("smape", VALUES, lambda c: _ours("smape", c)),
    Scorer("rmsle", VALUES, lambda c: math.sqrt(_ours("msle", _above(c)))),
    Scorer("msle", VALUES, lambda c: _ours("msle", _above(c))),
    Scorer("pinball", VALUES, lambda c: _ours("quantile", c, tau=c.q.tau)),
    Scorer("poisson_deviance", VALUES, lambda c: _ours("poisson_deviance", _raised(c))),
    Scorer("gamma_deviance", VALUES, lambda c: _ours("gamma_deviance", _raised(c))),
    Scorer("tweedie_deviance", VALUES, lambda c: _ours("tweedie_deviance", _raised(c), power=POWER)),
    Scorer("log_loss", PROBABILITIES, _log_loss),
    Scorer("brier", PROBABILITIES, _brier),
    Scorer("ece", PROBABILITIES, _ece),
    Scorer("roc_auc", ORDER, _auc, best=1.0),
    Scorer("average_precision", ORDER, _precision, best=1.0),
    Scorer("accuracy", DECISIONS, lambda c: c.average(c.y == c.z), best=1.0),
    Scorer("balanced_accuracy", DECISIONS, _decided("balanced_accuracy_score"), best=1.0),
    Scorer("mcc", DECISIONS, _decided("matthews_corrcoef"), best=1.0),
    Scorer("f1", DECISIONS, _f1, best=1.0),
    Scorer("macro_f1", DECISIONS, _decided("f1_score", average="macro", zero_division=0), best=1.0),
    Scorer("cost", DECISIONS, _costs),
)

READS = {"regression": (VALUES,), "classification": (PROBABILITIES, ORDER, DECISIONS)}
ANY = (VALUES, PROBABILITIES, ORDER, DECISIONS)

OWN = {  # the score that is consistent for a functional, where no metric was named
    "mean": "rmse",
    "median": "mae",
    "centre": "mae",
    "quantile": "pinball",
    "relative_median": "mape",
    "near_median": "smape",
    "geometric_mean": "rmsle",
    "probability": "log_loss",
    "ranking": "roc_auc",
    "decision": "accuracy",
    "balanced_decision": "balanced_accuracy",
    "f_decision": "f1",
    "cost_decision": "cost",
}


def scorer(q: Question) -> Scorer:
    """The row of the metric that was named, or the one consistent with what is wanted."""
    reads = READS.get(q.task, ())
    rows = {row.id: row for row in SCORERS if row.reads in reads}
    wanted = q.metric.id if q.metric and not q.costs else OWN.get(q.functional, q.functional)
    if wanted in rows:
        return rows[wanted]
    possible = [row.id for row in SCORERS if row.reads in (reads or ANY) and row.id != "cost"]
    what = f"the metric {wanted}" if q.metric else f"a target of task {q.task} with no metric"
    detail = f"{what} cannot be measured by training models on rows of a table; possible: {', '.join(possible)}"
    raise NotSupported(detail, field="metric", got=wanted, allowed=possible)
