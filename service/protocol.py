"""HTTP/1.1 as uvicorn speaks it with httptools, and with an end to slow heads, long heads, and answers nobody reads.

It relies on uvicorn's ``HttpToolsProtocol``: its callbacks, ``cycle``, ``transport`` and ``STATUS_LINE``; so uvicorn's
minor version is pinned, and a test holds that contract.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from asyncio import TimerHandle
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from losses.errors import LossesError

from .errors import MalformedHTTP, TooSlow
from .layers import headers_too_large
from .problems import problem
from .settings import Settings

AT_ONCE = struct.pack("ii", 1, 0)  # on, after no seconds
LINGER = 2.0  # seconds in which the rest of a refused request is read and thrown away, so that the refusal arrives


class Bounded(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings: Settings = app_state["settings"]
        self._alarm: TimerHandle | None = None
        self._in_head = self._deaf = False
        self._idle_bytes = 0  # since the last that belonged to a head that is complete, or to a body
        self._unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wake(self._settings.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._sleep()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > self._settings.max_header_bytes and not self._deaf:
            self._refuse(headers_too_large(self._settings.max_header_bytes))

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls where bytes are no HTTP."""
        self._refuse(MalformedHTTP("what came is no request of HTTP/1.1"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._idle_bytes = True, 0
        self._wake(self._settings.header_seconds)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_head, self._idle_bytes = False, 0
        self._wake(self._settings.silence_seconds)

    def on_body(self, body: bytes) -> None:
        self._idle_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._idle_bytes = 0
        super().on_message_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self.cycle.more_body = False
            self._wait()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:
            self._wait()

    def _wait(self) -> None:
        """For the client: to read the answer, to end a body that was refused, or to ask again."""
        self._unsent = self._buffered()
        between = max(self._settings.header_seconds, self.timeout_keep_alive)
        seconds = LINGER if self.cycle.more_body else self._settings.silence_seconds if self._unsent else between
        self._wake(seconds)

    def _buffered(self) -> int:
        found: int = self.transport.get_write_buffer_size()
        return found

    def _wake(self, seconds: float) -> None:
        self._sleep()
        self._alarm = self.loop.call_later(seconds, self._late)

    def _sleep(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _late(self) -> None:
        if self._buffered():
            self._reads_slowly()
        elif self.cycle is not None and not self.cycle.response_complete:
            self._wake(self._settings.silence_seconds)  # being answered: the deadline looks after it
        elif self._in_head and not self._deaf:
            seconds = self._settings.header_seconds
            detail = f"the headers did not come within {seconds:g} seconds"
            self._refuse(TooSlow(detail, field="header_seconds", allowed=seconds))
        else:
            self.transport.close()

    def _reads_slowly(self) -> None:
        """Give up where nothing was read since the last time."""
        before, self._unsent = self._unsent, self._buffered()
        if 0 < before <= self._unsent:
            wire = self.transport.get_extra_info("socket")
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)  # else the system goes on trying for minutes
            self.transport.abort()
        else:
            self._wake(self._settings.silence_seconds)

    def _refuse(self, error: LossesError) -> None:
        """Answer what never becomes a request, and hear no more of it."""
        reply = problem(error)
        head = [b"%s: %s\r\n" % pair for pair in (*reply.raw_headers, (b"connection", b"close"))]
        self.transport.write(b"".join([STATUS_LINE[reply.status_code], *head, b"\r\n", bytes(reply.body)]))
        self._deaf = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._wake(LINGER)
