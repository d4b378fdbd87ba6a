"""Columns that live in an engine give the state that one process gives, and no row leaves its worker."""

from __future__ import annotations

import importlib
import math
import sys
import types

import numpy as np
import pytest

import losses
from losses.errors import InvalidShape, InvalidType, InvalidWeights, NotSupported, OutsideDomain, UnknownName

EXACT = ("n", "missing_rows", "infinite", "families", "lowest", "highest", "zero_rows", "negatives", "integers")
ROWS = 120_000
FILES = 4


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Parquet files of a target, predictions, and weights; and the same as arrays."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rng = np.random.default_rng(0)
    y = np.round(rng.gamma(2.0, size=ROWS), 3)
    data = {"y": y, "z": y + rng.normal(size=ROWS), "w": rng.uniform(0.5, 2.0, ROWS)}
    folder = tmp_path_factory.mktemp("table")
    for place, rows in enumerate(np.array_split(np.arange(ROWS), FILES)):
        part = {name: values[rows] for name, values in data.items()}
        gaps = {"gaps": pa.array([None if i % 9 == 0 else v for i, v in enumerate(part["y"].tolist())])}
        pq.write_table(pa.table({**part, **gaps}), folder / f"{place}.parquet", row_group_size=10_000)
    return folder, data


def alike(found, expected):
    """Counts and extremes to the bit, moments to 1e-12, quantiles within the bound on ranks."""
    assert all(getattr(found, key) == getattr(expected, key) for key in EXACT)
    assert found.values == expected.values
    for key in ("mean", "variance", "skewness", "excess_kurtosis"):
        assert math.isclose(getattr(found, key), getattr(expected, key), rel_tol=1e-12, abs_tol=1e-12)
    room = found.sketch.rank_error + expected.sketch.rank_error
    for q in (0.05, 0.5, 0.95):
        assert expected.quantile(q - room) <= found.quantile(q) <= expected.quantile(q + room)


def same_losses(found, expected):
    for name in expected:
        assert math.isclose(found[name].value, expected[name].value, rel_tol=1e-12)
        assert math.isclose(found[name].standard_error, expected[name].standard_error, rel_tol=1e-9)
        assert found[name].n == expected[name].n


