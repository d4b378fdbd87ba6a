"""Value, gradient and hessian at hostile inputs, against formulas written anew in a few hundred digits."""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from losses import get

pytestmark = pytest.mark.filterwarnings("ignore::losses.LossWarning")

DIGITS = 340  # 1 + 1e-320 is more than 1


class Jet:
    """A number with its first and second derivative."""

    def __init__(self, value: Any, slope: Any = 0, bend: Any = 0) -> None:
        self.value, self.slope, self.bend = mpf(value), mpf(slope), mpf(bend)

    def through(self, value: Any, slope: Any, bend: Any) -> Jet:
        """A function of it, given by its own value and derivatives here."""
        return Jet(value, slope * self.slope, bend * self.slope**2 + slope * self.bend)

    def __add__(self, other: Any) -> Jet:
        other = jet(other)
        return Jet(self.value + other.value, self.slope + other.slope, self.bend + other.bend)

    def __mul__(self, other: Any) -> Jet:
        a, b = self, jet(other)
        bend = a.value * b.bend + 2 * a.slope * b.slope + a.bend * b.value
        return Jet(a.value * b.value, a.value * b.slope + a.slope * b.value, bend)

    def __pow__(self, power: Any) -> Jet:
        x, p = self.value, mpf(power)
        if x == 0:  # of powers of at least 2
            return Jet(0, 0, 2 * self.slope**2 if p == 2 else 0)
        return self.through(x**p, p * x ** (p - 1), p * (p - 1) * x ** (p - 2))

    def __neg__(self) -> Jet:
        return self * -1

    def __sub__(self, other: Any) -> Jet:
        return self + -jet(other)

    def __rsub__(self, other: Any) -> Jet:
        return jet(other) - self

    def __truediv__(self, other: Any) -> Jet:
        return self * jet(other) ** -1

    def __rtruediv__(self, other: Any) -> Jet:
        return jet(other) / self

    __radd__, __rmul__ = __add__, __mul__


def jet(x: Any) -> Jet:
    return x if isinstance(x, Jet) else Jet(x)


def exp(x: Any) -> Jet:
    e = mp.exp(jet(x).value)
    return jet(x).through(e, e, e)


def log(x: Any) -> Jet:
    at = jet(x).value
    return jet(x).through(mp.log(at), 1 / at, -(at**-2))


def log1p(x: Any) -> Jet:
    at = jet(x).value
    small = at and mp.mag(at) < -mp.prec
    return jet(x).through(at - at * at / 2 if small else mp.log1p(at), 1 / (1 + at), -((1 + at) ** -2))


def erf(x: Any) -> Jet:
    at = jet(x).value
    slope = 2 / mp.sqrt(mp.pi) * mp.exp(-(at**2))
    return jet(x).through(mp.erf(at) if abs(at) < 60 else mp.sign(at), slope, -2 * at * slope)


def size(x: Any) -> Jet:
    return x if x.value > 0 else -x


def positive(x: Any) -> Jet:
    return x if x.value > 0 else Jet(0)


def softplus(x: Any) -> Jet:
    return positive(x) + log1p(exp(-size(x)))


def sigmoid(x: Any) -> Jet:
    return 1 / (1 + exp(-x)) if x.value > 0 else exp(x) / (1 + exp(x))


def xlog(x: Any, y: Any) -> Jet:
    return jet(x) * log(y) if jet(x).value else Jet(0)


def deviance(y: Any, z: Any, p: Any) -> Jet:
    p = mpf(p)
    if p == 1:
        return 2 * (xlog(y, y) - xlog(y, z) - y + z)
    if p == 2:
        return 2 * (log(z) - log(y) + y / z - 1)
    return 2 * (y ** (2 - p) / ((1 - p) * (2 - p)) - y * z ** (1 - p) / (1 - p) + z ** (2 - p) / (2 - p))


def log_cosh(x: Any) -> Jet:
    return size(x) + log1p(exp(-2 * size(x))) - mp.log(2)


def barron(e: Any, alpha: Any) -> Jet:
    b, alpha = abs(mpf(alpha) - 2), mpf(alpha)
    return b / alpha * ((1 + e * e / b) ** (alpha / 2) - 1)


def student(y: Any, m: Any, s: Any, df: Any) -> Jet:
    constant = mp.loggamma(mpf(df) / 2) - mp.loggamma(mpf(df + 1) / 2) + mp.log(mp.pi * df) / 2
    return constant + log(s) + mpf(df + 1) / 2 * log1p((y - m) ** 2 / (s * s) / df)


