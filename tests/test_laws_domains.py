"""Every input of every loss is refused where the loss is not defined: by its name, and by the rows at fault."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from losses.core import Loss
from losses.domains import LOGITS, Domain
from losses.errors import LossesError, MissingValues, OutsideDomain
from losses.evaluate import evaluate

from .instances import ALL, DEFAULTS, SHARED, parts_of, rng_of, sample, weights_for, with_part

pytestmark = pytest.mark.filterwarnings("ignore::losses.LossWarning")

ROW, N = 3, 6
CASES = [(loss, name) for loss in DEFAULTS for name in loss.inputs]


def spoil(loss: Loss, name: str, bad: float) -> tuple[Any, Any] | None:
    """Inputs that fit but for one number in one row; None where this prediction goes without that input."""
    y, z = sample(loss, rng_of("spoil", str(loss)), N)
    if name not in ("y_true", *parts_of(z)):
        return None
    part = np.array(y if name == "y_true" else parts_of(z)[name], float)
    part[(ROW, *(0,) * (part.ndim - 1))] = bad
    return (part, z) if name == "y_true" else (y, with_part(z, name, part))


def outside(domain: Domain) -> Iterator[float]:
    """Numbers just outside a domain, and far."""
    if math.isfinite(domain.low):
        yield from (domain.low if domain.open_low else domain.low - 0.5, domain.low - 1e6)
    if math.isfinite(domain.high):
        yield from (domain.high + 0.5, domain.high + 1e6)
    if domain.whole:
        yield 0.5
    if not domain.infinite:
        yield from (math.inf, -math.inf)


def calls(loss: Loss) -> Iterator[Callable[..., Any]]:
    """All that can be asked of a loss."""
    yield from (loss, loss.gradient, lambda *inputs: evaluate([loss], *inputs, include=["gradient"]))
    if "none" in loss.about.reductions:
        yield lambda *inputs: loss(*inputs, reduction="none")
    if type(loss).curvature is not Loss.curvature:
        yield loss.hessian


def refused(loss: Loss, inputs: tuple[Any, Any], name: str) -> Iterator[LossesError]:
    """The error of each call, each with and without a weight of 0 on the row at fault."""
    y, z = sample(loss, rng_of("spoil", str(loss)), N)
    weights = weights_for(loss, y, z, rng_of(str(loss)))
    weights[ROW] = 0
    for call in calls(loss):
        for more in ((), (weights,)):
            with pytest.raises(LossesError) as caught:
                call(*inputs, *more)
            assert caught.value.data["field"].split(".")[-1] == name
            assert caught.value.data["rows"] == [ROW]
            yield caught.value


@pytest.mark.parametrize(("loss", "name"), CASES, ids=str)
def test_a_nan_is_missing_and_refused_by_row(loss, name):
    inputs = spoil(loss, name, math.nan)
    for error in refused(loss, inputs, name) if inputs else ():
        assert isinstance(error, MissingValues)


@pytest.mark.parametrize(("loss", "name"), CASES, ids=str)
def test_a_number_outside_the_domain_is_refused_by_row(loss, name):
    y, z = sample(loss, rng_of(), N)
    if name not in ("y_true", *parts_of(z)):
        return
    columns = {column.field.split(".")[-1]: column for column in loss.arrange(y, z) if column is not None}
    for bad in outside(columns[name].domain):
        for error in refused(loss, spoil(loss, name, bad), name):
            assert isinstance(error, OutsideDomain), bad
            if name not in SHARED:
                assert error.data["got"] == bad or bad in error.data["got"]
                assert error.data["expected"] == columns[name].domain.says


@pytest.mark.parametrize("loss", DEFAULTS, ids=repr)
def test_an_input_that_lacks_a_row_is_refused(loss):
    y, z = sample(loss, rng_of("short", str(loss)), N)
    wholes = {} if y is None else {"y_true": y}
    wholes |= {name: part for name, part in parts_of(z).items() if name not in (*SHARED, "y_pred")}
    for name, whole in wholes.items() if len(loss.inputs) > 1 else ():
        short = (whole[1:], z) if name == "y_true" else (y, with_part(z, name, whole[1:]))
        for call in (loss, loss.gradient):
            with pytest.raises(LossesError):
                call(*short)


@pytest.mark.parametrize("loss", [loss for loss in DEFAULTS if "y_true" not in loss.inputs], ids=repr)
def test_a_target_that_a_loss_does_not_have_is_refused(loss):
    _, z = sample(loss, rng_of("none", str(loss)), N)
    with pytest.raises(LossesError, match="no target"):
        loss(np.zeros(N), z)


@pytest.mark.parametrize("loss", [loss for loss in ALL if loss.inputs.get("y_pred") is LOGITS], ids=repr)
def test_an_infinite_logit_is_a_number_and_gives_numbers(loss):
    y, z = sample(loss, rng_of("infinite", str(loss)), 10)
    for certain in (math.inf, -math.inf):
        z[(slice(None), *(0,) * (z.ndim - 1))] = certain
        assert not math.isnan(loss(y, z))
        assert not np.isnan(loss.gradient(y, z)).any()
        if type(loss).curvature is not Loss.curvature:
            assert not np.isnan(loss.hessian(y, z)).any()
