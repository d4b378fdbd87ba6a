"""Losses of every row, and gradients, as files: one array as npy, columns as an Arrow stream."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from fastapi import Response

from losses import Evaluation

from .columnar import BATCH, pyarrow
from .errors import NotAcceptable
from .media import ARROW, JSON, NPY

KEY = b"evaluation"


def offers(losses: int, rows: bool, include: Sequence[str]) -> list[str]:
    """The kinds of file that can hold what is asked for."""
    found = [ARROW] if rows or include else []
    return [NPY, *found] if rows and losses == 1 and not include else found


def as_file(evaluation: Evaluation, media: str) -> Response:
    """The rows of an evaluation."""
    return Response(_npy(evaluation) if media == NPY else _arrow(evaluation), media_type=media)


def _npy(evaluation: Evaluation) -> bytes:
    file = io.BytesIO()
    np.save(file, evaluation.results[0].value, allow_pickle=False)
    return file.getvalue()


def _arrow(evaluation: Evaluation) -> bytes:
    """Columns ``0.value``, ``0.gradient``, ``0.gradient.mean`` … in the order of the losses; all else in the schema."""
    pa = pyarrow()
    columns = dict(_columns(evaluation))
    if len({len(array) for array in columns.values()}) > 1:
        raise NotAcceptable("these arrays differ in length and make no table", field="Accept", allowed=[JSON])
    bare = Evaluation([replace(r, value=_number(r.value), gradient=None) for r in evaluation.results])
    table = pa.table({name: _column(array) for name, array in columns.items()})
    table = table.replace_schema_metadata({KEY: msgspec.json.encode(bare.to_dict())})
    sink = pa.BufferOutputStream()
    with pyarrow("ipc").new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=BATCH)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def _columns(evaluation: Evaluation) -> Iterator[tuple[str, Any]]:
    for place, result in enumerate(evaluation.results):
        if _number(result.value) is None:
            yield f"{place}.value", result.value
        parts = result.gradient if isinstance(result.gradient, Mapping) else {"": result.gradient}
        for name, part in parts.items():
            if part is not None:
                yield f"{place}.gradient" + (f".{name}" if name else ""), part


def _number(value: Any) -> float | None:
    return value if isinstance(value, float) else None


def _column(array: Any) -> Any:
    """Rows of one number as they are, of more as lists of one length."""
    pa = pyarrow()
    if array.ndim == 1:
        return pa.array(array)
    if array.ndim > 2:
        raise NotAcceptable("arrays of three dimensions and more come as JSON", field="Accept", allowed=[JSON])
    flat = np.ascontiguousarray(array).reshape(-1)
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), array.shape[1])
