"""Work is given up between two pieces of it where whoever waits for it says so, on whichever thread they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import losses
from losses import Profile, pool
from losses.profile import read_csv
from service import jsontext
from service.errors import OutOfTime


def giving_up(after: int) -> Callable[[], None]:
    asked = iter(range(after))

    def check() -> None:
        if next(asked, None) is None:
            raise OutOfTime("enough")

    return check


Y = np.random.default_rng(1).normal(size=1_000_000)
SIDES = Y[:2500] > 0
LONG: dict[str, Callable[[], Any]] = {
    "evaluate": lambda: losses.evaluate(["mse", "lovasz_hinge"], Y > 0, Y),
    "evaluate pairs": lambda: losses.evaluate(["supcon"], SIDES, np.stack([Y[:2500], Y[2500:5000]], axis=1)),
    "gradient": lambda: losses.MSE().gradient(Y, Y),
    "profile": lambda: Profile.of(Y),
    "read CSV": lambda: read_csv(b"y\n" + b"1\n" * 200_000 + b'"2"\n' * 200_000),
    "read JSON": lambda: jsontext.decode(b"[" + b"1," * 2_000_000 + b"1]", 10**7),
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_work_that_is_no_longer_wanted_ends_between_two_pieces(name: str, after: int) -> None:
    with pool.between(giving_up(after)), pytest.raises(OutOfTime):
        LONG[name]()
    LONG[name]()


def test_who_waits_is_asked_on_the_threads_of_the_pool_too() -> None:
    asked: list[int] = []
    with pool.between(lambda: asked.append(1)):
        assert pool.each(lambda start: (pool.proceed(), start)[1], range(20)) == list(range(20))
        assert list(pool.ahead(lambda item: (pool.proceed(), item)[1], range(20))) == list(range(20))
    assert len(asked) >= 80
    pool.proceed()
