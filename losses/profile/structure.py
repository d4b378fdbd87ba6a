"""Targets that are not one column: label matrices, masks, boxes, distributions, embeddings, logits.

Each form keeps sums that add up. ``read`` says how a batch becomes sums; the names say what the sums are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from losses.errors import InvalidShape, UnknownName

Array = npt.NDArray[Any]

MOST_SUMS = 8_000  # sums kept for one target: labels or classes and a few more
LARGEST = 1e250  # sums that can still be added many times over; what is larger is held here


@dataclass(frozen=True)
class Structure:
    """The form of a structured target, its width (labels, classes, dimensions) and sums over its rows."""

    form: str
    width: int
    rows: int
    sums: tuple[float, ...]

    @classmethod
    def of(cls, array: Array, task: str | None = None) -> Structure:
        """The structure of one array of two or more dimensions."""
        if array.dtype.kind not in "biuf":
            raise InvalidShape(f"an array of numbers is expected, got dtype {array.dtype}", field="target")
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            return cls._read(array, task)

    @classmethod
    def _read(cls, array: Array, task: str | None) -> Structure:
        form = next(form for form in FORMS if form.fits(array, task))
        if array.size == 0:
            raise InvalidShape(f"a target of shape {array.shape} holds nothing", field="target", got=list(array.shape))
        if form.id == "boxes" and array.shape[-1] != 4:
            raise InvalidShape(f"boxes have four corners in their last axis, got shape {array.shape}", field="target")
        width = form.width(array)
        if form.length(width) > MOST_SUMS:
            raise InvalidShape(f"{width} labels are too many; at most about {MOST_SUMS} are summed", field="target")
        return cls(form.id, width, int(array.shape[0]), tuple(_held(float(s)) for s in form.read(array)))

    def __add__(self, other: Structure) -> Structure:
        if (self.form, self.width) != (other.form, other.width):
            ours, theirs = (f"{s.form} of width {s.width}" for s in (self, other))
            raise InvalidShape(f"profiles of {ours} and of {theirs} do not add up", field="target")
        sums = tuple(_held(a + b) for a, b in zip(self.sums, other.sums, strict=True))
        return Structure(self.form, self.width, self.rows + other.rows, sums)

    def evened(self) -> Structure:
        """The same with the sum of each label or class replaced by their mean, so that no row shows through."""
        if form_named(self.form).length(self.width) <= self.width:
            return self
        alike = sum(self.sums[: self.width]) / self.width
        return replace(self, sums=(alike,) * self.width + self.sums[self.width :])

    def reading(self) -> dict[str, Any]:
        """The sums under their names, with the shares that they make."""
        return {"form": self.form, "width": self.width, "rows": self.rows} | form_named(self.form).say(self)


@dataclass(frozen=True)
class Form:
    """How one form of target is recognised, summed and described."""

    id: str
    tasks: tuple[str, ...]
    looks: Callable[[Array], bool]
    read: Callable[[Array], Array]
    say: Callable[[Structure], dict[str, Any]]
    width: Callable[[Array], int] = lambda a: int(a.shape[-1])
    length: Callable[[int], int] = lambda width: width

    def fits(self, array: Array, task: str | None) -> bool:
        """True where the task names this form, or where no task is named and the numbers look like it."""
        return task in self.tasks if task in _TASKS else self.looks(array)


def form_named(name: object) -> Form:
    """The form with this id."""
    found = {form.id: form for form in FORMS}.get(str(name))
    if found is None:
        raise UnknownName.among("form", name, [form.id for form in FORMS])
    return found


def _held(total: float) -> float:
    return LARGEST if math.isnan(total) else min(max(total, -LARGEST), LARGEST)


def _flags(a: Array) -> bool:
    return a.ndim == 2 and (a.dtype.kind == "b" or bool(((a == 0) | (a == 1)).all()))


def _one_hot(a: Array) -> bool:
    return _flags(a) and bool((a.sum(axis=1) == 1).all())


def _simplex(a: Array) -> bool:
    if a.ndim != 2 or a.dtype.kind != "f":
        return False
    return bool((a >= 0).all() and (np.abs(a.sum(axis=1) - 1) < 1e-3).all()) and not _one_hot(a)


def _corners(a: Array) -> bool:
    """Rows x1, y1, x2, y2 with x1 <= x2 and y1 <= y2 throughout, which by chance is one in 4 to the rows.

    Rows that all ascend from left to right keep that order too, and are something else: quantiles, say.
    """
    if a.ndim != 2 or a.shape[1] != 4 or len(a) < 10 or a.dtype.kind not in "iuf":
        return False
    left, top, right, bottom = a.T
    ascending = (left <= top) & (top <= right) & (right <= bottom)
    inside = (left < right) & (top < bottom)
    return bool(((left <= right) & (top <= bottom)).all() and inside.mean() > 0.5 and not ascending.all())


def _label_sums(a: Array) -> Array:
    labels = a.reshape(len(a), -1) > 0
    per_row = labels.sum(axis=1)
    return np.concatenate([labels.sum(axis=0), [(per_row == 0).sum(), per_row.sum(), (per_row == 1).sum()]])


def _say_labels(s: Structure) -> dict[str, Any]:
    positives, (empty, total, single) = [int(p) for p in s.sums[:-3]], s.sums[-3:]
    rare = min(positives, default=0)
    found = {"positives": positives, "positive_shares": [p / s.rows for p in positives], "rarest_count": rare}
    return found | {"empty_share": empty / s.rows, "cardinality": total / s.rows, "one_hot": single == s.rows}


def _mask_sums(a: Array) -> Array:
    on = (a.reshape(len(a), -1) > 0).mean(axis=1)
    here = on[on > 0]
    return np.array([on.sum(), (on == 0).sum(), (on == 1).sum(), here.sum(), (here < 0.05).sum(), a[0].size * len(a)])


def _say_masks(s: Structure) -> dict[str, Any]:
    on, empty, whole, here, small, pixels = s.sums
    found = {"foreground_share": on / s.rows, "empty_share": empty / s.rows, "full_share": whole / s.rows}
    return found | {
        "foreground_where_present": here / (s.rows - empty) if s.rows > empty else math.nan,
        "small_share": small / s.rows,
        "pixels": int(pixels),
    }


def _box_sums(a: Array) -> Array:
    boxes = a.reshape(-1, 4).astype(float)
    w, h = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    good = (w > 0) & (h > 0)
    aspect = np.abs(np.log(w[good] / h[good]))
    return np.array([(~good).sum(), (w * h)[good].sum(), w[good].sum(), h[good].sum(), aspect.sum(), len(boxes)])


def _say_boxes(s: Structure) -> dict[str, Any]:
    degenerate, area, w, h, aspect, boxes = s.sums
    good = boxes - degenerate
    means = {"mean_area": area, "mean_width": w, "mean_height": h, "mean_log_aspect": aspect}
    found = {name: value / good if good else math.nan for name, value in means.items()}
    return {"boxes": int(boxes), "degenerate_share": degenerate / boxes} | found


def _class_sums(a: Array) -> Array:
    p = a.astype(float)
    entropy = -np.where(p > 0, p * np.log(p), 0.0).sum()
    return np.concatenate([p.sum(axis=0), [entropy, (p.max(axis=1) > 0.99).sum()]])


def _say_classes(s: Structure) -> dict[str, Any]:
    prior = [v / s.rows for v in s.sums[:-2]]
    return {"prior": prior, "entropy": s.sums[-2] / s.rows, "certain_share": s.sums[-1] / s.rows}


def _vector_sums(a: Array) -> Array:
    rows = a.reshape(len(a), -1).astype(float)
    widest = float(np.abs(rows).max(initial=0))
    scale = widest if widest > 1e150 else 1.0  # squares beyond would overflow
    norms = scale * np.sqrt(((rows / scale) ** 2).sum(axis=1))
    return np.array([norms.sum(), (np.abs(norms - 1) < 1e-3).sum(), rows.sum(), (rows * rows).sum()])


def _say_vectors(s: Structure) -> dict[str, Any]:
    norm, unit, total, squares = s.sums
    return {"mean_norm": norm / s.rows, "unit_share": unit / s.rows, "mean": total / s.rows / s.width, "power": squares}


def _six(_: int) -> int:
    return 6


def _four(_: int) -> int:
    return 4


def _flat(a: Array) -> int:
    return int(np.prod(a.shape[1:]))


FORMS = (
    Form("masks", ("segmentation",), lambda a: a.ndim >= 3, _mask_sums, _say_masks, lambda a: 1, _six),
    Form("multilabel", ("multilabel",), _flags, _label_sums, _say_labels, _flat, lambda width: width + 3),
    Form("distribution", ("distillation",), _simplex, _class_sums, _say_classes, _flat, lambda width: width + 2),
    Form("boxes", ("boxes",), _corners, _box_sums, _say_boxes, lambda a: 4, _six),
    Form("vectors", ("metric_learning", "contrastive"), lambda a: True, _vector_sums, _say_vectors, _flat, _four),
)
_TASKS = {task for form in FORMS for task in form.tasks}
