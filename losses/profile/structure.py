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
BUCKETS = 1 << 10  # places into which sets of labels are sorted, to count how many there are
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
        return replace(self, sums=(alike,) * self.width + self.sums[self.width :]).unset()

    def unset(self) -> Structure:
        """The same without the sets of labels that rows carry, which may be one person's."""
        if self.form != "multilabel":
            return self
        return replace(self, sums=self.sums[: self.width + 4] + (0.0,) * BUCKETS)

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
    several = [(per_row == 0).sum(), per_row.sum(), (per_row == 1).sum(), (per_row**2).sum()]
    return np.concatenate([labels.sum(axis=0), several, np.bincount(_sets(labels), minlength=BUCKETS)])


def _sets(labels: Array) -> Array:
    """The bucket of each row's set of labels: equal sets share one, others rarely do."""
    mixed = np.zeros(len(labels), dtype=np.uint64)
    for place, carried in enumerate(labels.T, 1):
        mixed ^= np.where(carried, _scrambled(np.uint64(place)), np.uint64(0))
    return (_scrambled(mixed) >> np.uint64(64 - 10)).astype(np.int64)


def _scrambled(z: Any) -> Any:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _say_labels(s: Structure) -> dict[str, Any]:
    positives, (empty, total, single, squares) = [int(p) for p in s.sums[: s.width]], s.sums[s.width : s.width + 4]
    free = s.sums[s.width + 4 :].count(0.0)
    found = {
        "positives": positives,
        "positive_shares": [p / s.rows for p in positives],
        "rarest_count": min(positives, default=0),
        "empty_share": empty / s.rows,
        "cardinality": total / s.rows,
        "cardinality_std": math.sqrt(max(squares / s.rows - (total / s.rows) ** 2, 0.0)),
        "density": total / s.rows / s.width,
    }
    sets = round(BUCKETS * math.log(BUCKETS / free)) if 0 < free < BUCKETS else None  # counted linearly, in buckets
    return found | {"label_sets": sets, "one_hot": single == s.rows}


def _mask_sums(a: Array) -> Array:
    on = (a.reshape(len(a), -1) > 0).mean(axis=1)
    here = on[on > 0]
    shares = [on.sum(), (on == 0).sum(), (on == 1).sum(), here.sum(), (here < 0.05).sum()]
    return np.array([*shares, a[0].size * len(a), *_pieces(a > 0)])


def _pieces(on: Array) -> tuple[int, int]:
    """Pixels that are on, and connected pieces less holes: pixels - neighbours + squares of four (Euler's number)."""
    on = on[:, None] if on.ndim == 2 else on[..., 0] if on.ndim > 3 and on.shape[-1] == 1 else on
    beside, under = on[..., 1:] & on[..., :-1], on[..., 1:, :] & on[..., :-1, :]
    squares = beside[..., 1:, :] & beside[..., :-1, :]
    pixels, neighbours, fours = int(on.sum()), int(beside.sum()) + int(under.sum()), int(squares.sum())
    return pixels, pixels - neighbours + fours


def _say_masks(s: Structure) -> dict[str, Any]:
    on, empty, whole, here, small, pixels, lit, pieces = s.sums
    found = {"foreground_share": on / s.rows, "empty_share": empty / s.rows, "full_share": whole / s.rows}
    return found | {
        "foreground_where_present": here / (s.rows - empty) if s.rows > empty else math.nan,
        "small_share": small / s.rows,
        "pixels": int(pixels),
        "pieces": pieces / s.rows,
        "piece_pixels": lit / pieces if pieces > 0 else math.nan,
    }


SMALL, LARGE = 32.0**2, 96.0**2  # areas in pixels, as COCO has them


