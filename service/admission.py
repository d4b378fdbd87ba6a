"""Room for requests: so many at the same time, and so many bytes of bodies; the others are told to come again."""

from __future__ import annotations

import sys

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .bodies import ROOM
from .errors import Busy
from .layers import guarded
from .problems import problem
from .settings import Settings
from .transport import is_streamed

SOON = 1  # seconds after which to try again


class Room:
    """What is being worked on, and how much of it there may be."""

    def __init__(self, settings: Settings) -> None:
        self.most_requests, self.most_bytes = settings.max_requests, settings.max_bytes_in_flight
        self.requests = self.bytes = 0

    @property
    def full(self) -> bool:
        """Whether another request would be one too many."""
        return self.requests >= self.most_requests

    def check(self, declared: int) -> None:
        """Raise Busy where there is no room for a request, or for the body that it says it has."""
        if self.full:
            raise _busy("requests", "max_requests", self.most_requests)
        self.check_bytes(declared, 0)

    def check_bytes(self, more: int, own: int) -> None:
        """Raise Busy where so many bytes more are too many; a body that is alone, with its own, has always room."""
        if self.bytes > own and self.bytes + more > self.most_bytes:
            raise _busy("bytes", "max_bytes_in_flight", self.most_bytes)


def _busy(what: str, field: str, most: int) -> Busy:
    return Busy(f"at most {most} {what} at the same time: try again", field=field, allowed=most, retry_after=SOON)


class Admission:
    """Counts what comes in as it comes: what is only announced takes no room from others."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self.app, self.room = app, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not guarded(scope):
            await self.app(scope, receive, send)
            return
        try:
            self.room.check(min(_declared(scope), _most_held(scope)))
        except Busy as busy:
            await problem(busy)(scope, receive, send)
            return
        await self._admit(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        room, held, most = self.room, 0, _most_held(scope)

        async def metered() -> Message:
            nonlocal held
            message = await receive()
            size = min(len(message.get("body", b"")), most - held)
            room.check_bytes(size, held)
            room.bytes += size
            held += size
            return message

        room.requests += 1
        try:
            await self.app(scope, metered, send)
        finally:
            room.requests -= 1
            room.bytes -= held


def _most_held(scope: Scope) -> int:
    """Bytes of the body that are there at the same time: a stream lets them go as it is read."""
    return ROOM if is_streamed(Headers(scope=scope).get("content-type", "")) else sys.maxsize


def _declared(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isdecimal() and len(length) < 20 else 0
