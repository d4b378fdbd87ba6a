"""Who races against the theory: losses that yield something else, and may still be the better ones on few rows.

The advice goes by what a loss yields with endless rows; with few, one that varies less may win. A race measures, so the
first loss for each other wish runs too, and a focal loss with its probabilities as they come: a calmer model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from losses.advice.answer import Recommendation
from losses.advice.constants import constant
from losses.advice.post import steps
from losses.advice.question import Question
from losses.advice.recommend import Admitted, admitted, made, recommendation, refusal

POINTS = ("mean", "median", "relative_median", "geometric_mean")  # wishes for one number
NEAR = "near_median"
CALM = "Mukhoti et al. 2020, arXiv:2002.09437"


def outsiders(q: Question) -> Iterator[Recommendation]:
    """The losses themselves; what is done after training is what the real wish calls for."""
    if q.functional in (*POINTS, NEAR):
        for wish in POINTS:
            other = replace(q, functional=wish, metric=None, stated=False)
            yield from (_elsewhere(q, other, first) for first in admitted(other)[0][:1] if wish != q.functional)
    if q.functional == "probability":
        yield from (_calm(q, found) for found in admitted(q)[0] if found[0].id in ("focal", "focal_multiclass"))


def _elsewhere(q: Question, other: Question, found: Admitted) -> Recommendation:
    """A loss that comes first for another wish."""
    advised = recommendation(other, *found)
    c, fit, _ = found
    return replace(
        advised,
        reasons=(f"An outsider: {refusal(q, c, None)}; with few rows it may vary less.",),
        post=steps(q, c, advised.loss),
        predicts=partial(constant, q, advised.loss, fit.elicits),
    )


def _calm(q: Question, found: Admitted) -> Recommendation:
    """Both classes alike, and nothing undone."""
    c, fit, _ = found
    loss = made(c, {"alpha": None})
    return replace(
        recommendation(q, *found),
        loss=loss,
        reasons=("An outsider: it bends probabilities to the middle, which helps a model that is too sure of itself.",),
        evidence=CALM,
        post={},
        predicts=partial(constant, q, loss, fit.elicits),
    )
