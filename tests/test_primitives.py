"""Elementary functions against exact arithmetic, in units of the last place: on the array machine and by NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

from losses import special
from losses.machine import ALONE_FROM, Program
from losses.tracing import CODES, Tape

from .instances import rng_of

N = 4 * ALONE_FROM  # long enough to be done by the machine
mp = mpmath.mp.clone()
mp.prec = 200


def around(*magnitudes: float) -> Any:
    """Numbers of both signs, from the least to the greatest of these magnitudes, evenly in their logarithm."""
    rng = rng_of("primitives", magnitudes)
    low, high = np.log(magnitudes)
    return rng.choice([-1.0, 1.0], N) * np.exp(rng.uniform(low, high, N))


ANY, MODERATE, SHARE = around(1e-300, 700), around(1e-8, 40), np.abs(around(1e-300, 1))
POSITIVE = np.abs(np.concatenate([around(1e-307, 1e307)[: N // 2], 1 + around(1e-16, 0.5)[: N // 2]]))
ABOVE_MINUS_ONE = np.concatenate([np.abs(around(1e-300, 1e299))[: N // 2], -SHARE[: N // 2] * (1 - 1e-12)])
WIDE = around(1e-140, 1e149)

# The function's name, where, what it is exactly, and how many units of the last place it may be off.
# `expm1_less` cancels just beyond 0.02, where its series ends.
Case = tuple[Any, Callable[[Any], Any], float]
ALONE: dict[str, Case] = {
    "exp": (ANY, mp.exp, 1.5),
    "expm1": (MODERATE, mp.expm1, 3),
    "log": (POSITIVE, mp.log, 1.5),
    "log1p": (ABOVE_MINUS_ONE, mp.log1p, 1.5),
    "tanh": (MODERATE, mp.tanh, 3),
    "decay": (ANY, lambda x: mp.exp(-abs(x)), 1.5),
    "log1p_of_share": (SHARE, mp.log1p, 1.5),
    "log1p_square": (WIDE, lambda x: mp.log1p(x * x), 2),
    "expm1_less": (around(1e-8, 700), lambda x: mp.expm1(x) - x, 100),
    "sqrt": (POSITIVE, mp.sqrt, 0.5),
}
COMPOSED: dict[str, Case] = {
    "log_cosh": (around(1e-150, 350), lambda x: mp.log1p(2 * mp.sinh(x / 2) ** 2), 3),
    "softplus": (ANY, lambda x: mp.log1p(mp.exp(x)), 3),
    "sigmoid": (ANY, lambda x: 1 / (1 + mp.exp(-x)), 3),
}


def off(found: Any, x: Any, exact: Callable[[Any], Any]) -> float:
    """The greatest error in units of the last place of the exact answer."""
    errors = []
    for got, at in zip(found.tolist(), x.tolist(), strict=True):
        known = exact(mp.mpf(at))
        errors.append(abs(mp.mpf(got) - known) / math.ulp(float(known)))
    return float(max(errors))


def on_machine(formula: Callable[[Any], Any], x: Any) -> Any:
    if not CODES:
        pytest.skip("the machine is not compiled")
    tape, out = Tape(), np.empty_like(x)
    Program(tape, outputs=[formula(tape.input(0))]).run([(x, False)], len(x), 1, [(out, False)])
    return out


@pytest.mark.parametrize("name", ALONE)
def test_a_step_of_the_machine_is_right_to_the_last_places(name):
    x, exact, bound = ALONE[name]
    assert off(on_machine(lambda symbol: symbol.tape.emit(name, symbol), x), x, exact) <= bound


@pytest.mark.parametrize("name", COMPOSED)
def test_a_formula_on_the_machine_is_right_to_the_last_places(name):
    x, exact, bound = COMPOSED[name]
    assert off(on_machine(getattr(special, name), x), x, exact) <= bound


@pytest.mark.parametrize("name", [name for name in {**ALONE, **COMPOSED} if hasattr(special, name)])
@pytest.mark.parametrize("n", [N, ALONE_FROM - 1], ids=["long", "short"])
def test_a_function_of_arrays_is_right_to_the_last_places(name, n):
    x, exact, bound = {**ALONE, **COMPOSED}[name]
    assert off(getattr(special, name)(x[:n]), x[:n], exact) <= bound


EDGES = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e-310, 1.7e308, -1.7e308, 1.0, -1.0, 710.0, -746.0]
BY_NUMPY: dict[str, Callable[[Any], Any]] = {
    "decay": lambda x: np.exp(-np.abs(x)),
    "log1p_square": lambda x: (
        np.log1p(np.minimum(np.abs(x), 1e150) ** 2) + 2 * np.log(np.maximum(np.abs(x) / 1e150, 1))
    ),
    "expm1_less": lambda x: np.expm1(x) - x,
}


@pytest.mark.parametrize("name", ["exp", "expm1", "log", "log1p", "tanh", "sqrt", *BY_NUMPY])
@pytest.mark.parametrize("among", [EDGES, *([edge] for edge in EDGES)], ids=repr)
def test_infinities_nan_and_the_least_numbers_are_as_numpy_has_them(name, among):
    x = np.resize(np.array(among), N)
    with np.errstate(all="ignore"):
        expected = BY_NUMPY.get(name, getattr(np, name, None))(x)
    found = on_machine(lambda symbol: symbol.tape.emit(name, symbol), x)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0, equal_nan=True)


@pytest.mark.parametrize(
    ("a", "b", "product", "difference"),
    [(0, math.inf, 0, -math.inf), (math.inf, math.inf, math.inf, 0), (0, math.nan, 0, math.nan), (2, 3, 6, -1)],
)
def test_nothing_times_infinity_is_nothing_and_so_is_the_gap_of_equal_infinities(a, b, product, difference):
    x, y = np.full(N, float(a)), np.full(N, float(b))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(special.times(x, y), product)
        np.testing.assert_array_equal(special.gap(x, y), difference)
    np.testing.assert_array_equal(on_machine(lambda symbol: special.times(symbol, b), x), product)
    np.testing.assert_array_equal(on_machine(lambda symbol: special.gap(symbol, b), x), difference)
