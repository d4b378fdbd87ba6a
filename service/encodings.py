"""Compressed bodies, read through a meter: what swells beyond all reason is refused as it swells."""

from __future__ import annotations

import gzip
import importlib
import io
from collections.abc import Callable
from typing import Any

from losses.errors import LossesError, MissingDependency, UnreadableFile

from .bodies import PIECE, Stream, too_large
from .errors import TooLarge, UnsupportedMediaType

RATIO = 100
FREE = 1 << 20  # bytes that may come out of however few
WINDOW = 1 << 27


class Metered(io.RawIOBase):
    """What comes out of a compressed body: no more than ``most``, and no more than ``RATIO`` times what went in."""

    def __init__(self, source: Stream, encoding: str, most: int) -> None:
        self._source, self._encoding, self._most, self.seen = source, encoding, most, 0
        self._inner = DECODERS[encoding](source)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, room: Any) -> int:
        """Some bytes."""
        part = self._some(len(room))
        room[: len(part)] = part
        return len(part)

    def read(self, size: int | None = -1) -> bytes:
        """As many bytes as are asked for, fewer only at the end."""
        wanted = -1 if size is None else size
        parts: list[bytes] = []
        while wanted and (part := self._some(PIECE if wanted < 0 else wanted)):
            parts.append(part)
            wanted -= len(part) if wanted > 0 else 0
        return b"".join(parts)

    def together(self, size: int) -> memoryview:
        """The same."""
        return memoryview(self.read(size))

    def _some(self, most: int) -> bytes:
        try:
            part: bytes = self._inner.read(min(most, PIECE))
        except LossesError:
            raise
        except Exception as error:  # each decoder has errors of its own
            raise UnreadableFile(f"the body is not {self._encoding}", field="Content-Encoding") from error
        self.seen += len(part)
        if self.seen > self._most:
            raise too_large(self._most)
        if self.seen > FREE + RATIO * self._source.seen:
            detail = f"the body swells by more than a factor of {RATIO}"
            raise TooLarge(detail, field="Content-Encoding", allowed=RATIO)
        return part


def _gzip(source: Stream) -> Any:
    return gzip.GzipFile(fileobj=source, mode="rb")


def _zstd(source: Stream) -> Any:
    module = _zstd_module()
    if hasattr(module, "ZstdFile"):
        return module.ZstdFile(source, options={module.DecompressionParameter.window_log_max: 27})
    return module.ZstdDecompressor(max_window_size=WINDOW).stream_reader(source, read_across_frames=True)


def _zstd_module() -> Any:
    for name in ("compression.zstd", "zstandard"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise MissingDependency("zstd bodies need the package zstandard")


def _has_zstd() -> bool:
    try:
        return bool(_zstd_module())
    except MissingDependency:
        return False


DECODERS: dict[str, Callable[[Stream], Any]] = {"gzip": _gzip} | ({"zstd": _zstd} if _has_zstd() else {})
ENCODINGS = ("identity", *DECODERS)


def encoding_of(header: str) -> str:
    """The one encoding of a body."""
    named = header.strip().lower()
    if named not in ENCODINGS:
        detail = f"bodies of this Content-Encoding are not read here; send {' or '.join(ENCODINGS)}"
        raise UnsupportedMediaType(detail, field="Content-Encoding", allowed=list(ENCODINGS))
    return named


def decoded(source: Stream, encoding: str, most: int) -> Stream | Metered:
    """The body as it was before it was compressed."""
    return source if encoding == "identity" else Metered(source, encoding, most)
