"""Files of every kind go through a real process: the answers are the library's, and what is odd is refused."""

from __future__ import annotations

import gzip
import io
import json
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
import zstandard

import losses
from losses import Profile
from service.media import ARROW, CSV, EVENTS, JSON, NPY, NPZ, PARQUET
from tests.serving import process

RNG = np.random.default_rng(7)
Y = RNG.gamma(2.0, size=500)
Z = Y + RNG.normal(size=500)
W = RNG.random(500)
LIMIT = 4_000_000


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with process(LOSSES_MAX_BODY_BYTES=str(LIMIT)) as (address, _), httpx.Client(base_url=address, timeout=60) as found:
        yield found


def npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npz_small(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def arrow(rows: int = 100, options: Any = None, **columns: Any) -> bytes:
    table = pa.table(columns)
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=rows)
    return sink.getvalue()


def parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=170)
    return sink.getvalue()


def csv(**columns: Any) -> bytes:
    rows = zip(*columns.values(), strict=True)
    return "\n".join([",".join(columns), *(",".join(map(repr, map(float, row))) for row in rows), ""]).encode()


FILES: dict[str, Callable[..., bytes]] = {ARROW: arrow, PARQUET: parquet, NPZ: npz, CSV: csv}


def send(client: httpx.Client, address: str, media: str, content: Any, **headers: str) -> httpx.Response:
    return client.post(address, content=content, headers={"content-type": media, **headers})


def refused(reply: httpx.Response, status: int, name: str | None = None) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    told: dict[str, Any] = reply.json()
    assert name is None or told["type"] == f"/problems/{name}"
    return told


# ── what is right ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("media", FILES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_file_is_evaluated_as_its_columns_are(client: httpx.Client, media: str, reduction: Any) -> None:
    body = FILES[media](y_true=Y, y_pred=Z, sample_weight=W)
    address = f"/v1/evaluations?loss=mse&loss=huber:delta=1.35&reduction={reduction}"
    found = send(client, address, media, body).json()
    expected = losses.evaluate(["mse", "huber:delta=1.35"], Y, Z, W, reduction).to_dict()
    assert found["n"] == 500
    for mine, theirs in zip(found["results"], expected["results"], strict=True):
        np.testing.assert_allclose(mine["value"], theirs["value"], rtol=1e-13)
        if reduction != "none":
            assert mine["standard_error"] == pytest.approx(theirs["standard_error"], rel=1e-12)


@pytest.mark.parametrize("media", [ARROW, PARQUET, NPZ])
def test_losses_of_several_inputs_take_columns_with_dots(client: httpx.Client, media: str) -> None:
    body = FILES[media](y_true=Y, **{"y_pred.mean": Z, "y_pred.var": W + 1})
    (found,) = send(client, "/v1/evaluations?loss=gaussian_nll", media, body).json()["results"]
    assert found["value"] == pytest.approx(losses.get("gaussian_nll")(Y, {"mean": Z, "var": W + 1}), rel=1e-13)


def test_rows_of_numbers_are_lists_of_one_length_or_matrices(client: httpx.Client) -> None:
    labels, logits = np.arange(300) % 3, RNG.normal(size=(300, 3))
    rows = pa.FixedSizeListArray.from_arrays(pa.array(logits.reshape(-1)), 3)
    expected = losses.get("cross_entropy")(labels, logits)
    for media, body in ((ARROW, arrow(y_true=labels, y_pred=rows)), (NPZ, npz(y_true=labels, y_pred=logits))):
        (found,) = send(client, "/v1/evaluations?loss=cross_entropy", media, body).json()["results"]
        assert found["value"] == pytest.approx(expected, rel=1e-13)


