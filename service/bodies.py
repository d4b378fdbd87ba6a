"""Bodies on their way from the event loop to a worker: whole in memory, or as a file that is read while it comes."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterable, Iterable, Iterator
from typing import Any

import numpy as np

from .errors import TooLarge

PIECE = 1 << 20
ROOM = 4 << 20  # bytes that may wait for a worker


def too_large(most: int, field: str = "max_body_bytes") -> TooLarge:
    """The refusal of a body."""
    return TooLarge(f"the body is larger than {most} bytes", field=field, allowed=most)


async def gathered(pieces: AsyncIterable[bytes], declared: int | None, most: int) -> memoryview:
    """The whole body, copied once into memory that is taken as it fills."""
    if declared is None:
        body = bytearray()
        async for piece in pieces:
            body += piece
            if len(body) > most:
                raise too_large(most)
        return memoryview(body)
    room, at = np.empty(declared, np.uint8).data, 0
    async for piece in pieces:
        room[at : at + len(piece)] = piece
        at += len(piece)
    return room[:at]


class Channel:
    """Pieces of a body from the event loop to one worker, which may wait for them; never more than ``ROOM`` of them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed, self._taken = threading.Condition(), asyncio.Event()
        self._pieces: list[bytes] = []
        self._held = 0
        self._ended = False
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
        self._taken.clear()
        with self._changed:
            self._pieces.append(piece)
            self._held += len(piece)
            self._changed.notify()
        while self._held > ROOM:
            await self._taken.wait()
            self._taken.clear()

    def __iter__(self) -> Iterator[bytes]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pieces or self._ended)
                found, self._pieces, self._held = self._pieces, [], 0
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
        wanted = -1 if size is None else size
        parts: list[memoryview] = []
        while wanted:
            part = self._take(wanted if wanted > 0 else PIECE)
            if not part:
                break
            parts.append(part)
            wanted -= len(part) if wanted > 0 else 0
        return b"".join(parts)

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
