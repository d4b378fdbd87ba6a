"""What is left to do after training: thresholds, prior corrections, smearing. One step, one row, with its code.

The code starts from ``predictions``: probabilities of the second class, or (n, k), or values on the scale of y.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from losses.advice.candidates import Candidate
from losses.advice.parameters import balanced_weights, neat, pos_weight
from losses.advice.question import Question
from losses.core import Loss
from losses.sums import Sum

Made = Loss | Sum
AMOUNTS = ("mean", "median")  # which on the numbers of levels lie between them


@dataclass(frozen=True)
class Step:
    """A step called ``name`` that a wish and a loss together call for; ``numbers`` fill the code."""

    id: str
    name: str
    when: Callable[[Question, Candidate], bool]
    numbers: Callable[[Question, Made], dict[str, Any]]
    code: str


def _proper(c: Candidate) -> bool:
    return "probability" in c.elicits


def _priors(q: Question, loss: Made) -> dict[str, Any]:
    return {"priors": [neat(s) for s in q.shares]}


def _base_rate(q: Question, loss: Made) -> dict[str, Any]:
    return {"priors": [neat(s) for s in q.shares], "threshold": neat(q.shares[1])}


def _cost_threshold(q: Question, loss: Made) -> dict[str, Any]:
    miss, alarm = q.costs["false_negative"], q.costs["false_positive"]
    return {"threshold": neat(alarm / (alarm + miss))}


def _weights(q: Question, loss: Made) -> dict[str, Any]:
    found = getattr(loss, "costs_of_classes", None)
    return {"weights": [neat(float(w)) for w in (balanced_weights(q) if found is None else found)]}


def _focal(q: Question, loss: Made) -> dict[str, Any]:
    alpha, gamma = getattr(loss, "alpha", None), getattr(loss, "gamma", 2.0)
    return {"alpha": 0.5 if alpha is None else alpha, "gamma": gamma}


def _f1(q: Question, loss: Made) -> dict[str, Any]:
    """Half the best F1 of one class is its best threshold; that of both together has no such bound."""
    macro = q.metric is not None and q.metric.id == "macro_f1"
    return {"start": neat(q.shares[1]), "at_most": 0.99 if macro else 0.5, "average": "macro" if macro else "binary"}


def _cuts(q: Question, loss: Made) -> dict[str, Any]:
    """The levels, and the share of rows up to each but the last."""
    names = list(q.p.class_rows)  # in the order of the shares; numbers keep it
    order = [names.index(level) for level in q.levels] if q.p.words.distinct else range(len(names))
    below = itertools.accumulate(q.shares[place] for place in order[:-1])
    return {"levels": list(q.levels), "below": [neat(share) for share in below]}


def _calibrated(q: Question) -> bool:
    return q.functional in ("probability", "ranking", "cost_decision", "distribution")


def _decided(q: Question) -> bool:
    return q.functional in ("balanced_decision", "f_decision")


def _two(q: Question) -> bool:
    return len(q.shares) == 2


STEPS = (
    Step(
        "cut-points", "cut_points",
        lambda q, c: q.functional == "ordered" and not c.elicits.isdisjoint(AMOUNTS) and len(q.levels) > 2,
        _cuts,
        "import numpy as np\n\n# as many rows of each level as in training; search near these on validation rows\n"
        "cuts = np.quantile(predictions, {below})\n"
        "decisions = np.array({levels})[np.searchsorted(cuts, predictions)]",
    ),
    Step(
        "balanced-two", "prior_adjusted_decision",
        lambda q, c: q.functional == "balanced_decision" and _proper(c) and _two(q), _base_rate,
        "decisions = predictions >= {threshold}",
    ),
    Step(
        "balanced-many", "prior_adjusted_decision",
        lambda q, c: q.functional == "balanced_decision" and _proper(c) and len(q.shares) > 2, _priors,
        "import numpy as np\n\npriors = np.array({priors})\n"
        "decisions = np.argmax(predictions / priors, axis=1)  # predictions: (n, {n_classes})",
    ),
    Step(
        "cost-threshold", "threshold",
        lambda q, c: q.functional == "cost_decision" and _proper(c) and len(q.shares) in (0, 2), _cost_threshold,
        "decisions = predictions >= {threshold}",
    ),
    Step(
        "f1-threshold", "threshold", lambda q, c: q.functional == "f_decision" and _proper(c) and _two(q),
        _f1,
        "import numpy as np\nfrom sklearn.metrics import f1_score\n\n"
        "# on validation rows: the threshold with the best F1\n"
        "grid = np.unique(np.append(np.linspace(0.01, {at_most}, 50), {start}))\n"
        "f1 = [f1_score(y, predictions >= t, average='{average}', zero_division=0) for t in grid]\n"
        "threshold = grid[np.argmax(f1)]\ndecisions = predictions >= threshold",
    ),
    Step(
        "smearing", "smearing", lambda q, c: c.transform is not None and q.functional == "mean",
        lambda q, loss: {"target_mean": neat(q.p.mean)} if q.of_numbers else {"target_mean": 1.0},
        "# predictions: of the training rows, back on the scale of y; keep the factor for new rows\n"
        "factor = {target_mean} / predictions.mean()\npredictions = factor * predictions",
    ),
    Step(
        "undo-pos-weight", "prior_correction",
        lambda q, c: c.about.id == "weighted_bce" and _calibrated(q) and (_two(q) or bool(q.costs)),
        lambda q, loss: {"weight": pos_weight(q)},
        "predictions = predictions / (predictions + {weight} * (1 - predictions))",
    ),
    Step(
        "undo-class-weights", "prior_correction",
        lambda q, c: c.about.id in ("weighted_ce", "class_balanced_ce") and _calibrated(q) and len(q.shares) > 1,
        _weights,
        "import numpy as np\n\nback = predictions / np.array({weights})  # predictions: (n, {n_classes})\n"
        "predictions = back / back.sum(axis=1, keepdims=True)",
    ),
    Step(
        "decide-then-undo-pos-weight", "prior_correction",
        lambda q, c: c.about.id == "weighted_bce" and _decided(q) and _two(q),
        lambda q, loss: {"weight": pos_weight(q)},
        "decisions = predictions >= 0.5  # {metric} is read on the weighted scores\n"
        "probabilities = predictions / (predictions + {weight} * (1 - predictions))",
    ),
    Step(
        "decide-then-undo-class-weights", "prior_correction",
        lambda q, c: c.about.id in ("weighted_ce", "class_balanced_ce") and _decided(q) and len(q.shares) > 1,
        _weights,
        "import numpy as np\n\ndecisions = np.argmax(predictions, axis=1)  # {metric} is read on the weighted scores\n"
        "back = predictions / np.array({weights})  # predictions: (n, {n_classes})\n"
        "probabilities = back / back.sum(axis=1, keepdims=True)",
    ),
    Step(
        "undo-logit-adjustment", "prior_correction",
        lambda q, c: c.about.id == "logit_adjusted_ce" and _calibrated(q) and len(q.shares) > 1, _priors,
        "import numpy as np\n\nback = predictions * np.array({priors})  # predictions: (n, {n_classes})\n"
        "predictions = back / back.sum(axis=1, keepdims=True)",
    ),
    Step(
        "undo-focal", "prior_correction", lambda q, c: c.about.id == "focal" and _calibrated(q), _focal,
        "import numpy as np\n\np = np.clip(predictions, 1e-12, 1 - 1e-12)\n"
        "up = {alpha} * (1 - p) ** {gamma} * (1 - p - {gamma} * p * np.log(p))\n"
        "down = (1 - {alpha}) * p ** {gamma} * (p - {gamma} * (1 - p) * np.log(1 - p))\n"
        "predictions = down / (up + down)",
    ),
)  # fmt: skip


def steps(q: Question, c: Candidate, loss: Made) -> dict[str, dict[str, Any]]:
    """The steps that this wish calls for after training with this loss: name -> numbers and code."""
    found = {}
    for step in STEPS:
        if step.when(q, c):
            numbers = step.numbers(q, loss)
            code = _of_second(q, loss, step) + step.code.format(**numbers, n_classes=len(q.shares), metric=q.wanted)
            found[step.name] = {"numbers": numbers, "code": code}
    return found


def _of_second(q: Question, loss: Made, step: Step) -> str:
    """A loss of shares leaves two columns of two classes; a step that does not say so reads the second."""
    shares = isinstance(loss, Loss) and loss.inputs["y_true"].name == "distribution"
    return "predictions = predictions[:, 1]\n" if shares and _two(q) and "{n_classes}" not in step.code else ""
