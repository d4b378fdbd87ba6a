"""A whole table in one pass: each column as if it had been read alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from losses import Profile, profile, profile_table
from losses.errors import EmptyInput, InvalidInput, LossWarning, UnknownName
from losses.profile import files
from losses.profile.csvtext import BATCH

RNG = np.random.default_rng(2)
COLUMNS = {
    "price": RNG.gamma(2, 3, 500),
    "rooms": RNG.integers(1, 6, 500),
    "town": RNG.choice(["Bree", "Dale", "Esgaroth"], 500),
    "sold": RNG.random(500) < 0.3,
}
FRAME = pd.DataFrame(COLUMNS)


def records() -> np.ndarray:
    return np.rec.fromarrays(list(COLUMNS.values()), names=list(COLUMNS))


class Delayed:
    """What dask gives: parts that are computed one by one."""

    def __init__(self, part: pd.DataFrame) -> None:
        self.compute = lambda: part


class Dask:
    def to_delayed(self) -> list[Delayed]:
        return [Delayed(FRAME[:100]), Delayed(FRAME[100:])]


TABLES = {
    "mapping": COLUMNS,
    "pandas": FRAME,
    "polars": pl.DataFrame(COLUMNS),
    "arrow": pa.table(COLUMNS),
    "record batch": pa.table(COLUMNS).to_batches()[0],
    "records": records(),
    "dask": Dask(),
}


def same(p: Profile, q: Profile) -> bool:
    return (p.name, p.n, p.values, p.words, p.sketch) == (q.name, q.n, q.values, q.words, q.sketch)


@pytest.mark.parametrize("table", TABLES)
def test_each_column_of_a_table_is_read_as_if_it_were_alone(table):
    found = profile_table(TABLES[table])
    assert list(found) == list(COLUMNS)
    assert all(same(p, profile(COLUMNS[name], name=name)) for name, p in found.items())


WRITERS = {
    "csv": lambda path: FRAME.to_csv(path, index=False),
    "parquet": lambda path: parquet.write_table(pa.table(COLUMNS), path, row_group_size=100),
    "feather": lambda path: feather.write_feather(pa.table(COLUMNS), path),
    "jsonl": lambda path: FRAME.to_json(path, orient="records", lines=True, double_precision=15),
    "npz": lambda path: np.savez(path, **COLUMNS),
}


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_a_file_is_read_batch_by_batch_and_once(kind, tmp_path, monkeypatch):
    path = tmp_path / f"table.{kind}"
    WRITERS[kind](path)
    opened = []
    suffix = files._suffix(str(path))
    reader = files._READERS[suffix]
    monkeypatch.setitem(files._READERS, suffix, lambda *given: (opened.append(given), reader(*given))[1])
    found = profile_table(path)
    assert len(opened) == 1
    assert [(name, p.n, p.kind) for name, p in found.items()] == [
        (name, 500, profile(values, name=name).kind) for name, values in COLUMNS.items()
    ]
    assert found["price"].mean == pytest.approx(COLUMNS["price"].mean(), rel=1e-12)


def test_the_files_of_a_pattern_are_one_table(tmp_path):
    for i, part in enumerate(np.array_split(np.arange(500), 3)):
        FRAME.iloc[part].to_csv(tmp_path / f"part-{i}.csv", index=False)
    assert {p.n for p in profile_table(str(tmp_path / "part-*.csv")).values()} == {500}


def test_a_column_that_comes_late_or_ends_early_is_missing_elsewhere(tmp_path):
    rows = [{"a": 1}] * BATCH + [{"b": 2}] * 10
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    found = profile_table(path)
    assert (found["a"].n, found["a"].missing_rows) == (BATCH, 10)
    assert (found["b"].n, found["b"].missing_rows) == (10, BATCH)


def test_only_the_wanted_columns_are_read(tmp_path):
    assert list(profile_table(FRAME, ["town", "price"])) == ["town", "price"]
    path = tmp_path / "table.csv"
    WRITERS["csv"](path)
    assert list(profile_table(path, ["sold"])) == ["sold"]
    for table in (FRAME, path):
        with pytest.raises(UnknownName, match="prize"):
            profile_table(table, ["prize"])


def test_a_column_that_no_target_can_be_is_left_out_with_a_warning():
    with pytest.warns(LossWarning, match="column 'b' is left out: a target cannot hold dict values"):
        found = profile_table({"a": [1, 2], "b": [{"x": 1}, {"x": 2}]})
    assert list(found) == ["a"]


def test_what_is_no_table_is_refused():
    for table in ([1, 2, 3], np.zeros((3, 2)), 7):
        with pytest.raises(InvalidInput, match="a table of named columns"):
            profile_table(table)
    with pytest.raises(EmptyInput):
        profile_table({})


def test_a_bare_array_in_a_file_is_one_column_named_target(tmp_path: Path):
    np.save(tmp_path / "y.npy", np.arange(9.0))
    assert {name: p.n for name, p in profile_table(tmp_path / "y.npy").items()} == {"target": 9}
