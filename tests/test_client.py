"""The client answers as the library does in-process: the same values, the same objects, the same errors."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import losses
from losses import errors
from losses.advice import recommend
from service import calls, payloads
from service.client import AsyncLossClient, LossClient
from service.errors import Busy, TooLarge, Unreachable
from tests.serving import process

Y_TRUE, Y_PRED = np.array([3, -0.5, 2, 7]), np.array([2.5, 0.0, 2, 8])
WEIGHT = np.array([1, 2, 1, 0.5])
TARGET = np.random.default_rng(7).lognormal(2, 1, 500)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with process() as (found, _):
        yield found


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[LossClient]:
    with LossClient(address) as found:
        yield found


def test_the_catalogue_is_the_librarys(client: LossClient) -> None:
    assert client.catalogue() == losses.catalogue()
    assert client.catalogue(task="regression", convex=True) == losses.catalogue(task="regression", convex="yes")


def test_a_loss_is_the_librarys(client: LossClient) -> None:
    assert client.get("huber:delta=1.35") == losses.get("huber", delta=1.35) == client.get("huber", delta=1.35)
    assert client.get("dice+bce_with_logits") == losses.get("dice+bce_with_logits")


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_an_evaluation_is_the_librarys(client: LossClient, reduction: Any) -> None:
    asked = ["mse", losses.get("huber:delta=1.35"), {"loss": "quantile", "tau": 0.9}, losses.get("0.5*mse+0.5*mae")]
    found = client.evaluate(asked, Y_TRUE, Y_PRED, sample_weight=WEIGHT, reduction=reduction, include=["gradient"])
    expected = losses.evaluate(asked, Y_TRUE, Y_PRED, WEIGHT, reduction, include=["gradient"])
    assert list(found) == list(expected)
    for name in expected:
        np.testing.assert_array_equal(found[name].value, expected[name].value)
        np.testing.assert_array_equal(found[name].gradient, expected[name].gradient)
        for part in ("loss", "reduction", "standard_error", "unit", "n", "warnings"):
            assert getattr(found[name], part) == getattr(expected[name], part)
    assert found["huber"].loss == asked[1]
    assert found.warnings == expected.warnings


def test_losses_of_several_inputs_and_of_none_go_through(client: LossClient) -> None:
    heads = {"mean": Y_PRED, "var": np.array([1, 1, 2, 0.5])}
    found = client.evaluate("gaussian_nll", Y_TRUE, heads, include=["gradient"])["gaussian_nll"]
    expected = losses.evaluate("gaussian_nll", Y_TRUE, heads, include=["gradient"])["gaussian_nll"]
    assert found.value == expected.value
    np.testing.assert_array_equal(found.gradient["var"], expected.gradient["var"])
    rows = {"anchor": np.eye(3), "positive": np.eye(3) * 2, "negative": np.ones((3, 3))}
    assert (
        client.evaluate("triplet", None, rows)["triplet"].value
        == losses.evaluate("triplet", None, rows)["triplet"].value
    )


def test_missing_rows_go_through_as_missing(client: LossClient) -> None:
    y_true = np.array([1, np.nan, 3])
    assert client.evaluate("mse", y_true, [1, 2, 4], missing="drop")["mse"].n == 2
    with pytest.raises(errors.MissingValues):
        client.evaluate("mse", y_true, [1, 2, 4])


CONTAINERS: dict[str, Callable[[], Any]] = {
    "list": lambda: TARGET.tolist(),
    "tuple": lambda: tuple(TARGET.tolist()),
    "array": lambda: TARGET,
    "float32": lambda: TARGET.astype(np.float32),
    "with missing": lambda: [None, *TARGET.tolist()],
    "strings": lambda: ["a", "b", None, "a"] * 30,
    "booleans": lambda: np.array([True, False, False] * 30),
    "integers": lambda: np.arange(50) % 7,
    "pandas": lambda: pd.Series(TARGET, name="price"),
    "pandas nullable": lambda: pd.Series([1, None, 3] * 20, dtype="Int64", name="rooms"),
    "pandas dates": lambda: pd.Series(pd.date_range("2024-01-01", periods=60), name="day"),
    "polars": lambda: pl.Series("price", TARGET),
    "matrix": lambda: np.eye(4)[np.arange(40) % 4],
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_profile_is_the_librarys(client: LossClient, container: str) -> None:
    target = CONTAINERS[container]()
    found, expected = client.profile(target), losses.profile(target)
    assert (found.kind, found.name, found.n, found.missing_rows) == (
        expected.kind, expected.name, expected.n, expected.missing_rows,
    )  # fmt: skip
    if container != "pandas dates":
        assert found == expected


def test_a_profile_takes_a_name_and_weights(client: LossClient) -> None:
    weights = np.arange(1.0, 501.0)
    assert client.profile(TARGET, name="price", sample_weight=weights) == losses.profile(
        TARGET, name="price", sample_weight=weights
    )


@pytest.mark.parametrize("form", ["target", "profile", "document"])
def test_advice_is_the_librarys(client: LossClient, form: str) -> None:
    profile = losses.profile(TARGET, name="price")
    asked = {"target": TARGET, "profile": profile, "document": profile.to_dict()}[form]
    name = "price" if form == "target" else None
    found = client.recommend(asked, metric="mae", framework="lightgbm", require="robust", n=3, name=name)
    expected = recommend(profile, metric="mae", framework="lightgbm", require=["robust"], n=3)
    for mine, theirs in zip(found.ranked, expected.ranked, strict=True):
        for part in (
            "loss",
            "id",
            "score",
            "reasons",
            "warnings",
            "evidence",
            "transform",
            "link",
            "post",
            "unit",
            "code",
        ):
            assert getattr(mine, part) == getattr(theirs, part)
    assert found.ruled_out == expected.ruled_out
    assert found.warnings == expected.warnings
    assert found.profile == expected.profile
    assert found.answer == expected.answer
    assert found.best.loss == expected.best.loss
    assert found.to_dict() == expected.to_dict()
    assert expected.answer in str(found)


def test_advice_for_a_task_needs_no_target(client: LossClient) -> None:
    assert client.recommend(None, task="segmentation").best.loss == recommend(None, task="segmentation").best.loss
    costs = {"under": 3.0, "over": 1.0}
    assert client.recommend(TARGET, costs=costs).best.loss == recommend(TARGET, costs=costs).best.loss


def test_advice_without_an_answer_says_so(client: LossClient) -> None:
    found = client.recommend(TARGET, metric="mae", require=["convex", "twice_differentiable", "robust"])
    if not found.ranked:
        with pytest.raises(errors.NotSupported):
            _ = found.best


@pytest.mark.parametrize("form", ["profiles", "documents", "columns"])
def test_a_drift_is_the_librarys(client: LossClient, form: str) -> None:
    later = TARGET[:300] * 1.3 - 1
    p, q = losses.profile(TARGET, name="price"), losses.profile(later, name="price")
    asked = {"profiles": (p, q), "documents": (p.to_dict(), q.to_dict()), "columns": (TARGET, later)}[form]
    name = {"name": "price"} if form == "columns" else {}
    found = client.drift(*asked, metric="mae", framework="lightgbm", require="robust", **name)
    expected = losses.drift(p, q, metric="mae", framework="lightgbm", require="robust")
    assert type(found) is type(expected)
    assert found == expected
    assert found.changes
    assert (found.to_dict(), str(found), repr(found)) == (expected.to_dict(), str(expected), repr(expected))


def test_a_drift_without_distances_comes_back_without_them(client: LossClient) -> None:
    masks = np.arange(32).reshape(2, 4, 4) % 3 == 0
    found = client.drift(masks, masks)
    assert np.isnan(found.distances.ks)
    assert found.to_dict() == losses.drift(masks, masks).to_dict()


def test_class_weights_are_the_librarys(client: LossClient) -> None:
    assert client.class_weights([1000, 100, 10]) == losses.class_weights([1000, 100, 10])
    assert client.class_weights(np.array([5, 1]), "effective_number", beta=0.9) == losses.class_weights(
        [5, 1], "effective_number", 0.9
    )


REFUSED: list[tuple[type[errors.LossesError], Callable[[Any], Any]]] = [
    (errors.UnknownName, lambda api: api.evaluate(["huberr"], [1], [1])),
    (errors.InvalidParameter, lambda api: api.evaluate(["huber:delta=-1"], [1], [1])),
    (errors.InvalidShape, lambda api: api.evaluate(["mse"], [1, 2], [1])),
    (errors.EmptyInput, lambda api: api.evaluate(["mse"], [], [])),
    (errors.OutsideDomain, lambda api: api.evaluate(["msle"], [1, -5], [1, 1])),
    (errors.InvalidWeights, lambda api: api.evaluate(["mse"], [1, 2], [1, 2], sample_weight=[1, -1])),
    (errors.NotSupported, lambda api: api.evaluate(["mse"], [1, 2], [1, 2], reduction="median")),
    (errors.UnknownName, lambda api: api.class_weights([1, 2], "fair")),
    (errors.UnknownName, lambda api: api.drift([1, 2], [1, 2], metric="rmsee")),
    (errors.EmptyInput, lambda api: api.drift([], [1, 2])),
    (errors.InvalidProfile, lambda api: api.drift([1, 2], {"version": 1})),
    (errors.InvalidInput, lambda api: api.class_weights([1, 0])),
    (errors.InvalidType, lambda api: api.profile("somewhere.csv") if api is not losses else api.profile(5)),
]


@pytest.mark.parametrize(("kind", "ask"), REFUSED, ids=range(len(REFUSED)))
def test_errors_are_the_librarys(client: LossClient, kind: type[errors.LossesError], ask: Callable[[Any], Any]) -> None:
    with pytest.raises(kind) as here:
        ask(losses)
    with pytest.raises(kind) as there:
        ask(client)
    assert type(there.value) is type(here.value)
    if "somewhere" not in inspect.getsource(ask) or kind is not errors.InvalidType:
        assert (there.value.detail, there.value.data) == (here.value.detail, here.value.data)


def test_infinite_numbers_travel(client: LossClient) -> None:
    logits = client.evaluate("bce_with_logits", [1, 0], [np.inf, 0.0])["bce_with_logits"].value
    assert logits == losses.get("bce_with_logits")([1, 0], [np.inf, 0.0])
    for target in (np.array([1.0, -np.inf]), [1.0, None, np.inf]):
        assert client.profile(target) == losses.profile(target)
    with pytest.raises(errors.OutsideDomain):
        client.evaluate("mse", [1, 0], [np.inf, 0.0])
    with pytest.raises(errors.NotSupported, match="infinite"):
        client.profile(["a", np.inf])


LONG_TRUE, LONG_PRED = np.arange(6000) % 2, np.random.default_rng(3).random(6000)


@pytest.fixture(params=["arrow", "npz"])
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "npz":
        monkeypatch.setattr(payloads, "has_pyarrow", lambda: False)


@pytest.mark.usefixtures("without")
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_long_arrays_go_as_a_file_and_come_back_the_same(client: LossClient, reduction: Any) -> None:
    options: dict[str, Any] = {"reduction": reduction, "include": ["gradient"], "sample_weight": LONG_PRED + 1}
    found = client.evaluate(["bce", "focal:gamma=1.0"], LONG_TRUE, LONG_PRED, **options)
    expected = losses.evaluate(["bce", "focal:gamma=1.0"], LONG_TRUE, LONG_PRED, **options)
    for name in expected:
        np.testing.assert_array_equal(found[name].value, expected[name].value)
        np.testing.assert_array_equal(found[name].gradient, expected[name].gradient)
        assert (found[name].n, found[name].loss) == (6000, expected[name].loss)
    heads = {"mean": LONG_PRED, "var": LONG_PRED + 1}
    mine = client.evaluate("gaussian_nll", LONG_TRUE, heads, include="gradient")["gaussian_nll"]
    theirs = losses.evaluate("gaussian_nll", LONG_TRUE, heads, include=["gradient"])["gaussian_nll"]
    assert mine.value == theirs.value
    np.testing.assert_array_equal(mine.gradient["var"], theirs.gradient["var"])
    logits = np.random.default_rng(4).normal(size=(3000, 3))
    asked: tuple[Any, ...] = ("cross_entropy", np.arange(3000) % 3, logits)
    rows = client.evaluate(*asked, include=["gradient"])["cross_entropy"].gradient
    np.testing.assert_array_equal(rows, losses.evaluate(*asked, include=["gradient"])["cross_entropy"].gradient)


@pytest.mark.usefixtures("without")
def test_errors_about_long_arrays_are_the_librarys(client: LossClient) -> None:
    for ask in (
        lambda api: api.evaluate("mse", LONG_TRUE, LONG_PRED[1:]),
        lambda api: api.evaluate("msle", LONG_TRUE, -2 - LONG_PRED),
        lambda api: api.evaluate("mse", LONG_TRUE, LONG_PRED, sample_weight=-LONG_PRED),
        lambda api: api.evaluate("mse", np.where(LONG_PRED > 0.5, np.nan, LONG_PRED), LONG_PRED),
    ):
        with pytest.raises(errors.LossesError) as here:
            ask(losses)
        with pytest.raises(type(here.value)) as there:
            ask(client)
        assert (there.value.detail, there.value.data) == (here.value.detail, here.value.data)


def test_tables_frames_and_files_are_sent_as_they_are(client: LossClient, tmp_path: Path) -> None:
    columns = {"y_true": LONG_TRUE, "y_pred": LONG_PRED, "sample_weight": LONG_PRED}
    expected = losses.evaluate("bce", LONG_TRUE, LONG_PRED, LONG_PRED)["bce"]
    table = pa.table(columns)
    pq.write_table(table, tmp_path / "rows.parquet")
    np.savez(tmp_path / "rows.npz", **columns)
    pd.DataFrame(columns).to_csv(tmp_path / "rows.csv", index=False)
    for rows in (table, pd.DataFrame(columns), pl.DataFrame(columns), *map(Path, sorted(tmp_path.iterdir()))):
        found = client.evaluate("bce", rows)["bce"]
        assert (found.value, found.standard_error) == pytest.approx(
            (expected.value, expected.standard_error), rel=1e-12
        )
        assert client.profile(rows, column="y_pred") == losses.profile(LONG_PRED, name="y_pred")
    words = pl.DataFrame(
        {"sort": pl.Series(["a", "b", None] * 9), "kind": pl.Series(["x", "y", "x"] * 9).cast(pl.Categorical)}
    )
    for name in words.columns:
        assert client.profile(words, column=name) == losses.profile(words[name].to_list(), name=name)
    with pytest.raises(errors.UnknownName):
        client.profile(table, column="y")
    with pytest.raises(errors.UnreadableFile):
        client.evaluate("mse", tmp_path / "none.parquet")
    with pytest.raises(errors.NotSupported):
        client.evaluate("mse", tmp_path / "rows.pickle")


@pytest.mark.parametrize("rows", [50, 6000])
def test_comparisons_and_groups_are_the_librarys(client: LossClient, rows: int) -> None:
    y, z = LONG_TRUE[:rows], LONG_PRED[:rows]
    models = {"new": z, "old": 1 - z}
    assert client.compare(["bce", "mse"], y, models).results == losses.compare(["bce", "mse"], y, models).results
    groups = ["a" if row % 3 else None for row in range(rows)]
    found, expected = (api.evaluate("bce", y, z, groups=groups) for api in (client, losses))
    assert {key: dict(part) for key, part in found.groups.items()} == {k: dict(p) for k, p in expected.groups.items()}
    table = pa.table({"y_true": y, "y_pred": z, "city": groups})
    assert client.evaluate("bce", table, groups="city").groups["a"]["bce"].n == expected.groups["a"]["bce"].n


def test_long_targets_are_profiled_advised_on_and_checked(client: LossClient) -> None:
    target = np.random.default_rng(5).lognormal(size=5000)
    for long in (
        target,
        target.astype(np.float32),
        target.tolist(),
        pd.Series(target, name="price"),
        pl.Series("price", target),
    ):
        found, expected = client.profile(long), losses.profile(long)
        assert found == expected
        wishes: dict[str, Any] = {"costs": {"under": 3.0, "over": 1.0}, "require": ["convex"], "n": 2}
        assert client.recommend(long, **wishes).to_dict() == recommend(long, **wishes).to_dict()
        assert (
            client.check("huber:delta=2.0", "mae", long).to_dict()
            == losses.check("huber:delta=2.0", "mae", long).to_dict()
        )


def test_what_json_could_not_hold_comes_back_as_it_was(client: LossClient) -> None:
    assert client.evaluate(["bce"], [1], [0.0])["bce"].value == np.inf
    rows = client.evaluate(["bce"], [1, 0], [0.0, 0.5], reduction="none")["bce"].value
    assert rows.tolist() == [np.inf, np.log(2)]
    found = client.evaluate("mse", [1e300], [-1e300])["mse"]
    assert found.value == np.inf
    assert found.warnings[0].code == "NON_FINITE"


def test_the_same_calls_can_be_awaited(address: str) -> None:
    async def ask() -> None:
        async with AsyncLossClient(address) as client:
            several = [client.evaluate("mse", Y_TRUE, Y_PRED + shift) for shift in range(5)]
            found = [evaluation["mse"].value for evaluation in await asyncio.gather(*several)]
            assert found == [losses.get("mse")(Y_TRUE, Y_PRED + shift) for shift in range(5)]
            assert (await client.profile(TARGET)) == losses.profile(TARGET)
            assert (await client.get("huber")) == losses.get("huber")
            with pytest.raises(errors.UnknownName):
                await client.evaluate(["huberr"], [1], [1])

    asyncio.run(ask())


@pytest.mark.parametrize("name", ["catalogue", "profile", "evaluate", "class_weights", "recommend", "drift", "compare"])
def test_calls_take_the_arguments_that_the_library_takes(name: str) -> None:
    library = inspect.signature(recommend if name == "recommend" else getattr(losses, name))
    taken = inspect.signature(getattr(calls, name))
    left = [part for part in library.parameters if part not in taken.parameters]
    assert left in ([], ["column"])
    assert [part for part in library.parameters if part in taken.parameters] == list(taken.parameters)


# ── the conversation, without a network ─────────────────────────────────────────────────────────────────────────────


def scripted(*replies: Any, **options: Any) -> tuple[LossClient, list[httpx.Request]]:
    """A client whose network follows a script, and the requests that it makes."""
    seen: list[httpx.Request] = []
    script = iter(replies)

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        reply = next(script)
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(*reply[:1], headers=reply[1], json=reply[2])

    return LossClient("http://x", transport=httpx.MockTransport(answer), **options), seen


OK = (200, {}, {"weights": [1.0]})
BUSY = (503, {"retry-after": "0"}, {"type": "/problems/busy", "detail": "busy"})


@pytest.mark.parametrize(
    "first", [httpx.ConnectError("no"), httpx.RemoteProtocolError("cut"), BUSY, (429, {"retry-after": "0"}, {})]
)
def test_calls_are_repeated_where_nobody_answered_or_the_service_is_busy(first: Any) -> None:
    client, seen = scripted(first, OK)
    assert client.class_weights([1]) == [1.0]
    assert len(seen) == 2


def test_calls_are_not_repeated_for_ever() -> None:
    client, seen = scripted(*[BUSY] * 3, retries=2)
    with pytest.raises(Busy):
        client.class_weights([1])
    assert len(seen) == 3
    client, _ = scripted(httpx.ConnectError("no"), httpx.ConnectError("no"), retries=1)
    with pytest.raises(Unreachable, match="ConnectError"):
        client.class_weights([1])


def test_refusals_and_silence_are_not_repeated() -> None:
    large = (413, {}, {"type": "/problems/too-large", "title": "t", "status": 413, "detail": "no", "allowed": 5})
    client, seen = scripted(large)
    with pytest.raises(TooLarge) as refused:
        client.class_weights([1])
    assert (refused.value.detail, refused.value.data, len(seen)) == ("no", {"allowed": 5}, 1)
    client, seen = scripted(httpx.ReadTimeout("slow"))
    with pytest.raises(Unreachable):
        client.class_weights([1])
    assert len(seen) == 1


@pytest.mark.parametrize(
    "reply", [(502, {}, "<html>"), (404, {}, {"type": "/problems/other"}), (200, {}, {"x": 1}), (200, {}, [])]
)
def test_what_is_not_the_service_is_told_as_such(reply: Any) -> None:
    client, _ = scripted(reply)
    with pytest.raises(Unreachable):
        client.class_weights([1])


def test_a_service_that_says_how_long_to_wait_is_heeded() -> None:
    talk = calls.conversation(calls.class_weights([1]), retries=3)
    assert isinstance(next(talk), calls.Call)
    assert talk.send(httpx.Response(503, headers={"retry-after": "7"})) == calls.Pause(7.0)
    assert isinstance(next(talk), calls.Call)
    assert talk.send(httpx.ConnectError("no")) == calls.Pause(0.2)
    assert isinstance(next(talk), calls.Call)
    assert talk.send(httpx.Response(503, headers={"retry-after": "9999"})) == calls.Pause(calls.LONGEST_PAUSE)
