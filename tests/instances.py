"""Instances of every loss, drawn from the ranges of its parameters, and inputs that fit them, drawn from its domains.

A new loss is drawn here by existing: only a new layout of inputs needs a row in ``LAYOUTS``.
"""

from __future__ import annotations

import itertools
import math
import types
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from losses import engine, machine
from losses.blocks import job
from losses.boxes import BoxIoU
from losses.catalogue import LOSSES
from losses.core import Loss
from losses.divergence import ELBO
from losses.domains import (
    ABOVE_MINUS_ONE,
    BITS,
    BOXES,
    DISTRIBUTION,
    LOG_PROBABILITIES,
    LOGITS,
    NONNEGATIVE,
    POSITIVE,
    PROBABILITIES,
    REALS,
    SIGNS,
    SOFT_LABELS,
    Domain,
)
from losses.embedding import InfoNCE, NTXent, SupCon
from losses.errors import LossesError
from losses.layouts import Classes, Distributions, Elementwise, Heads, Rows
from losses.ordinal import CumulativeLink
from losses.params import Param
from losses.segmentation import Masks

Rng = np.random.Generator
Sample = tuple[Any, Any]
WIDTH = 4  # classes, columns, dimensions: what a list of numbers among the parameters must fit
SHARED = ("thresholds", "negatives")  # inputs that all rows share
FITTING = {"num_classes": (WIDTH + 1,), "ignore_index": (-100, 1)}  # whole numbers that must fit the labels


def rng_of(*names: Any) -> Rng:
    """A generator that depends on names only, so that a test alone meets what it meets among others."""
    return np.random.default_rng(zlib.crc32(repr(names).encode()))