def test_a_loss_of_a_whole_batch_sees_it_whole(client: httpx.Client) -> None:
    rows = {name: RNG.normal(size=(250, 4)) for name in ("anchor", "positive")}
    columns = {f"y_pred.{name}": pa.FixedSizeListArray.from_arrays(part.reshape(-1), 4) for name, part in rows.items()}
    (found,) = send(client, "/v1/evaluations?loss=infonce", ARROW, arrow(**columns)).json()["results"]
    assert found["value"] == pytest.approx(losses.get("infonce")(None, rows), rel=1e-12)


def test_infinite_logits_travel(client: httpx.Client) -> None:
    for media, body in (
        (ARROW, arrow(y_true=[1, 0], y_pred=[np.inf, 0.0])),
        (NPZ, npz(y_true=[1, 0], y_pred=[np.inf, 0.0])),
    ):
        (found,) = send(client, "/v1/evaluations?loss=bce_with_logits", media, body).json()["results"]
        assert found["value"] == pytest.approx(np.log(2) / 2)


@pytest.mark.parametrize("media", [ARROW, PARQUET, NPZ])
def test_missing_numbers_are_refused_or_dropped(client: httpx.Client, media: str) -> None:
    y = Y.copy()
    y[[3, 402]] = np.nan
    body = FILES[media](y_true=y, y_pred=Z)
    told = refused(send(client, "/v1/evaluations?loss=mse", media, body), 422, "missing-values")
    assert told["rows"][0] == 3
    found = send(client, "/v1/evaluations?loss=mse&missing=drop", media, body).json()
    assert found["n"] == 498
    assert found["results"][0]["warnings"][0]["code"] == "MISSING_DROPPED"


def test_null_is_missing(client: httpx.Client) -> None:
    body = arrow(y_true=pa.array([1, None, 3]), y_pred=pa.array([1.0, 2.0, None]))
    refused(send(client, "/v1/evaluations?loss=mse", ARROW, body), 422, "missing-values")
    assert send(client, "/v1/evaluations?loss=mse&missing=drop", ARROW, body).json()["n"] == 1


@pytest.mark.parametrize("media", [ARROW, PARQUET, NPZ, CSV, NPY])
def test_a_file_is_profiled_as_its_column_is(client: httpx.Client, media: str) -> None:
    body = npy(Y) if media == NPY else FILES[media](target=Y, other=Z)
    found = send(client, "/v1/profiles?name=price", media, body).json()
    assert Profile.from_dict(found["profile"]) == losses.profile(Y, name="price")
    advice = send(client, "/v1/recommendations?metric=mae&name=price", media, body).json()
    assert advice["ranked"][0]["id"] == losses.recommend(Y, metric="mae", name="price").best.id
    checked = send(client, "/v1/checks?loss=mse&metric=mae", media, body).json()
    assert checked["verdict"] == losses.check("mse", metric="mae", target=Y).verdict


@pytest.mark.parametrize("media", [ARROW, PARQUET, NPZ])
def test_a_table_is_profiled_column_by_column(client: httpx.Client, media: str) -> None:
    found = send(client, "/v1/profiles", media, FILES[media](price=Y, rooms=np.arange(500) % 7)).json()["columns"]
    assert Profile.from_dict(found["price"]["profile"]) == losses.profile(Y, name="price")
    weighed = send(client, "/v1/profiles?column=price&weight=rooms", media, FILES[media](price=Y, rooms=W)).json()
    assert Profile.from_dict(weighed["profile"]).n == 500


def test_missing_and_infinite_numbers_of_a_target_are_counted(client: httpx.Client) -> None:
    y = np.array([1.5, np.nan, np.inf, 2.5, -np.inf])
    for media, body in ((NPY, npy(y)), (ARROW, arrow(target=y)), (NPZ, npz(target=y)), (PARQUET, parquet(target=y))):
        found = Profile.from_dict(send(client, "/v1/profiles", media, body).json()["profile"])
        assert (found.missing_rows, found.infinite) == (1, 2)


