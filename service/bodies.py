"""Bodies on their way from the event loop to a worker: whole in memory, or as a file that is read while it comes."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from fastapi import Request

from .errors import TooLarge
from .landing import landing_in

PIECE = 1 << 20
FIRST = 1 << 16  # bytes for a body that does not say how large it is
ENOUGH = 4 << 20  # bytes for which a worker is woken
ROOM = 4 * ENOUGH  # bytes that may wait for a worker


def too_large(most: int, field: str = "max_body_bytes") -> TooLarge:
    """The refusal of a body."""
    return TooLarge(f"the body is larger than {most} bytes", field=field, allowed=most)


Room = np.ndarray[Any, np.dtype[np.uint8]]


class Rooms:
    """Memory for whole bodies. The last that was given back is lent again: fresh memory costs more than reading."""

    def __init__(self) -> None:
        np.empty(31 << 20, np.uint8)  # the C library keeps memory for the next piece once it saw as much set free
        self._spare: Room = np.empty(0, np.uint8)

    def lend(self, size: int) -> Room:
        """Room for so many bytes, with whatever was there."""
        spare, self._spare = self._spare, np.empty(0, np.uint8)
        return spare if len(spare) >= size else np.empty(size, np.uint8)

    def give_back(self, room: Room) -> None:
        """The room of a body that nobody reads any more."""
        if len(room) > len(self._spare):
            self._spare = room


@asynccontextmanager
async def gathered(request: Request, rooms: Rooms, declared: int | None, most: int) -> AsyncIterator[memoryview]:
    """The whole body, copied once at most; it is there until the context ends."""
    room, at = rooms.lend(FIRST if declared is None else declared), 0
    pieces: AsyncIterable[bytes | memoryview] = request.stream()
    try:
        with landing_in(request.scope, lambda left: room.data[at : at + left]):
            async for piece in pieces:
                if at + len(piece) > most:
                    raise too_large(most)
                if at + len(piece) > len(room):
                    room = _grown(room, at, len(piece))
                if not isinstance(piece, memoryview):  # else it landed there
                    room[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
                at += len(piece)
        yield room.data[:at]
    finally:
        rooms.give_back(room)


def _grown(room: Room, used: int, more: int) -> Room:
    found = np.empty(2 * (used + more), np.uint8)
    found[:used] = room[:used]
    return found


def fresh(left: int) -> memoryview:
    """New room for the next bytes of a body that is read while it comes."""
    return np.empty(min(left, ENOUGH), np.uint8).data


class Channel:
    """Pieces of a body from the event loop to one worker, which waits for ``ENOUGH`` bytes, and takes all there are.

    Where more than ``ROOM`` wait for the worker, the event loop waits for it too.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed, self._taken = threading.Condition(), asyncio.Event()
        self._pieces: list[bytes] = []
        self._held = 0
        self._full = self._ended = False
        self._error: BaseException | None = None

    async def fill(self, pieces: AsyncIterable[bytes], most: int) -> None:
        """Pass on what comes, to its end or to the limit."""
        error, seen = None, 0
        try:
            async for piece in pieces:
                seen += len(piece)
                if seen > most:
                    raise too_large(most, "max_stream_bytes")
                await self._put(piece)
        except Exception as raised:  # whatever happened here is told to whoever reads
            error = raised
        finally:
            with self._changed:
                self._ended, self._error = True, error
                self._changed.notify()

    async def _put(self, piece: bytes) -> None:
        with self._changed:
            self._pieces.append(piece)
            self._held += len(piece)
            self._full = self._held > ROOM
            if self._held >= ENOUGH:
                self._changed.notify()
        if self._full:
            await self._taken.wait()
            self._taken.clear()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._held >= ENOUGH or self._ended)
                found, self._pieces, self._held = self._pieces, [], 0
                full, self._full = self._full, False
            if full:
                self._loop.call_soon_threadsafe(self._taken.set)
            yield from found
            if not found:
                break
        if self._error:
            raise self._error


class Stream(io.RawIOBase):
    """Pieces of bytes as a file; ``seen`` counts the bytes that were taken from it."""

    def __init__(self, pieces: Iterable[Any]) -> None:
        self._pieces, self._piece, self.seen = iter(pieces), memoryview(b""), 0

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """As many bytes as are asked for, fewer only at the end."""
        return b"".join(self._parts(-1 if size is None else size))

    def together(self, size: int) -> memoryview:
        """The same in one piece, which is filled as they come and while the interpreter lock is free."""
        room, at = np.empty(size, np.uint8), 0
        for part in self._parts(size):
            room[at : at + len(part)] = np.frombuffer(part, np.uint8)
            at += len(part)
        return room.data[:at]

    def _parts(self, wanted: int) -> Iterator[memoryview]:
        while wanted and (part := self._take(wanted if wanted > 0 else PIECE)):
            yield part
            wanted -= len(part) if wanted > 0 else 0

    def readinto(self, room: Any) -> int:
        """Some bytes, as soon as there are any."""
        view = memoryview(room).cast("B")
        part = self._take(len(view))
        view[: len(part)] = part
        return len(part)

    def _take(self, most: int) -> memoryview:
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._piece = memoryview(piece)
        part, self._piece = self._piece[:most], self._piece[most:]
        self.seen += len(part)
        return part


class View(io.RawIOBase):
    """Bytes in memory as a file that can be searched, without a copy of them."""

    def __init__(self, body: memoryview) -> None:
        self._body, self._at = body, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._body)}[whence]
        if start + offset < 0:
            raise OSError("before the start")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        """Where it is."""
        return self._at

    def readinto(self, room: Any) -> int:
        """What follows."""
        view = memoryview(room).cast("B")
        part = self._body[self._at : self._at + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)
