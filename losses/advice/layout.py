"""How a column stands before a loss: one value a row or several, and which classes have which numbers."""

from __future__ import annotations

from typing import Any

from losses.advice.question import Question
from losses.core import Loss
from losses.frameworks import Layout
from losses.profile import in_order
from losses.sums import Sum

MOST = 30  # classes that are listed one by one
CUT = "…"  # in a name that the profile does not keep whole
FORMS = {"multilabel": "labels", "distribution": "distribution", "boxes": "boxes", "masks": "masks"}
AMOUNTS = ("reals", "positive", "nonnegative", "above_minus_one")
LABELS = ("soft_labels", "bits")


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
    return Layout(form, _levels(q, truth), q.n_classes)


def _levels(q: Question, truth: str) -> tuple[Any, ...] | None:
    """The classes by number; () for those there are, sorted; None where the column holds such numbers already."""
    if q.task not in ("classification", "ordinal") or q.p.structure or not q.p.n:
        return None
    if not q.p.words.distinct:
        return _numbers(q, truth)
    names = list(q.p.class_rows)
    unsure = q.p.private or bool(q.p.moments.total) or any(CUT in name for name in names)
    if unsure or not 0 < len(names) <= MOST:
        return ()
    return tuple((in_order(names) or names) if q.task == "ordinal" else names)


def _numbers(q: Question, truth: str) -> tuple[Any, ...] | None:
    """Numbers that are those of classes, or that the loss takes as an amount, stay."""
    found = q.p.values.values.tolist()
    counted = [float(i) for i in range(len(found))]
    signs = truth == "signs" and found == [-1.0, 1.0]
    if truth in AMOUNTS or signs or q.p.families["booleans"] or found == counted:
        return None
    if q.p.values.full or q.p.private or q.p.families["numeric_strings"] or not 0 < len(found) <= MOST:
        return ()
    return tuple(int(value) if value.is_integer() else value for value in found)