def test_words_come_plain_or_from_a_dictionary(client: httpx.Client) -> None:
    words = ["a", "b", None, "a"] * 50
    for column in (pa.array(words), pa.array(words).dictionary_encode()):
        for media in (ARROW, PARQUET):
            found = send(client, "/v1/profiles", media, FILES[media](target=column)).json()
            assert Profile.from_dict(found["profile"]) == losses.profile(words, name="target")


def test_numbers_of_every_width_and_order_are_read(client: httpx.Client) -> None:
    for kind in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"):
        assert send(client, "/v1/profiles", NPY, npy(np.array([0, 1, 1], kind))).json()["profile"]["n"] == 3
    matrix = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    found = send(client, "/v1/evaluations?loss=mse", NPZ, npz(y_true=matrix, y_pred=matrix.copy() + 1)).json()
    assert found["results"][0]["value"] == 1


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("media", [JSON, ARROW, NPZ, CSV])
def test_a_compressed_body_is_read_as_the_one_in_it(client: httpx.Client, encoding: str, media: str) -> None:
    lists = {"y_true": Y.tolist(), "y_pred": Z.tolist()}
    body = json.dumps(lists).encode() if media == JSON else FILES[media](y_true=Y, y_pred=Z)
    small = gzip.compress(body) if encoding == "gzip" else zstandard.compress(body)
    reply = send(client, "/v1/evaluations?loss=mse", media, small, **{"content-encoding": encoding})
    assert reply.json()["results"][0]["value"] == pytest.approx(losses.get("mse")(Y, Z), rel=1e-13)


def test_a_stream_is_larger_than_any_body_may_be(client: httpx.Client) -> None:
    rows = 400_000
    y, z = np.zeros(rows), np.ones(rows)
    body = arrow(50_000, y_true=y, y_pred=z)
    assert len(body) > LIMIT
    found = send(client, "/v1/evaluations?loss=mse", ARROW, (body[i : i + 9999] for i in range(0, len(body), 9999)))
    assert found.json()["results"][0]["value"] == 1
    refused(send(client, "/v1/evaluations?loss=mse&reduction=none", ARROW, body), 413, "too-large")
    z[399_999] = np.nan
    told = refused(send(client, "/v1/evaluations?loss=mse", ARROW, arrow(50_000, y_true=y, y_pred=z)), 422)
    assert told["rows"] == [399_999]


def test_rows_without_weight_in_a_batch_are_no_error(client: httpx.Client) -> None:
    weight = np.repeat([0.0, 1.0], 300_000)
    body = arrow(50_000, y_true=weight, y_pred=weight * 3, sample_weight=weight)
    assert send(client, "/v1/evaluations?loss=mse", ARROW, body).json()["results"][0]["value"] == 4
    body = arrow(50_000, y_true=weight, y_pred=weight, sample_weight=weight * 0)
    refused(send(client, "/v1/evaluations?loss=mse", ARROW, body), 422)


def test_long_lists_in_json_are_read_as_short_ones_are(client: httpx.Client) -> None:
    lists: dict[str, Any] = {"y_true": Y.tolist(), "y_pred": {"mean": Z.tolist(), "var": (W + 1).tolist()}}
    found = client.post("/v1/evaluations", json={"losses": ["gaussian_nll"], **lists}).json()["results"][0]
    assert found["value"] == losses.get("gaussian_nll")(Y, {"mean": Z, "var": W + 1})
    for odd, status in ((None, 422), ("x", 422), (True, 422)):
        told = refused(
            client.post("/v1/evaluations", json={"losses": ["mse"], **lists, "y_pred": [*Z[1:].tolist(), odd]}), status
        )
        assert told["pointers"] == ["/y_pred/499"]
    for target in ([[i % 2, 1] for i in range(4000)], [[0.25, 0.75]] * 4000, [[1, 2, 3, 4.5]] * 2000):
        found = client.post("/v1/profiles", json={"target": target}).json()["profile"]
        assert found == losses.profile(target).to_dict()
    text = json.dumps({"losses": ["mse"], **lists, "y_pred": Z.tolist()}).encode()
    for broken in (text.replace(b"]", b",]"), text[:-1] + b',"y_true": [1]}', text + b"x", text.replace(b"-", b"--")):
        refused(send(client, "/v1/evaluations", JSON, broken), 400, "malformed-json")
    huge = text.replace(b'"y_true": [', b'"y_true": [' + b"9" * 400 + b", ")
    assert refused(send(client, "/v1/evaluations", JSON, huge), 400)["position"] == huge.index(b"9" * 400)
    found = client.post("/v1/profiles", json={"target": Y.tolist(), "name": "x: [1" + ", 1" * 2000 + "]"})
    refused(found, 422, "invalid-request")


