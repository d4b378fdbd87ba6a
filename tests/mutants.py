"""Do the tests notice a wrong formula? Each formula is changed in each of many small ways, one after another.

For each change the tests that reach the changed function run, until one of them fails. What none of them noticed is
printed, and the share that was noticed. Each change lives in a fork of its own, of which nothing is left.
"""

from __future__ import annotations

import argparse
import functools
import gc
import itertools
import multiprocessing
import os
import resource
import sys
from collections import Counter, defaultdict
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from losses import engine

from .changes import Change, Place, changes, place

FORK = multiprocessing.get_context("fork")
LIMIT = 120  # seconds of computing; a test that takes longer does not end
ROOT = Path(__file__).parent.parent
FORMULAS = (
    *("regression", "counts", "uncertainty", "classification", "imbalance", "ordinal", "divergence"),
    *("segmentation", "boxes", "embedding", "special", "tally"),
)
TESTS = ("laws_slopes", "values", "table", "laws_[!s]*", "evaluate", "bad_input")  # what notices most comes first


def run(test: pytest.Item) -> None:
    test.config.hook.pytest_runtest_protocol(item=test, nextitem=None)


def by_turns(tests: list[pytest.Item]) -> list[int]:
    """The places of tests: the first case of each test, then the second of each, and so on."""
    turns = Counter[str]()
    order = []
    for i, test in enumerate(tests):
        name = test.nodeid.partition("[")[0]
        turns[name] += 1
        order.append((turns[name], i))
    return [i for _, i in sorted(order)]


def caches() -> list[Any]:
    """Where the library keeps programs made of formulas, among others."""
    found = [cache for cache in gc.get_objects() if isinstance(cache, functools._lru_cache_wrapper)]
    return [cache for cache in found if cache.__module__.startswith("losses")]


class Mutants:
    """What pytest does in place of running its tests once."""

    def __init__(self, only: str, every: int) -> None:
        self.only, self.every = only, every

    def pytest_configure(self) -> None:
        """The same examples each time."""
        from hypothesis import Phase, settings

        settings.register_profile("mutants", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """In a fork: one failure is enough. Without a change there must be none, and what it is can be read."""
        if report.failed:
            print(report.nodeid, report.longreprtext, flush=True)
            os._exit(1)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Which test reaches which function; then each change."""
        engine.THREADS = 1  # threads do not fork
        gc.disable()  # it would touch all memory, and so copy it into each fork
        here, there = FORK.Pipe(duplex=False)
        FORK.Process(target=lambda: there.send(reached(session.items))).start()
        there.close()
        found: dict[Place, list[int]] = here.recv()
        made, noticed = Counter[str](), Counter[str]()
        for name in FORMULAS:
            some = (change for change in changes(ROOT / "losses" / f"{name}.py") if self.only in change.text)
            for change in itertools.islice(some, 0, None, self.every):
                tests = [session.items[i] for i in found.get(place(change.function.__code__), ())]
                made[name] += 1
                noticed[name] += fails(change, tests)
            print(told(name, noticed[name], made[name]), flush=True)
        print(told("all", noticed.total(), made.total()))
        return True


def told(name: str, noticed: int, made: int) -> str:
    return f"{name:15} {noticed:5} of {made:5} noticed: {noticed / max(1, made):.1%}"


def reached(tests: list[pytest.Item]) -> dict[Place, list[int]]:
    """For each function the tests that call it."""
    found, kept = defaultdict[Place, list[int]](list), caches()
    for i in by_turns(tests):
        called: set[CodeType] = set()
        for cache in kept:
            cache.cache_clear()
        sys.settrace(lambda frame, *_: called.add(frame.f_code))  # noqa: B023
        run(tests[i])
        sys.settrace(None)
        for code in called:
            found[place(code)].append(i)
    return dict(found)


def fails(change: Change, tests: list[pytest.Item]) -> bool:
    """Whether a test fails, or does not end, under a change."""

    def attempt() -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT))
        change.function.__code__ = change.code
        for test in tests:
            run(test)

    fork = FORK.Process(target=attempt)
    fork.start()
    fork.join()
    if not fork.exitcode:
        print(f"{change.text} ({len(tests)} tests)", flush=True)
    return bool(fork.exitcode)


def main() -> int:
    parser = argparse.ArgumentParser(description="The changes of formulas that no test notices.")
    parser.add_argument("--only", default="", metavar="WORD", help="changes that hold a word, such as MSE.value")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each Nth of them alone")
    asked = parser.parse_args()
    files = [str(path) for name in TESTS for path in sorted((ROOT / "tests").glob(f"test_{name}.py"))]
    quick = ("-p", "no:cacheprovider", "-s", "--tb=native", "--assert=plain")
    return pytest.main([*quick, *files], [Mutants(asked.only, asked.every)])


if __name__ == "__main__":
    sys.exit(main())