def crps(y: Any, m: Any, s: Any) -> Jet:
    w = (y - m) / s
    density = exp(-(w * w) / 2) / mp.sqrt(2 * mp.pi)
    return (y - m) * erf(w / mp.sqrt(2)) + s * (2 * density - 1 / mp.sqrt(mp.pi))


def focal(y: Any, z: Any, gamma: Any) -> Jet:
    margin = z if y else -z
    hard = sigmoid(-margin) ** gamma if gamma else 1
    return (mpf(0.25) if y else mpf(0.75)) * hard * softplus(-margin)


def surprises(z: list[Jet]) -> list[Jet]:
    top = max(range(len(z)), key=lambda k: z[k].value)
    rest = sum((exp(x - z[top]) for k, x in enumerate(z) if k != top), Jet(0))
    return [z[top] - x + log1p(rest) for x in z]


def chances(z: list[Jet]) -> list[Jet]:
    return [exp(-cost) for cost in surprises(z)]


def others(x: list[Jet], k: int) -> Jet:
    return sum((part for i, part in enumerate(x) if i != k), Jet(0))


def mirrored(y: int, z: list[Jet]) -> Jet:
    reverse = sum((p for k, p in enumerate(chances(z)) if k != y and p.value > 1e-7), Jet(0))
    floor = sum((mpf(1e-7) for k, p in enumerate(chances(z)) if k != y and p.value <= 1e-7), mpf(0))
    return mpf(0.1) * surprises(z)[y] - mp.log(mpf(1e-4)) * (reverse + floor)


def overlap(y: Any, z: list[Jet], alpha: float, beta: float, smooth: float) -> Jet:
    hits = sum((p * t for t, p in zip(y, z, strict=True)), Jet(0))
    vain = sum((p * (1 - t) for t, p in zip(y, z, strict=True)), Jet(0))
    missed = sum(((1 - p) * t for t, p in zip(y, z, strict=True)), Jet(0))
    faults = mpf(alpha) * vain + mpf(beta) * missed
    return faults / (hits + faults + mpf(smooth))


def js(y: Any, z: list[Jet]) -> Jet:
    return sum((xlog(p, 2 * p / (p + q)) + xlog(q, 2 * q / (p + q)) for p, q in zip(y, z, strict=True)), Jet(0)) / 2


def kl(y: Any, z: list[Jet]) -> Jet:
    return sum((xlog(p, p / q) for p, q in zip(y, z, strict=True)), Jet(0))


def atan(x: Any) -> Jet:
    at = jet(x).value
    return jet(x).through(mp.atan(at), 1 / (1 + at**2), -2 * at / (1 + at**2) ** 2)


def larger(a: Any, b: Any) -> Jet:
    return jet(a) if jet(a).value > jet(b).value else jet(b)


def smaller(a: Any, b: Any) -> Jet:
    return -larger(-jet(a), -jet(b))


def boxes(y: Any, z: list[Jet], kind: str) -> Jet:
    """Of boxes with corners at different places; an eps of 0."""
    sides = [smaller(y[k + 2], z[k + 2]) - larger(y[k], z[k]) for k in (0, 1)]
    meet = positive(sides[0]) * positive(sides[1])
    union = (z[2] - z[0]) * (z[3] - z[1]) + (y[2] - y[0]) * (y[3] - y[1]) - meet
    lack = 1 - meet / union
    width, height = (larger(y[k + 2], z[k + 2]) - smaller(y[k], z[k]) for k in (0, 1))
    if kind == "box_iou":
        return lack
    if kind == "giou":
        return lack + (width * height - union) / (width * height)
    apart = [z[k] + z[k + 2] - y[k] - y[k + 2] for k in (0, 1)]
    far = (apart[0] ** 2 + apart[1] ** 2) / 4 / (width**2 + height**2)
    if kind == "diou":
        return lack + far
    v = 4 / mp.pi**2 * (mp.atan((y[2] - y[0]) / (y[3] - y[1])) - atan((z[2] - z[0]) / (z[3] - z[1]))) ** 2
    return lack + far + v * v / (lack + v)


