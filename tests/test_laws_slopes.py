"""Laws that tie value, gradient and hessian of every loss together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from losses.boxes import BoxIoU
from losses.core import Loss
from losses.domains import DISTRIBUTION, LOGITS, REALS, Domain
from losses.embedding import InBatch
from losses.layouts import Classes, Elementwise, Heads, Rows
from losses.segmentation import Masks, Overlap

from .instances import ALL, draw, parts_of, rng_of, sample, weights_for, with_part

pytestmark = pytest.mark.filterwarnings("ignore::losses.LossWarning")

STEP = 1e-6


def sides(f: Callable[[Any], Any], y_pred: Any, name: str, way: Any) -> tuple[Any, Any]:
    """The least and the greatest slope of ``f`` along ``way``: one where it is smooth, two at a kink."""
    part = np.asarray(parts_of(y_pred)[name], float)
    below, here, above = (f(with_part(y_pred, name, part + move * way)) for move in (-STEP, 0, STEP))
    slopes = (here - below) / STEP, (above - here) / STEP
    return np.minimum(*slopes), np.maximum(*slopes)


def assert_between(slope: Any, least: Any, greatest: Any) -> None:
    slack = 1e-6 * (1 + np.maximum(np.abs(least), np.abs(greatest)))
    assert np.all(least - slack <= slope), (slope, least)
    assert np.all(slope <= greatest + slack), (slope, greatest)


def assert_slopes(loss: Loss, y: Any, z: Any, weights: Any, rng: np.random.Generator) -> None:
    reduction = "sum" if "sum" in loss.about.reductions else "mean"
    for name, slopes in parts_of(loss.gradient(y, z, weights, reduction)).items():
        assert slopes.shape == np.shape(parts_of(z)[name])
        for _ in range(4):
            way = rng.choice([-1, 1], slopes.shape) * rng.uniform(0.1, 1, slopes.shape)
            assert_between((slopes * way).sum(), *sides(lambda moved: loss(y, moved, weights, reduction), z, name, way))


def assert_curves(loss: Loss, y: Any, z: Any, weights: Any) -> None:
    for name, curves in parts_of(loss.hessian(y, z, weights)).items():
        assert curves.shape == np.shape(parts_of(z)[name])
        for at in np.ndindex(curves.shape):
            way = np.zeros(curves.shape)
            way[at] = 1
            least, greatest = sides(lambda moved: parts_of(loss.gradient(y, moved, weights))[name], z, name, way)  # noqa: B023
            assert_between(curves[at], least[at], greatest[at])


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_the_gradient_is_the_slope_of_the_value(loss):
    rng = rng_of("slope", str(loss))
    y, z = sample(loss, rng, 5)
    assert_slopes(loss, y, z, weights_for(loss, y, z, rng), rng)


@pytest.mark.parametrize("loss", [loss for loss in ALL if "sum" in loss.about.reductions], ids=repr)
def test_the_gradient_of_each_reduction_is_that_share_of_the_gradient_of_the_sum(loss):
    rng = rng_of("reductions", str(loss))
    y, z = sample(loss, rng, 5)
    weights = weights_for(loss, y, z, rng)
    total, of_sum = loss(y, z, weights, "sum"), parts_of(loss.gradient(y, z, weights, "sum"))
    for reduction in loss.about.reductions:
        share = 1 if reduction == "none" else loss(y, z, weights, reduction) / (total or 1)
        for name, slopes in parts_of(loss.gradient(y, z, weights, reduction)).items():
            np.testing.assert_allclose(slopes, share * of_sum[name], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_the_hessian_is_the_slope_of_the_gradient(loss):
    rng = rng_of("curvature", str(loss))
    y, z = sample(loss, rng, 5)
    assert_curves(loss, y, z, weights_for(loss, y, z, rng))


def ends(domain: Domain) -> Iterator[float]:
    """The ends that belong to a domain; of numbers without an end 0, in the middle."""
    if not domain.open_low and domain.low != -math.inf:
        yield domain.low
    if domain.high != math.inf:
        yield domain.high
    if domain is REALS:
        yield 0.0


@pytest.mark.parametrize("loss", [loss for loss in ALL if isinstance(loss, Elementwise | Heads | Masks)], ids=repr)
def test_derivatives_are_slopes_where_targets_lie_at_an_end(loss):
    rng = rng_of("ends", str(loss))
    y, z = sample(loss, rng, 5)
    for end in ends(loss.inputs["y_true"]):
        y[1:] = end
        assert_slopes(loss, y, z, None, rng)
        assert_curves(loss, y, z, None)


@pytest.mark.parametrize("loss", [loss for loss in ALL if loss.inputs.get("y_true") is REALS], ids=repr)
def test_the_gradient_is_between_the_slopes_where_a_prediction_is_right(loss):
    rng = rng_of("right", str(loss))
    y, z = sample(loss, rng, 5)
    y[3:] = 0
    for name, part in parts_of(z).items():
        if loss.inputs[name] is REALS and part.shape == y.shape:
            right = with_part(z, name, y)
            assert_slopes(loss, y, right, None, rng)
            assert all(np.isfinite(curves).all() for curves in parts_of(loss.hessian(y, right)).values())


@pytest.mark.parametrize("loss", [loss for loss in ALL if getattr(loss, "accepts_soft_labels", False)], ids=repr)
def test_derivatives_are_slopes_under_soft_labels(loss):
    rng = rng_of("soft", str(loss))
    _, z = sample(loss, rng, 5)
    y = draw(DISTRIBUTION, rng, z.shape)
    assert_slopes(loss, y, z, None, rng)
    assert_curves(loss, y, z, None)


@pytest.mark.parametrize("size", [1e3, 1e150])
@pytest.mark.parametrize("loss", [loss for loss in ALL if isinstance(loss, Elementwise | Heads | Classes)], ids=repr)
def test_derivatives_are_numbers_however_far_the_target_is(loss, size):
    y, z = sample(loss, rng_of("far", str(loss)))
    y = y * size if loss.inputs["y_true"] is REALS else y
    for name, part in parts_of(z).items():
        z = with_part(z, name, part * size) if loss.inputs[name] in (REALS, LOGITS) else z
    for derivative in loss.derivatives(y, z):
        assert not any(np.isnan(part).any() for part in parts_of(derivative).values())


@pytest.mark.parametrize("loss", [loss for loss in ALL if isinstance(loss, Overlap)], ids=repr)
def test_an_empty_mask_that_is_left_empty_costs_nothing(loss):
    y = np.zeros((3, 2, 2))
    z = np.full_like(y, -np.inf if loss.from_logits else 0)
    assert loss(y, z) == 0
    for derivative in loss.derivatives(y, z):
        assert np.isfinite(derivative).all()


@pytest.mark.parametrize("loss", [loss for loss in ALL if isinstance(loss, Rows | InBatch | BoxIoU)], ids=repr)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_vectors_and_boxes_without_length_have_finite_derivatives(loss, kind):
    y, z = sample(loss, rng_of("nothing", str(loss)))
    for number in (0, 1):
        same = {name: np.full(np.shape(part), number, kind) for name, part in parts_of(z).items()}
        moved = same if isinstance(z, dict) else same["y_pred"]
        for target in (y, moved) if isinstance(loss, BoxIoU) else (y,):
            assert np.isfinite(loss(target, moved))
            for derivative in (loss.gradient, loss.hessian):
                assert all(np.isfinite(part).all() for part in parts_of(derivative(target, moved)).values())
