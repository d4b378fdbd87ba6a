"""JSON read strictly: what is not exactly JSON is refused with the byte at which it stops, never with its text."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from losses.pool import proceed

from .errors import MalformedJSON, TooLarge

MOST_DEEP = 32
LONGEST_NUMBER = 300  # digits that surely fit into a float
PIECE = 1 << 20

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*|[{}:]', re.DOTALL)
_QUOTE = ord('"')
_MARKS = np.isin(np.arange(256), np.frombuffer(b'"[]{},:', np.uint8))
_STEPS = np.zeros(256, np.int64)
_STEPS[np.frombuffer(b"[{", np.uint8)] = 1
_STEPS[np.frombuffer(b"]}", np.uint8)] = -1


Body = bytes | memoryview
Floats = NDArray[np.float64]

NEAR = 1 << 16  # bytes whose numbers the second cache holds
LONGEST_ROW = 1 << 20
LONG = 1 << 12  # bytes of an array that are worth a way of their own
DATA = frozenset(("y_true", "y_pred", "predictions", "sample_weight", "target", "columns"))
_MARK = f"array {secrets.token_hex(16)} "
_OPEN = re.compile(rb":\s*(\[{1,3})(?=\s*[-0-9])")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_FLOATS = [msgspec.json.Decoder(rows) for rows in (list[float], list[list[float]], list[list[list[float]]])]


def decode(body: Body, most_values: int) -> Any:
    """The value of a JSON text.

    >>> decode(b'{"a": [1, 2.5, null]}', most_values=100)
    {'a': [1, 2.5, None]}
    """
    shape = _shape(body)
    if shape.values > most_values:
        raise _too_many(most_values)
    if shape.long_number:
        _refuse_infinite(body)
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise _refusal(body, error) from None
    if shape.keys != _entries(value, shape.objects):
        raise _refused(_second_key(body), "a key stands twice in one object")
    return value


def decode_arrays(body: Body, most_values: int) -> Any:
    """The same, with the long lists of numbers among the data as arrays.

    They are taken out and decoded by type; what is left is read strictly. Where anything is odd, all of it is.
    """
    parts, arrays = _taken_out(memoryview(body), most_values)
    if arrays:
        try:
            tree = decode(b"".join(parts), most_values)
        except MalformedJSON:
            tree = None
        if isinstance(tree, dict) and _put_back(tree, arrays) == len(arrays):
            return tree
    return decode(body, most_values)


def _taken_out(body: memoryview, most_values: int) -> tuple[list[Body], list[Floats]]:
    """The text with a mark for each long list of numbers, and those lists."""
    parts: list[Body] = []
    arrays: list[Floats] = []
    start = looked_at = 0
    while found := _OPEN.search(body, looked_at):
        place = found.start(1)
        if b'"' in _STRING.sub(b"", body[looked_at:place]):
            break
        looked_at = _end(body, place, b"]" * len(found[1]))
        array = _floats(body[place:looked_at], len(found[1]), most_values) if looked_at - place >= LONG else None
        if array is not None:
            parts += [body[start:place], f'"{_MARK}{len(arrays)}"'.encode()]
            arrays.append(array)
            most_values -= array.size
            start = looked_at
    return [*parts, body[start:]], arrays


def _end(body: memoryview, start: int, closing: bytes) -> int:
    """The place after the next brackets that close, or the end of the text."""
    for place in range(start, len(body), NEAR):
        at = bytes(body[place : place + NEAR + len(closing) - 1]).find(closing)
        if at >= 0:
            return place + at + len(closing)
    return len(body)


def _floats(text: memoryview, depth: int, most: int) -> Floats | None:
    """A list of numbers, or of rows of them, some thousand at a time so that they stay in the caches; else None."""
    parts: list[Floats] = []
    decoder, comma, rest = _FLOATS[depth - 1], b"]" * (depth - 1) + b",", b""
    for place in range(1, len(text) - 1, NEAR):
        proceed()
        piece = rest + bytes(text[place : min(place + NEAR, len(text) - 1)])
        cut = len(piece) if place + NEAR >= len(text) - 1 else piece.rfind(comma) + depth - 1
        if cut < depth:  # a long row goes on
            rest = piece
            if len(rest) > LONGEST_ROW:
                return None
            continue
        try:
            found = np.array(decoder.decode(b"[%b]" % piece[:cut]), np.float64)
        except ValueError:
            return None
        most -= found.size + (len(found) if depth > 1 else 0)
        if most < 0:
            raise _too_many(most)
        parts.append(found)
        rest = piece[cut + 1 :]
    alike = {part.shape[1:] for part in parts}
    if len(alike) != 1 or not all(part.size and np.isfinite(part).all() for part in parts):
        return None
    return np.concatenate(parts)


def _put_back(tree: dict[str, Any], arrays: list[Floats]) -> int:
    """Put arrays where their marks are, and tell how many found their place."""
    placed = 0
    for name in DATA & tree.keys():
        node, keys = (tree[name], list(tree[name])) if isinstance(tree[name], dict) else (tree, [name])
        for key in keys:
            if isinstance(node[key], str) and node[key].startswith(_MARK):
                node[key] = arrays[int(node[key].removeprefix(_MARK))]
                placed += 1
    return placed


def _too_many(most_values: int) -> TooLarge:
    return TooLarge(
        f"the JSON body holds more than {most_values} values; send them as a file, an Arrow stream for one",
        field="max_json_values", allowed=most_values,
    )  # fmt: skip


@dataclass
class _Shape:
    """What a text holds outside of its strings, found without reading it as JSON."""

    depth: int = 0
    objects: int = 0
    keys: int = 0
    values: int = 1
    quoted: bool = False
    long_number: bool = False
    last: int = 0  # where the mark before stands

    def take(self, piece: NDArray[np.uint8], offset: int) -> None:
        """Go on with the next piece of the text."""
        places = np.flatnonzero(_MARKS[piece])
        if not places.size:
            return
        marks = piece[places]
        quotes = marks == _QUOTE
        inside = (np.cumsum(quotes) + self.quoted) % 2 == 1
        gaps = np.diff(places, prepend=self.last - offset)
        before = np.concatenate(([self.quoted], inside[:-1]))
        self.long_number |= bool((gaps[~before] > LONGEST_NUMBER).any())
        self.quoted, self.last = bool(inside[-1]), int(places[-1]) + offset
        bare = ~inside & ~quotes
        self._count(marks[bare], places[bare], offset)

    def _count(self, marks: NDArray[np.uint8], places: NDArray[np.int64], offset: int) -> None:
        levels = np.cumsum(_STEPS[marks]) + self.depth
        deep = np.flatnonzero(levels > MOST_DEEP)
        if deep.size:
            raise _refused(int(places[deep[0]]) + offset, f"nested deeper than {MOST_DEEP}")
        self.depth = int(levels[-1]) if levels.size else self.depth
        found = np.bincount(marks, minlength=256)
        self.objects += int(found[ord("{")])
        self.keys += int(found[ord(":")])
        self.values += int(found[ord(",")] + found[ord("[")] + found[ord("{")])


def _shape(body: Body) -> _Shape:
    text = _ESCAPE.sub(b"  ", body) if _ESCAPE.search(body) else body
    shape = _Shape()
    for start in range(0, len(text), PIECE):
        proceed()
        shape.take(np.frombuffer(text, np.uint8, min(PIECE, len(text) - start), start), start)
    return shape


def _entries(tree: Any, objects: int) -> int:
    """The keys of all objects in a tree, which is searched only until all of them are found."""
    level, found, entries = [tree], 0, 0
    while level and found < objects:
        dicts = [node for node in level if type(node) is dict]
        found += len(dicts)
        entries += sum(map(len, dicts))
        inner = [list(node.values()) if type(node) is dict else node for node in level]
        level = [child for children in inner for child in children if type(child) in (dict, list)]
    return entries


def _tokens(body: Body) -> Iterator[tuple[int, bytes]]:
    return ((match.start(), match.group()) for match in _TOKEN.finditer(body))


def _second_key(body: Body) -> int:
    seen: list[set[str]] = []
    text, place = b'""', 0
    for start, token in _tokens(body):
        if token == b"{":
            seen.append(set())
        elif token == b"}":
            seen.pop()
        elif token == b":":
            key = msgspec.json.decode(text)
            if key in seen[-1]:
                break
            seen[-1].add(key)
        else:
            text, place = token, start
    return place


def _refuse_infinite(body: Body) -> None:
    place = _infinite(body)
    if place is not None:
        raise _refused(place, "a number beyond the range of 64-bit floats")


def _infinite(body: Body) -> int | None:
    for start, token in _tokens(body):
        if token[:1] in b"-0123456789" and math.isinf(_float(token)):
            return start
    return None


def _float(token: bytes) -> float:
    try:
        return float(token)
    except ValueError:
        return 0.0


def _refusal(body: Body, error: Exception) -> MalformedJSON:
    """What the decoder says, without a word of the body."""
    if isinstance(error, UnicodeDecodeError):
        return _refused(error.start, "not UTF-8")
    if isinstance(error, msgspec.ValidationError):
        return _refused(_infinite(body) or 0, "a number beyond the range of 64-bit floats")
    if isinstance(error, RecursionError):
        return _refused(0, f"nested deeper than {MOST_DEEP}")
    said = re.fullmatch(r"JSON is malformed: ([^()]+) \(byte (\d+)\)", str(error))
    if said:
        return _refused(int(said[2]) - (said[1] == "trailing characters"), said[1])
    return _refused(len(body), "it ends too early")


def _refused(position: int, why: str) -> MalformedJSON:
    return MalformedJSON(f"the body stops being JSON at byte {position}: {why}", position=position)