SIZES = (1e-300, 1e-160, 1e-20, 1e-8, 0.3, 1.0, 7.0, 1e8, 1e20, 1e160, 1e300)
RESIDUALS = [(0.0, z) for x in (*SIZES, 1.7e308) for z in (x, -x)] + [(1.0, 1 + 1e-15), (1.0, 1 + 1e-8), (-1e8, 0.3)]
AMOUNTS = [*itertools.product(SIZES, SIZES), (1.0, 1 + 1e-15), (1.0, 1 + 1e-8), (1.05, 1.0), (7.0, 7.5)]
AMOUNTS = [(y, z) for y, z in AMOUNTS if y != z]  # where some have a kink
COUNTS = [(float(round(y)), z) for y, z in AMOUNTS]
TALL = (0.0, 1e-300, 1e-16, 0.5, 20.0, 40.0, 100.0, 745.0, 800.0, 1e4, 1e308)
SCORES = [(y, s * z) for y in (0.0, 1.0) for z in TALL for s in (1, -1)]
SHARES = [(y, p) for y in (0.0, 0.3, 1.0) for p in (1e-300, 1e-17, 0.3 + 1e-15, 0.5, 1 - 1e-16)]
FORECASTS = [(0.0, m, s) for m in (1e-300, 1e-8, 0.3, -2.5, 40.0, -1e8, 1e160) for s in (1e-3, 1.0, 1e8, 1e160)]

Elements = list[tuple[float, ...]]
# By spec: what a row costs, as a formula of the target and the parts of the prediction; and the rows.
ELEMENTS: dict[str, tuple[Callable[..., Jet], Elements]] = {
    "mse": (lambda y, z: (y - z) ** 2, RESIDUALS),
    "mae": (lambda y, z: size(y - z), RESIDUALS),
    "quantile:tau=0.25": (lambda y, z: size(y - z) * (mpf(1) / 4 if y > z.value else mpf(3) / 4), RESIDUALS),
    "expectile:tau=0.25": (lambda y, z: (y - z) ** 2 * (mpf(1) / 4 if y > z.value else mpf(3) / 4), RESIDUALS),
    "huber:delta=2": (lambda y, z: (y - z) ** 2 / 2 if abs(y - z.value) < 2 else 2 * (size(y - z) - 1), RESIDUALS),
    "smooth_l1:beta=2": (lambda y, z: (y - z) ** 2 / 4 if abs(y - z.value) < 2 else size(y - z) - 1, RESIDUALS),
    "log_cosh": (lambda y, z: log_cosh(y - z), RESIDUALS),
    "pseudo_huber:delta=0.5": (lambda y, z: ((1 + 4 * (y - z) ** 2) ** 0.5 - 1) / 4, RESIDUALS),
    "log_cosh:scale=1e-10": (lambda y, z: log_cosh((y - z) / mpf(1e-10)) * mpf(1e-10) ** 2, RESIDUALS),
    "cauchy:c=1e-10": (lambda y, z: log1p(((y - z) / mpf(1e-10)) ** 2) * mpf(1e-10) ** 2 / 2, RESIDUALS),
    "cauchy": (lambda y, z: log1p((y - z) ** 2) / 2, RESIDUALS),
    "general_robust:alpha=1": (lambda y, z: barron(y - z, 1), RESIDUALS),
    "general_robust:alpha=-2": (lambda y, z: barron(y - z, -2), RESIDUALS),
    "general_robust:alpha=0": (lambda y, z: log1p((y - z) ** 2 / 2), RESIDUALS),
    "general_robust:alpha=0,c=1e-10": (lambda y, z: log1p(((y - z) / mpf(1e-10)) ** 2 / 2), RESIDUALS),
    "general_robust:alpha=1.5,c=1e-10": (lambda y, z: barron((y - z) / mpf(1e-10), 1.5), RESIDUALS),
    "mape": (lambda y, z: size(y - z) / y, [(y, z) for y, z in AMOUNTS if y > 1e-8]),
    "smape": (lambda y, z: 2 * size(y - z) / (y + z), AMOUNTS),
    "msle": (lambda y, z: (log1p(z) - log1p(y)) ** 2, AMOUNTS),
    "poisson_nll": (lambda y, z: z - xlog(y, z), COUNTS),
    "poisson_nll:log_input=true": (
        lambda y, z: exp(z) - y * z,
        [(y, z) for y, z in COUNTS if z < 1e3 and y != 1 != y * z],
    ),
    "poisson_deviance": (lambda y, z: deviance(y, z, 1), AMOUNTS),
    "gamma_deviance": (lambda y, z: deviance(y, z, 2), AMOUNTS),
    "tweedie_deviance": (lambda y, z: deviance(y, z, 1.5), AMOUNTS),
    "tweedie_deviance:power=1.75": (lambda y, z: deviance(y, z, 1.75), AMOUNTS),
    "tweedie_deviance:power=3": (lambda y, z: deviance(y, z, 3), AMOUNTS),
    "bce": (lambda y, p: -xlog(y, p) - xlog(1 - y, 1 - p), SHARES),
    "bce_with_logits": (lambda y, z: y * softplus(-z) + (1 - y) * softplus(z), SCORES),
    "weighted_bce:pos_weight=3": (lambda y, z: 3 * y * softplus(-z) + (1 - y) * softplus(z), SCORES),
    "focal": (lambda y, z: focal(y, z, 2), SCORES),
    "focal:gamma=0": (lambda y, z: focal(y, z, 0), SCORES),
    "hinge": (lambda y, z: positive(1 - (2 * y - 1) * z), SCORES),
    "squared_hinge": (lambda y, z: positive(1 - (2 * y - 1) * z) ** 2, SCORES),
    "gaussian_nll:eps=0": (lambda y, m, v: (log(v) + (y - m) ** 2 / v) / 2, FORECASTS),
    "student_t_nll": (lambda y, m, s: student(y, m, s, 4), FORECASTS),
    "crps_gaussian": (crps, FORECASTS),
}

