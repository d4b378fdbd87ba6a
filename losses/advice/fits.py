"""Which losses serve which wish: the prediction that a loss rewards, set against the one that the metric rewards.

``weight`` 4 is a perfect match; what has no row here is ruled out as the wrong functional.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from losses.advice import sources


@dataclass(frozen=True)
class Fit:
    """A loss that elicits ``elicits`` serves a wish for ``functional`` this well."""

    functional: str
    elicits: str
    weight: float
    because: str

    @property
    def source(self) -> str:
        """What the wish and its losses are known from."""
        return GROUNDS[self.functional]


EXACT = 4.0
GROUNDS = {
    **dict.fromkeys(("mean", "median", "quantile", "geometric_mean"), sources.ELICITED),
    **dict.fromkeys(("relative_median", "near_median"), sources.RELATIVE),
    **dict.fromkeys(("distribution", "interval", "probability"), sources.PROPER),
    "centre": sources.ROBUST,
    "ranking": sources.RANKING,
    "decision": sources.CONVEX_BOUNDS,
    "balanced_decision": sources.LOGIT_ADJUSTMENT,
    "cost_decision": sources.COSTS,
    "f_decision": sources.F_MEASURE,
    "ordered": sources.ORDERED,
    "overlap": sources.MASK_METRICS,
    "box": sources.BOX_OVERLAP,
    "similarity": sources.TRIPLETS,
    "match": sources.DISTILLATION,
    "bound": sources.VARIATIONAL,
}

FITS = (
    Fit("mean", "mean", EXACT, "it is least at the mean, which {q.wanted} rewards"),
    Fit("mean", "probability", 3.5, "for values between 0 and 1 it is least at their mean, which {q.wanted} rewards"),
    Fit("mean", "smeared_mean", 2.5, "on the log scale it is steadier; smearing brings the mean back"),
    Fit("mean", "distribution", 2.0, "its location is the mean wherever its spread is right"),
    Fit("mean", "centre", 1.0, "it is least between mean and median: near the mean unless the target is skewed"),
    Fit("median", "median", EXACT, "it is least at the median, which {q.wanted} rewards"),
    Fit("median", "quantile", 3.8, "at tau 0.5 it is half the absolute error, least at the median"),
    Fit("median", "centre", 2.5, "it is least between median and mean, with a gradient that fades smoothly"),
    Fit("median", "distribution", 1.5, "its location is the median wherever errors are symmetric"),
    Fit("median", "median_of_logs", 2.8, "the median survives any increasing transform"),
    Fit("quantile", "quantile", EXACT, "it is least at the {q.tau:g} quantile"),
    Fit("quantile", "distribution", 2.0, "the quantile can be read off its distribution"),
    Fit("quantile", "interval", 1.5, "the ends of its interval are quantiles"),
    Fit("quantile", "expectile", 0.5, "an expectile is a smooth stand-in for a quantile, at another level"),
    Fit("centre", "centre", EXACT, "it follows the bulk of the rows and bounds the pull of far ones"),
    Fit("centre", "median", EXACT, "the median does not move with far rows"),
    Fit("centre", "distribution", 2.5, "it gives the centre with its spread"),
    Fit("centre", "quantile", 2.5, "at tau 0.5 it is half the absolute error"),
    Fit("centre", "mean", 1.5, "it is least at the mean: right if the far values are true"),
    Fit("relative_median", "relative_median", EXACT, "it is the relative error itself"),
    Fit("relative_median", "median_of_logs", 3.0, "an error of logs is nearly a relative one, and no zero breaks it"),
    Fit("relative_median", "geometric_mean", 1.5, "it judges ratios"),
    Fit("relative_median", "near_median", 1.2, "it judges relative errors"),
    Fit("relative_median", "median", 1.0, "weighted by 1/|y| it is the relative error"),
    Fit("near_median", "median_of_logs", EXACT, "the symmetric relative error is nearly the absolute error of logs"),
    Fit("near_median", "near_median", 3.5, "it is the metric itself, though not convex"),
    Fit("near_median", "median", 2.5, "its least point lies near the median"),
    Fit("near_median", "geometric_mean", 1.5, "it judges ratios"),
    Fit(
        "geometric_mean",
        "geometric_mean",
        EXACT,
        "it is least where the mean of log(1 + y) is, which {q.wanted} rewards",
    ),
    Fit("geometric_mean", "median_of_logs", 2.5, "the median of logs lies near their mean"),
    Fit("geometric_mean", "median", 1.0, "the median lies near the geometric mean of a skewed target"),
    Fit("distribution", "distribution", EXACT, "it scores the whole forecast distribution"),
    Fit("distribution", "quantile", 3.2, "several quantiles sketch the distribution without assuming its shape"),
    Fit("distribution", "interval", 2.0, "an interval is a part of the distribution"),
    Fit("distribution", "probability", 3.5, "class probabilities are the whole distribution of a class"),
    Fit("interval", "interval", EXACT, "it scores width and misses together"),
    Fit("interval", "quantile", 3.5, "the ends of the interval are two quantiles"),
    Fit("interval", "distribution", 3.0, "the interval can be read off its distribution"),
    Fit("probability", "probability", EXACT, "it is proper: least at the true probability"),
    Fit(
        "probability",
        "distorted_probability",
        1.5,
        "it ranks well, but its probabilities are bent and must be mapped back",
    ),
    Fit("ranking", "probability", EXACT, "the true probability is the best order there is"),
    Fit("ranking", "distorted_probability", 1.5, "a monotone map of the probability keeps the order"),
    Fit("ranking", "decision", 1.0, "its scores can be ordered"),
    Fit("decision", "probability", EXACT, "the likeliest class is the best decision"),
    Fit("decision", "decision", 2.8, "it goes straight for the decision"),
    Fit("decision", "distorted_probability", 1.5, "it moves the decision away from the likeliest class"),
    Fit(
        "balanced_decision",
        "probability",
        EXACT,
        "probabilities divided by the class priors give the best balanced decision",
    ),
    Fit("balanced_decision", "distorted_probability", 2.0, "it leans towards rare classes in training"),
    Fit("balanced_decision", "decision", 1.0, "it decides, but by no prior"),
    Fit("cost_decision", "probability", EXACT, "a calibrated probability and the costs give the threshold"),
    Fit("cost_decision", "distorted_probability", 2.0, "costs can go into its weights"),
    Fit("cost_decision", "decision", 0.5, "it decides, but by no cost"),
    Fit("f_decision", "probability", EXACT, "F1 is best at a threshold on the true probability"),
    Fit("f_decision", "distorted_probability", 2.5, "it leans towards rare classes, as F1 does"),
    Fit("f_decision", "decision", 1.0, "it goes straight for a decision"),
    Fit("ordered", "ordered_probability", EXACT, "it knows that the levels are ordered, so a near miss costs less"),
    Fit("ordered", "mean", 2.4, "on the level numbers, with cut points chosen afterwards, it respects the order"),
    Fit("ordered", "median", 2.0, "on the level numbers it respects the order"),
    Fit("ordered", "probability", 1.5, "it gives class probabilities, blind to their order"),
    Fit("overlap", "overlap", EXACT, "it scores the overlap of masks"),
    Fit("overlap", "probability", 1.5, "it classifies each pixel by itself"),
    Fit("overlap", "distorted_probability", 1.2, "it classifies each pixel, looking at hard ones"),
    Fit("box", "box", EXACT, "it scores the overlap of boxes whatever their size"),
    Fit("box", "centre", 2.0, "it scores each coordinate by itself"),
    Fit("similarity", "similarity", EXACT, "it pulls what belongs together closer than what does not"),
    Fit("match", "match", EXACT, "it compares whole distributions"),
    Fit("match", "probability", 2.5, "on soft labels it differs from KL by a constant"),
    Fit("bound", "bound", EXACT, "it bounds the likelihood"),
    Fit("bound", "match", 1.5, "it is one of the two terms of the bound"),
)

NAMES = {
    "geometric_mean": "the exponential of the mean of logs",
    "relative_median": "the median weighted by 1/|y|",
    "near_median": "a value near the median",
    "centre": "a value between mean and median",
    "distorted_probability": "a bent probability",
    "ordered_probability": "probabilities of ordered levels",
    "median_of_logs": "the median",
    "decision": "a decision",
    "balanced_decision": "a balanced decision",
    "cost_decision": "a decision at given costs",
    "f_decision": "a decision for F1",
    "ranking": "an order",
    "distribution": "a distribution",
    "interval": "an interval",
    "probability": "a class probability",
    "overlap": "the overlap of masks",
    "box": "the overlap of boxes",
    "similarity": "a similarity",
    "match": "a matched distribution",
    "bound": "a bound on the likelihood",
    "ordered": "an ordered level",
    "quantile": "a quantile",
    "expectile": "an expectile",
    "mean": "the mean",
    "median": "the median",
}


_BY_WISH: dict[str, dict[str, Fit]] = {}
for _row in FITS:
    _BY_WISH.setdefault(_row.functional, {})[_row.elicits] = _row


def best_fit(functional: str, elicits: Iterable[str]) -> Fit | None:
    """The best row for a loss that elicits these, None where none serves."""
    rows = _BY_WISH.get(functional, {})
    return max((rows[e] for e in elicits if e in rows), key=lambda row: row.weight, default=None)
