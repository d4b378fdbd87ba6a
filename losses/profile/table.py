"""``profile_table(...)``: every column of a table as a profile of its own, in one pass over the rows."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from losses.errors import EmptyInput, InvalidInput, InvalidType, LossWarning, UnknownName
from losses.profile.files import table_batches
from losses.profile.state import Profile


def profile_table(table: Any, columns: Sequence[str] | None = None) -> dict[str, Profile]:
    """The profile of each column of a file, a frame of pandas, polars, Arrow or dask, or a mapping of columns.

    A file is read once, batch by batch. A column that no target can be, say one of records, is left out with a warning.

    >>> found = profile_table({"price": [1.5, 2.25, 9.0], "rooms": [1, 2, 2]})
    >>> list(found), found["rooms"].n
    (['price', 'rooms'], 3)
    """
    found: dict[str, Profile] = {}
    refused: dict[str, str] = {}
    rows = 0
    for batch in _batches(table, columns):
        height = max((len(values) for values in batch.values()), default=0)
        for name in dict.fromkeys([*found, *batch]):
            if name in refused:
                continue
            before = found.get(name, Profile(missing_rows=rows))
            try:
                found[name] = before + (Profile.of(batch[name]) if name in batch else Profile(missing_rows=height))
            except InvalidInput as error:
                refused[name] = error.detail
                found.pop(name, None)
        rows += height
    for name, why in refused.items():
        warnings.warn(f"column {name!r} is left out: {why}", LossWarning, stacklevel=2)
    if not found and not refused:
        raise EmptyInput("the table has no columns", field="columns")
    return {name: replace(p, name=name) for name, p in found.items()}


def _batches(table: Any, columns: Sequence[str] | None) -> Iterator[Mapping[str, Any]]:
    """The wanted columns by name, so many rows at a time as the table gives."""
    if isinstance(table, (str, os.PathLike)):
        return table_batches(table, columns)
    if hasattr(table, "to_delayed"):  # dask: one partition in memory at a time
        return (_named(part.compute(), columns) for part in table.to_delayed())
    return iter([_named(table, columns)])


def _named(frame: Any, columns: Sequence[str] | None) -> dict[str, Any]:
    owners = ((frame, "column_names"), (frame, "columns"), (getattr(frame, "dtype", None), "names"))
    named = list(frame) if isinstance(frame, Mapping) else None
    names = next((n for n in (named, *(getattr(o, key, None) for o, key in owners)) if n is not None), None)
    if names is None:
        raise InvalidType(f"a table of named columns is expected, got {type(frame).__name__}", field="columns")
    known = {str(name): name for name in names}
    if len(known) < len(list(names)):
        raise InvalidType("two columns of the table have the same name", field="columns")
    for name in columns or ():
        if name not in known:
            raise UnknownName.among("column", name, known)
    return {name: frame[known[name]] for name in (known if columns is None else columns)}
