"""What may go wrong with this target and this wish, whatever the loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from losses.advice import sources
from losses.advice.facts import relative_median
from losses.advice.peers import readings
from losses.advice.pitfall import Pitfall, geometric_mean, of_mean
from losses.advice.question import LISTED, Question
from losses.advice.rule import ODD_SHAPES
from losses.profile.readings import RARE
from losses.words import an

NO_TARGETS = {"identifier": "identifier", "datetime": "date or a time"}


def _relative(q: Question) -> bool:
    return q.functional == "relative_median" and q.of_numbers


def outside(q: Question) -> float:
    """The share of a Gaussian with the mean and spread of y that lies where no row does."""
    ends = [(edge - q.p.mean) / (q.p.std * math.sqrt(2)) if q.p.std else 0.0 for edge in (q.p.min, q.p.max)]
    return 1 - (math.erf(ends[1]) - math.erf(ends[0])) / 2


def _smallest(q: Question) -> float:
    return q.p.quantile(0.01) if q.of_numbers else math.nan


def _near_zero(q: Question) -> bool:
    return _relative(q) and q.p.positive and _smallest(q) < 0.01 * abs(q.p.median)


def _spikes(q: Question) -> dict[str, Any]:
    """The shares of rows at the least and the greatest value."""
    low, high, n = q.p.min, q.p.max, max(q.p.n, 1)
    return {"lowest": low, "highest": high, "at_lowest": q.p.rows_at(low) / n, "at_highest": q.p.rows_at(high) / n}


def _sentinel(q: Question) -> bool:
    if not q.of_numbers or q.p.n_classes <= 11:
        return False
    at, second = _spikes(q), q.p.quantile(0.02)
    low = q.p.min in (-1, -9, -99, -999, -9999) and (
        (q.p.negatives == round(at["at_lowest"] * q.p.n) and second >= 0) or q.p.min <= -99
    )
    high = q.p.max in (99, 999, 9999, 99999) and at["at_highest"] > 0.005 and q.p.quantile(0.9) < 0.5 * q.p.max
    return bool((low and at["at_lowest"] > 0) or high)


def _censored(q: Question) -> bool:
    return q.of_numbers and q.p.n_classes > 20 and _spikes(q)["at_highest"] > 0.04 and q.kind != "proportion"


def _support(q: Question) -> bool:
    if not q.of_numbers or q.metric is None:
        return False
    floors = {"poisson_deviance": q.p.min < 0, "gamma_deviance": q.p.min <= 0, "tweedie_deviance": q.p.min < 0}
    return bool(floors.get(q.metric.id, q.functional == "geometric_mean" and q.p.min <= -1))


def _misfit(q: Question) -> bool:
    """An amount for classes, or a column for masks and boxes."""
    likely = {kind.id for kind in q.p.kinds[:2]} if q.p.n else set()
    strange = (
        q.task == "classification" and bool(likely) and not likely & {"binary", "multiclass", "ordinal", "distribution"}
    )
    fitting = {"masks", "boxes"} if q.p.words.distinct else {"binary", "multilabel", "masks", "boxes"}
    flat = q.task in ("segmentation", "boxes") and bool(likely) and not likely & fitting
    return (strange or flat) and likely.isdisjoint(("constant", *NO_TARGETS))


def _ambiguous(q: Question) -> bool:
    return q.metric is None and bool(q.p.n) and len(q.p.kinds) > 1 and q.p.kinds[0].share < 0.8


def _rivals(q: Question) -> dict[str, Any]:
    kinds = [{"kind": k.id, "share": round(k.share, 3)} for k in q.p.kinds[:3]]
    first, second = (str(k["kind"]).replace("_", " ") for k in kinds[:2])
    return {"kinds": kinds, "first": first, "second": second, "peers": readings(q.p)}


def _refused(*kinds: str) -> Callable[[Question], bool]:
    return lambda q: bool(q.p.n) and q.p.kind in kinds


def _flag(form: str, name: str) -> Callable[[Question], bool]:
    return lambda q: q.structure.get("form") == form and float(q.structure.get(name, 0)) > 0


def _wishes(q: Question) -> dict[str, Any]:
    """The wishes that ask for another prediction than the one followed: costs first, then metric, then goal."""
    goal = q.goal.of(q.task) if q.goal else ""
    asked = [("metric", q.metric.functional if q.metric else ""), ("goal", goal)]
    return {
        "lost": [name for name, functional in asked if functional and functional != q.functional],
        "followed": q.wanted,
    }


def _rows_in_tail(q: Question) -> dict[str, Any]:
    return {"tau": q.tau, "rows": round(q.p.n * min(q.tau, 1 - q.tau), 1)}


def _lopsided(q: Question, ratio: float) -> bool:
    return bool(q.shares) and q.p.imbalance_ratio > ratio


QUESTION: tuple[Pitfall, ...] = (
    Pitfall(
        "CONSTANT", "error", _refused("constant"), "every row holds the same value: there is nothing to learn",
        doubts=True, source=sources.BY_DEFINITION,
    ),
    Pitfall(
        "NOT_A_TARGET", "warning", _refused(*NO_TARGETS),
        "this column looks like {nature}, not like a target: predicting it serves nothing as it stands",
        data=lambda q: {"nature": an(NO_TARGETS[q.p.kind])},
        doubts=True, source=sources.PRACTICE,
    ),
    Pitfall(
        "LOW_CONFIDENCE", "warning", lambda q: 0 < q.p.n < 30,
        "only {p.n:row}: what is read from them may change with the next", source=sources.PRACTICE,
    ),
    Pitfall(
        "NO_TARGET", "info", lambda q: not q.p.n,
        "no target was seen: this is the default for {q.task}, with default parameters", source=sources.BY_DEFINITION,
    ),
    Pitfall(
        "AMBIGUOUS_TARGET", "warning", _ambiguous,
        "read as {first}, but it could be {second}: name the task to settle it", data=_rivals, source=sources.PRACTICE,
    ),
    Pitfall(
        "MISSING", "info", lambda q: q.p.missing_rows > 0,
        "{p.missing_rows:,} of {p.rows:,} rows have no target; leave them out of training", source=sources.PRACTICE,
    ),
    Pitfall(
        "GOAL_UNSTATED", "info", lambda q: not q.stated and not q.require and q.task == "regression",
        "no metric was named: the mean, the median and a quantile are three different answers to train for",
        source=sources.ELICITED,
    ),
    Pitfall(
        "GOAL_CONFLICT", "warning", lambda q: bool(_wishes(q)["lost"]),
        "{followed} was followed; what else was named asks for another prediction: {lost}", data=_wishes,
        source=sources.ELICITED,
    ),
    Pitfall(
        "TASK_MISFIT", "warning", _misfit,
        "the target reads as {p.kind}, which hardly goes with {q.task}: check the task or the column",
        doubts=True, source=sources.PRACTICE,
    ),
    Pitfall(
        "SUPPORT", "error", _support,
        "{q.metric.id} is not defined on this target: its smallest value is {p.min:.6g}",
        data=lambda q: {"min": q.p.min}, doubts=True, source=sources.BY_DEFINITION,
    ),
    Pitfall(
        "MAPE_ZERO", "error", lambda q: _relative(q) and q.p.zero_rows > 0,
        "{p.zero_rows:,} of {p.n:target} are 0: the relative error is undefined there, and libraries that divide by "
        "almost nothing instead let these rows rule; leave them out, or be judged by mae or wape",
        data=lambda q: {"rows": q.p.zero_rows}, doubts=True, source=sources.BY_DEFINITION,
    ),
    Pitfall(
        "MAPE_NEAR_ZERO", "warning", _near_zero,
        "the smallest 1% of targets lie below {smallest:.3g}, under a hundredth of the median {p.median:.3g}: they "
        "rule MAPE",
        data=lambda q: {"smallest": _smallest(q)}, source=sources.RELATIVE,
    ),
    Pitfall(
        "MAPE_LOW_BIAS", "warning", lambda q: _relative(q) and q.p.cv > 0.5 and relative_median(q) < q.p.mean,
        "MAPE rewards low predictions: its best constant is {constant:.4g}, so the total would be about "
        "{share_of_total:.0%} of actual", data=lambda q: of_mean(q, relative_median(q)), source=sources.RELATIVE,
    ),
    Pitfall(
        "MSLE_GEOMETRIC", "warning",
        lambda q: q.functional == "geometric_mean" and q.of_numbers and q.p.min > -1 and q.p.cv > 0.5,
        "errors of logs reward the geometric mean {constant:.4g}: the total would be about {share_of_total:.0%} of "
        "actual",
        data=lambda q: of_mean(q, geometric_mean(q)), source=sources.ELICITED,
    ),
    Pitfall(
        "QUANTILE_TAIL", "warning",
        lambda q: q.functional == "quantile" and q.of_numbers and q.p.n * min(q.tau, 1 - q.tau) < 30,
        "only about {rows:g} rows lie beyond the {tau:g} quantile: 30 are wanted", data=_rows_in_tail,
        source=sources.QUANTILES,
    ),
    Pitfall(
        "QUANTILE_ZEROS", "warning",
        lambda q: q.functional == "quantile" and q.of_numbers and q.p.zero_rows > 0 and q.p.quantile(q.tau) == 0,
        "{p.zero_share:.1%} of rows are 0, and with them the {tau:g} quantile: where features tell little, a model "
        "will answer 0", data=_rows_in_tail, source=sources.QUANTILES,
    ),
    Pitfall(
        "NO_FAMILY", "warning",
        lambda q: q.functional == "distribution" and q.of_numbers and q.kind in ODD_SHAPES,
        "no family here has this shape (skewness {p.skewness:.2f}, {p.zero_share:.1%} zeros): {outside:.1%} of a "
        "Gaussian with this mean and spread lies below {p.min:.4g} or above {p.max:.4g}, where no row does",
        data=lambda q: {"outside": outside(q)}, source=sources.PROPER,
    ),
    Pitfall(
        "ONE_SIDED", "warning", lambda q: q.metric is not None and q.metric.id in ("recall", "precision"),
        "{q.wanted} alone counts one kind of mistake, and a constant answer can win it: name f1, balanced_accuracy or "
        "costs", source=sources.F_MEASURE,
    ),
    Pitfall(
        "IMBALANCE_HARMLESS", "info",
        lambda q: q.stated and q.functional in ("probability", "ranking") and _lopsided(q, 3),
        "an imbalance of {p.imbalance_ratio:.3g} to 1 does no harm to {q.wanted}: do not weight, do not resample",
        source=sources.IMBALANCE_UNHARMFUL,
    ),
    Pitfall(
        "ACCURACY_TRIVIAL", "warning",
        lambda q: q.functional == "decision" and q.of_classes and q.p.majority_share > 0.8,
        "always saying the commonest class is right {p.majority_share:.1%} of the time: compare with that",
        data=lambda q: {"majority": q.p.majority_share}, source=sources.BALANCED_ACCURACY,
    ),
    Pitfall(
        "RARE_CLASS", "warning", lambda q: bool(q.class_counts) and q.p.rarest_count < RARE,
        "the rarest class has {p.rarest_count:row}: under 20, neither its weight nor its score is known well",
        data=lambda q: {"rarest": q.p.rarest_count}, source=sources.RARE_EVENTS,
    ),
    Pitfall(
        "SENTINEL", "warning", _sentinel, "a code may stand for missing: the values run from {p.min:g} to {p.max:g}",
        data=_spikes, source=sources.PRACTICE,
    ),
    Pitfall(
        "DOUBTED_DECIMALS", "warning", lambda q: 0 < q.p.families["doubted_numbers"] == q.p.n,
        "1.234 or 1,234 between semicolons may be a thousand, or little more than 1 as it was read here (from "
        "{p.min:g} to {p.max:g}): write 1234 if thousands are meant",
        data=lambda q: {"min": q.p.min, "max": q.p.max}, doubts=True, source=sources.PRACTICE,
    ),
    Pitfall(
        "CENSORED", "warning", _censored,
        "{at_highest:.1%} of rows sit exactly at the maximum {highest:g}: what lies beyond may have been cut off",
        data=_spikes, source=sources.CENSORING,
    ),
    Pitfall(
        "ORDINAL_AS_NOMINAL", "info", lambda q: q.kind == "ordinal" and q.task == "classification",
        "the levels are ordered, and {q.wanted} takes a near miss for a far one", source=sources.ORDERED,
    ),
    Pitfall(
        "ORDER_UNKNOWN", "warning",
        lambda q: (
            q.task == "ordinal" and bool(q.p.words.distinct) and 0 < len(q.p.class_rows) <= LISTED and not q.p.steps
        ),
        "the order of these levels cannot be told from their names: they stand as {levels}",
        data=lambda q: {"levels": " < ".join(q.p.class_rows)}, source=sources.ORDERED,
    ),
    Pitfall(
        "EMPTY_MASKS", "warning", _flag("masks", "empty_share"),
        "{share:.1%} of masks are empty: overlap is 0/0 there, so smooth the loss and score such images apart",
        data=lambda q: {"share": q.structure["empty_share"]}, source=sources.MASK_METRICS,
    ),
    Pitfall(
        "DEGENERATE_BOXES", "warning", _flag("boxes", "degenerate_share"), "{share:.1%} of boxes have no area",
        data=lambda q: {"share": q.structure["degenerate_share"]}, source=sources.BOX_OVERLAP,
    ),
    Pitfall(
        "ONE_HOT_OR_INDEX", "warning", lambda q: bool(q.structure.get("one_hot")),
        "every row has exactly one label: this is one class a row, so pass class numbers and use cross-entropy",
        source=sources.BY_DEFINITION,
    ),
    Pitfall(
        "LOGITS_AS_PROBABILITIES", "error",
        lambda q: q.kind == "distribution" and "prior" in q.structure and abs(sum(q.structure["prior"]) - 1) > 1e-3,
        "the rows of the target do not sum to 1: these look like logits, take their softmax first",
        doubts=True, source=sources.BY_DEFINITION,
    ),
)  # fmt: skip
