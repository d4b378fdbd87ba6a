"""Bodies as options and named columns: one row a media type.

A new kind of file is one class with the members of ``Source``, and one row in ``MEDIA``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar

import numpy as np
from fastapi import Depends, Request
from pydantic import BaseModel

from losses.errors import InvalidInput, UnknownName
from losses.profile import read_csv
from losses.profile.csvtext import csv_batches, csv_columns

from . import jsontext
from .arrays import read_array
from .errors import InvalidRequest, TooLarge, UnsupportedMediaType
from .schemas import options_from_query
from .settings import Settings
from .words import name_of

Batches = Iterable[Any]
Model = TypeVar("Model", bound=BaseModel)

TARGET = "target"


class Source(Protocol):
    """What a body holds."""

    @property
    def has_target(self) -> bool:
        """Whether there is a target in it."""

    def options(self, data: frozenset[str]) -> dict[str, Any]:
        """All that is not data."""

    def arrays(self, names: Sequence[str], nulls: bool) -> dict[str, Any]:
        """Inputs of a loss by name, those that were sent; ``nulls`` lets null in, as NaN."""

    def target(self, column: str | None, weight: str | None) -> tuple[str | None, Iterator[tuple[Any, Any]]]:
        """The name of one column, and its batches: values and their weights (None where there are none)."""

    def table(self, whole: bool = False) -> dict[str, Batches] | None:
        """All columns, where the body is a table of targets and not one target, or the ``whole`` of it is wanted."""


class JSONSource:
    """An object: options and arrays side by side."""

    def __init__(self, body: bytes, settings: Settings) -> None:
        found = jsontext.decode(body, settings.max_json_values)
        if not isinstance(found, dict):
            raise InvalidRequest("the body must be a JSON object", field="body")
        self._fields: dict[str, Any] = found
        self.has_target = TARGET in found

    def options(self, data: frozenset[str]) -> dict[str, Any]:
        return {name: value for name, value in self._fields.items() if name not in data}

    def arrays(self, names: Sequence[str], nulls: bool) -> dict[str, Any]:
        return {name: read_array(self._fields[name], name, nulls) for name in names if name in self._fields}

    def target(self, column: str | None, weight: str | None) -> tuple[str | None, Iterator[tuple[Any, Any]]]:
        table = self.table()
        if table is not None:
            name = _chosen(list(table), column)
            return name, ((batch, None) for batch in table[name])
        weights = read_array(self._fields.get("sample_weight"), "sample_weight")
        return None, iter([(_listed(self._fields.get(TARGET), TARGET), weights)])

    def table(self, whole: bool = False) -> dict[str, Batches] | None:
        if "columns" not in self._fields:
            return None
        columns = self._fields["columns"]
        if TARGET in self._fields or not isinstance(columns, dict) or not columns:
            raise InvalidRequest('send "target", a list, or "columns", an object of lists', field="columns")
        return {name: [_listed(values, name[:80])] for name, values in columns.items()}


class CSVSource:
    """A header line, then rows; options come in the query string."""

    def __init__(self, body: bytes, settings: Settings) -> None:
        self._body, self._names = body, csv_columns(body)
        self.has_target = True

    def options(self, data: frozenset[str]) -> dict[str, Any]:
        return {}

    def arrays(self, names: Sequence[str], nulls: bool) -> dict[str, Any]:
        wanted = [name for name in self._names if name.partition(".")[0] in names]
        if not wanted:
            raise UnknownName(f"no column is named {' or '.join(names)}", field="column", allowed=list(names))
        return gathered(read_csv(self._body, wanted))

    def target(self, column: str | None, weight: str | None) -> tuple[str | None, Iterator[tuple[Any, Any]]]:
        name = _chosen(self._names, column)
        batches = csv_batches(self._body, [name] if weight is None else [name, weight])
        return name, ((batch[name], None if weight is None else batch[weight]) for batch in batches)

    def table(self, whole: bool = False) -> dict[str, Batches] | None:
        if not whole and (TARGET in self._names or len(self._names) == 1):
            return None
        return {name: [column] for name, column in read_csv(self._body).items()}


Reader = Callable[[bytes, Settings], Source]
MEDIA: dict[str, Reader] = {
    "application/json": JSONSource,
    "text/csv": CSVSource,
}


def gathered(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns named ``y_pred.mean``, ``y_pred.var`` as named parts; ``y_pred.0``, ``y_pred.1`` … as one matrix.

    >>> gathered({"y_true": [1], "y_pred.mean": [2], "y_pred.var": [3]})
    {'y_true': [1], 'y_pred': {'mean': [2], 'var': [3]}}
    """
    whole = {name: column for name, column in columns.items() if "." not in name}
    parts: dict[str, dict[str, Any]] = {}
    for name in (name for name in columns if name not in whole):
        head, _, part = name.partition(".")
        parts.setdefault(head, {})[part] = columns[name]
    for head in whole.keys() & parts.keys():
        raise InvalidInput(f"{head} stands for one column and for several", field=head)
    return whole | {head: _matrix(named, head) for head, named in parts.items()}