@contextmanager
def no_machine() -> Iterator[None]:
    """The library as it is where there was no compiler."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "alone", lambda *_: None)
        patch.setattr(machine, "CODES", {})
        yield


# ── parameters ──────────────────────────────────────────────────────────────────────────────────────────────────────


def inside(param: Param, rng: Rng) -> float:
    """A number well inside the range of a parameter."""
    low = param.above if param.above is not None else param.at_least
    high = param.below if param.below is not None else param.at_most
    if low is not None and high is not None:
        return float(low + (high - low) * rng.uniform(0.1, 0.9))
    return float(rng.normal(0, 2) if low is None else low + math.exp(rng.uniform(-1, 1)))


def numbers(param: Param, rng: Rng) -> Iterator[float]:
    """The ends that belong to the range, or where it has none the numbers at which formulas turn; and one inside."""
    unbounded = param.above is None and param.at_least is None
    for end in (0.0, 1.0, 2.0) if unbounded else (param.at_least, param.at_most):
        if end is not None:
            yield end
    yield from (end for end in (-math.inf, math.inf) if readable(param, end))
    yield next(x for x in iter(lambda: inside(param, rng), None) if readable(param, x))


def readable(param: Param, value: Any) -> bool:
    try:
        param.read(value)
    except LossesError:
        return False
    return True


def choices(param: Param, rng: Rng) -> Iterator[Any]:
    """Values that a parameter may take: its words, the ends of its range, numbers and lists inside."""
    yield from param.choices
    if bool in param.kinds:
        yield from (True, False)
    if types.NoneType in param.kinds:
        yield None
    if int in param.kinds:
        yield from FITTING.get(param.name, (1, 2))
    if float in param.kinds:
        yield from numbers(param, rng)
    if tuple in param.kinds:
        yield tuple(inside(param, rng) for _ in range(WIDTH))


def instances(kind: type[Loss]) -> list[Loss]:
    """The defaults, each value of each parameter alone, words and switches together, and some draws of all."""
    rng, found = rng_of(kind.about.id), [kind()]
    options = {name: list(choices(param, rng)) for name, param in kind.params().items()}
    draws = [{name: value} for name, values in options.items() for value in values]
    words = [name for name, param in kind.params().items() if param.choices or not {float, tuple} & set(param.kinds)]
    draws += [dict(zip(words, given, strict=True)) for given in itertools.product(*(options[name] for name in words))][
        :9
    ]
    draws += [{name: values[rng.integers(len(values))] for name, values in options.items()} for _ in range(3)]
    for params in draws:
        try:
            found.append(kind(**params))
        except LossesError:  # values that exclude each other
            continue
    return list(dict.fromkeys(found))


KINDS = list(LOSSES.values())
DEFAULTS = [kind() for kind in KINDS]
ALL = [loss for kind in KINDS for loss in instances(kind)]


# ── inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _boxes(rng: Rng, shape: tuple[int, ...]) -> Any:
    corner, size = rng.normal(0, 1, (*shape[:-1], 2)), np.exp(rng.normal(0.5, 0.5, (*shape[:-1], 2)))
    return np.concatenate([corner, corner + size], axis=-1)


def _rows_of_shares(rng: Rng, shape: tuple[int, ...]) -> Any:
    return rng.dirichlet(np.full(shape[-1], 2.0), shape[:-1])


DRAWS: dict[Domain, Callable[[Rng, tuple[int, ...]], Any]] = {
    REALS: lambda rng, shape: rng.normal(0, 2, shape),
    LOGITS: lambda rng, shape: rng.normal(0, 2, shape),
    POSITIVE: lambda rng, shape: np.exp(rng.normal(0, 0.7, shape)),
    NONNEGATIVE: lambda rng, shape: np.exp(rng.normal(0, 0.7, shape)),
    ABOVE_MINUS_ONE: lambda rng, shape: np.exp(rng.normal(0, 0.7, shape)) - 0.9,
    PROBABILITIES: lambda rng, shape: rng.uniform(0.05, 0.95, shape),
    SOFT_LABELS: lambda rng, shape: rng.uniform(0, 1, shape).round(1),
    BITS: lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    SIGNS: lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    DISTRIBUTION: _rows_of_shares,
    LOG_PROBABILITIES: lambda rng, shape: np.log(_rows_of_shares(rng, shape)),
    BOXES: _boxes,
}


def draw(domain: Domain, rng: Rng, shape: tuple[int, ...]) -> Any:
    return DRAWS[domain](rng, shape)


def _elementwise(loss: Loss, rng: Rng, n: int) -> Sample:
    listed = any(isinstance(value, tuple) for value in loss.set_params().values())
    columns = (n, WIDTH) if listed else (n,)
    return draw(loss.inputs["y_true"], rng, (n,)), draw(loss.inputs["y_pred"], rng, columns)


def _heads(loss: Loss, rng: Rng, n: int) -> Sample:
    found = {name: draw(domain, rng, (n,)) for name, domain in loss.inputs.items()}
    return found.pop("y_true"), found


def _classes(loss: Classes, rng: Rng, n: int) -> Sample:
    domain = loss.inputs["y_pred"]
    z = draw(DISTRIBUTION if domain is PROBABILITIES else domain, rng, (n, WIDTH))
    labels = rng.permutation(np.arange(n) % loss.class_count(z))
    if loss.ignored is not None:
        labels[-1] = loss.ignored
    return labels, z


def _distributions(loss: Loss, rng: Rng, n: int) -> Sample:
    y, z = (draw(domain, rng, (n, WIDTH)) for domain in loss.inputs.values())
    return y, z


def _masks(loss: Loss, rng: Rng, n: int) -> Sample:
    y, z = (draw(domain, rng, (n, 2, 3)) for domain in loss.inputs.values())
    return y, z


def _rows(loss: Loss, rng: Rng, n: int) -> Sample:
    """Vectors; every other one close to its partner, and of each part one with a coordinate of 0."""
    parts = {name: draw(domain, rng, (n, WIDTH)) for name, domain in loss.inputs.items() if name != "y_true"}
    first, *others = [part for name, part in parts.items() if name not in SHARED]
    first[0, 0] = 0
    for part in others:
        part[::2] = first[::2] + part[::2] / 10
        part[1, 0] = 0
    return (draw(loss.inputs["y_true"], rng, (n,)) if "y_true" in loss.inputs else None), parts


def _infonce(loss: InfoNCE, rng: Rng, n: int) -> Sample:
    _, parts = _rows(loss, rng, n)
    if loss.symmetric:
        del parts["negatives"]
    return None, parts


def _supcon(loss: Loss, rng: Rng, n: int) -> Sample:
    labels = np.floor(np.sqrt(np.arange(n)))  # a lonely row, and groups of three, five, …
    return rng.permutation(labels), draw(REALS, rng, (n, WIDTH))


def _cumulative(loss: Loss, rng: Rng, n: int) -> Sample:
    cuts = np.sort(draw(REALS, rng, (WIDTH,))) + np.arange(WIDTH) / 10
    labels = rng.permutation(np.arange(n) % (WIDTH + 1))
    return labels, {"score": draw(REALS, rng, (n,)), "thresholds": cuts}


def _elbo(loss: ELBO, rng: Rng, n: int) -> Sample:
    data = "logits" if loss.likelihood == "bernoulli" and rng.integers(2) else "reconstruction"
    parts = {name: draw(loss.inputs[name], rng, (n, WIDTH)) for name in (data, "mu", "logvar")}
    return draw(loss.inputs["y_true"], rng, (n, WIDTH)), parts


def _pairs_of_boxes(loss: Loss, rng: Rng, n: int) -> Sample:
    return draw(BOXES, rng, (n, 4)), draw(BOXES, rng, (n, 4))


LAYOUTS: dict[type[Loss], Callable[[Any, Rng, int], Sample]] = {
    Elementwise: _elementwise,
    Heads: _heads,
    Classes: _classes,
    Distributions: _distributions,
    Rows: _rows,
    Masks: _masks,
    BoxIoU: _pairs_of_boxes,
    CumulativeLink: _cumulative,
    ELBO: _elbo,
    InfoNCE: _infonce,
    NTXent: _rows,
    SupCon: _supcon,
}


def sample(loss: Loss, rng: Rng, n: int = 6) -> Sample:
    """``(y_true, y_pred)`` of ``n`` rows on which ``loss`` is defined."""
    layout = next(kind for kind in type(loss).__mro__ if kind in LAYOUTS)
    return LAYOUTS[layout](loss, rng, n)


def in_columns(loss: Loss, n: int = 6) -> Sample:
    """Inputs of ``n`` rows and three columns, for losses that take them."""
    draws = [sample(loss, rng_of("columns", str(loss), i), n) for i in range(3)]
    heads = {name: np.stack([parts_of(z)[name] for _, z in draws], axis=1) for name in parts_of(draws[0][1])}
    return np.stack([y for y, _ in draws], axis=1), heads if isinstance(loss, Heads) else heads["y_pred"]


def takes_columns(loss: Loss) -> bool:
    """Whether each element of a row may have a loss of its own."""
    listed = any(isinstance(value, tuple) for value in loss.set_params().values())
    return isinstance(loss, Elementwise | Heads) and not listed


def rows_of(loss: Loss, y_true: Any, y_pred: Any) -> int:
    """How many rows the loss sees (one, where a batch of masks is taken as one)."""
    return job(loss, loss.arrange(y_true, y_pred)).rows


def weights_for(loss: Loss, y_true: Any, y_pred: Any, rng: Rng) -> Any:
    return rng.uniform(0.5, 2, rows_of(loss, y_true, y_pred))


# ── the parts of an input ───────────────────────────────────────────────────────────────────────────────────────────


def parts_of(y_pred: Any) -> dict[str, Any]:
    """The arrays of a prediction by name."""
    return dict(y_pred) if isinstance(y_pred, Mapping) else {"y_pred": y_pred}


def with_part(y_pred: Any, name: str, part: Any) -> Any:
    """The prediction with one of its arrays changed."""
    return {**y_pred, name: part} if isinstance(y_pred, Mapping) else part


def by_rows(sample: Sample, change: Callable[[Any], Any]) -> Sample:
    """Each row-wise array of an input changed alike; arrays shared by all rows stay."""
    y, z = sample
    parts = {name: part if name in SHARED else change(part) for name, part in parts_of(z).items()}
    return None if y is None else change(y), parts if isinstance(z, Mapping) else parts["y_pred"]
