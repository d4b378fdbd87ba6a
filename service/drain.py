"""The way out: not ready at once, closed to new connections after a notice, done with what was accepted in time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .deadline import Budget, shutting_down
from .settings import Settings

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Drain:
    """Whether this process is on its way out, and what it still has to do."""

    def __init__(self, settings: Settings) -> None:
        self.notice, self.seconds = settings.notice_seconds, settings.drain_seconds
        self.begun = False
        self.live: set[Budget] = set()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Stand between the signal to stop and the server, which then stops listening."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        before: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}

        def told(number: int, frame: FrameType | None) -> None:
            stop = before[number] if callable(before[number]) else lambda *_: None
            if self.begun:  # told twice: now
                stop(number, frame)
                return
            self.begun = True
            notice = self.notice if number == signal.SIGTERM else 0  # a person at the keyboard need not wait
            loop.call_soon_threadsafe(loop.call_later, notice, self._close, stop, number, frame)

        for number in SIGNALS:
            signal.signal(number, told)
        try:
            yield
        finally:
            for number in SIGNALS:
                signal.signal(number, before[number])

    def _close(self, stop: Any, number: int, frame: FrameType | None) -> None:
        stop(number, frame)
        for budget in self.live:
            budget.shorten(self.seconds, shutting_down())


class LastWords:
    """Closes each connection with its answer once the process is on its way out."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self.app, self.drain = app, drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def last(message: Message) -> None:
            if message["type"] == "http.response.start" and self.drain.begun:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self.app(scope, receive, last if scope["type"] == "http" else send)