# ── replies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_come_as_npy_or_arrow_where_that_is_accepted(client: httpx.Client) -> None:
    body = npz(y_true=Y, y_pred=Z)
    expected = losses.evaluate(["mse", "mae"], Y, Z, reduction="none", include=["gradient"])
    one = send(client, "/v1/evaluations?loss=mse&reduction=none", NPZ, body, accept=f"{NPY}, {JSON};q=0.5")
    assert one.headers["content-type"] == NPY
    np.testing.assert_array_equal(np.load(io.BytesIO(one.content)), expected["mse"].value)
    address = "/v1/evaluations?loss=mse&loss=mae&reduction=none&include=gradient"
    several = send(client, address, NPZ, body, accept=ARROW)
    table = pa.ipc.open_stream(several.content).read_all()
    assert table.column_names == ["0.value", "0.gradient", "1.value", "1.gradient"]
    np.testing.assert_array_equal(table["1.gradient"].to_numpy(), expected["mae"].gradient)
    told = json.loads(table.schema.metadata[b"evaluation"])
    assert [row["loss"] for row in told["results"]] == ["mse", "mae"]


@pytest.mark.parametrize(
    ("address", "accept"),
    [
        ("/v1/evaluations?loss=mse", NPY),
        ("/v1/evaluations?loss=mse", ARROW),
        ("/v1/evaluations?loss=mse&loss=mae&reduction=none", NPY),
        ("/v1/evaluations?loss=mse&reduction=none", NPZ),
        ("/v1/profiles?column=y_true", NPY),
        ("/v1/profiles?column=y_true", "image/png"),
    ],
)
def test_a_kind_of_reply_that_there_is_not_is_refused(client: httpx.Client, address: str, accept: str) -> None:
    told = refused(send(client, address, NPZ, npz(y_true=Y, y_pred=Z), accept=accept), 406, "not-acceptable")
    assert JSON in told["allowed"]


def test_who_asks_for_events_is_told_of_rows_and_then_the_reply(client: httpx.Client) -> None:
    body = arrow(50_000, y_true=np.zeros(900_000), y_pred=np.ones(900_000))

    def slowly() -> Iterator[bytes]:
        for start in range(0, len(body), 3_000_000):
            time.sleep(0.4)
            yield body[start : start + 3_000_000]

    reply = send(client, "/v1/evaluations?loss=mse", ARROW, slowly(), accept=EVENTS)
    assert reply.headers["content-type"] == EVENTS
    *progress, last = map(json.loads, reply.text.splitlines())
    assert last["event"] == "result"
    assert last["reply"]["results"][0]["value"] == 1
    assert [event["rows"] for event in progress] == sorted({event["rows"] for event in progress})
    assert progress
    told = json.loads(send(client, "/v1/evaluations?loss=msee", ARROW, body, accept=EVENTS).text)
    assert (told["event"], told["status"]) == ("problem", 404)


# ── what is odd ─────────────────────────────────────────────────────────────────────────────────────────────────────

