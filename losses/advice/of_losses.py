"""What may go wrong with one loss on this target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from losses.advice import sources
from losses.advice.candidates import Candidate
from losses.advice.pitfall import Pitfall, geometric_mean, of_mean
from losses.advice.question import Question


def _loss(*names: str) -> Callable[[Question, Candidate], bool]:
    return lambda q, c: c.about.id in names


def _elicits(*names: str) -> Callable[[Question, Candidate], bool]:
    return lambda q, c: not c.elicits.isdisjoint(names)


def _trait(*names: str) -> Callable[[Question, Candidate], bool]:
    return lambda q, c: not c.traits.isdisjoint(names)


def _always(q: Question) -> bool:
    return True


def _classes(q: Question) -> dict[str, Any]:
    """The classes that weights set out to level."""
    return {"class_counts": list(q.class_counts), "imbalance_ratio": q.p.imbalance_ratio}


LOSS: tuple[Pitfall, ...] = (
    Pitfall(
        "MAE_ZEROS", "warning", lambda q: q.of_numbers and q.p.zero_share >= 0.5,
        "{p.zero_share:.1%} of rows are 0, so the best constant under {c.title} is 0", _elicits("median"),
        data=lambda q: {"zero_share": q.p.zero_share}, source=sources.ELICITED,
    ),
    Pitfall(
        "MAE_NOT_TOTAL", "warning", lambda q: q.skewed,
        "skewness {p.skewness:.2f}: predicting the median {constant:.4g} makes totals about {share_of_total:.0%} of "
        "actual",
        _elicits("median"), data=lambda q: of_mean(q, q.p.median), source=sources.FORECASTS,
    ),
    Pitfall(
        "HUBER_SHIFT", "warning", lambda q: q.skewed,
        "skewness {p.skewness:.2f}: {c.title} lands between median {p.median:.4g} and mean {p.mean:.4g}, and is "
        "neither",
        _elicits("centre"), source=sources.ROBUST,
    ),
    Pitfall(
        "MSLE_GEOMETRIC", "warning", lambda q: q.functional == "mean" and q.of_numbers,
        "without smearing, predictions of logs are geometric means: about {share_of_total:.0%} of actual in total",
        lambda q, c: c.transform == "log1p", data=lambda q: of_mean(q, geometric_mean(q)), source=sources.ELICITED,
    ),
    Pitfall(
        "MSE_DOMINATED", "warning", lambda q: q.of_numbers and q.p.top_share > 0.5,
        "the 1% of rows farthest from the mean carry {p.top_share:.0%} of the squared deviation; they are those beyond "
        "{low:.4g} or {high:.4g}", lambda q, c: c.power == 0,
        data=lambda q: {"top_share": q.p.top_share, "low": q.p.quantile(0.01), "high": q.p.quantile(0.99)},
        source=sources.ROBUST,
    ),
    Pitfall(
        "POISSON_SCALE", "info", lambda q: q.of_numbers and not q.p.integral,
        "the target is no count: the fit of the mean is right at any scale, the likelihood's value is not",
        lambda q, c: c.power == 1, source=sources.PSEUDO_LIKELIHOOD,
    ),
    Pitfall(
        "DELTA_SCALE", "info", lambda q: q.of_numbers and not 0.2 < q.p.robust_sigma < 5,
        "its parameter is in the target's unit (robust sigma {p.robust_sigma:.4g}): the usual default of 1 would be "
        "far off",
        lambda q, c: c.scaled,
        data=lambda q: {"robust_sigma": q.p.robust_sigma}, source=sources.ROBUST,
    ),
    Pitfall(
        "WEIGHTS_MISCALIBRATE", "warning", lambda q: bool(q.class_counts),
        "its weights bend probabilities, as the largest class has {imbalance_ratio:.3g} times the rows of the "
        "smallest: map them back before reading them", _trait("weighted"), data=_classes,
        source=sources.IMBALANCE_UNHARMFUL,
    ),
    Pitfall(
        "WEIGHTS_MISCALIBRATE", "warning", lambda q: q.of_classes and not q.class_counts,
        "its weights bend probabilities: map them back before reading them", _trait("weighted"),
        source=sources.IMBALANCE_UNHARMFUL,
    ),
    Pitfall(
        "FOCAL_MISCALIBRATES", "warning", _always,
        "it is not proper: a true probability of .01 is shown as .154 at gamma 2", _trait("focal"),
        source=sources.FOCAL_BENDS,
    ),
    Pitfall(
        "HINGE_NO_PROBABILITY", "warning", _always, "its scores are no probabilities and cannot be turned into any",
        _elicits("decision"), source=sources.CONVEX_BOUNDS,
    ),
    Pitfall(
        "WEIGHT_OR_POS_WEIGHT", "info", _always,
        "pos_weight multiplies the positive term and leaves the mean over n; class weights divide by the sum of "
        "weights",
        _loss("weighted_bce"), source=sources.BY_DEFINITION,
    ),
    Pitfall(
        "WEIGHTS_EXPLODE", "warning", lambda q: bool(q.class_counts) and q.p.imbalance_ratio > 100,
        "the largest class has {p.imbalance_ratio:.0f} times the rows of the smallest: weights like that make a few "
        "rows rule",
        _trait("weighted"), source=sources.RARE_EVENTS,
    ),
    Pitfall(
        "OVER_SMOOTHED", "info", lambda q: q.functional == "probability",
        "smoothing moves every probability towards 1/k: right only for over-confident models", _trait("smoothed"),
        source=sources.SMOOTHING,
    ),
    Pitfall(
        "EASY_TRIPLETS", "info", _always, "most triplets soon cost 0: mine those within the margin", _loss("triplet"),
        source=sources.TRIPLETS,
    ),
    Pitfall(
        "BATCH_BOUND", "info", _always,
        "it is at most the log of the batch size, so small batches learn little; rows of one class in a batch are "
        "false negatives",
        _loss("infonce", "nt_xent"), source=sources.CONTRAST,
    ),
    Pitfall(
        "KL_REDUCTION", "warning", _always,
        'torch\'s reduction="mean" divides by classes too: ask for "batchmean"', _loss("kl_div"),
        source=sources.BY_DEFINITION,
    ),
    Pitfall(
        "DISJOINT_BOXES", "warning", _always, "it is flat where boxes do not touch: no gradient brings them together",
        _loss("box_iou"), source=sources.BOX_OVERLAP,
    ),
    Pitfall(
        "REDUCTION_MISMATCH", "info", _always,
        "torch divides a weighted mean by the sum of weights, Keras by the number of rows: learning rates do not "
        "carry over",
        _loss("weighted_ce", "class_balanced_ce"), source=sources.BY_DEFINITION,
    ),
    Pitfall(
        "SCALE_MISMATCH", "info", _always,
        "its terms have different units: watch each on its own, and weigh them if one stops moving",
        lambda q, c: c.summed, source=sources.NNU_NET,
    ),
)  # fmt: skip
