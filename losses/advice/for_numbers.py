"""What speaks for and against each loss of a number, whatever is wanted of it."""

from __future__ import annotations

from losses.advice import sources
from losses.advice.candidates import Candidate
from losses.advice.question import Question
from losses.advice.rule import ODD_SHAPES, Rule, always, elicits, trait

HEAVY = 5.0  # excess kurtosis from which a Student-t fits better than a Gaussian


def _native(q: Question, c: Candidate) -> bool:
    from losses import frameworks

    return not c.summed and q.framework in frameworks.native(c.about.id)


def _heavy(q: Question) -> bool:
    return q.kind == "heavy_tailed" or (q.kind == "positive_skewed" and q.p.excess_kurtosis > HEAVY)


NUMBERS = (
    Rule(
        "the-metric-itself", lambda q: q.metric is not None, lambda q, c: not c.transform and c.id in q.own,
        1.0, "it is what {q.named} measures", source=sources.ELICITED,
    ),
    Rule(
        "own-deviance", lambda q: q.metric is not None and "mse" not in q.own and q.functional == "mean",
        lambda q, c: c.id in q.own, 2.0, "it weighs errors as {q.named} does", source=sources.ELICITED,
    ),
    Rule("twins", always, trait("twin"), -0.2, "it has a twin with the same gradient", source=sources.PRACTICE),
    Rule(
        "far-rows-bend", lambda q: q.functional == "median" and q.skewed, elicits("centre"), -0.7,
        "skewness {p.skewness:.2f} sets it off from the median", source=sources.ELICITED,
    ),
    Rule(
        "kinks-slow-nets", lambda q: q.functional == "quantile" and q.model == "neural", elicits("distribution"), 0.5,
        "a net trains smoothly on it", source=sources.PRACTICE,
    ),
    Rule(
        "outliers", lambda q: q.functional == "centre" and q.of_numbers, trait("bend", "median"), 0.5,
        "{p.outlier_share:.1%} of rows lie beyond 3 robust sigmas: their pull is bounded", source=sources.ROBUST,
    ),
    Rule(
        "no-scale-to-set", lambda q: q.functional == "centre" and q.model == "boosting", trait("median"), 0.5,
        "boosted trees set each leaf to its median, and no scale has to be chosen", source=sources.PRACTICE,
    ),
    Rule(
        "set-by-delta", lambda q: q.functional in ("centre", "median"),
        lambda q, c: c.about.robust == "controlled" and c.corners, 0.1,
        "one parameter, in the target's own unit, sets how far errors count in full", source=sources.ROBUST,
    ),
    Rule(
        "redescending", lambda q: q.functional in ("centre", "median", "mean"), trait("redescending"), -1.0,
        "it is not convex: far rows may be given up for good", source=sources.GENERAL_ROBUST,
    ),
    Rule(
        "heavy-tails", lambda q: q.functional in ("distribution", "centre") and _heavy(q),
        trait("heavy"), 1.5,
        "excess kurtosis {p.excess_kurtosis:.1f}: a Student-t has tails like these", source=sources.STUDENT,
    ),
    Rule(
        "heavier-than-needed", lambda q: q.functional == "distribution" and not _heavy(q), trait("heavy"), -0.5,
        "the tails are not heavy enough to need it", source=sources.STUDENT,
    ),
    Rule(
        "counts-spread", lambda q: q.functional == "distribution" and q.counts, trait("overdispersed"), 1.5,
        "counts with variance {p.dispersion:.3g} times the mean", source=sources.COUNTS,
    ),
    Rule(
        "normal-spread", lambda q: q.functional == "distribution" and not q.counts,
        trait("normal"), 0.6,
        "mean and spread are learnt together", source=sources.MEAN_AND_SPREAD,
    ),
    Rule(
        "quantiles-for-odd-shapes", lambda q: q.functional == "distribution" and q.kind in ODD_SHAPES and q.of_numbers,
        elicits("quantile"), 2.6,
        "quantiles assume no shape; here skewness is {p.skewness:.2f} and values run from {p.min:.4g} to {p.max:.4g}",
        source=sources.QUANTILES,
    ),
    Rule(
        "no-density", lambda q: q.metric is not None and q.metric.id == "log_score",
        lambda q, c: "distribution" not in c.elicits, -4.0, "it gives no density, which {q.named} needs",
        source=sources.PROPER,
    ),
    Rule(
        "quantiles-for-trees", lambda q: q.functional in ("distribution", "interval") and q.model == "boosting",
        elicits("quantile"), 1.8,
        "boosters train quantiles natively, a mean with a spread hardly", source=sources.PRACTICE,
    ),
    Rule(
        "native", lambda q: q.framework is not None, _native, 0.3, "it is built into {q.framework}",
        source=sources.PRACTICE,
    ),
)  # fmt: skip
