"""What speaks for and against each loss where the mean is wanted: how the variance grows, and who learns it."""

from __future__ import annotations

from losses.advice import sources
from losses.advice.question import Question
from losses.advice.rule import Rule, elicits, power, trait


def _mean(q: Question) -> bool:
    return q.functional == "mean"


def _boosted(q: Question) -> bool:
    return _mean(q) and q.model == "boosting" and q.nonnegative and q.kind != "proportion"


def _plain(q: Question) -> bool:
    return _mean(q) and not _boosted(q)


def _free(q: Question) -> bool:
    """Nothing but the target's kind speaks: no squared error was asked for, and the model is no neural net."""
    return _mean(q) and q.model != "neural" and ("mse" not in q.own or q.model is not None)


def _mean_of_net(q: Question) -> bool:
    """A net that is judged by squared errors, or by nothing yet: a deviance as the metric is its own best loss."""
    return _mean(q) and q.model == "neural" and (not q.own or "mse" in q.own)


MEANS = (
    Rule(
        "plain-mean", _plain, power(0), 1.0,
        "squared error asks nothing of the target's shape", source=sources.ELICITED,
    ),
    Rule(
        "log-link-for-trees", _boosted, power(1, 2), 1.5,
        "boosted trees on a target that is never below 0 (smallest value {p.min:.4g}) do better with a log link: "
        "predictions stay positive and large values do not rule", source=sources.MEASURED,
    ),
    Rule(
        "middle-power-for-trees", lambda q: _boosted(q) and not q.counts, power(1.5), 1.0,
        "variance as the mean to the 1.5 is the safe middle for boosting, between Poisson and gamma",
        source=sources.MEASURED,
    ),
    Rule(
        "poisson-for-counts", lambda q: _free(q) and q.counts, power(1), 1.3,
        "counts from {p.min:.0f} to {p.max:.0f}: the Poisson loss stays right for the mean whatever the dispersion "
        "(here {p.dispersion:.3g})", source=sources.PSEUDO_LIKELIHOOD,
    ),
    Rule(
        "tweedie-for-zeros", lambda q: _free(q) and q.kind == "zero_inflated_positive", power(1.5), 1.3,
        "{p.zero_share:.1%} of rows are exactly 0 and the rest is positive: powers between 1 and 2 hold both",
        source=sources.DISPERSION,
    ),
    Rule(
        "gamma-for-skew", lambda q: _free(q) and q.kind == "positive_skewed" and q.model != "boosting", power(2), 1.3,
        "positive with skewness {p.skewness:.2f}: errors grow with size, as the gamma deviance assumes",
        source=sources.LINEAR_MODELS,
    ),
    Rule(
        "poisson-for-skew", lambda q: _free(q) and q.kind == "positive_skewed" and q.model != "boosting", power(1), 1.2,
        "positive with skewness {p.skewness:.2f}: a log link keeps predictions positive",
        source=sources.PSEUDO_LIKELIHOOD,
    ),
    Rule(
        "soft-labels-for-shares", lambda q: _mean(q) and q.kind == "proportion", elicits("probability"), 2.2,
        "shares between {p.min:.3g} and {p.max:.3g}: soft labels keep predictions between 0 and 1",
        source=sources.PSEUDO_LIKELIHOOD,
    ),
    Rule(
        "no-labels-for-amounts", lambda q: _mean(q) and q.kind != "proportion", elicits("probability"), -2.0,
        "the values lie between 0 and 1 but are no shares", source=sources.LINEAR_MODELS,
    ),
    Rule(
        "log-scale-for-skew", lambda q: _mean(q) and q.skewed and q.p.nonnegative, elicits("smeared_mean"), 1.0,
        "skewness {p.skewness:.2f} is tamed by a log scale", source=sources.SMEARING,
    ),
    Rule(
        "log-link-hurts-nets", lambda q: _mean(q) and q.model == "neural" and q.stated, power(1, 2), -0.8,
        "in a neural net a log link makes large errors of large predictions", source=sources.MEASURED,
    ),
    Rule(
        "spread-for-nets", lambda q: q.functional in ("mean", "centre") and q.model == "neural" and not q.stated,
        trait("normal"), 4.5,
        "a net that learns mean and spread serves most later wishes, where none is stated", source=sources.MEASURED,
    ),
    Rule(
        "spread-for-zeros", lambda q: _mean_of_net(q) and q.kind.startswith("zero_inflated"),
        trait("normal"), 4.5,
        "with {p.zero_share:.1%} zeros the spread differs from row to row, and a net can learn it",
        source=sources.MEAN_AND_SPREAD,
    ),
    Rule(
        "bounded-pull-for-nets",
        lambda q: _mean_of_net(q) and q.metric is not None and q.p.outlier_share > 0.01
        and q.kind in ("positive_skewed", "heavy_tailed"),
        trait("bend"), 5.4,
        "{p.outlier_share:.1%} of rows lie beyond 3 robust sigmas: their squared gradients would steer the net",
        source=sources.MEASURED,
    ),
    Rule(
        "overdispersed", lambda q: _mean(q) and q.counts and q.p.dispersion > 1.3, trait("overdispersed"), 0.6,
        "variance is {p.dispersion:.3g} times the mean", source=sources.COUNTS,
    ),
    Rule(
        "no-counts", lambda q: _mean(q) and not q.counts, trait("overdispersed"), -1.5,
        "the values are whole numbers but count nothing", source=sources.COUNTS,
    ),
)  # fmt: skip
