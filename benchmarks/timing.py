"""Paired timing: candidates take turns, medians are compared, so that a drifting machine hurts all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

Work = Callable[[], Any]


def medians(works: Mapping[str, Work], repeats: int = 7) -> dict[str, float]:
    """The median seconds of each, over interleaved repeats after one warm-up."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for name, work in works.items():
        work()
        seconds[name].clear()
    for _ in range(repeats):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def repeated(work: Work, times: int) -> Work:
    """A short piece of work, ``times`` over."""

    def run() -> None:
        for _ in range(times):
            work()

    return run
