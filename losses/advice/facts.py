"""What this column says to each wish, in its own numbers: one functional, one row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from losses.advice.pitfall import geometric_mean
from losses.advice.question import Question
from losses.catalogue import get
from losses.words import filled


@dataclass(frozen=True)
class Fact:
    """A sentence with this column's numbers, for losses that elicit one of ``of`` (or wishes for it); all if empty."""

    id: str
    of: tuple[str, ...]
    when: Callable[[Question], bool]
    says: str
    data: Callable[[Question], dict[str, Any]] = lambda q: {}


def relative_median(q: Question) -> float:
    """The best constant for MAPE: the median of y weighted by 1/|y|, so 0 where any row is 0."""
    y, rows = q.p.sketch.weighted()
    heft = np.cumsum(rows / np.maximum(np.abs(y), get("mape").eps))
    return float(y[np.searchsorted(heft, heft[-1] / 2)])


def _numbers(q: Question) -> bool:
    return q.of_numbers


def _classes(q: Question) -> bool:
    return bool(q.p.n) and q.of_classes and not q.p.structure


def _two(q: Question) -> bool:
    return len(q.shares) == 2


def _form(*names: str) -> Callable[[Question], bool]:
    return lambda q: q.structure.get("form") in names


def _ends(q: Question) -> dict[str, Any]:
    return {name: q.p.quantile(at) for name, at in (("low", 0.05), ("middle", 0.5), ("high", 0.95))}


def _positives(q: Question) -> dict[str, Any]:
    share = q.shares[1]
    return {"share": share, "f1": 2 * share / (1 + share)}


def _labels(q: Question) -> dict[str, Any]:
    shares = q.structure["positive_shares"]
    return {"rarest": min(shares), "commonest": max(shares), "s": q.structure}


def _structure(q: Question) -> dict[str, Any]:
    return {"s": q.structure}


FACTS = (
    Fact(
        "mean", ("mean", "probability", "smeared_mean"), _numbers,
        "its best constant on this column is {p.mean:.6g} (the mean); the median is {p.median:.6g}",
    ),
    Fact(
        "median", ("median",), _numbers,
        "its best constant on this column is {p.median:.6g} (the median); the mean is {p.mean:.6g}",
    ),
    Fact(
        "median-of-logs", ("median_of_logs",), lambda q: q.of_numbers and q.p.min > -1,
        "its best constant on this column is {p.median:.6g} (the median, on any scale); the mean is {p.mean:.6g}",
    ),
    Fact(
        "geometric-mean", ("geometric_mean",), lambda q: q.of_numbers and q.p.min > -1,
        "its best constant on this column is {constant:.6g} (exp of the mean log(1 + y), less 1); the mean is "
        "{p.mean:.6g}",
        lambda q: {"constant": geometric_mean(q)},
    ),
    Fact(
        "relative-median", ("relative_median",), _numbers,
        "its best constant on this column is {constant:.6g} (the median weighted by 1/|y|); the median is "
        "{p.median:.6g}, the mean {p.mean:.6g}",
        lambda q: {"constant": relative_median(q)},
    ),
    Fact(
        "quantile", ("quantile",), lambda q: q.of_numbers and q.functional not in ("distribution", "interval"),
        "its best constant on this column is {constant:.6g} (the {q.tau:g} quantile); the mean is {p.mean:.6g}",
        lambda q: {"constant": q.p.quantile(q.tau)},
    ),
    Fact(
        "quantiles", ("quantile", "interval"), _numbers,
        "90% of this column lie between {low:.6g} and {high:.6g}; the median is {middle:.6g}", _ends,
    ),
    Fact(
        "spread", ("distribution",), lambda q: q.of_numbers and q.p.std > 0,
        "this column has mean {p.mean:.6g}, standard deviation {p.std:.6g}, skewness {p.skewness:.3g} and excess "
        "kurtosis {p.excess_kurtosis:.3g}",
    ),
    Fact("centre", ("centre", "near_median", "expectile"), _numbers,
         "the median of this column is {p.median:.6g}, its mean {p.mean:.6g}"),
    Fact(
        "f1-of-always", ("f_decision",), lambda q: _classes(q) and _two(q),
        "{share:.1%} of {p.n:row} are of the second class: always saying so has an F1 of {f1:.3f}", _positives,
    ),
    Fact(
        "base-rate", ("balanced_decision", "cost_decision"), lambda q: _classes(q) and _two(q),
        "{share:.1%} of {p.n:row} are of the second class", _positives,
    ),
    Fact(
        "majority", ("decision",), lambda q: _classes(q) and q.p.n_classes > 1,
        "always naming the commonest of {q.p.n_classes} classes is right on {p.majority_share:.1%} of {p.n:row}",
    ),
    Fact(
        "class-shares", (), lambda q: _classes(q) and q.p.n_classes > 1,
        "{q.p.n_classes} classes on {p.n:row}: the commonest has {p.majority_share:.1%}, the rarest "
        "{p.minority_share:.1%}",
    ),
    Fact(
        "label-shares", (), _form("multilabel"),
        "{s[rows]:,} rows carry {s[cardinality]:.3g} of {s[width]} labels each; the rarest is on {rarest:.1%} of rows, "
        "the commonest on {commonest:.1%}", _labels,
    ),
    Fact(
        "mask-shares", (), _form("masks"),
        "foreground is {s[foreground_share]:.2%} of the pixels of {s[rows]:,} masks, and {s[empty_share]:.1%} of masks "
        "are empty", _structure,
    ),
    Fact(
        "box-sizes", (), _form("boxes"),
        "{s[boxes]:,} boxes, on average {s[mean_width]:.4g} wide and {s[mean_height]:.4g} high", _structure,
    ),
    Fact("soft-classes", (), _form("distribution"),
         "{s[rows]:,} rows over {s[width]} classes, {s[entropy]:.3g} nats of entropy a row", _structure),
    Fact("vector-norms", (), _form("vectors"),
         "{s[rows]:,} vectors of {s[width]} numbers, of mean length {s[mean_norm]:.4g}", _structure),
    Fact("rows", (), lambda q: bool(q.p.n), "{p.n:row} hold {p.n_classes:,} different values"),
)  # fmt: skip


def fact(q: Question, elicits: str) -> list[str]:
    """The first fact about what a loss elicits, or what is wished for; none where no target was seen."""
    about = {elicits} if q.of_numbers else {q.functional}
    row = next((row for row in FACTS if (not row.of or about & set(row.of)) and row.when(q)), None)
    return [filled(row.says, q=q, p=q.p, **row.data(q))] if row else []
