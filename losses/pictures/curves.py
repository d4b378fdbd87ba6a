"""What losses cost and how they pull, against the prediction: computed by the losses themselves, then drawn."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from losses.catalogue import get
from losses.core import Loss
from losses.domains import PROBABILITIES, SIGNS, Array
from losses.errors import EmptyInput, InvalidParameter, LossWarning, NotSupported
from losses.layouts import Classes, Elementwise
from losses.page import cut
from losses.params import Param
from losses.pictures.slices import ENDS, LOGIT, MISS, PROBABILITY, Here, Slice, walked, ways
from losses.pictures.svg import DASHES, LETTER, LINE, WIDE, Frame, colour, element, label, line, path, picture, tip
from losses.words import number

POINTS = 161
REACH = 4.0  # sigmas on either side
NEAREST, FARTHEST = 1e-60, 1e60  # of a usual miss: squares and ratios of them are still numbers
TINY = 1e-4  # a parameter this small guards a division: there is nothing to see
CUT = 0.01  # of the points of a curve, at either end, need not be seen
TALL = 190


class Slider(NamedTuple):
    """A parameter as a control: where it stands, and from where to where it may go."""

    name: str
    says: str
    value: float
    low: float
    high: float
    logs: bool


class Curve(NamedTuple):
    """One loss: its value and its gradient at each ``x``, NaN where there is none; ``said`` is what stands still."""

    loss: Loss
    value: Array
    gradient: Array
    said: str = ""

    @property
    def name(self) -> str:
        """The loss, and for what."""
        return f"{self.loss} ({self.said})" if self.said else str(self.loss)


@dataclass(frozen=True)
class Curves:
    """Losses that can be shown on one axis; the others are told apart, with the reason.

    ``relative`` says that each loss is divided by its cost of a miss of one sigma, as they differ in unit; ``of`` is
    what the axis is of: a truth, or so many classes.
    """

    along: str
    x: Array
    curves: tuple[Curve, ...]
    left_out: tuple[tuple[str, str], ...]
    relative: bool
    of: str = ""

    def value(self, width: int = WIDE) -> str:
        """The picture of what they cost."""
        return _drawn(self, "cost", [curve.value for curve in self.curves], width)

    def gradient(self, width: int = WIDE) -> str:
        """The picture of how they pull."""
        return _drawn(self, "pull: the slope of the cost", [curve.gradient for curve in self.curves], width)


def curves(losses: Iterable[Any], at: float | None = None, sigma: float = 1.0, classes: int = 2) -> Curves:
    """Value and gradient of losses where the truth is ``at``, for misses of up to four ``sigma`` either way.

    Left out, the truth is 0, or four sigmas where predictions must be positive.

    Losses of classes are shown against the logit or the probability that they give to the true class, of so many
    ``classes`` or as many as one of the losses has weights for.

    >>> shown = curves(["mae", "huber:delta=2", "hinge"])
    >>> shown.along, [str(curve.loss) for curve in shown.curves], shown.left_out
    ('prediction − truth', ['mae', 'huber:delta=2'], (('hinge', 'it is read against the logit of the true class'),))
    """
    _inside("sigma", sigma, NEAREST, FARTHEST)
    _inside("at", at or 0.0, -FARTHEST, FARTHEST)
    made = list(dict.fromkeys(get(spec) for spec in losses))
    if not made:
        raise EmptyInput("name at least one loss", field="loss")
    if at is None:
        free = all(loss.inputs["y_pred"].low == -math.inf for loss in made if _axis(loss) == MISS and not ways(loss))
        at = 0.0 if free else REACH * sigma
    classes = max([classes, 2, *map(_weighed, made)])
    found, left = [], []
    axes = [(loss, _axis(loss)) for loss in made]
    along = next((axis for _, axis in axes if axis), "")
    for loss, axis in axes:
        if axis == along and axis:
            found += _curves(loss, axis, at, sigma, classes)
        else:
            left.append((str(loss), f"it is read against the {axis}" if axis else "its prediction is not one number"))
    if not found:
        raise NotSupported(f"{left[0][0]} has no curve: {left[0][1]}", field="loss")
    relative = along == MISS and len(found) > 1
    if relative:
        found = [_scaled(curve, sigma) for curve in found]
    several = classes > 2 and along == LOGIT and any(isinstance(curve.loss, Classes) for curve in found)
    of = f"a truth of {number(at)}" if along == MISS else f"{classes} classes, the others at 0" if several else ""
    return Curves(along, _points(along, sigma), tuple(found), tuple(left), relative, of)


def _inside(name: str, x: float, low: float, high: float) -> None:
    if not low <= x <= high:
        allowed = f"[{low:g}, {high:g}]"
        raise InvalidParameter(f"{name} must lie in {allowed}, got {x:g}", field=name, allowed=allowed)


def _axis(loss: Any) -> str:
    """What a loss is shown against; empty where its prediction is not one number, or a row has no loss of its own."""
    if ways(loss):
        return ways(loss)[0].along
    if not loss_of_rows(loss):
        return ""
    if isinstance(loss, Classes):
        of_its_own = loss.class_count(np.zeros((1, 2))) == 2  # a logit for each class
        return LOGIT if of_its_own and loss.inputs["y_pred"].infinite else ""
    if not isinstance(loss, Elementwise) or isinstance(getattr(loss, "tau", None), tuple):
        return ""
    truth, guess = loss.inputs["y_true"], loss.inputs["y_pred"]
    if guess.infinite or truth is SIGNS:
        return LOGIT
    return PROBABILITY if guess is PROBABILITIES else MISS


def loss_of_rows(loss: Any) -> bool:
    """Whether each row has a loss."""
    return isinstance(loss, Loss) and "none" in loss.about.reductions


def _points(along: str, sigma: float) -> Array:
    return np.linspace(*((-REACH * sigma, REACH * sigma) if along == MISS else ENDS[along]), POINTS)


def _curves(loss: Loss, along: str, at: float, sigma: float, classes: int) -> list[Curve]:
    if not ways(loss):
        return [_curve(loss, along, at, sigma, classes)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", LossWarning)
        return [_walked(loss, way, at, sigma) for way in ways(loss)]


def _walked(loss: Loss, way: Slice, at: float, sigma: float) -> Curve:
    pairs = [walked(way, Here(x, loss, at, sigma)) for x in _points(way.along, sigma).tolist()]
    value, gradient = np.array(pairs).T
    return Curve(loss, value, gradient, way.said)


def _curve(loss: Loss, along: str, at: float, sigma: float, classes: int) -> Curve:
    x = _points(along, sigma)
    if along != MISS:
        return Curve(loss, *_asked(loss, *_certain(loss, x, classes)))
    truth = loss.inputs["y_true"]
    at = at if not truth.bad(np.array([at])).any() else max(sigma * REACH, 1.0)
    z = at + x
    inside = ~loss.inputs["y_pred"].bad(z)
    value, gradient = np.full(POINTS, np.nan), np.full(POINTS, np.nan)
    value[inside], gradient[inside] = _asked(loss, np.full(inside.sum(), at), z[inside])
    return Curve(loss, value, gradient)


def _weighed(loss: Any) -> int:
    """For how many classes the loss has numbers, where it has some for each."""
    own = loss.set_params().values() if isinstance(loss, Classes) else ()
    return max((len(value) for value in own if isinstance(value, tuple)), default=0)


def _certain(loss: Loss, x: Array, classes: int) -> tuple[Array, Array]:
    """Rows that are of the second class, where it has this logit or probability and all others have 0."""
    if not isinstance(loss, Classes):
        return np.ones(POINTS), x
    z = np.zeros((POINTS, _weighed(loss) or classes))
    z[:, 1] = x
    return np.ones(POINTS, int), z


def _asked(loss: Loss, y: Array, z: Array) -> tuple[Array, Array]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", LossWarning)
        value, slope = loss(y, z, reduction="none"), loss.gradient(y, z)
    return value, slope[:, 1] if slope.ndim == 2 else slope


def _scaled(curve: Curve, sigma: float) -> Curve:
    """A curve above its least, over what a miss of one sigma adds, the mean of both sides."""
    x, known = _points(MISS, sigma), np.isfinite(curve.value)
    if not known.any():
        return curve
    above = curve.value - curve.value[known].min()
    sides = [side for side in np.interp((-sigma, sigma), x, above) if math.isfinite(side)]
    unit = sum(sides) / len(sides) if sum(sides) else 1.0
    with np.errstate(all="ignore"):
        return curve._replace(value=above / unit, gradient=curve.gradient / unit * sigma)


# ── controls ────────────────────────────────────────────────────────────────────────────────────────────────────────


def sliders(loss: Loss, sigma: float = 1.0) -> list[Slider]:
    """A control for each parameter that is a number.

    >>> from losses import Huber
    >>> sliders(Huber(delta=2), sigma=1)[0]
    Slider(name='delta', says='the residual beyond which cost grows linearly', value=2.0, low=0.05, high=5, logs=True)
    """
    found = []
    for name, param in loss.params().items():
        value = getattr(loss, name)
        guard = name == "eps" or 0 < value < TINY if isinstance(value, int | float) else True
        if float in param.kinds and not guard and math.isfinite(value):
            low, high, logs = _span(param, float(value), sigma)
            found.append(Slider(name, param.says, value, min(low, value), max(high, value), logs))
    return found


def _span(param: Param, value: float, sigma: float) -> tuple[float, float, bool]:
    if param.in_target_units:
        return sigma / 20, 5 * sigma, True
    low = param.at_least if param.above is None else param.above
    high = param.at_most if param.below is None else param.below
    if param.not_between and value >= param.not_between[1]:
        low = param.not_between[1]
    if low is not None and high is not None:
        edge = (high - low) / 100
        return low + edge * (param.above is not None), high - edge * (param.below is not None), False
    if param.above == 0:
        return value / 10, value * 10, True
    low = low if low is not None else min(-2.0, 2 * value)
    return low, high if high is not None else max(low + 5, 2 * value), False


# ── the picture ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _drawn(shown: Curves, what: str, lines: Sequence[Array], width: int) -> str:
    low, high = _ends(lines)
    legend = [curve.name for curve in shown.curves] if len(lines) > 1 or shown.curves[0].said else []
    top = 22 + LINE * len(legend)
    frame = Frame(44, top, width - 24, top + TALL, (float(shown.x[0]), float(shown.x[-1])), (low, high))
    scale = " over that of a one-sigma miss" if shown.relative and what == "cost" else ""
    parts = [
        label(0, 12, f"{what}{scale}", font_weight="600"),
        *frame.up(),
        *frame.along(f"{shown.along}, of {shown.of}" if shown.of else shown.along),
    ]
    for i, (curve, y) in enumerate(zip(shown.curves, lines, strict=True)):
        parts.append(_line(frame, shown.x, y, i, curve.name))
    for i, name in enumerate(legend):
        row = 26 + LINE * i
        parts.append(line(44, row, 74, row, **_style(i)))
        parts.append(label(82, row + 4, cut(name, int((width - 92) / LETTER))))
    return picture(width, frame.bottom + 42, f"{what} of {', '.join(c.name for c in shown.curves)}", parts)


def _ends(lines: Sequence[Array]) -> tuple[float, float]:
    """Both ends of the axis; a line that shoots up beyond the others is cut."""
    seen = [y[np.isfinite(y)] for y in lines if np.isfinite(y).any()] or [np.zeros(1)]
    bottoms, tops = zip(*(np.percentile(y, (100 * CUT, 100 - 100 * CUT)) for y in seen), strict=True)
    high = min(max(tops), 3 * max(min(tops), 1e-300)) if min(tops) > 0 else max(tops)
    low = min(0.0, max(min(bottoms), 3 * max(bottoms) if max(bottoms) < 0 else min(bottoms)))
    room = (high - low) * 0.04 or 1.0
    return float(low - room * (low < 0)), float(high + room)


def _line(frame: Frame, x: Array, y: Array, i: int, name: str) -> str:
    """The pieces of a curve that lie inside the frame."""
    low, high = frame.ys
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in zip(x, y, strict=True):
        if not low <= value <= high:
            pieces.append([])
        else:
            pieces[-1].append((frame.x(float(at)), frame.y(float(value))))
    return element("path", tip(name), d="".join(map(path, filter(None, pieces))), fill="none", **_style(i))


def _style(i: int) -> dict[str, Any]:
    return {"stroke_width": 2.2, "stroke_dasharray": DASHES[i % len(DASHES)], **colour(i, "stroke")}
