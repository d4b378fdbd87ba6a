"""Losses of boxes: how little two rectangles x1, y1, x2, y2 have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import numpy as np

from .arrays import numbers
from .blocks import Column
from .core import NO, NOT_FOCUS, PIECEWISE, About, Loss
from .domains import BOXES, Array
from .errors import InvalidShape
from .layouts import same_shape
from .params import Param

PAIR = {"y_true": BOXES, "y_pred": BOXES}


class Extent(NamedTuple):
    """Areas of where two boxes meet, of what only one of them covers, and of both together; the hull around them.

    Of the hull: the area that neither covers, and the sides. No area is a difference of larger ones.
    """

    meet: Array
    rest: Array
    union: Array
    empty: Array
    width: Array
    height: Array


class Geometry(NamedTuple):
    """An extent with its slopes in the predicted corners, (n, 4); those of the hull's sides are (n, 2, 4).

    ``fixed`` is what of the union a corner does not move while it moves where the boxes meet, ``in_rest`` its slope of
    the union while it does not.
    """

    meet: Array
    rest: Array
    union: Array
    empty: Array
    width: Array
    height: Array
    fixed: Array
    in_meet: Array
    in_rest: Array
    in_union: Array
    in_sides: Array

    @property
    def sides(self) -> Array:
        """Width and height of the hull, (n, 2)."""
        return np.stack([self.width, self.height], axis=1)


def _scale(y: Array, z: Array) -> Array:
    """1, or for boxes whose squared areas would overflow what brings them back into range."""
    most = np.sqrt(np.sqrt(np.finfo(z.dtype).max)) / 8
    largest = np.maximum(np.abs(y).max(axis=1), np.abs(z).max(axis=1))[:, None]
    return np.maximum(largest / most, 1)


def _corners(boxes: Array) -> tuple[Array, Array, Array, Array]:
    return boxes[:, 0], boxes[:, 1], boxes[:, 2], boxes[:, 3]


def _extent(y: Array, z: Array) -> Extent:
    (left, top, right, bottom), (true_left, true_top, true_right, true_bottom) = _corners(z), _corners(y)
    across, over, true_over, width = _side(left, right, true_left, true_right)
    down, under, true_under, height = _side(top, bottom, true_top, true_bottom)
    tall, true_tall = bottom - top, true_bottom - true_top
    meet = np.maximum(across, 0) * np.maximum(down, 0)
    only = np.minimum(over, right - left) * tall + np.minimum(true_over, true_right - true_left) * true_tall
    rest = only + np.maximum(across, 0) * np.minimum(under + true_under, tall + true_tall)
    empty = over * true_under + true_over * under - (across * down - meet)
    return Extent(meet, rest, rest + meet, empty, width, height)


def _side(low: Array, high: Array, true_low: Array, true_high: Array) -> tuple[Array, Array, Array, Array]:
    """Along one axis: what two boxes share (below 0 their distance), what each has beyond the other, and the hull."""
    inner_low, inner_high = np.maximum(low, true_low), np.minimum(high, true_high)
    over, true_over = (high - inner_high) + (inner_low - low), (true_high - inner_high) + (inner_low - true_low)
    return inner_high - inner_low, over, true_over, np.maximum(high, true_high) - np.minimum(low, true_low)


def _geometry(y: Array, z: Array) -> Geometry:
    low, high, true_low, true_high = z[:, :2], z[:, 2:], y[:, :2], y[:, 2:]
    shared, over, _, _ = _side(low, high, true_low, true_high)
    touching = np.all(shared > 0, axis=1, keepdims=True)
    in_low, in_high = _moves(low, true_low) * touching, _moves(true_high, high) * touching
    across, size, beyond = shared[:, ::-1], (high - low)[:, ::-1], over[:, ::-1]
    fixed = over * size + (true_high - true_low).prod(axis=1, keepdims=True)
    in_meet = np.concatenate([-across * in_low, across * in_high], axis=1)
    in_rest = np.concatenate([-size * (1 - in_low), size * (1 - in_high)], axis=1)
    in_union = in_rest + np.concatenate([-beyond * in_low, beyond * in_high], axis=1)
    fixed, in_sides = np.concatenate([fixed, fixed], axis=1), _in_sides(low, high, true_low, true_high)
    return Geometry(*_extent(y, z), fixed, in_meet, in_rest, in_union, in_sides)


def _moves(a: Array, b: Array) -> Array:
    """The slope of max(a, b) in a: 1 where it is the larger, a half where they tie."""
    return ((a > b) + 0.5 * (a == b)).astype(a.dtype)


def _in_sides(low: Array, high: Array, true_low: Array, true_high: Array) -> Array:
    slopes = np.zeros((len(low), 2, 4), low.dtype)
    for axis in (0, 1):
        slopes[:, axis, axis] = -_moves(true_low, low)[:, axis]
        slopes[:, axis, axis + 2] = _moves(high, true_high)[:, axis]
    return slopes


def _over(top: Array, bottom: Array) -> Array:
    """``top / bottom``, nothing over nothing being nothing."""
    return top / np.where(bottom == 0, 1, bottom) * (bottom != 0)


class BoxIoU(Loss):
    """The share of the union of two boxes that they do not have in common; flat where they do not meet.

    ``eps`` is added to every denominator, as torchvision does; at 0 only exact zeros are guarded, which suits boxes
    in units of the image, whose areas 1e-7 would swamp.

    >>> round(BoxIoU(eps=0)([[2, 2, 4, 4]], [[1, 1, 3, 3]]), 9)
    0.857142857
    """

    about = About(
        id="box_iou", title="Box IoU", tasks=("boxes",), elicits="box", convex=NO, differentiable=PIECEWISE,
        robust=NOT_FOCUS, unit="unitless", inputs=PAIR, formula="1 − |A ∩ B| / |A ∪ B|",
        source="Yu et al. 2016, arXiv:1608.01471",
    )  # fmt: skip
    eps: Annotated[float, Param("added to every denominator", at_least=0)] = 1e-7

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        y, z = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        same_shape("y_true", y, "y_pred", z)
        if y.ndim != 2 or y.shape[1] != 4:
            raise InvalidShape(
                f"boxes must be rows of four corners x1, y1, x2, y2, got shape {list(y.shape)}",
                field="y_true", expected=["n", 4], got=list(y.shape),
            )  # fmt: skip
        return Column("y_true", y, BOXES), Column("y_pred", z, BOXES)

    def value(self, y: Array, z: Array) -> Array:
        scale = _scale(y, z)
        y, z = y / scale, z / scale
        extent = _extent(y, z)
        return self._lack(extent) + self._penalty(y, z, extent)

    def slope(self, y: Array, z: Array) -> Array:
        scale = _scale(y, z)
        y, z = y / scale, z / scale
        g = _geometry(y, z)
        return (self._in_penalty(y, z, g) - self._in_iou(g)) / scale

    def curvature(self, y: Array, z: Array) -> Array:
        scale = _scale(y, z).astype(np.float64)  # squares of slopes leave the range of float32 before the slopes do
        y, z = y / scale, z / scale
        g = _geometry(y, z)
        return (self._bent_penalty(y, z, g) - self._bent_iou(g)) / scale / scale

    def _iou(self, g: Extent | Geometry) -> Array:
        return _over(g.meet, g.union + self.eps)

    def _lack(self, g: Extent | Geometry) -> Array:
        """One minus the IoU, without cancellation."""
        whole = g.union + self.eps
        return _over(g.rest + self.eps, whole) + (whole == 0)

    def _in_iou(self, g: Geometry) -> Array:
        whole = (g.union + self.eps)[:, None]
        return _over(g.in_meet * _over(g.fixed + self.eps, whole) - self._iou(g)[:, None] * g.in_rest, whole)

    def _bent_iou(self, g: Geometry) -> Array:
        """Each corner by itself moves areas and sides in proportion: what bends is their ratio."""
        return -2 * _over(self._in_iou(g) * g.in_union, (g.union + self.eps)[:, None])

    def _penalty(self, y: Array, z: Array, g: Extent | Geometry) -> Array:
        return np.zeros_like(g.meet)

    def _in_penalty(self, y: Array, z: Array, g: Geometry) -> Array:
        return np.zeros_like(z)

    def _bent_penalty(self, y: Array, z: Array, g: Geometry) -> Array:
        return np.zeros_like(z)


class GIoU(BoxIoU):
    """Box IoU, plus the empty share of the hull around both: boxes that do not meet are drawn together.

    >>> round(GIoU(eps=0)([[2, 2, 4, 4]], [[1, 1, 3, 3]]), 9)
    1.079365079
    """

    about = About(
        id="giou", aliases=("generalized_iou",), title="GIoU", tasks=("boxes",), elicits="box", convex=NO,
        differentiable=PIECEWISE, robust=NOT_FOCUS, unit="unitless", inputs=PAIR,
        formula="1 − IoU + (|C| − |A ∪ B|)/|C|", source="Rezatofighi et al. 2019, arXiv:1902.09630",
        note="Range [0, 2].",
    )  # fmt: skip

    def _penalty(self, y: Array, z: Array, g: Extent | Geometry) -> Array:
        return _over(g.empty, g.width * g.height + self.eps)

    def _hull(self, g: Geometry) -> tuple[Array, Array]:
        """What the hull counts below the fraction bar, and its slopes."""
        in_hull = g.sides[:, 1, None] * g.in_sides[:, 0] + g.sides[:, 0, None] * g.in_sides[:, 1]
        return (g.width * g.height)[:, None] + self.eps, in_hull

    def _in_penalty(self, y: Array, z: Array, g: Geometry) -> Array:
        hull, in_hull = self._hull(g)
        share = self._penalty(y, z, g)[:, None]
        return _over(in_hull - g.in_union - share * in_hull, hull)

    def _bent_penalty(self, y: Array, z: Array, g: Geometry) -> Array:
        hull, in_hull = self._hull(g)
        return -2 * _over(self._in_penalty(y, z, g) * in_hull, hull)


class DIoU(BoxIoU):
    """Box IoU, plus the distance of the centres against the diagonal of the hull: centres are drawn together.

    >>> round(DIoU(eps=0)([[2, 2, 4, 4]], [[1, 1, 3, 3]]), 9)
    0.968253968
    """

    about = About(
        id="diou", aliases=("distance_iou",), title="DIoU", tasks=("boxes",), elicits="box", convex=NO,
        differentiable=PIECEWISE, robust=NOT_FOCUS, unit="unitless", inputs=PAIR, formula="1 − IoU + ρ²/c²",
        source="Zheng et al. 2020, arXiv:1911.08287", note="Range [0, 2].",
    )  # fmt: skip

    def _penalty(self, y: Array, z: Array, g: Extent | Geometry) -> Array:
        (left, top, right, bottom), (true_left, true_top, true_right, true_bottom) = _corners(z), _corners(y)
        across, down = (left - true_left) + (right - true_right), (top - true_top) + (bottom - true_bottom)
        return _over((across * across + down * down) / 4, g.width * g.width + g.height * g.height + self.eps)

    def _diagonal(self, g: Geometry) -> tuple[Array, Array]:
        """What the squared diagonal of the hull counts below the fraction bar, and its slopes."""
        in_diagonal = 2 * (g.sides[:, :, None] * g.in_sides).sum(axis=1)
        return (g.sides * g.sides).sum(axis=1)[:, None] + self.eps, in_diagonal

    def _in_penalty(self, y: Array, z: Array, g: Geometry) -> Array:
        apart = _apart(y, z)
        diagonal, in_diagonal = self._diagonal(g)
        share = DIoU._penalty(self, y, z, g)[:, None]
        return _over(np.concatenate([apart, apart], axis=1) - share * in_diagonal, diagonal)

    def _bent_penalty(self, y: Array, z: Array, g: Geometry) -> Array:
        diagonal, in_diagonal = self._diagonal(g)
        share, bent_diagonal = DIoU._penalty(self, y, z, g)[:, None], 2 * np.square(g.in_sides).sum(axis=1)
        return _over(0.5 - 2 * DIoU._in_penalty(self, y, z, g) * in_diagonal - share * bent_diagonal, diagonal)


def _apart(y: Array, z: Array) -> Array:
    return ((z[:, :2] - y[:, :2]) + (z[:, 2:] - y[:, 2:])) / 2


class CIoU(DIoU):
    """DIoU, plus a penalty for the wrong aspect ratio, which gains weight as the boxes come to overlap.

    The gradient is that of the value; torchvision holds the weight of the aspect term constant in its own.

    >>> round(CIoU()([[2, 2, 4, 4]], [[1, 1, 3, 3]]), 6)
    0.968254
    """

    about = About(
        id="ciou", aliases=("complete_iou",), title="CIoU", tasks=("boxes",), elicits="box", convex=NO,
        differentiable=PIECEWISE, robust=NOT_FOCUS, unit="unitless", inputs=PAIR,
        formula="1 − IoU + ρ²/c² + v²/(1 − IoU + v), v = 4/π² (atan w*/h* − atan w/h)²",
        source="Zheng et al. 2020, arXiv:1911.08287",
    )  # fmt: skip

    def _turn(self, y: Array, z: Array) -> tuple[Array, Array]:
        """How far the aspect is off, and its slope in the corners."""
        (w, h), (true_w, true_h) = _size(z), _size(y)
        off = np.arctan2(true_w, true_h) - np.arctan2(w, h)
        square = w * w + h * h
        in_w, in_h = _over(-h, square), _over(w, square)
        return off, np.stack([-in_w, -in_h, in_w, in_h], axis=1)

    def _penalty(self, y: Array, z: Array, g: Extent | Geometry) -> Array:
        v = 4 / np.pi**2 * np.square(self._turn(y, z)[0])
        return super()._penalty(y, z, g) + _over(v * v, self._lack(g) + v + self.eps)

    def _in_penalty(self, y: Array, z: Array, g: Geometry) -> Array:
        off, in_off = self._turn(y, z)
        v, in_v = 4 / np.pi**2 * off * off, 8 / np.pi**2 * off[:, None] * in_off
        whole = (self._lack(g) + v + self.eps)[:, None]
        share = _over(v[:, None], whole)
        return super()._in_penalty(y, z, g) + 2 * share * in_v - share * share * (in_v - self._in_iou(g))

    def _bent_penalty(self, y: Array, z: Array, g: Geometry) -> Array:
        off, in_off = self._turn(y, z)
        bent_off = 2 * in_off * in_off[:, [1, 0, 3, 2]] * np.array([-1, 1, -1, 1], z.dtype)
        v, in_v = 4 / np.pi**2 * off * off, 8 / np.pi**2 * off[:, None] * in_off
        bent_v = 8 / np.pi**2 * (in_off * in_off + off[:, None] * bent_off)
        whole = (self._lack(g) + v + self.eps)[:, None]
        share = _over(v[:, None], whole)
        rest = in_v - share * (in_v - self._in_iou(g))
        bent = 2 * _over(rest * rest, whole) + 2 * share * bent_v - share * share * (bent_v - self._bent_iou(g))
        return super()._bent_penalty(y, z, g) + bent


def _size(boxes: Array) -> tuple[Array, Array]:
    return boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
