"""NumPy's files, read strictly: no pickle, no eval, and no byte more than the header says."""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from losses.errors import InvalidType, UnreadableFile

from .bodies import View, too_large
from .encodings import FREE, RATIO
from .errors import TooLarge

Array = np.ndarray[Any, Any]

MOST_MEMBERS = 10_000
LONGEST_HEADER = 10_000
_LENGTH = {b"\x01\x00": 2, b"\x02\x00": 4, b"\x03\x00": 4}
_ITEM = re.compile(
    r"""\s*'(?:(descr)':\s*'([^']*)'|(fortran_order)':\s*(True|False)|(shape)':\s*\(([0-9, ]*)\))\s*(?:,|(?=\}))"""
)
_SHAPE = re.compile(r"(?:[0-9]{1,18}(?:, ?[0-9]{1,18})*)?,? ?")
_NUMBERS = re.compile(r"[<|=]?(?:b1|i[1248]|u[1248]|f[248])")


def read_npy(body: memoryview, field: str = "body") -> Array:
    """The array of an npy file, in place.

    >>> import io
    >>> file = io.BytesIO()
    >>> np.save(file, np.array([1.0, 2.5]))
    >>> read_npy(memoryview(file.getvalue()))
    array([1. , 2.5])
    """
    width = _LENGTH.get(bytes(body[6:8]))
    if bytes(body[:6]) != b"\x93NUMPY" or width is None:
        raise UnreadableFile(f"{field} is not an npy file of version 1 to 3", field=field)
    start = 8 + width + int.from_bytes(body[8 : 8 + width], "little")
    if not 8 + width < start <= min(len(body), LONGEST_HEADER):
        raise UnreadableFile(f"{field} has a header that does not fit", field=field)
    kind, fortran, shape = _header(bytes(body[8 + width : start]), field)
    expected, got = math.prod(shape) * kind.itemsize, len(body) - start
    if expected != got:
        detail = f"{field} must have the {expected} bytes of its header, it has {got}"
        raise UnreadableFile(detail, field=field, expected=expected, got=got)
    return np.frombuffer(body[start:], kind).reshape(shape, order="F" if fortran else "C")


def _header(text: bytes, field: str) -> tuple[np.dtype[Any], bool, tuple[int, ...]]:
    said = text.decode("latin-1").strip()
    found: dict[str, str] = {}
    at = 1
    while match := _ITEM.match(said, at):
        key = next(name for name in (match[1], match[3], match[5]) if name)
        found[key] = next(value for value in (match[2], match[4], match[6]) if value is not None)
        at = match.end()
    if "descr" not in found and "'descr'" in said:
        raise _no_numbers(field, "fields")
    if not said.startswith("{") or said[at:].strip() != "}" or len(found) < 3 or not _SHAPE.fullmatch(found["shape"]):
        raise UnreadableFile(f"{field} has a header that is not NumPy's", field=field)
    if not _NUMBERS.fullmatch(found["descr"]):
        raise _no_numbers(field, found["descr"][:20])
    shape = tuple(int(size) for size in found["shape"].replace(" ", "").split(",") if size)
    if not 0 < len(shape) <= 8:
        raise UnreadableFile(f"{field} must have rows, its shape is {list(shape)}", field=field, got=list(shape))
    return np.dtype(found["descr"]), found["fortran_order"] == "True", shape


def _no_numbers(field: str, got: str) -> InvalidType:
    return InvalidType(f"{field} must hold little-endian real numbers, got {got!r}", field=field, got=got)


class Archive:
    """An npz file: arrays by name, opened one by one; nothing is inflated that says it is larger than the limit."""

    def __init__(self, body: memoryview, most: int) -> None:
        self._body = body
        try:
            self._zip = zipfile.ZipFile(View(body))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise UnreadableFile("the body is not an npz file", field="body") from error
        members = self._zip.infolist()
        if len(members) > MOST_MEMBERS or len({m.filename for m in members}) < len(members):
            raise UnreadableFile("the npz has too many members, or two of one name", field="body")
        for member in members:
            _check(member)
        if sum(member.file_size for member in members) > most:
            raise too_large(most)
        self._members = {member.filename.removesuffix(".npy"): member for member in members}

    @property
    def names(self) -> list[str]:
        """The names of the arrays."""
        return list(self._members)

    def read(self, names: Sequence[str]) -> dict[str, Array]:
        """Some arrays."""
        return {name: self._one(name) for name in names}

    def _one(self, name: str) -> Array:
        member, told = self._members[name], name[:80]
        try:
            if member.compress_type == zipfile.ZIP_STORED:
                return read_npy(self._stored(member), told)
            return read_npy(memoryview(self._zip.read(member)), told)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
            raise UnreadableFile(f"{told} cannot be taken out of the npz", field=told) from error

    def _stored(self, member: zipfile.ZipInfo) -> memoryview:
        """The bytes of a member that lies there as it is; as for an npy, the network answers for each bit of it."""
        head = self._body[member.header_offset : member.header_offset + 30]
        if bytes(head[:4]) != b"PK\x03\x04" or len(head) < 30 or member.file_size != member.compress_size:
            raise zipfile.BadZipFile
        start = (
            member.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        )
        data = self._body[start : start + member.file_size]
        if len(data) < member.file_size:
            raise zipfile.BadZipFile
        return data


def _check(member: zipfile.ZipInfo) -> None:
    if not member.filename.endswith(".npy") or member.flag_bits & 1:
        raise UnreadableFile("an npz holds npy files, none of them encrypted", field="body")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableFile("members of an npz are stored or deflated", field="body")
    if member.file_size > FREE + RATIO * member.compress_size:
        detail = f"a member of the npz swells by more than a factor of {RATIO}"
        raise TooLarge(detail, field="body", allowed=RATIO)
