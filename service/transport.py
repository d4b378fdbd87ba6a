"""Bodies as options and named columns: one row a media type.

A new kind of file is one class with the members of ``Source``, and one row in ``MEDIA``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import anyio.to_thread
from fastapi import Request
from pydantic import BaseModel

from .asked import options_from_query
from .bodies import Channel, Stream, fresh, gathered, too_large
from .encodings import decoded, encoding_of
from .errors import InvalidRequest, UnsupportedMediaType
from .landing import landing_in
from .media import ARROW, CSV, JSON, NPY, NPZ, PARQUET
from .settings import Settings
from .sources import (
    ArrowSource,
    CSVSource,
    JSONSource,
    NPYSource,
    NPZSource,
    ParquetSource,
    Source,
    rows_of,
)

Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")


class Medium(NamedTuple):
    """How a body of one kind is read: from memory, or as a file while it comes."""

    source: Callable[[Any, Settings], Source]
    streamed: bool = False


MEDIA: dict[str, Medium] = {
    JSON: Medium(JSONSource),
    CSV: Medium(CSVSource),
    PARQUET: Medium(ParquetSource),
    ARROW: Medium(ArrowSource, streamed=True),
    NPY: Medium(NPYSource),
    NPZ: Medium(NPZSource),
}


@dataclass
class Progress:
    """How far the reading of a body has come."""

    rows: int = 0


@dataclass(frozen=True)
class Sent:
    """A request that was read, or is being read: its options and its data."""

    source: Source
    query: Sequence[tuple[str, str]]
    settings: Settings
    accept: str = "*/*"
    progress: Progress = field(default_factory=Progress)

    def options(self, model: type[Model], data: Iterable[str]) -> Model:
        """The options, from the query string and from the body; ``data`` are the fields that are none."""
        asked = options_from_query(model, self.query)
        fields = self.source.options(frozenset(data))
        twice = sorted(set(fields) & asked.model_fields_set)
        if twice:
            raise InvalidRequest(f"{twice[0]} stands in the query string and in the body", field=twice[0])
        both = {**asked.model_dump(exclude_unset=True), **fields}
        return model.model_validate(both, strict=True) if fields else asked

    def inputs(self, names: Sequence[str], groups: str | None, nulls: bool) -> Iterator[dict[str, Any]]:
        """Inputs of a loss by name, and ``groups`` where they are there, some rows at a time."""
        for batch in self.source.inputs(names, groups, nulls):
            yield batch
            self.progress.rows += rows_of(batch.values())

    def batches(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Columns of a table, some rows at a time."""
        for batch in self.source.batches(columns):
            yield batch
            self.progress.rows += rows_of(batch.values())

    def target(self, column: str | None, weight: str | None) -> tuple[str | None, Iterator[tuple[Any, Any]]]:
        """The name of one column, and its values and weights some rows at a time."""
        name, batches = self.source.target(column, weight)
        return name, self._counted(batches)

    def _counted(self, batches: Iterator[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
        for values, weight in batches:
            yield values, weight
            self.progress.rows += len(values)


async def work(request: Request, answer: Callable[[Sent], T], progress: Progress) -> T:
    """What a thread answers to a request, once its body is there; or, where the body is a stream, while it comes."""
    settings: Settings = request.app.state.settings
    medium, encoding = _medium(request), encoding_of(request.headers.get("content-encoding", "identity"))
    most = settings.max_stream_bytes if medium.streamed else settings.max_body_bytes
    declared = _declared(request)
    if declared is not None and declared > most:
        raise too_large(most, "max_stream_bytes" if medium.streamed else "max_body_bytes")

    def answered(body: Any) -> T:
        query, accept = request.query_params.multi_items(), request.headers.get("accept", "*/*")
        return answer(Sent(medium.source(body, settings), query, settings, accept, progress))

    if not medium.streamed:
        async with gathered(request, request.app.state.rooms, declared, most) as body:
            return await anyio.to_thread.run_sync(lambda: answered(_whole(body, encoding, most)))
    channel = Channel()
    with landing_in(request.scope, fresh):
        filling = asyncio.create_task(channel.fill(request.stream(), most))
        try:
            source = Stream(channel)
            return await anyio.to_thread.run_sync(
                lambda: answered(decoded(source, encoding, most)), limiter=request.app.state.streams
            )
        finally:
            filling.cancel()


def _whole(body: memoryview, encoding: str, most: int) -> memoryview:
    return body if encoding == "identity" else memoryview(decoded(Stream([body]), encoding, most).read())


def _declared(request: Request) -> int | None:
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isdecimal() else None


def is_streamed(content_type: str) -> bool:
    """Whether a body of this kind is read while it comes."""
    medium = _named(content_type)
    return medium is not None and medium.streamed


def _named(content_type: str) -> Medium | None:
    return MEDIA.get(content_type.partition(";")[0].strip().lower())


def _medium(request: Request) -> Medium:
    content_type = request.headers.get("content-type", "")
    details = content_type.partition(";")[2]
    charset = details.lower().replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    medium = _named(content_type)
    if medium is None or charset not in ("", "utf-8", "utf8", "us-ascii"):
        what = "a charset other than UTF-8" if medium else "this Content-Type"
        allowed = list(MEDIA)
        raise UnsupportedMediaType(f"{what} is not read here; send {' or '.join(allowed)}", allowed=allowed)
    return medium
