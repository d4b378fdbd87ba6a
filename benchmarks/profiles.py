"""How fast columns are profiled, beside sorting them and beside polars, and on Dask: ``python -m benchmarks.profiles``.

A profile holds moments, extremes, exact counts of frequent values and a summary of all quantiles. polars is taken by
the faster of two ways to exact quantiles: each asked for, or all looked up in the sorted column.
"""

from __future__ import annotations

import argparse
import importlib
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import losses
from benchmarks.data import amounts
from benchmarks.table import Row, Target, at_most, faster, head, line
from benchmarks.timing import medians

FILES = 16
QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
EXACT = ("n", "missing_rows", "lowest", "highest", "zero_rows", "negatives", "integers", "values")
MEMORY = """
import sys, pyarrow.parquet, losses
def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1000
before = peak()
losses.profile(sys.argv[1])
print(peak() - before)
"""


def in_memory(rows: int) -> Iterator[Row]:
    """A full profile of an array, beside sorting it and beside polars' ``describe``."""
    pl = importlib.import_module("polars")
    x, _ = amounts(rows)
    series = pl.Series(x)
    took = medians({"ours": lambda: losses.profile(x), "sort": lambda: np.sort(x), "describe": series.describe}, 5)
    yield Row(f"profile of {rows:,} values", took["ours"] / took["sort"], at_most("sorts", 2, 1), _told(took))
    yield Row("the same, beside polars describe", took["describe"] / took["ours"], faster(3), "")


def on_files(pattern: str) -> Iterator[Row]:
    """The profile of a column of Parquet files, beside polars' exact quantiles, and the memory it takes."""
    pl = importlib.import_module("polars")
    y = pl.col("target")

    def asked() -> Any:
        return pl.scan_parquet(pattern).select(y.quantile(q).alias(str(q)) for q in QUANTILES).collect()

    def looked_up() -> Any:
        x = pl.scan_parquet(pattern).select(y.sort()).collect()["target"]
        return [x[round(q * (len(x) - 1))] for q in QUANTILES]

    took = medians({"ours": lambda: losses.profile(pattern), "quantile": asked, "sorted": looked_up}, 3)
    theirs = min(took["quantile"], took["sorted"])
    yield Row("profile of Parquet files, beside polars", took["ours"] / theirs, at_most("x", 1), _told(took))
    if sys.platform == "linux":
        extra = float(subprocess.check_output([sys.executable, "-c", MEMORY, pattern], text=True))
        yield Row("peak memory beyond imports", extra, at_most("MB", 200, 100), "")


def on_dask(pattern: str) -> Iterator[Row]:
    """Two worker processes of one thread each, beside one; and whether they say what this process says."""
    distributed, frames = importlib.import_module("distributed"), importlib.import_module("dask.dataframe")

    def run() -> losses.Profile:
        return losses.profile(frames.read_parquet(pattern, columns=["target"])["target"])

    took = {}
    for workers in (1, 2):
        options = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster):
            found = run()
            took[str(workers)] = medians({"run": run}, 3)["run"]
    here = losses.profile(pattern)
    local = medians({"here": lambda: losses.profile(pattern)}, 3)["here"]
    faults = "".join(_faults(found, here))
    yield Row("Dask, two workers beside one", took["1"] / took["2"], Target("x", ">="), _told(took))
    yield Row("this process beside two Dask workers", took["2"] / local, Target("x", ">="), f"{local:.2f} s")
    yield Row("Dask: results that differ", len(faults), at_most("", 0), faults)


def _faults(found: losses.Profile, expected: losses.Profile) -> Iterator[str]:
    yield from (f"{key} " for key in EXACT if getattr(found, key) != getattr(expected, key))
    for key in ("mean", "variance", "skewness", "excess_kurtosis"):
        if not math.isclose(getattr(found, key), getattr(expected, key), rel_tol=1e-12, abs_tol=1e-12):
            yield f"{key} "
    room = found.sketch.rank_error + expected.sketch.rank_error
    for q in QUANTILES:
        if not expected.quantile(max(q - room, 0)) <= found.quantile(q) <= expected.quantile(min(q + room, 1)):
            yield f"quantile {q} "


def _told(took: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.3g} s" for name, seconds in took.items())


@contextmanager
def parquet(rows: int) -> Iterator[str]:
    """A pattern for files of so many rows in all, of the wanted column and one more."""
    pa, pq = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    with tempfile.TemporaryDirectory() as folder:
        for place in range(FILES):
            rng = np.random.default_rng(place)
            columns = {"target": rng.gamma(2.0, size=rows // FILES), "other": rng.random(rows // FILES)}
            pq.write_table(pa.table(columns), Path(folder) / f"{place:02}.parquet", use_dictionary=False)
        yield f"{folder}/*.parquet"


def main() -> None:
    """Print the tables, each row as soon as it is measured."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.profiles", description=__doc__)
    options.add_argument("--values", type=int, default=10**7, help="values in memory")
    options.add_argument("--rows", type=int, default=32 * 10**6, help="rows in files")
    options.add_argument("--markdown", action="store_true", help="as tables for the README")
    chosen = options.parse_args()
    print(head("in memory", chosen.markdown))
    for row in in_memory(chosen.values):
        print(line(row, chosen.markdown), flush=True)
    print(head(f"{FILES} files, {chosen.rows:,} rows", chosen.markdown))
    with parquet(chosen.rows) as pattern:
        for measure in (on_files, on_dask):
            for row in measure(pattern):
                print(line(row, chosen.markdown), flush=True)


if __name__ == "__main__":
    main()
