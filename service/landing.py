"""Large bodies straight from the system into the memory where they are read.

uvicorn copies each piece of a body four times before an application sees it. Where the length of a body is known, the
transport here writes what follows its first piece into room that the reader of the body prepared, and messages carry
views of that room. It relies on uvicorn's ``RequestResponseCycle`` and ``HttpToolsProtocol``, as ``protocol`` does;
from any other server, over TLS, or in chunks, bodies come as they always did.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import httptools
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

LARGE = 1 << 20  # bytes from which a body is worth it
SCRATCH = 1 << 16
KEY = "losses.landing"  # where a scope holds it

Rooms = Callable[[int], memoryview]  # where the next of so many bytes go


class Landing(asyncio.BufferedProtocol):
    """The way of one body. The protocol of the connection steps aside until all of it is there."""

    def __init__(self, cycle: RequestResponseCycle, protocol: HttpToolsProtocol, length: int) -> None:
        self._cycle, self._protocol, self._left = cycle, protocol, length
        self._rooms: Rooms | None = None
        self._room, self._end, self._told = memoryview(b""), 0, 0  # bytes of the room that came, and that were told
        self._begun = self._direct = False
        self._came = asyncio.Event()

    async def receive(self) -> Message:
        """The next piece: through the parser at first, and then as a view of the room."""
        while self._told == self._end:
            if self._rooms is None or self._through_parser:
                return await self._parsed()
            if self._end == len(self._room):
                self._room, self._end, self._told = self._rooms(self._left), 0, 0
                self._cycle.flow.resume_reading()
            if not self._direct:
                self._switch(self)
            await self._came.wait()
            self._came.clear()
        piece, self._told = self._room[self._told : self._end], self._end
        return {"type": "http.request", "body": piece, "more_body": self._cycle.more_body}

    @contextlib.contextmanager
    def into(self, rooms: Rooms) -> Iterator[None]:
        """Let the body land in rooms; once they are left, the rest is thrown away as it comes."""
        self._rooms = rooms
        try:
            yield
        finally:
            self._rooms = None
            self._room, self._end, self._told = memoryview(bytearray(SCRATCH)), 0, 0
            if self._direct:
                self._cycle.flow.resume_reading()

    @property
    def _through_parser(self) -> bool:
        cycle = self._cycle
        over = not cycle.more_body or cycle.disconnected or cycle.response_complete
        return over or not self._begun or bool(cycle.body)

    async def _parsed(self) -> Message:
        message: Message = await self._cycle.receive()  # type: ignore[assignment]
        self._left -= len(message.get("body", b""))
        self._begun = True
        return message

    def _switch(self, protocol: asyncio.BaseProtocol) -> None:
        self._direct = protocol is self
        self._cycle.flow.pause_reading()
        self._cycle.transport.set_protocol(protocol)
        self._cycle.flow.resume_reading()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._room[self._end : self._end + self._left]

    def buffer_updated(self, nbytes: int) -> None:
        """So many came."""
        self._left -= nbytes
        if self._rooms is not None:
            self._end += nbytes
        if not self._left:
            self._complete()
        elif self._end == len(self._room):
            self._cycle.flow.pause_reading()
        self._came.set()

    def _complete(self) -> None:
        """The body is there: the parser, which did not see it, makes place for one that waits for the next request."""
        self._protocol.parser = httptools.HttpRequestParser(self._protocol)
        self._protocol.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._switch(self._protocol)
        if self._cycle.response_complete:
            self._protocol.on_message_complete()
        self._cycle.more_body = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more comes."""
        self._direct = False
        self._protocol.connection_lost(exc)
        self._came.set()

    def pause_writing(self) -> None:
        """As the protocol of the connection has it."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """As the protocol of the connection has it."""
        self._protocol.resume_writing()


class Landings:
    """The layer next to the server: large bodies get a landing, which is in their scope."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if landing := _landing(scope, receive):
            scope[KEY], receive = landing, landing.receive
        await self.app(scope, receive, send)


def landing_in(scope: Scope, rooms: Rooms) -> contextlib.AbstractContextManager[None]:
    """Let the body of a request land in rooms, where it can."""
    landing: Landing | None = scope.get(KEY)
    return landing.into(rooms) if landing else contextlib.nullcontext()


def _landing(scope: Scope, receive: Receive) -> Landing | None:
    cycle = getattr(receive, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle):
        return None
    headers, transport = Headers(scope=scope), cycle.transport
    length = headers.get("content-length", "")
    if not length.isdecimal() or int(length) < LARGE or "transfer-encoding" in headers:
        return None
    protocol = transport.get_protocol()
    if not isinstance(protocol, HttpToolsProtocol) or protocol.cycle is not cycle:
        return None
    return None if transport.get_extra_info("sslcontext") else Landing(cycle, protocol, int(length))
