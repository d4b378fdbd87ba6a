"""The service under more than it can do: ``make load``. Four times its capacity, a worker killed, told to stop.

Bodies of three sizes are sent over connections that stay open, each at its time whatever became of those before.
Every answer is compared with the library's own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import math
import os
import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import losses
from tests.serving import Running, running

SIZES = {10: 80, 2_000: 15, 40_000: 5}  # rows, and how many of a hundred requests have them
CONNECTIONS = 96
LIMITS = {"max_requests": 16, "access_log": True, "drain_seconds": 20, "notice_seconds": 1}
HEAD = "POST /v1/evaluations HTTP/1.1\r\nHost: load\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
RIGHT, WRONG, CUT = "right", "wrong", "no answer"


class Question(NamedTuple):
    """A request, and the mean squared error it asks for."""

    text: bytes
    value: float


def questions() -> list[Question]:
    """A hundred, of all sizes."""
    chance = random.Random(3)
    made = []
    for rows, share in SIZES.items():
        y, z = ([round(chance.gauss(0, 1), 6) for _ in range(rows)] for _ in "yz")
        body = json.dumps({"losses": ["mse"], "y_true": y, "y_pred": z}).encode()
        made += [Question(HEAD.format(len(body)).encode() + body, losses.evaluate(["mse"], y, z)["mse"].value)] * share
    chance.shuffle(made)
    return made


@dataclass
class Found:
    """What became of the requests."""

    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    took: float = 0.0

    def note(self, status: str, seconds: float) -> None:
        """One more."""
        self.statuses[status] += 1
        if status == RIGHT:
            self.seconds.append(seconds)

    @property
    def rate(self) -> float:
        """Right answers a second."""
        return self.statuses[RIGHT] / self.took

    @property
    def p99(self) -> float:
        """The seconds within which 99 of 100 accepted requests were answered."""
        return statistics.quantiles(self.seconds, n=100)[98] if len(self.seconds) > 1 else 0.0

    def __str__(self) -> str:
        return f"{dict(self.statuses)}, {self.rate:.0f} right answers a second, p99 {self.p99:.3f} s"


Chosen = Callable[[], Awaitable[Question | None]]


async def _ask(port: int, chosen: Chosen, found: Found) -> None:
    """One connection: ask what is chosen, until that is nothing."""
    writer: asyncio.StreamWriter | None = None
    while (question := await chosen()) is not None:
        begun = time.perf_counter()
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            writer.write(question.text)
            status, close = await _answer(reader, question)
        except (OSError, asyncio.IncompleteReadError):
            status, close = CUT, True
            await asyncio.sleep(0.01)
        found.note(status, time.perf_counter() - begun)
        if close and writer is not None:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()


async def _answer(reader: asyncio.StreamReader, question: Question) -> tuple[str, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    status, close = head.split()[1].decode(), b"connection: close" in head
    if status != "200":
        return status, close
    return RIGHT if json.loads(body)["results"][0]["value"] == question.value else WRONG, close


async def loaded(port: int, seconds: float, rate: float = math.inf, connections: int = CONNECTIONS) -> Found:
    """So many requests a second for a time; as fast as the answers come where no rate is given."""
    asked, found, places = questions(), Found(), itertools.count()

    async def chosen() -> Question | None:
        place = next(places)
        due = found.began + place / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return asked[place % len(asked)] if time.perf_counter() < found.began + seconds else None

    await asyncio.gather(*(_ask(port, chosen, found) for _ in range(connections)))
    found.took = time.perf_counter() - found.began
    return found


# ── what is watched meanwhile ───────────────────────────────────────────────────────────────────────────────────────


def workers(service: Running) -> list[int]:
    """The processes that answer."""
    pid = service.process.pid
    children = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    found = [child for child in children if b"spawn_main" in _command(child)]
    return found or [pid]


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def megabytes(service: Running) -> float:
    """Resident in all workers."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in workers(service)]
    return sum(pages) * os.sysconf("SC_PAGESIZE") / 1e6


async def memory(service: Running, seconds: float) -> list[tuple[float, float]]:
    """Times, and the megabytes then."""
    end, found = time.perf_counter() + seconds, []
    while time.perf_counter() < end:
        found.append((time.perf_counter(), megabytes(service)))
        await asyncio.sleep(seconds / 60)
    return found


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Megabytes a minute in the second half."""
    late = samples[len(samples) // 2 :]
    return 60 * statistics.linear_regression(*zip(*late, strict=True)).slope


# ── the three trials ────────────────────────────────────────────────────────────────────────────────────────────────


async def overload(seconds: float, count: int = 2) -> None:
    """Four times what it can do: right answers or a refusal, in bounded time and memory."""
    with running("--workers", str(count), **LIMITS | {"access_log": False}) as service:
        capacity = await loaded(service.port, min(10, seconds), connections=LIMITS["max_requests"] * count // 2)
        print(f"capacity, {count} workers: {capacity}")
        watched = asyncio.create_task(memory(service, seconds))
        found = await loaded(service.port, seconds, rate=4 * capacity.rate)
        more = slope(await watched)
        asked = found.statuses.total() / found.took
        print(f"{asked / capacity.rate:.1f} times that for {seconds:g} s: {found}; memory {more:+.1f} MB a minute")
    assert not capacity.statuses.keys() - {RIGHT, "503"}, capacity.statuses
    assert found.statuses.keys() <= {RIGHT, "429", "503"}, found.statuses
    assert found.p99 < LONGEST, found.p99


async def killed(seconds: float) -> None:
    """kill -9 of one of two workers: the other answers, and it comes back."""
    with running("--workers", "2", **LIMITS | {"access_log": False}) as service:
        asking = asyncio.create_task(loaded(service.port, seconds, connections=8))
        await asyncio.sleep(seconds / 3)
        before, begun = workers(service), time.perf_counter()
        os.kill(before[0], signal.SIGKILL)
        while len(set(workers(service)) - set(before)) < 1:
            await asyncio.sleep(0.02)
        back = time.perf_counter() - begun
        found = await asking
        print(f"kill -9 of one worker: {found}; another one after {back:.1f} s")
    assert found.statuses.keys() <= {RIGHT, "503", CUT}, found.statuses
    assert found.statuses[CUT] <= 8, "more than what the worker had in its hands"


async def stopped(seconds: float) -> None:
    """SIGTERM: all that was accepted is answered, and the process ends in time."""
    with running("--workers", "2", **LIMITS) as service:
        asking = asyncio.create_task(loaded(service.port, seconds, connections=24))
        await asyncio.sleep(seconds / 3)
        begun = time.perf_counter()
        service.process.terminate()
        await asyncio.to_thread(service.process.wait, LIMITS["drain_seconds"] + 10)
        took, found = time.perf_counter() - begun, await asking
        logged = Counter(line["status"] for line in service.lines() if line.get("route") == "/v1/evaluations")
    print(
        f"SIGTERM: exit after {took:.1f} s; {found.statuses[RIGHT]} right answers heard, {logged[200]} given: {logged}"
    )
    assert found.statuses[WRONG] == 0
    assert logged.keys() <= {200, 503}, logged
    assert logged[200] == found.statuses[RIGHT], "an answer was given that nobody heard"


LONGEST = 10.0  # seconds within which 99 of 100 accepted requests are answered under four times the load


def main() -> None:
    """All three, one after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    asyncio.run(overload(seconds))
    asyncio.run(killed(seconds / 4))
    asyncio.run(stopped(seconds / 4))


if __name__ == "__main__":
    main()
