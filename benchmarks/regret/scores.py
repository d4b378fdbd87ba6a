"""How predictions are judged: one metric, one row, in the names of a corpus."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn import metrics

LEAST = 1e-3  # of the mean: a deviance is infinite at 0
BINS = 10


class Metric(NamedTuple):
    """``score`` takes the truth and the predictions, or the class numbers and (n, k) probabilities."""

    id: str
    score: Callable[[Any, Any], float]
    higher_is_better: bool = False


def _relative(y: Any, z: Any) -> float:
    """Of the rows that are not 0: the others have no relative error."""
    some = y != 0
    return float(np.mean(np.abs(z[some] - y[some]) / np.abs(y[some])))


def _log_error(y: Any, z: Any) -> float:
    return float(np.sqrt(np.mean((np.log1p(np.maximum(z, 0)) - np.log1p(y)) ** 2)))


def _deviance(y: Any, z: Any) -> float:
    return float(metrics.mean_poisson_deviance(y, np.maximum(z, LEAST * y.mean())))


def _calibration(y: Any, p: Any) -> float:
    """The mean gap between confidence and hit rate, over bins of the confidence."""
    sure, hit = p.max(axis=1), p.argmax(axis=1) == y
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, sure - hit, BINS)).sum() / len(y))


def _brier(y: Any, p: Any) -> float:
    return float(((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1).mean())


def _log_loss(y: Any, p: Any) -> float:
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], 1e-15)).mean())


def _auc(y: Any, p: Any) -> float:
    if p.shape[1] == 2:
        return float(metrics.roc_auc_score(y, p[:, 1]))
    return float(metrics.roc_auc_score(y, p, multi_class="ovr"))


NUMBERS = (
    Metric("rmse", lambda y, z: float(np.sqrt(np.mean((z - y) ** 2)))),
    Metric("mae", lambda y, z: float(np.mean(np.abs(z - y)))),
    Metric("medae", lambda y, z: float(np.median(np.abs(z - y)))),
)
ABOVE_ZERO = (
    Metric("mape", _relative),
    Metric("rmsle", _log_error),
    Metric("poisson_dev", _deviance),
)
QUANTILE = Metric("pinball90", lambda y, z: float(np.mean(np.maximum(0.9 * (y - z), 0.1 * (z - y)))))
DECISIONS = (
    Metric("accuracy", lambda y, p: float(np.mean(p.argmax(axis=1) == y)), True),
    Metric("balanced_accuracy", lambda y, p: float(metrics.balanced_accuracy_score(y, p.argmax(axis=1))), True),
    Metric("macro_f1", lambda y, p: float(metrics.f1_score(y, p.argmax(axis=1), average="macro")), True),
    Metric("roc_auc", _auc, True),
)
PROBABILITIES = (
    Metric("log_loss", _log_loss),
    Metric("brier", _brier),
    Metric("ece", _calibration),
)
FOR_TWO = (Metric("avg_precision", lambda y, p: float(metrics.average_precision_score(y, p[:, 1])), True),)


def for_numbers(nonnegative: bool) -> tuple[Metric, ...]:
    """The metrics that a target of numbers has."""
    return (*NUMBERS, *(ABOVE_ZERO if nonnegative else ()), QUANTILE)


def of_numbers(y: Any, mean: Any, upper: Any, nonnegative: bool) -> Iterator[tuple[Metric, float]]:
    """Each of them; ``upper`` are predictions of the 0.9 quantile."""
    for metric in for_numbers(nonnegative):
        yield metric, metric.score(y, upper if metric is QUANTILE else mean)


def of_classes(y: Any, p: Any, probabilities: bool) -> Iterator[tuple[Metric, float]]:
    """Each metric of class numbers; those of probabilities only where predictions are such."""
    two = FOR_TWO if p.shape[1] == 2 else ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class that is not among the rows held out
        for metric in (*DECISIONS, *two, *(PROBABILITIES if probabilities else ())):
            yield metric, metric.score(y, p)
