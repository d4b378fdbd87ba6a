"""``LossClient``: the library's own calls, answered by a service.

>>> with LossClient("http://localhost:8000") as client:          # doctest: +SKIP
...     client.evaluate(["mse"], [3, -0.5], [2.5, 0])["mse"].value
0.25

Values, errors and warnings are those of the library in this process. Few numbers go as JSON; many, and infinite ones,
as an Arrow stream where pyarrow is installed, else as npz, piece by piece and without a second copy of them all.
Frames, tables of Arrow and files (``pathlib.Path``) are sent as they are.

``AsyncLossClient`` is the same with ``await``. Both send the calls of ``calls`` and differ only in how they wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from . import calls
from .calls import Call, Heard, Pause, conversation

P = ParamSpec("P")
T = TypeVar("T")


def _now(make: Callable[P, Call[T]]) -> Callable[Concatenate[LossClient, P], T]:
    def method(self: LossClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.run(make(*args, **kwargs))

    return _named(method, make)


def _later(make: Callable[P, Call[T]]) -> Callable[Concatenate[AsyncLossClient, P], Coroutine[Any, Any, T]]:
    async def method(self: AsyncLossClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.run(make(*args, **kwargs))

    return _named(method, make)


def _named(method: T, make: Callable[..., Any]) -> T:
    method.__doc__, method.__name__ = make.__doc__, make.__name__  # type: ignore[attr-defined]
    return method


class LossClient:
    """Speaks to a service; errors are the library's own. Use it in a ``with``, or ``close`` it."""

    def __init__(self, base_url: str, timeout: float = 60.0, retries: int = 3, **httpx_options: Any) -> None:
        self.retries = retries
        self._http = httpx.Client(base_url=base_url, timeout=timeout, **httpx_options)

    catalogue = _now(calls.catalogue)
    get = _now(calls.loss)
    profile = _now(calls.profile)
    recommend = _now(calls.recommend)
    check = _now(calls.check)
    drift = _now(calls.drift)
    evaluate = _now(calls.evaluate)
    compare = _now(calls.compare)
    class_weights = _now(calls.class_weights)

    def run(self, call: Call[T]) -> T:
        """Carry a call through to its answer."""
        talk = conversation(call, self.retries)
        heard: Heard = None
        while True:
            try:
                step = talk.send(heard)
            except StopIteration as end:
                return end.value
            heard = self._do(step)

    def _do(self, step: Call[Any] | Pause) -> Heard:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            return self._http.send(step.request(self._http))
        except httpx.TransportError as error:
            return error

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class AsyncLossClient:
    """The same, with ``await``."""

    def __init__(self, base_url: str, timeout: float = 60.0, retries: int = 3, **httpx_options: Any) -> None:
        self.retries = retries
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout, **httpx_options)

    catalogue = _later(calls.catalogue)
    get = _later(calls.loss)
    profile = _later(calls.profile)
    recommend = _later(calls.recommend)
    check = _later(calls.check)
    drift = _later(calls.drift)
    evaluate = _later(calls.evaluate)
    compare = _later(calls.compare)
    class_weights = _later(calls.class_weights)

    async def run(self, call: Call[T]) -> T:
        """Carry a call through to its answer."""
        talk = conversation(call, self.retries)
        heard: Heard = None
        while True:
            try:
                step = talk.send(heard)
            except StopIteration as end:
                return end.value
            heard = await self._do(step)

    async def _do(self, step: Call[Any] | Pause) -> Heard:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            return await self._http.send(step.request(self._http))
        except httpx.TransportError as error:
            return error

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()
