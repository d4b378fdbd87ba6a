"""Parameters that come from the data: one estimate, one row, each with its guard and its sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from losses.advice import sources
from losses.advice.candidates import Candidate
from losses.advice.question import Question
from losses.words import filled, number

CAP = 100.0  # the most that one positive may cost
INTERVAL = 1.96  # standard errors on either side: a 95% interval
WEAK = 0.1  # relative half width from which an interval is told
SMOOTHING = 0.1  # of labels, where no rate of wrong ones is known


@dataclass(frozen=True)
class Estimate:
    """The parameter ``name`` of the losses that ``of`` picks, where the guard ``when`` holds."""

    id: str
    of: tuple[str, ...]
    name: str
    when: Callable[[Question], bool]
    value: Callable[[Question], Any]
    because: str
    data: Callable[[Question], dict[str, Any]] = lambda q: {}
    error: Callable[[Question], float] = lambda q: 0.0  # relative: one standard error over the estimate
    source: str = field(kw_only=True)

    def says(self, q: Question, value: Any) -> str:
        """The sentence, with an interval where the estimate is weak."""
        told, off = filled(self.because, q=q, p=q.p, **self.data(q)), INTERVAL * self.error(q)
        if not WEAK < off < math.inf:
            return told
        low, high = value * max(1 - off, 0), value * (1 + off)
        return f"{told}; {q.p.n:,} rows leave it anywhere from {number(low, 3)} to {number(high, 3)}"


def _spread(q: Question) -> bool:
    return q.of_numbers and math.isfinite(q.p.robust_sigma) and q.p.robust_sigma > 0


def delta(q: Question) -> float:
    """The bend of a Huber loss, in the target's unit."""
    return neat(sigmas(q) * q.p.robust_sigma)


def sigmas(q: Question) -> float:
    """1.345, which keeps 95% efficiency on normal errors; 1.0 where more than 5% of rows are far off."""
    return 1.0 if q.p.outlier_share > 0.05 else 1.345


def neat(x: float) -> float:
    """Six significant digits.

    >>> neat(1.23456789)
    1.23457
    """
    return float(f"{x:.6g}")


def _two(q: Question) -> bool:
    return len(q.class_counts) == 2


def _many(q: Question) -> bool:
    return len(q.class_counts) >= 2


def pos_weight(q: Question) -> float:
    """What a positive costs: the ratio of costs, else negatives over positives; capped."""
    if "false_negative" in q.costs:
        return neat(min(q.costs["false_negative"] / q.costs["false_positive"], CAP))
    negative, positive = q.class_counts
    return neat(min(max(negative / positive, 1 / CAP), CAP))


def balanced_weights(q: Question) -> list[float]:
    """n / (k·n_c): each class counts alike."""
    from losses.imbalance import class_weights

    return [neat(w) for w in class_weights(q.class_counts)]


def effective_beta(q: Question) -> float:
    """(n − 1)/n: the effective number that n rows can tell apart."""
    return 1 - neat(1 / max(sum(q.class_counts), 2))


def _ends(q: Question) -> list[float]:
    return [0.05, 0.5, 0.95]


def degrees(q: Question) -> float:
    """The degrees of freedom whose kurtosis is this one: 4 + 6 / excess kurtosis, between 4 and 30."""
    return neat(min(max(4 + 6 / q.p.excess_kurtosis, 4), 30))


def _of_sigma(q: Question) -> float:
    """Of a median absolute deviation, for normal errors (Rousseeuw & Croux 1993, doi:10.2307/2291267)."""
    return 1.167 / math.sqrt(q.p.n)


def _of_variance(q: Question) -> float:
    return math.sqrt(max(q.p.excess_kurtosis + 2, 0) / q.p.n)


def _of_alpha(q: Question) -> float:
    """Of (V − m)/m², by the delta method: V is the shaky part."""
    return _of_variance(q) * q.p.dispersion / (q.p.dispersion - 1)


def _of_power(q: Question) -> float:
    """Of m²/(V·(−ln P0)), by the delta method, as a share of the power."""
    p0, power = q.p.zero_share, q.p.tweedie_power
    zeros = math.sqrt((1 - p0) / (p0 * q.p.n)) / -math.log(p0)
    return math.hypot(_of_variance(q), zeros, 2 * q.p.cv / math.sqrt(q.p.n)) * (2 - power) / power


def _of_degrees(q: Question) -> float:
    """Of 4 + 6/κ, from the standard error of a normal sample's κ, which is the least it can be."""
    kurtosis = q.p.excess_kurtosis
    return 6 / kurtosis / (4 + 6 / kurtosis) * math.sqrt(24 / q.p.n) / kurtosis


def _of_ratio(q: Question) -> float:
    """Of a ratio of two counts; costs are exact."""
    return 0.0 if q.costs else math.sqrt(sum(1 / max(count, 1) for count in q.class_counts))


SIGMA = "robust sigma of y is {p.robust_sigma:.4g}"
BEND = "{sigmas:g} × the robust sigma {p.robust_sigma:.4g} of y, as {p.outlier_share:.1%} of rows lie beyond 3 of them"


def _bend(q: Question) -> dict[str, Any]:
    return {"sigmas": sigmas(q)}