def _box_sums(a: Array) -> Array:
    boxes = a.reshape(-1, 4).astype(float)
    w, h = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    good = (w > 0) & (h > 0)
    w, h = w[good], h[good]
    area, aspect = w * h, np.abs(np.log(w / h))
    unit = ((boxes >= 0) & (boxes <= 1)).all(axis=1)
    sizes = [area.sum(), w.sum(), h.sum(), aspect.sum(), np.square(area).sum(), np.square(aspect).sum()]
    return np.array([(~good).sum(), *sizes, (area < SMALL).sum(), (area > LARGE).sum(), unit.sum(), len(boxes)])


def _say_boxes(s: Structure) -> dict[str, Any]:
    degenerate, area, w, h, aspect, squares, aspects, small, large, unit, boxes = s.sums
    good = boxes - degenerate
    means = {"mean_area": area, "mean_width": w, "mean_height": h, "mean_log_aspect": aspect}
    means |= {"small_share": small, "large_share": large}
    found = {name: value / good if good else math.nan for name, value in means.items()}
    for name, total, square in (("area_std", area, squares), ("log_aspect_std", aspect, aspects)):
        found[name] = math.sqrt(max(square / good - (total / good) ** 2, 0.0)) if good else math.nan
    return {"boxes": int(boxes), "degenerate_share": degenerate / boxes, "unit_share": unit / boxes} | found


def _class_sums(a: Array) -> Array:
    p = a.reshape(len(a), -1).astype(float)
    negative = (p < 0).any(axis=1)
    off = negative | (np.abs(p.sum(axis=1) - 1) >= 1e-3)
    on = p[~off]
    entropy = -np.where(on > 0, on * np.log(on), 0.0).sum()
    return np.concatenate([p.sum(axis=0), [entropy, (on.max(axis=1) > 0.99).sum(), off.sum(), negative.sum()]])


def _say_classes(s: Structure) -> dict[str, Any]:
    """Entropy and certainty are those of the rows that sum to one; others may be logits."""
    entropy, certain, off, negative = s.sums[s.width :]
    on = s.rows - off
    return {
        "prior": [v / s.rows for v in s.sums[: s.width]],
        "row_sum": sum(s.sums[: s.width]) / s.rows,
        "entropy": entropy / on if on else math.nan,
        "certain_share": certain / on if on else math.nan,
        "off_simplex_share": off / s.rows,
        "negative_share": negative / s.rows,
    }


def _vector_sums(a: Array) -> Array:
    rows = a.reshape(len(a), -1).astype(float)
    widest = float(np.abs(rows).max(initial=0))
    scale = widest if widest > 1e150 else 1.0  # squares beyond would overflow
    norms = scale * np.sqrt(((rows / scale) ** 2).sum(axis=1))
    return np.array([norms.sum(), (np.abs(norms - 1) < 1e-3).sum(), rows.sum(), (rows * rows).sum()])


def _say_vectors(s: Structure) -> dict[str, Any]:
    norm, unit, total, squares = s.sums
    return {"mean_norm": norm / s.rows, "unit_share": unit / s.rows, "mean": total / s.rows / s.width, "power": squares}


def _fixed(sums: int) -> Callable[[int], int]:
    return lambda width: sums


def _flat(a: Array) -> int:
    return int(np.prod(a.shape[1:]))


FORMS = (
    Form("masks", ("segmentation",), lambda a: a.ndim >= 3, _mask_sums, _say_masks, lambda a: 1, _fixed(8)),
    Form("multilabel", ("multilabel",), _flags, _label_sums, _say_labels, _flat, lambda width: width + 4 + BUCKETS),
    Form("distribution", ("distillation",), _simplex, _class_sums, _say_classes, _flat, lambda width: width + 4),
    Form("boxes", ("boxes",), _corners, _box_sums, _say_boxes, lambda a: 4, _fixed(11)),
    Form("vectors", ("metric_learning", "contrastive"), lambda a: True, _vector_sums, _say_vectors, _flat, _fixed(4)),
)
_TASKS = {task for form in FORMS for task in form.tasks}