# -- Dask


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes."""
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("dask.dataframe")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


@pytest.fixture
def frame(cluster, table):
    return importlib.import_module("dask.dataframe").read_parquet(str(table[0]))


@pytest.mark.filterwarnings("ignore")
def test_a_partition_that_weighs_nothing_is_an_empty_part_and_a_whole_is_refused(cluster):
    array = importlib.import_module("dask.array")
    y, w = array.arange(8.0, chunks=4), np.array([0.0, 0, 0, 0, 1, 2, 0, 1])
    p = losses.profile(y, name="y", sample_weight=array.from_array(w, chunks=4))
    assert p == losses.profile(np.arange(8.0), name="y", sample_weight=w)
    with pytest.raises(InvalidWeights):
        losses.profile(y, sample_weight=array.zeros(8, chunks=4))


@pytest.mark.filterwarnings("ignore")
def test_a_dask_column_has_the_profile_of_its_files(frame, table):
    p = losses.profile(frame["y"])
    assert p.name == "y"
    alike(p, losses.profile(table[0] / "*.parquet", column="y"))


@pytest.mark.filterwarnings("ignore")
def test_gaps_in_a_dask_column_are_counted(frame, table):
    alike(losses.profile(frame["gaps"]), losses.profile(table[0] / "*.parquet", column="gaps"))


@pytest.mark.filterwarnings("ignore")
def test_a_weighted_dask_column_has_the_weighted_mean(frame, table):
    _, data = table
    p = losses.profile(frame["y"], sample_weight=frame["w"])
    assert p.mean == pytest.approx(np.average(data["y"], weights=data["w"]), rel=1e-12)


@pytest.mark.filterwarnings("ignore")
def test_only_states_come_back_from_the_workers(cluster, frame, monkeypatch):
    gathered = []
    gather = type(cluster).gather
    monkeypatch.setattr(type(cluster), "gather", lambda *a, **k: gathered.append(gather(*a, **k)) or gathered[-1])
    p = losses.profile(frame["y"])
    assert gathered
    assert {type(item) for some in gathered for item in (some if isinstance(some, list) else [some])} == {type(p)}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_dask_columns_are_those_of_arrays(frame, table, weighted):
    _, data = table
    specs = ["mse", "mae", "huber:delta=1.35"]
    found = losses.evaluate(specs, frame["y"], frame["z"], frame["w"] if weighted else None)
    same_losses(found, losses.evaluate(specs, data["y"], data["z"], data["w"] if weighted else None))


@pytest.mark.filterwarnings("ignore")
def test_predictions_with_names_and_dask_arrays_are_read(frame, table):
    _, data = table
    da = importlib.import_module("dask.array")
    y, z, w = (da.from_array(data[name], chunks=31_000) for name in "yzw")
    found = losses.evaluate("gaussian_nll", y, {"mean": z, "var": w})
    same_losses(found, losses.evaluate("gaussian_nll", data["y"], {"mean": data["z"], "var": data["w"]}))
    alike(losses.profile(y), losses.profile(data["y"]))


@pytest.mark.filterwarnings("ignore")
def test_what_is_wrong_on_a_worker_is_said_here(frame):
    with pytest.raises(OutsideDomain):
        losses.evaluate("poisson_deviance", frame["y"], frame["z"])
    with pytest.raises(InvalidType):
        losses.evaluate("mse", frame["y"], np.zeros(3))
    with pytest.raises(InvalidShape):
        losses.evaluate("mse", frame["y"], frame["z"].repartition(npartitions=1))
    with pytest.raises(NotSupported):
        losses.evaluate("mse", frame["y"], frame["z"], reduction="none")


# -- Spark and Ray: what the adapters do with partitions, without the engines


class Frame:
    """A Spark frame, as far as the adapter asks: columns, and partitions of record batches."""

    def __init__(self, *partitions):
        self.partitions = partitions
        self.columns = partitions[0][0].schema.names

    def mapInArrow(self, work, schema):  # noqa: N802, for that is Spark's name
        rows = [batch for part in self.partitions for batch in work(iter(part))]
        self.states = [types.SimpleNamespace(**row) for batch in rows for row in batch.to_pylist()]
        return self

    def toLocalIterator(self):  # noqa: N802
        return iter(self.states)


class Dataset:
    """A Ray dataset, as far as the adapter asks: columns, and blocks that are tables."""

    def __init__(self, *partitions):
        self.blocks = [importlib.import_module("pyarrow").Table.from_batches(part) for part in partitions]

    def columns(self):
        return self.blocks[0].column_names

    def map_batches(self, work, batch_format, batch_size):
        self.states = [{"state": state} for block in self.blocks for state in work(block)["state"]]
        return self

    def iter_rows(self):
        return iter(self.states)


def partitions(**columns):
    """Two partitions of two batches each, and an empty one."""
    pa = pytest.importorskip("pyarrow")
    batches = pa.table(columns).to_batches(max_chunksize=len(columns["y"]) // 4)
    return batches[:2], batches[2:], [batches[0].slice(0, 0)]


ADAPTERS = {"on_pyspark": Frame, "on_ray": Dataset}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_weights_of_spark_and_ray_stand_in_a_column_beside_the_target(adapter):
    engine = importlib.import_module(f"losses.clusters.{adapter}")
    rng = np.random.default_rng(0)
    y, w = rng.integers(0, 40, 1000), rng.integers(0, 3, 1000).astype(float)
    for columns in ({"w": w, "y": y}, {"y": y, "w": w}):
        p = engine.profile(ADAPTERS[adapter](*partitions(**columns)), sample_weight="w")
        whole = losses.Profile.of(y, sample_weight=w)
        assert (p.name, p.n, p.values, p.weights.total) == ("y", whole.n, whole.values, whole.weights.total)
        assert p.mean == pytest.approx(np.average(y, weights=w), rel=1e-12)
    assert engine.profile(ADAPTERS[adapter](*partitions(y=y))).values == losses.Profile.of(y).values


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_weights_that_spark_and_ray_cannot_take_are_refused(adapter):
    engine = importlib.import_module(f"losses.clusters.{adapter}")
    y = np.arange(40.0)
    table = ADAPTERS[adapter](*partitions(y=y, w=y, z=y))
    with pytest.raises(InvalidShape, match="one column is expected beside 'w', got 2"):
        engine.profile(table, sample_weight="w")
    with pytest.raises(InvalidShape, match="one column is expected, got 3"):
        engine.profile(table)
    with pytest.raises(UnknownName, match="unknown column 'weight'"):
        engine.profile(table, sample_weight="weight")
    with pytest.raises(InvalidType, match="the name of a column of the same frame, got ndarray"):
        engine.profile(table, sample_weight=y)
    with pytest.raises(InvalidWeights):
        engine.profile(ADAPTERS[adapter](*partitions(y=y, w=-y)), sample_weight="w")


# -- Spark and Ray, where they are installed


@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_same_states(table, monkeypatch):
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    sql = pytest.importorskip("pyspark.sql")
    from losses.clusters import on_pyspark

    folder, data = table
    spark = sql.SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    try:
        frame = spark.read.parquet(str(folder))
        alike(losses.profile(frame.select("y")), losses.profile(folder / "*.parquet", column="y"))
        alike(losses.profile(frame.select("gaps")), losses.profile(folder / "*.parquet", column="gaps"))
        p = losses.profile(frame.select("y", "w"), sample_weight="w")
        assert p.mean == pytest.approx(np.average(data["y"], weights=data["w"]), rel=1e-12)
        found = on_pyspark.evaluate_frame(["mse", "mae"], frame, "y", "z", "w")
        same_losses(found, losses.evaluate(["mse", "mae"], data["y"], data["z"], data["w"]))
        with pytest.raises(NotSupported):
            losses.evaluate("mse", frame.select("y"), frame.select("z"))
    finally:
        spark.stop()


@pytest.mark.filterwarnings("ignore")
def test_ray_gives_the_same_states(table):
    ray = pytest.importorskip("ray")
    importlib.import_module("ray.data")
    from losses.clusters import on_ray

    folder, data = table
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        rows = ray.data.read_parquet(str(folder))
        alike(losses.profile(rows.select_columns(["y"])), losses.profile(folder / "*.parquet", column="y"))
        p = losses.profile(rows.select_columns(["w", "y"]), sample_weight="w")
        assert p.mean == pytest.approx(np.average(data["y"], weights=data["w"]), rel=1e-12)
        found = on_ray.evaluate_dataset(["mse", "mae"], rows, "y", "z", "w")
        same_losses(found, losses.evaluate(["mse", "mae"], data["y"], data["z"], data["w"]))
        with pytest.raises(NotSupported):
            losses.evaluate("mse", rows, rows)
    finally:
        ray.shutdown()