def _level(q: Question) -> dict[str, Any]:
    """Where tau comes from: the costs, or the level asked for."""
    if not q.costs:
        return {"source": f"the level asked for, {q.tau:g}"}
    under, over = q.costs["under"], q.costs["over"]
    return {"source": f"{under:g}/({under:g} + {over:g}) = {q.tau:g}, from the costs of missing low and high"}


ESTIMATES = (
    Estimate(
        "huber-delta", ("huber", "pseudo_huber"), "delta", _spread, delta, f"delta is {BEND}", _bend, error=_of_sigma,
        source=sources.ROBUST,
    ),
    Estimate(
        "smooth-l1-beta", ("smooth_l1",), "beta", lambda q: _spread(q) and q.task != "boxes", delta,
        f"beta is {BEND}", _bend, error=_of_sigma, source=sources.ROBUST,
    ),
    Estimate(
        "log-cosh-scale", ("log_cosh",), "scale", _spread, lambda q: neat(q.p.robust_sigma),
        f"scale is one robust sigma: {SIGMA}", error=_of_sigma, source=sources.ROBUST_SCALE,
    ),
    Estimate(
        "cauchy-c", ("cauchy",), "c", _spread, lambda q: neat(2.385 * q.p.robust_sigma),
        f"c is 2.385 robust sigmas: {SIGMA}", error=_of_sigma, source=sources.ROBUST_SCALE,
    ),
    Estimate(
        "barron-c", ("general_robust",), "c", _spread, lambda q: neat(q.p.robust_sigma),
        f"c is one robust sigma: {SIGMA}", error=_of_sigma, source=sources.GENERAL_ROBUST,
    ),
    Estimate(
        "tau", ("quantile",), "tau", lambda q: q.functional == "quantile", lambda q: neat(q.tau),
        "tau is {source}", _level, source=sources.QUANTILES,
    ),
    Estimate(
        "expectile-tau", ("expectile",), "tau", lambda q: q.functional == "quantile", lambda q: neat(q.tau),
        "tau is {source}; an expectile lies elsewhere", _level, source=sources.ELICITED,
    ),
    Estimate(
        "tau-list", ("quantile",), "tau", lambda q: q.functional in ("distribution", "interval"), _ends,
        "three quantiles: a 90% interval and the median", source=sources.QUANTILES,
    ),
    Estimate(
        "nb-alpha", ("negative_binomial_nll",), "alpha", lambda q: q.nonnegative and q.p.nb_alpha > 0,
        lambda q: neat(q.p.nb_alpha),
        "alpha is (variance − mean)/mean²; variance is {p.dispersion:.3g} times the mean", error=_of_alpha,
        source=sources.COUNTS,
    ),
    Estimate(
        "tweedie-power", ("tweedie_deviance",), "power",
        lambda q: q.nonnegative and q.model != "boosting" and 0 < q.p.zero_share < 1 and not q.counts,
        lambda q: neat(q.p.tweedie_power), "the power that explains {p.zero_share:.1%} zeros at this mean and variance",
        error=_of_power, source=sources.DISPERSION,
    ),
    Estimate(
        "student-df", ("student_t_nll",), "df", lambda q: q.of_numbers and q.p.excess_kurtosis > 0, degrees,
        "degrees of freedom from excess kurtosis {p.excess_kurtosis:.2f}", error=_of_degrees, source=sources.STUDENT,
    ),
    Estimate(
        "pos-weight", ("weighted_bce",), "pos_weight", lambda q: _two(q) or "false_negative" in q.costs, pos_weight,
        "a positive costs what {q.wanted} says, at most 100", error=_of_ratio, source=sources.RARE_EVENTS,
    ),
    Estimate(
        "balanced-weights", ("weighted_ce",), "class_weight", _many, balanced_weights,
        "each class is weighted by n/(k·n_c)", source=sources.RARE_EVENTS,
    ),
    Estimate(
        "class-counts", ("class_balanced_ce",), "class_counts", _many, lambda q: list(q.class_counts),
        "the rows of each of the {q.n_classes} classes", source=sources.EFFECTIVE,
    ),
    Estimate(
        "effective-beta", ("class_balanced_ce",), "beta", _many, effective_beta,
        "beta is (n − 1)/n for n = {p.n:,} rows", source=sources.EFFECTIVE,
    ),
    Estimate(
        "class-prior", ("logit_adjusted_ce",), "class_prior", _many, lambda q: [neat(s) for s in q.shares],
        "the share of each class", source=sources.LOGIT_ADJUSTMENT,
    ),
    Estimate(
        "smoothing", ("label_smoothing_ce",), "label_smoothing", lambda q: q.stated, lambda q: SMOOTHING,
        "the usual smoothing: no rate of wrong labels is known", source=sources.SMOOTHING,
    ),
)  # fmt: skip


def estimates(q: Question, c: Candidate) -> tuple[dict[str, Any], list[str]]:
    """The parameters of a candidate on this target, and a sentence for each."""
    rows = [row for row in ESTIMATES if c.about.id in row.of and not c.summed and row.when(q)]
    found = {row.name: row.value(q) for row in rows}
    return found, [row.says(q, found[row.name]) for row in rows]
