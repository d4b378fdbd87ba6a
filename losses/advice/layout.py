"""How a column stands before a loss: one value a row or several, and which classes have which numbers."""

from __future__ import annotations

from typing import Any

from losses.advice.question import Question
from losses.core import Loss
from losses.frameworks import LABELS, Layout
from losses.sums import Sum

FORMS = {"multilabel": "labels", "distribution": "distribution", "boxes": "boxes", "masks": "masks"}
AMOUNTS = ("reals", "positive", "nonnegative", "above_minus_one")


def layout(q: Question, loss: Loss | Sum) -> Layout:
    """The form of the target, and its classes by number where the loss cannot take them as they are written.

    >>> from losses import Profile, Corn
    >>> from losses.advice.question import ask
    >>> layout(ask(Profile.of(["low", "high", "medium"] * 30), task="ordinal"), Corn())
    Layout(form=None, levels=('low', 'medium', 'high'), classes=3)
    """
    form = FORMS.get(q.structure.get("form", "")) or ("boxes" if q.task == "boxes" else None)
    truth = loss.inputs["y_true"].name if isinstance(loss, Loss) and "y_true" in loss.inputs else ""
    if q.of_numbers and truth in LABELS and q.p.min >= 0 and q.p.max <= 1:
        form = "shares"
    classes = q.task in ("classification", "ordinal") and q.p.n and not q.p.structure
    return Layout(form, _levels(q, truth) if classes else None, q.n_classes)


def _levels(q: Question, truth: str) -> tuple[Any, ...] | None:
    """The classes by number; () for those there are, sorted; None where the column holds such numbers already."""
    if not q.p.words.distinct:
        found = q.p.values.values.tolist()
        counted = found == list(range(len(found)))
        if counted or truth in AMOUNTS or q.p.families["booleans"] or (truth == "signs" and found == [-1, 1]):
            return None
        if q.p.families["numeric_strings"]:
            return ()
    return q.levels