GOOD = npy(Y)
STRANGE: dict[str, bytes] = {
    "objects": npy(np.array([{}, None], object)),
    "a pickle": b"\x80\x04\x95" + b"x" * 40,
    "fields": npy(np.zeros(3, [("a", "f8"), ("b", "i4")])),
    "void": npy(np.zeros(3, "V8")),
    "strings": npy(np.array(["a", "b"])),
    "complex": npy(np.zeros(3, complex)),
    "dates": npy(np.zeros(3, "M8[s]")),
    "big-endian": npy(np.zeros(3, ">f8")),
    "long doubles": npy(np.zeros(3, np.longdouble)),
    "no rows": npy(np.float64(3)),
    "a byte too few": GOOD[:-1],
    "a byte too many": GOOD + b"\0",
    "cut in its head": GOOD[:50],
    "version 9": GOOD[:6] + b"\x09\x00" + GOOD[8:],
    "a call in its head": GOOD.replace(b"'<f8'", b"f(1) "),
    "a huge shape": GOOD.replace(b"(500,)", b"(9" + b"9" * 17 + b",)")[: len(GOOD)],
    "a negative shape": GOOD.replace(b"(500,)", b"(-50,)"),
    "nothing": b"",
}


@pytest.mark.parametrize("case", STRANGE)
def test_odd_npy_is_refused(client: httpx.Client, case: str) -> None:
    refused(send(client, "/v1/profiles", NPY, STRANGE[case]), 422)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("target.npy", STRANGE[case])
    refused(send(client, "/v1/profiles", NPZ, file.getvalue()), 422)


def test_one_array_is_no_evaluation(client: httpx.Client) -> None:
    told = refused(send(client, "/v1/evaluations?loss=mse", NPY, npy(Y)), 415, "unsupported-media-type")
    assert told["allowed"] == [NPZ, ARROW]


def test_bombs_are_refused_before_they_go_off(client: httpx.Client) -> None:
    zeros = np.zeros(3_000_000)
    assert refused(send(client, "/v1/profiles", NPZ, npz_small(target=zeros)), 413)["type"].endswith("too-large")
    refused(send(client, "/v1/profiles", NPZ, npz_small(target=zeros[:400_000])), 413)
    refused(send(client, "/v1/profiles", PARQUET, parquet(target=np.zeros(600_000))), 413)
    refused(send(client, "/v1/profiles", ARROW, arrow(10**9, target=pa.nulls(10**8))), 413)
    for encoding, compress in (("gzip", gzip.compress), ("zstd", zstandard.compress)):
        for media, body in (
            (ARROW, arrow(10**7, target=zeros)),
            (CSV, b"target\n" + b"0\n" * 1_900_000),
            (JSON, b" " * 10**8),
        ):
            told = refused(send(client, "/v1/profiles", media, compress(body), **{"content-encoding": encoding}), 413)
            assert told["type"] == "/problems/too-large"


def test_words_that_swell_in_a_dictionary_do_not(client: httpx.Client) -> None:
    word = "x" * 500_000
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int8)), pa.array([word]))
    sink = io.BytesIO()
    pq.write_table(pa.table({"target": column}), sink)
    for media, body in ((ARROW, arrow(10**6, target=column)), (PARQUET, sink.getvalue())):
        assert send(client, "/v1/profiles", media, body).json()["profile"]["n"] == 100_000


def test_compressed_buffers_are_refused(client: httpx.Client) -> None:
    for codec in ("lz4", "zstd"):
        options = pa.ipc.IpcWriteOptions(compression=codec)
        for column in (Y, pa.array(["a" * 90, "b"] * 250).dictionary_encode()):
            body = arrow(options=options, target=column)
            told = refused(send(client, "/v1/profiles", ARROW, body), 415, "unsupported-media-type")
            assert told["allowed"] == ["gzip", "zstd"]


