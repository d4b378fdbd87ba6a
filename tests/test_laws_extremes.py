"""Losses at any float: right and finite wherever exact arithmetic is."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losses import LossWarning, get

from .instances import no_machine

ANY_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
HUGE = sys.float_info.max
EXACT = {
    "mse": lambda e: e * e,
    "mae": abs,
    "huber:delta=1.5": lambda e: e * e / 2 if abs(e) <= 1.5 else Fraction(3, 2) * (abs(e) - Fraction(3, 4)),
    "smooth_l1": lambda e: e * e / 2 if abs(e) <= 1 else abs(e) - Fraction(1, 2),
    "quantile:tau=0.75": lambda e: max(Fraction(3, 4) * e, -e / 4),
    "expectile:tau=0.75": lambda e: (Fraction(1, 4) if e < 0 else Fraction(3, 4)) * e * e,
}
PRECISE = {
    "log_cosh": lambda e: abs(e) + mpmath.log1p(mpmath.exp(-2 * abs(e))) - mpmath.log(2),
    "pseudo_huber": lambda e: mpmath.sqrt(1 + e * e) - 1,
    "cauchy": lambda e: mpmath.log1p(e * e) / 2,
}


@pytest.fixture(params=[nullcontext, no_machine], ids=["compiled", "plain"], scope="module", autouse=True)
def with_and_without_the_machine(request: pytest.FixtureRequest) -> Iterator[None]:
    with request.param():
        yield


def assert_right(spec: str, y: float, z: float, exact: Any) -> None:
    """Infinite just where no float is large enough, else right to a few bits; below normal floats to their spacing."""
    with np.errstate(all="raise"):
        found = get(spec)([y], [z])
    if exact > HUGE:
        assert found == math.inf
    else:
        assert found == pytest.approx(float(exact), rel=4e-15, abs=1e-307)


@settings(max_examples=60, deadline=None)
@given(y=ANY_FLOAT, z=ANY_FLOAT)
@pytest.mark.parametrize("spec", EXACT)
@pytest.mark.filterwarnings("ignore::losses.LossWarning")
def test_a_loss_is_right_and_finite_wherever_exact_arithmetic_is(spec, y, z):
    if abs(Fraction(y) - Fraction(z)) <= HUGE:
        assert_right(spec, y, z, EXACT[spec](Fraction(y - z)))


@settings(max_examples=40, deadline=None)
@given(y=ANY_FLOAT)
@pytest.mark.parametrize("spec", PRECISE)
def test_a_smooth_loss_is_right_and_finite_wherever_seventy_digits_are(spec, y):
    with mpmath.workdps(700):
        assert_right(spec, y, 0.0, PRECISE[spec](mpmath.mpf(y)))


TINY = mpmath.mpf(float("1e-100"))  # a scale over which these residuals are too large for a float
BEYOND = {
    "log_cosh:scale=1e-100": lambda e: TINY * abs(e) - TINY**2 * mpmath.log(2),
    "cauchy:c=1e-100": lambda e: TINY**2 / 2 * mpmath.log1p((e / TINY) ** 2),
    "pseudo_huber:delta=1e-100": lambda e: TINY * abs(e) - TINY**2,
    "general_robust:alpha=0,c=1e-100": lambda e: mpmath.log1p((e / TINY) ** 2 / 2),
    "general_robust:alpha=-0.01,c=1e-100": lambda e: (
        201 * (1 - (1 + (e / TINY) ** 2 / mpmath.mpf(2 + 0.01)) ** mpmath.mpf(-0.005))
    ),
}


@pytest.mark.parametrize(("y", "z"), [(3e249, -7e249), (-7e249, 3e249), (4e209, 1e210)])
@pytest.mark.parametrize("spec", BEYOND)
def test_a_loss_of_a_ratio_is_right_where_the_ratio_is_too_large(spec: str, y: float, z: float) -> None:
    with mpmath.workdps(700):
        assert_right(spec, y, z, BEYOND[spec](mpmath.mpf(y) - mpmath.mpf(z)))


@pytest.mark.parametrize("log_input", [False, True])
@pytest.mark.parametrize("y", [0.0, 1e-300, 1e-5, 1e-3, 0.5, 9.0, 10.0, 50.0, 1e8, 1e15])
@pytest.mark.parametrize("mean", [1e-300, 1e-5, 0.5, 9.0, 1e8 * (1 + 1e-9), 1e8 * (1 + 1e-4), 1e15, 1e100])
def test_a_full_poisson_likelihood_keeps_its_digits(log_input: bool, y: float, mean: float) -> None:
    z = math.log(mean) if log_input else mean
    with mpmath.workdps(400):
        rate = mpmath.exp(mpmath.mpf(z)) if log_input else mpmath.mpf(z)
        exact = float(rate - mpmath.mpf(y) * mpmath.log(rate) + mpmath.loggamma(mpmath.mpf(y) + 1))
    assert get("poisson_nll", full=True, log_input=log_input)([y], [z]) == pytest.approx(exact, rel=4e-12)


DEVIANCES = {
    "poisson_deviance": lambda y, z: 2 * (y * mpmath.log(y / z) - y + z),
    "gamma_deviance": lambda y, z: 2 * (y / z - mpmath.log(y / z) - 1),
    "tweedie_deviance:power=1.5": lambda y, z: 4 * (mpmath.sqrt(y) - mpmath.sqrt(z)) ** 2 / mpmath.sqrt(z),
    "msle": lambda y, z: mpmath.log((1 + y) / (1 + z)) ** 2,
}


@settings(max_examples=60, deadline=None)
@given(z=st.floats(1e-3, 1e3), off=st.floats(-0.9, 9), shrink=st.sampled_from([1, 0.1, 0.03, 1e-3, 1e-6, 1e-9]))
@pytest.mark.parametrize("spec", DEVIANCES)
def test_a_deviance_is_right_however_near_the_prediction_is(spec, z, off, shrink):
    y = z * (1 + off * shrink)
    with mpmath.workdps(60):
        exact = DEVIANCES[spec](mpmath.mpf(y), mpmath.mpf(z))
    assert get(spec)([y], [z]) == pytest.approx(float(exact), rel=1e-12, abs=1e-300)


@settings(max_examples=60, deadline=None)
@given(logit=ANY_FLOAT, label=st.sampled_from([0.0, 0.3, 1.0]))
def test_a_cross_entropy_is_right_and_finite_at_any_logit(logit, label):
    with mpmath.workdps(60):
        x = mpmath.mpf(logit)
        sides = [(mpmath.log1p(mpmath.exp(-abs(x))) + max(s * x, 0)) for s in (-1, 1)]
        exact = mpmath.mpf(label) * sides[0] + (1 - mpmath.mpf(label)) * sides[1]
        with pytest.warns(LossWarning) if 0 <= logit <= 1 else np.errstate(all="raise"):
            found = get("bce_with_logits")([label], [logit])
        assert found == pytest.approx(float(exact), rel=4e-15, abs=1e-300)
