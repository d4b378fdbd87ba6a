"""Paired timing: candidates take turns, medians are compared, so that a drifting machine hurts all alike."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

Work = Callable[[], Any]
Key = TypeVar("Key", bound=Hashable)

PATIENCE = 30.0  # seconds, after which fewer repeats will do
FEWEST = 3
SETTLED = 0.1  # seconds; OpenBLAS lets its threads spin for 2^26 cycles


def medians(works: Mapping[Key, Work], repeats: int = 7) -> dict[Key, float]:
    """The median seconds of each, over repeats in changing order.

    In its turn a candidate first runs untimed until what the one before left behind is gone: the threads of some
    libraries spin on for a while, and others have gone to sleep.
    """
    seconds: dict[Key, list[float]] = {name: [] for name in works}
    order, chance, began = list(works), random.Random(0), time.perf_counter()
    for done in range(repeats):
        if done >= FEWEST and time.perf_counter() - began > PATIENCE:
            break
        chance.shuffle(order)
        for name in order:
            _settle(works[name])
            start = time.perf_counter()
            works[name]()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def _settle(work: Work) -> None:
    start = time.perf_counter()
    work()
    while time.perf_counter() - start < SETTLED:
        work()


def repeated(work: Work, times: int) -> Work:
    """A short piece of work, ``times`` over."""

    def run() -> None:
        for _ in range(times):
            work()

    return run