ROWS = [
    (0.0, 1e-16, -0.7),
    (2.0, 40.0, -40.0),
    (-800.0, 800.0, 0.0),
    (1e16, 1e16, 3.0),
    (45.0, 0.0, 44.0),
    (1e100, 0.0, 1.0),
]
LABELLED = [(k, z) for z in ROWS for k in (0, 1, 2)]
PARTS = [(0.3, 0.3, 0.4), (0.3 + 1e-9, 0.3 - 1e-9, 0.4), (1e-300, 0.5, 0.5), (1e-17, 0.4, 0.6), (0.29, 0.31, 0.4)]
DISTRIBUTIONS = [*itertools.product(PARTS, PARTS)]
MASKS = [((1, 0, 1, 0), z) for z in ((1e-12, 1 - 1e-9, 0.0, 1.0), (0.9, 0.2, 1 - 1e-16, 1e-17), (0.0, 0.0, 0.0, 1e-30))]
MASKS += [((0, 0, 0, 0), z) for _, z in MASKS]

UNLIKE = [((0.0, 0.0, 2.0, 1.0), z) for z in ((0.5, 0.25, 2.5, 1.75), (0.5, 0.25, 1.5, 0.75), (-1.0, -0.5, 3.0, 2.0))]
UNLIKE += [
    ((0.0, 0.0, 2.0, 1.0), z) for z in ((3.0, 4.0, 5.0, 5.5), (2.5, 0.25, 4.5, 0.5), (-9.0, 0.5, 4.0, 0.5 + 1e-9))
]
UNLIKE += [
    ((1.0, 1.0, 3.0, 2.0), tuple(c + d * s for c, s in zip((1.0, 1.0, 3.0, 2.0), (1, -1, 2, -3), strict=True)))
    for d in (1e-3, 1e-8, -1e-12, 4e-16)
]
UNLIKE += [((1e8, 1e8, 1e8 + 1, 1e8 + 2), (1e8 + 1e-7, 1e8 - 1e-7, 1e8 + 1 + 2e-7, 1e8 + 2 + 3e-7))]

OF_ROWS: dict[str, tuple[Callable[..., Jet], list[Any]]] = {
    "cross_entropy": (lambda y, z: surprises(z)[y], LABELLED),
    "generalized_cross_entropy:q=0.5": (lambda y, z: 2 * (1 - exp(-surprises(z)[y] / 2)), LABELLED[:-3]),
    "symmetric_cross_entropy": (mirrored, LABELLED),
    "focal_multiclass": (lambda y, z: others(chances(z), y) ** 2 * surprises(z)[y], LABELLED),
    "multiclass_hinge:variant=weston_watkins": (
        lambda y, z: sum((positive(1 + x - z[y]) for k, x in enumerate(z) if k != y), Jet(0)) / 3,
        LABELLED,
    ),
    "coral": (lambda y, z: sum((softplus(-x if y > k else x) for k, x in enumerate(z)), Jet(0)), LABELLED),
    "brier": (lambda y, z: sum(((p - t) ** 2 for t, p in zip(y, z, strict=True)), Jet(0)), DISTRIBUTIONS),
    "kl_div": (kl, DISTRIBUTIONS),
    "js_div": (js, DISTRIBUTIONS),
    **{f"{kind}:eps=0": (functools.partial(boxes, kind=kind), UNLIKE) for kind in ("box_iou", "giou", "diou", "ciou")},
    "dice": (lambda y, z: overlap(y, z, 0.5, 0.5, 5e-7), MASKS),
    "iou": (lambda y, z: overlap(y, z, 1, 1, 1e-6), MASKS),
    "tversky": (lambda y, z: overlap(y, z, 0.3, 0.7, 1e-6), MASKS),
}


