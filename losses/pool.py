"""A few threads for work on arrays, during which the interpreter lock is let go of; results keep the order of the work.

What is found does not depend on how many threads there are: they take pieces that were cut without asking for it.

Who waits for the work may say when it is no longer wanted: ``with between(check)`` calls ``check`` before each piece.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import TypeVar

import numpy as np

S = TypeVar("S")
T = TypeVar("T")

THREADS = max(1, min(8, os.cpu_count() or 1))
_this = threading.local()
_check: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)


@contextlib.contextmanager
def between(check: Callable[[], None]) -> Iterator[None]:
    """Call ``check`` before each piece of the work that is begun within; what it raises ends that work."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def proceed() -> None:
    """Go on, unless whoever waits for this work says that it is no longer wanted."""
    _check.get()()


@functools.cache
def _pool() -> ThreadPoolExecutor:
    # The C library gives the memory of each temporary back to the system, page by page, until it has seen a large one
    # freed: without this, formulas spend most of their time in page faults.
    np.empty(31 << 20, np.uint8)
    return ThreadPoolExecutor(THREADS, thread_name_prefix="losses", initializer=_enter)


def _enter() -> None:
    _this.inside = True


if hasattr(os, "register_at_fork"):  # a forked process inherits the pool without its threads, and would wait for ever
    os.register_at_fork(after_in_child=_pool.cache_clear)


def each(work: Callable[[int], T], starts: Sequence[int]) -> list[T]:
    """What ``work`` gives for each start, in their order; done by this thread and the pool, each taking the next.

    Where some fail, the error of the first of them is raised.
    """
    proceed()
    if len(starts) == 1:
        return [work(starts[0])]
    done: dict[int, T] = {}
    failed: dict[int, Exception] = {}
    waiting = iter(starts)

    def take() -> None:
        for start in waiting:
            if failed:
                return
            try:
                proceed()
                done[start] = work(start)
            except Exception as error:
                failed[start] = error

    helpers = [_pool().submit(copy_context().run, take) for _ in range(min(THREADS, len(starts)) - 1)]
    take()
    for helper in helpers:
        helper.result()
    if failed:
        raise failed[min(failed)]
    return [done[start] for start in starts]


def ahead(work: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
    """What ``work`` gives for each item, in their order, while the pool works on the next few.

    Never more than two items a thread are held, so a stream of any length takes the same memory.

    >>> list(ahead(abs, [-3, 1, -2]))
    [3, 1, 2]
    """
    if getattr(_this, "inside", False):  # a thread of the pool that waited for the pool could wait for ever
        for item in items:
            proceed()
            yield work(item)
        return
    running: deque[Future[T]] = deque()
    try:
        for item in items:
            proceed()
            running.append(_pool().submit(copy_context().run, work, item))
            if len(running) > 2 * THREADS:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        for future in running:
            future.cancel()