def _matrix(parts: dict[str, Any], head: str) -> Any:
    """Numbered parts as the columns of a matrix; named ones as they are."""
    if not all(re.fullmatch("[0-9]+", part) for part in parts):
        return parts
    numbered = [str(i) for i in range(len(parts))]
    if set(numbered) != set(parts):
        raise InvalidInput(f"the columns of {head} must be numbered from {head}.0, none left out", field=head)
    return np.stack([parts[part] for part in numbered], axis=1)


def _listed(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        got = "nothing" if value is None else name_of(value)
        raise InvalidRequest(f"{name!r} must be a list of values, got {got}", field=name)
    kinds = set(map(type, value))
    if dict in kinds or (list in kinds and {dict, list} & {type(v) for row in value if type(row) is list for v in row}):
        row = next(i for i, item in enumerate(value) if _nested(item))
        detail = f"{name} must hold numbers, strings, booleans or null, or rows of numbers, not so at /{name}/{row}"
        raise InvalidInput(detail, field=name, rows=[row])
    return value


def _nested(item: Any) -> bool:
    return type(item) is dict or (type(item) is list and any(type(part) in (dict, list) for part in item))


def _chosen(names: Sequence[str], column: str | None) -> str:
    """The column asked for, else "target", else the only one."""
    if column is None and len(names) == 1:
        return names[0]
    wanted = TARGET if column is None else column
    if wanted not in names:
        raise UnknownName.among("column", wanted, names)
    return wanted


@dataclass(frozen=True)
class Sent:
    """A request that was read: its options and its data."""

    source: Source
    query: Sequence[tuple[str, str]]
    settings: Settings

    def options(self, model: type[Model], data: Iterable[str]) -> Model:
        """The options, from the query string and from the body; ``data`` are the fields that are none."""
        asked = options_from_query(model, self.query)
        fields = self.source.options(frozenset(data))
        twice = sorted(set(fields) & asked.model_fields_set)
        if twice:
            raise InvalidRequest(f"{twice[0]} stands in the query string and in the body", field=twice[0])
        both = {**asked.model_dump(exclude_unset=True), **fields}
        return model.model_validate(both, strict=True) if fields else asked

    def arrays(self, names: Sequence[str], nulls: bool = False) -> dict[str, Any]:
        """Inputs of a loss by name."""
        return self.source.arrays(names, nulls)


@dataclass(frozen=True)
class Raw:
    """A body as it came, with the reader for it."""

    body: bytes
    reader: Reader
    settings: Settings


async def receive(request: Request) -> Raw:
    """The body, read in pieces and no further than the limit; refused unless it is of a kind in ``MEDIA``."""
    settings: Settings = request.app.state.settings
    reader = _reader(request)
    most = settings.max_body_bytes
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise _too_large(most)
    return Raw(bytes(body), reader, settings)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body is larger than {most} bytes", field="max_body_bytes", allowed=most)


def _reader(request: Request) -> Reader:
    media, _, details = request.headers.get("content-type", "").partition(";")
    charset = details.lower().replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    reader = MEDIA.get(media.strip().lower())
    encoded = request.headers.get("content-encoding", "identity").strip().lower() != "identity"
    if reader is None or encoded or charset not in ("", "utf-8", "utf8", "us-ascii"):
        what = "a compressed body" if encoded else "a charset other than UTF-8" if reader else "this Content-Type"
        allowed = list(MEDIA)
        raise UnsupportedMediaType(f"{what} is not read here; send {' or '.join(allowed)}", allowed=allowed)
    return reader


def read(raw: Annotated[Raw, Depends(receive)], request: Request) -> Sent:
    """The request, parsed (in a thread: this is work)."""
    return Sent(raw.reader(raw.body, raw.settings), request.query_params.multi_items(), raw.settings)


Given = Annotated[Sent, Depends(read)]