@pytest.mark.parametrize("media", [ARROW, PARQUET, NPZ])
def test_a_file_that_is_cut_or_is_none_is_refused(client: httpx.Client, media: str) -> None:
    body = FILES[media](target=Y)
    for odd in (body[: len(body) // 2], b"", b"garbage" * 9, body[:9], body[100:], b"\xff" * 50):
        assert send(client, "/v1/profiles", media, odd).status_code in (413, 422)
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, pa.schema([("target", pa.float64())])):
        pass
    refused(send(client, "/v1/profiles", media, sink.getvalue()), 422)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_is_not_what_its_encoding_says_is_refused(client: httpx.Client, encoding: str) -> None:
    good = gzip.compress(GOOD) if encoding == "gzip" else zstandard.compress(GOOD)
    for odd in (b"{}", good[:-9], good[:200]):
        refused(send(client, "/v1/profiles", NPY, odd, **{"content-encoding": encoding}), 422)


def test_an_unknown_encoding_is_refused_with_those_that_are_known(client: httpx.Client) -> None:
    for name in ("br", "deflate", "gzip, zstd", "x", ""):
        told = refused(send(client, "/v1/profiles", NPY, GOOD, **{"content-encoding": name}), 415)
        assert told["allowed"] == ["identity", "gzip", "zstd"]


ODD_COLUMNS: dict[str, Any] = {
    "records": pa.array([{"a": 1}] * 3),
    "lists": pa.array([[1], [2, 3], []]),
    "bytes": pa.array([b"a", b"b", b"c"]),
    "maps": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
    "runs": pa.RunEndEncodedArray.from_arrays(pa.array([3], pa.int64()), pa.array([1.0])),
    "views": pa.array(["a", "b", "c"], pa.string_view()),
}


@pytest.mark.parametrize("case", ODD_COLUMNS)
def test_columns_that_are_no_target_are_refused(client: httpx.Client, case: str) -> None:
    refused(send(client, "/v1/profiles", ARROW, arrow(target=ODD_COLUMNS[case])), 422, "invalid-type")


def test_columns_that_are_no_numbers_are_not_evaluated(client: httpx.Client) -> None:
    for column in (pa.array(["1", "2", "3"]), pa.array(["1", "2", "3"]).dictionary_encode(), *ODD_COLUMNS.values()):
        for body in (arrow(y_true=column, y_pred=[1.0, 2.0, 3.0]), arrow(y_true=[1.0, 2.0, 3.0], y_pred=column)):
            refused(send(client, "/v1/evaluations?loss=mse", ARROW, body), 422, "invalid-type")


def test_names_that_are_not_there_are_refused(client: httpx.Client) -> None:
    for media in (ARROW, PARQUET, NPZ):
        body = FILES[media](a=Y, b=Z)
        refused(send(client, "/v1/profiles?column=c", media, body), 422, "unknown-name")
        refused(send(client, "/v1/profiles?column=a&weight=c", media, body), 422, "unknown-name")
        refused(send(client, "/v1/evaluations?loss=mse", media, body), 422, "unknown-name")
    refused(send(client, "/v1/profiles?column=c", NPY, npy(Y)), 422, "unknown-name")


def test_lengths_that_differ_are_refused(client: httpx.Client) -> None:
    refused(send(client, "/v1/evaluations?loss=mse", NPZ, npz(y_true=Y, y_pred=Z[1:])), 422, "invalid-shape")
    refused(send(client, "/v1/profiles?weight=w", NPZ, npz(target=Y, w=W[1:])), 422, "invalid-shape")


@pytest.mark.parametrize("media", [ARROW, PARQUET, NPZ, NPY])
def test_any_change_of_a_byte_is_read_or_refused(client: httpx.Client, media: str) -> None:
    body = bytearray(
        npy(Y[:30])
        if media == NPY
        else FILES[media](target=pa.array(Y[:30]), words=pa.array(["ab"] * 30).dictionary_encode())
        if media != NPZ
        else npz(target=Y[:30])
    )
    rng = np.random.default_rng(0)
    for _ in range(150):
        odd = bytearray(body)
        for place in rng.integers(len(odd), size=rng.integers(1, 4)):
            odd[place] = rng.integers(256)
        assert send(client, "/v1/profiles?column=target", media, bytes(odd)).status_code in (200, 413, 415, 422)


def test_lengths_that_no_memory_holds_are_refused(client: httpx.Client) -> None:
    body = arrow(target=Y)
    refused(send(client, "/v1/profiles", ARROW, body[:4] + struct.pack("<I", 0x7FFFFFFF) + body[8:]), 413)


def test_a_stream_that_is_refused_early_does_not_keep_its_worker(client: httpx.Client) -> None:
    body = arrow(target=np.zeros(300_000))
    for _ in range(40):
        refused(send(client, "/v1/profiles?column=nope", ARROW, body), 422, "unknown-name")
    assert send(client, "/v1/profiles", ARROW, body).status_code == 200


# ── groups and pairs ────────────────────────────────────────────────────────────────────────────────────────────────


def test_groups_come_in_json_as_a_list_and_in_files_as_a_column(client: httpx.Client) -> None:
    groups = [("a", "b", "c")[i % 3] for i in range(500)]
    expected = losses.evaluate("mse", Y, Z, groups=groups).to_dict()["groups"]
    body = {"losses": ["mse"], "y_true": Y.tolist(), "y_pred": Z.tolist(), "groups": groups}
    assert client.post("/v1/evaluations", json=body).json()["groups"] == expected
    for media in (ARROW, PARQUET):
        for column in (pa.array(groups), pa.array(groups).dictionary_encode()):
            found = send(client, "/v1/evaluations?loss=mse&groups=g", media, FILES[media](y_true=Y, y_pred=Z, g=column))
            assert [row["group"] for row in found.json()["groups"]] == ["a", "b", "c"]
            assert found.json()["groups"][1]["n"] == expected[1]["n"]
    text = "y_true,y_pred,g\n1,2,x\n2,2,y\n3,5,x\n"
    found = send(client, "/v1/evaluations?loss=mse&groups=g", CSV, text).json()["groups"]
    assert [(row["group"], row["results"][0]["value"]) for row in found] == [("x", 2.5), ("y", 0.0)]
    refused(send(client, "/v1/evaluations?loss=mse&groups=h", CSV, text), 422, "unknown-name")
    refused(client.post("/v1/evaluations", json={**body, "groups": ["a"]}), 422, "invalid-shape")
    refused(client.post("/v1/evaluations", json={**body, "groups": "g"}), 422, "invalid-request")


def test_two_models_are_compared_in_json_and_in_files(client: httpx.Client) -> None:
    expected = losses.compare(["mse", "mae"], Y, {"new": Z, "old": Z + 0.1}, W).to_dict()
    lists = {"y_true": Y.tolist(), "predictions": {"new": Z.tolist(), "old": (Z + 0.1).tolist()}}
    asked = {"losses": ["mse", "mae"], **lists, "sample_weight": W.tolist()}
    assert client.post("/v1/comparisons", json=asked).json() == expected
    columns = {"y_true": Y, "predictions.new": Z, "predictions.old": Z + 0.1, "sample_weight": W}
    for media in (ARROW, PARQUET, NPZ):
        found = send(client, "/v1/comparisons?loss=mse&loss=mae", media, FILES[media](**columns)).json()
        assert found["results"][0]["difference"] == pytest.approx(expected["results"][0]["difference"], rel=1e-9)
    for odd in ({}, {"a": [1]}, [1, 2], None, {"a": [1], "b": [1], "c": [1]}, {"a": [1], "b": ["x"]}):
        body = {"losses": ["mse"], "y_true": [1], "predictions": odd}
        assert client.post("/v1/comparisons", json=body).status_code == 422
    refused(client.post("/v1/comparisons", json={**lists, "losses": []}), 422, "empty-input")
    refused(client.post("/v1/comparisons", json={**lists, "losses": ["msee"]}), 404, "unknown-name")
