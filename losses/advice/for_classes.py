"""What speaks for and against each loss of a class, a grade or a set of labels."""

from __future__ import annotations

from losses.advice import sources
from losses.advice.parameters import SMOOTHING
from losses.advice.question import Question
from losses.advice.rule import Rule, labels, power, trait


def _imbalanced(q: Question) -> bool:
    return bool(q.shares) and q.p.imbalance_ratio > 1.5


FEW_ROWS = 5000  # up to which a flexible model fits its own training rows too well


def overconfident(q: Question) -> bool:
    """Whether smoothing gains more in confidence than it loses in rare classes."""
    flexible = q.model in ("neural", "boosting")
    return flexible and bool(q.shares) and q.p.n <= FEW_ROWS and min(q.shares) >= SMOOTHING


CLASSES = (
    Rule(
        "log-score", lambda q: q.of_classes, lambda q, c: "probability" in c.elicits and c.about.unit == "nats", 0.4,
        "its gradient does not vanish on confident mistakes", source=sources.PROPER,
    ),
    Rule(
        "stable-logits", lambda q: q.of_classes or q.kind == "proportion",
        lambda q, c: "probability" in c.elicits and "y_pred" in c.about.inputs and c.about.inputs["y_pred"].infinite,
        0.3,
        "it reads logits, which keep every digit", source=sources.PRACTICE,
    ),
    Rule(
        "one-output-for-two", lambda q: q.kind in ("binary", "proportion"),
        lambda q, c: labels(c) and "effective" not in c.traits, -0.5, "two outputs do the work of one",
        source=sources.PRACTICE,
    ),
    Rule(
        "effective-numbers-unseen", lambda q: q.functional == "f_decision" and not q.shares, trait("effective"), 3.0,
        "it weights each class by its effective number of rows, which serves F1", source=sources.EFFECTIVE,
    ),
    Rule(
        "effective-numbers", lambda q: q.functional == "f_decision" and bool(q.shares), trait("effective"), 3.0,
        "it weights each class by its effective number of rows, which serves F1 on an imbalance of "
        "{p.imbalance_ratio:.3g} to 1", source=sources.EFFECTIVE,
    ),
    Rule(
        "weights-for-balance", lambda q: q.functional in ("balanced_decision", "f_decision") and _imbalanced(q),
        trait("weighted"), 0.7, "the largest class has {p.imbalance_ratio:.3g} times the rows of the smallest",
        source=sources.BALANCED_ACCURACY,
    ),
    Rule(
        "overconfident-on-few-rows", lambda q: q.functional == "probability" and q.stated and overconfident(q),
        trait("smoothed"), 4.0,
        "on {p.n:,} rows a {q.model} model grows surer than it is right, which {q.wanted} charges for; no class is so "
        "rare that smoothing would hide it", source=sources.CALIBRATION,
    ),
    Rule(
        "weights-spoil", lambda q: q.functional in ("probability", "ranking", "decision"), trait("weighted", "focal"),
        -0.5,
        "it bends probabilities for no gain in {q.wanted}", source=sources.IMBALANCE_UNHARMFUL,
    ),
    Rule(
        "rare-positives",
        lambda q: q.functional == "probability" and not q.stated and bool(q.shares) and q.p.imbalance_ratio > 10,
        trait("focal"), 0.7,
        "with {p.imbalance_ratio:.3g} rows of one class to one of the other, it looks at the hard ones",
        source=sources.FOCAL,
    ),
    Rule(
        "many-negatives", lambda q: q.task == "multilabel", trait("focal"), 0.5,
        "most labels of a row are absent: easy negatives fade", source=sources.FOCAL,
    ),
    Rule(
        "corn-for-nets", lambda q: q.functional == "ordered" and q.model in (None, "neural"),
        lambda q, c: c.about.id == "corn", 0.5,
        "a net asks of each of {q.n_classes} levels but the last whether it is passed",
        source=sources.CORN,
    ),
    Rule(
        "thresholds-for-linear", lambda q: q.functional == "ordered" and q.model == "linear",
        lambda q, c: c.about.id == "cumulative_link", 0.5, "one score and its cut points are the classical model",
        source=sources.ORDERED,
    ),
    Rule(
        "cut-points-for-trees", lambda q: q.functional == "ordered" and q.model == "boosting", power(0), 2.5,
        "boosters have no ordinal head: train the level number, then choose cut points", source=sources.PRACTICE,
    ),
    Rule(
        "plain-levels", lambda q: q.functional == "ordered", lambda q, c: "mean" in c.elicits and c.power != 0, -1.5,
        "level numbers are no amounts", source=sources.ORDERED,
    ),
)  # fmt: skip
