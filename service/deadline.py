"""How long a request may take: to come, and to be answered. Work that nobody waits for any more is given up."""

from __future__ import annotations

import asyncio
import time
from asyncio import Task, Timeout

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from losses.errors import LossesError
from losses.pool import between

from .errors import OutOfTime, ShuttingDown, TooSlow
from .layers import Started, guarded
from .problems import problem
from .settings import Settings

CLIENT_LEFT = 499  # what the log says of a request whose client did not wait


class Budget:
    """The seconds of one request, and what ends it before they are over."""

    def __init__(self, seconds: float, timer: Timeout) -> None:
        self.seconds, self.timer, self.end = seconds, timer, time.monotonic() + seconds
        self.reason: LossesError | None = None
        self.left = False

    def check(self) -> None:
        """Raise where time is up; asked by the threads that work, between two pieces of it."""
        if time.monotonic() > self.end:
            raise self.reason or self.out_of_time()

    def out_of_time(self) -> OutOfTime:
        """The refusal of what takes too long."""
        detail = f"no answer within {self.seconds:g} seconds: send less at once, or try again"
        return OutOfTime(detail, field="request_seconds", allowed=self.seconds, retry_after=1)

    def shorten(self, seconds: float, reason: LossesError | None = None) -> None:
        """End it in so many seconds, for a reason, unless it ends before."""
        end = time.monotonic() + seconds
        if end < self.end:
            self.end, self.reason = end, reason
            self.timer.reschedule(asyncio.get_running_loop().time() + seconds)

    def leave(self, sent: Started) -> None:
        """Nobody waits for the answer any more."""
        if not sent.done:
            self.left = True
            self.shorten(0)


class Body:
    """A body as it comes, in time; once all of it is there, the client is watched for leaving."""

    def __init__(self, receive: Receive, settings: Settings, budget: Budget, sent: Started) -> None:
        self._receive, self._settings, self._budget, self._sent = receive, settings, budget, sent
        self._begun, self._bytes = time.monotonic(), 0
        self.watcher: Task[Message] | None = None

    async def __call__(self) -> Message:
        if self.watcher is not None:
            return await asyncio.shield(self.watcher)
        try:
            async with asyncio.timeout(self._patience()):
                message = await self._receive()
        except TimeoutError:
            silence = self._settings.silence_seconds
            detail = f"the body came slower than {self._settings.min_body_rate} bytes a second, or not for {silence:g}"
            raise TooSlow(f"{detail} seconds", field="silence_seconds", allowed=silence) from None
        if message["type"] == "http.disconnect":
            self._budget.leave(self._sent)
            return message
        self._bytes += len(message.get("body", b""))
        if not message.get("more_body", False):
            self.watcher = asyncio.create_task(self._receive())  # type: ignore[arg-type]
            self.watcher.add_done_callback(self._leave)
        return message

    def _patience(self) -> float:
        """Seconds until the next piece must be there: of silence, or fewer where the body is slow on the whole."""
        silence = self._settings.silence_seconds
        earned = silence + self._bytes / self._settings.min_body_rate
        return min(silence, self._begun + earned - time.monotonic())

    def _leave(self, watcher: Task[Message]) -> None:
        if not watcher.cancelled() and watcher.exception() is None:
            self._budget.leave(self._sent)


class Deadline:
    """Answers 408 where a request does not come in time, and 503 where its answer does not."""

    def __init__(self, app: ASGIApp, settings: Settings, live: set[Budget]) -> None:
        self.app, self.settings, self.live = app, settings, live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not guarded(scope):
            await self.app(scope, receive, send)
            return
        sent, timer = Started(send), asyncio.timeout(self.settings.request_seconds)
        budget = Budget(self.settings.request_seconds, timer)
        body = Body(receive, self.settings, budget, sent)
        try:
            async with timer:
                await self._within(budget, body, scope, sent)
        except TimeoutError:
            if not timer.expired() or (sent.begun and not budget.left):
                raise
            await self._refuse(budget, body, scope, sent)

    async def _within(self, budget: Budget, body: Body, scope: Scope, sent: Started) -> None:
        self.live.add(budget)
        try:
            with between(budget.check):
                await self.app(scope, body, sent)
        finally:
            self.live.discard(budget)
            if body.watcher is not None:
                body.watcher.remove_done_callback(body._leave)
                body.watcher.cancel()

    async def _refuse(self, budget: Budget, body: Body, scope: Scope, sent: Started) -> None:
        if budget.left:
            scope["left"] = True
            return
        late = TooSlow(
            f"the body did not come within {budget.seconds:g} seconds", field="request_seconds", allowed=budget.seconds
        )
        found = budget.reason or (late if body.watcher is None else budget.out_of_time())
        await problem(found)(scope, body, sent)


def shutting_down() -> ShuttingDown:
    """The refusal of what did not get done before the end."""
    return ShuttingDown("this process is on its way out: try again, another one answers", retry_after=1)