def exact(formula: Callable[..., Jet], y: Any, z: Any, listed: bool) -> Any:
    """The value, and slopes and bends in each number of a prediction."""
    y = [mpf(t) for t in y] if isinstance(y, tuple) else y if listed else mpf(y)
    found = []
    for k in range(len(z)):
        parts = [Jet(x, int(i == k)) for i, x in enumerate(z)]
        found.append(formula(y, parts) if listed else formula(y, *parts))
    return found[0].value, [x.slope for x in found], [x.bend for x in found]


def assert_right(spec: str, found: Any, wanted: list[Any], where: Any, rtol: float) -> None:
    """Infinite where no float is large enough, else right; below normal floats to their spacing."""
    for got, want, row in zip(np.ravel(found), wanted, where, strict=True):
        if abs(want) > sys.float_info.max:
            assert got == mp.sign(want) * mp.inf, (spec, row, got, mpmath.nstr(want, 17))
        else:
            assert abs(mpf(float(got)) - want) <= rtol * abs(want) + 1e-307, (spec, row, got, mpmath.nstr(want, 17))


def check(spec: str, formula: Callable[..., Jet], rows: list[Any], y: Any, pred: Any, z: Any, listed: bool) -> None:
    loss = get(spec)
    with mp.workdps(DIGITS):
        wanted = [exact(formula, t, x, listed) for t, x in zip(y, z, strict=True)]
        target = np.asarray(y, int if isinstance(y[0], int) else float)
        assert_right(spec, loss(target, pred, reduction="none"), [value for value, _, _ in wanted], rows, 1e-13)
        for place, found in ((1, loss.gradient(target, pred)), (2, loss.hessian(target, pred))):
            parts = np.stack(list(found.values()), axis=-1) if isinstance(found, dict) else found
            each = [row for row in rows for _ in range(len(z[0]))]
            assert_right(spec, parts, [x for row in wanted for x in row[place]], each, 1e-11)


@pytest.mark.parametrize("spec", ELEMENTS)
def test_a_loss_of_elements_and_its_derivatives_are_right_at_hostile_inputs(spec):
    formula, rows = ELEMENTS[spec]
    y, *parts = zip(*rows, strict=True)
    names = [name for name in get(spec).inputs if name != "y_true"]
    pred = np.array(parts[0]) if names == ["y_pred"] else dict(zip(names, map(np.array, parts), strict=True))
    check(spec, formula, rows, y, pred, list(zip(*parts, strict=True)), listed=False)


@pytest.mark.parametrize("spec", OF_ROWS)
def test_a_loss_of_rows_and_its_derivatives_are_right_at_hostile_inputs(spec):
    formula, rows = OF_ROWS[spec]
    y, z = zip(*rows, strict=True)
    check(spec, formula, rows, y, np.array(z, float), z, listed=True)


def dot(a: Any, b: Any) -> Jet:
    return sum((x * y for x, y in zip(a, b, strict=True)), Jet(0))


def norm(a: Any) -> Jet:
    return dot(a, a) ** 0.5


def cosine(a: Any, b: Any) -> Jet:
    return dot(a, b) / (norm(a) * norm(b))


def gaps(a: Any, b: Any) -> list[Jet]:
    return [x - y + mpf(1e-6) for x, y in zip(a, b, strict=True)]


def contrastive(y: Any, a: Any, b: Any) -> Jet:
    distance = norm(gaps(a, b))
    return distance**2 if y else positive(1 - distance) ** 2


def search(temperature: float, seeker: Any, own: Any, rivals: Any) -> Jet:
    return surprises([cosine(seeker, x) / mpf(temperature) for x in (own, *rivals)])[0]


