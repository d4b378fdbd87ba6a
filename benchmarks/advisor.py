"""``LossAdvisor`` beside the same estimator's default, on the tables of ``benchmarks.regret``, fold by fold.

One cell is a table and a metric. The default trains LightGBM as it comes; the advisor is told the metric and is given
the same LightGBM. Decisions are judged as each makes them: the likeliest class, or what the advisor decides for. A tie
is a difference of at most one standard error of the folds' paired differences.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

import losses
from benchmarks.regret import scores
from benchmarks.regret.corpus import METRICS
from benchmarks.regret.tables import Entry, Table, entries, load
from benchmarks.regret.train import Fold, _folds
from benchmarks.table import Row, Target

Scores = npt.NDArray[np.float64]
MINUTES = 8.0
PERCENT = 0.01  # of the default's score: a tie for those who want one that does not depend on folds
SHARE = Target("%", ">=", 90.0)


class Gain(NamedTuple):
    """By how much of the default's score the advisor's is better, in one cell, and the standard error of that."""

    kind: str
    metric: str
    table: str
    gain: float
    error: float


def rows(minutes: float = MINUTES) -> Iterator[Row]:
    """A row for numbers and one for classes, of the tables that were done when the minutes were over."""
    found = list(_measured(minutes))
    for kind in ("regression", "classification"):
        gains, errors = np.array([(cell.gain, cell.error) for cell in found if cell.kind == kind]).reshape(-1, 2).T
        if len(gains):
            tables = len({cell.table for cell in found if cell.kind == kind})
            beside = (
                f"{len(gains)} cells of {tables} tables; with ties within 1% {np.mean(gains > -PERCENT):.1%}, "
                f"no tie counted {np.mean(gains >= 0):.0%}, "
                f"mean gain {np.mean(np.clip(gains, -1, 1)):+.1%}, median {np.median(gains):+.1%}"
            )
            yield Row(f"LossAdvisor better or tied, {kind}", 100 * float(np.mean(gains >= -errors)), SHARE, beside)


def _measured(minutes: float) -> Iterator[Gain]:
    end = time.monotonic() + 60 * minutes
    mixed = sorted(entries(), key=lambda entry: crc32(entry.id.encode()))
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for work in as_completed([pool.submit(gains, entry) for entry in mixed]):
            yield from work.result()
            if time.monotonic() > end:
                pool.shutdown(cancel_futures=True)
                return


def gains(entry: Entry) -> list[Gain]:
    """The gain by each metric, of the mean of the folds' scores."""
    table = load(entry)
    kind, of_fold = ("regression", _numbers) if table.numeric else ("classification", _classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folds = [list(of_fold(table, fold)) for fold in _folds(table, 0)]
    told = []
    for cells in zip(*folds, strict=True):
        metric = cells[0][0]
        own, ours = np.array([pair for _, *pair in cells]).T
        told.append(Gain(kind, metric.id, entry.id, *_gain(own, ours, metric.higher_is_better)))
    return told


def _gain(own: Scores, ours: Scores, higher_is_better: bool) -> tuple[float, float]:
    """The mean of the folds' differences and its standard error, as shares of the default's score."""
    better = ours - own if higher_is_better else own - ours
    unit = abs(own.mean()) or abs(better.mean()) or 1.0
    return float(better.mean() / unit), float(better.std(ddof=1) / np.sqrt(len(better)) / unit)


def _numbers(table: Table, fold: Fold) -> Iterator[tuple[scores.Metric, float, float]]:
    own = _booster("LGBMRegressor")
    default = own.fit(fold.x, fold.y).predict(fold.new)
    for metric in scores.for_numbers(bool(table.y.min() >= 0)):
        ours = _advised(metric, own).fit(fold.x, fold.y).predict(fold.new)
        yield metric, metric.score(fold.truth, default), metric.score(fold.truth, ours)


def _classes(table: Table, fold: Fold) -> Iterator[tuple[scores.Metric, float, float]]:
    own = _booster("LGBMClassifier")
    default = own.fit(fold.x, fold.y).predict_proba(fold.new)
    two = scores.FOR_TWO if default.shape[1] == 2 else ()
    for metric in (*scores.DECISIONS, *two, *scores.PROBABILITIES):
        model = _advised(metric, own).fit(fold.x, fold.y)
        decides = metric.id in DECIDED
        ours = np.eye(default.shape[1])[model.predict(fold.new)] if decides else model.predict_proba(fold.new)
        yield metric, metric.score(fold.truth, default), metric.score(fold.truth, ours)


DECIDED = ("accuracy", "balanced_accuracy", "macro_f1")


def _advised(metric: scores.Metric, like: Any) -> Any:
    return losses.LossAdvisor(METRICS.get(metric.id, metric.id), like)


def _booster(kind: str) -> Any:
    import lightgbm

    return getattr(lightgbm, kind)(n_jobs=1, verbose=-1)
