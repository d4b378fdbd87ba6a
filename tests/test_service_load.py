"""More than it can do, a worker lost, told to stop: a short run of ``make load``, which asserts what it prints."""

from __future__ import annotations

import asyncio

from benchmarks import load


def test_four_times_its_capacity_is_answered_rightly_or_refused() -> None:
    asyncio.run(load.overload(4, count=1))


def test_a_worker_that_is_lost_takes_only_its_own_requests_with_it_and_is_replaced() -> None:
    asyncio.run(load.killed(6))


def test_every_accepted_request_is_answered_on_the_way_out() -> None:
    asyncio.run(load.stopped(4))