def nt_xent(*views: Any) -> Jet:
    n = len(views) // 2
    twins = [(x, views[(i + n) % (2 * n)], i) for i, x in enumerate(views)]
    others = [[z for k, z in enumerate(views) if k not in (i, (i + n) % (2 * n))] for _, _, i in twins]
    return sum((search(0.5, x, twin, rest) for (x, twin, _), rest in zip(twins, others, strict=True)), Jet(0))


def supcon(*x: Any) -> Jet:
    """Of the labels 0, 0, 1, 0."""
    total, kin = Jet(0), (0, 1, 3)
    for i in kin:
        for j in kin:
            if i != j:
                rivals = [z for k, z in enumerate(x) if k not in (i, j)]
                total = total + search(0.1, x[i], x[j], rivals) / 2
    return total


def in_batch(*x: Any) -> Jet:
    """Of two anchors and their positives."""
    return search(0.1, x[0], x[2], [x[3]]) + search(0.1, x[1], x[3], [x[2]])


def among_negatives(*x: Any) -> Jet:
    """Of two anchors, their positives and two negatives."""
    return search(0.1, x[0], x[2], x[4:]) + search(0.1, x[1], x[3], x[4:])


A, B, C, D = (0.3, -1.2, 0.5), (0.4, 0.9, -2.0), (-1.0, 0.2, 0.1), (1.5, 1.4, 0.3)
NEARLY = tuple(a * (1 + s * 1e-9) for a, s in zip(A, (1, -2, 3), strict=True))
HUGE = tuple(a * 1e150 for a in D)
QUADS = [(A, B, C, D), (A, NEARLY, B, C), (A, HUGE, NEARLY, D)]
PAIRS = [(A, B), (A, NEARLY), (A, tuple(3 * a for a in NEARLY)), (A, HUGE), (HUGE, NEARLY), (A, (0.2, -1.0, 0.4))]
Whole = tuple[Callable[..., Jet], Any, tuple[str, ...], list[Any]]
# By spec: the sum of losses as a formula of vectors, the target, the parts they are dealt to, and the vectors.
EMBEDDED: dict[str, Whole] = {
    "contrastive": (functools.partial(contrastive, 1), [1], ("x1", "x2"), PAIRS),
    "contrastive:margin=1": (functools.partial(contrastive, 0), [0], ("x1", "x2"), PAIRS),
    "triplet": (
        lambda a, p, n: positive(1 + norm(gaps(a, p)) - norm(gaps(a, n))),
        None,
        ("anchor", "positive", "negative"),
        [(A, B, C), (A, NEARLY, C), (A, D, NEARLY), (A, B, HUGE)],
    ),
    "cosine_embedding": (lambda a, b: 1 - cosine(a, b), [1], ("x1", "x2"), PAIRS),
    "cosine_embedding:margin=0": (lambda a, b: positive(cosine(a, b)), [-1], ("x1", "x2"), PAIRS),
    "infonce": (in_batch, None, ("anchor", "positive"), QUADS),
    "infonce:temperature=0.1": (
        among_negatives,
        None,
        ("anchor", "positive", "negatives"),
        [(*q, (0.1, 0.2, -0.3), (-2.0, 0.4, 0.4)) for q in QUADS],
    ),
    "nt_xent": (nt_xent, None, ("z1", "z2"), QUADS),
    "supcon": (supcon, [0, 0, 1, 0], ("y_pred",), QUADS),
}


@pytest.mark.parametrize("spec", EMBEDDED)
def test_a_loss_of_embeddings_and_its_slope_are_right_at_hostile_inputs(spec):
    formula, y, names, cases = EMBEDDED[spec]
    for vectors in cases:
        heads = np.split(np.array(vectors), len(names))
        pred = heads[0] if names == ("y_pred",) else dict(zip(names, heads, strict=True))
        with mp.workdps(60):
            found = [
                formula(*([Jet(v, (i, k) == at) for k, v in enumerate(x)] for i, x in enumerate(vectors)))
                for at in np.ndindex(len(vectors), 3)
            ]
            assert_right(spec, get(spec)(y, pred, reduction="sum"), [found[0].value], [vectors], 1e-13)
            slopes = get(spec).gradient(y, pred, reduction="sum")
            flat = np.concatenate(list(slopes.values()) if isinstance(slopes, dict) else [slopes])
            steep = max(abs(x.slope) for x in found)
            for got, want in zip(flat.ravel(), found, strict=True):
                assert abs(mpf(float(got)) - want.slope) <= 1e-11 * abs(want.slope) + 1e-15 * steep, (spec, vectors)
