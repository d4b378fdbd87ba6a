"""Nothing that is sent makes the service fail: each row of hostile input has its answer, without the value in it."""

from __future__ import annotations

import copy
import functools
import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st

from losses import Profile
from losses.errors import LossesError
from service import jsontext
from service.arrays import read_array
from service.errors import MalformedJSON, TooLarge
from service.routes import v1
from tests.fuzz import changed_bytes
from tests.serving import Inside

EVALUATIONS = "/v1/evaluations"
POSTS = [route.path for route in v1.routes if isinstance(route, APIRoute) and "POST" in route.methods]


@pytest.fixture(scope="module")
def inside() -> Inside:
    return Inside()


def refused(reply: httpx.Response, status: int, name: str) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = reply.json()
    assert told["type"] == f"/problems/{name}"
    assert {"type", "title", "status", "detail"} <= told.keys()
    return told


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────

BROKEN = {
    "NaN": (b'{"y_true": [1, NaN]}', 15),
    "Infinity": (b'{"y_true": [1, -Infinity]}', 16),
    "too large": (b'{"y_true": [1, 1e999]}', 15),
    "four hundred digits": (b'{"y_true": [1, -' + b"7" * 400 + b"]}", 15),
    "five thousand digits": (b'{"y_true": [' + b"7" * 5000 + b"]}", 12),
    "trailing bytes": (b'{"y_true": []} x', 15),
    "two values": (b"{}{}", 2),
    "byte order mark": (b"\xef\xbb\xbf{}", 0),
    "UTF-16": ('{"loss": "mse"}'.encode("utf-16"), 0),
    "UTF-16 without a mark": ('{"loss": "mse"}'.encode("utf-16-le"), 1),
    "not UTF-8": (b'{"loss": "\xff"}', None),
    "half a surrogate": (b'{"loss": "\\ud800 and more text"}', None),
    "half a surrogate in UTF-8": (b'{"loss": "\xed\xa0\x80"}', None),
    "a key twice": (b'{"y_true": [1], "y_pred": {"a": 1, "b": {}}, "y_true": [2]}', 45),
    "a key twice, spelled otherwise": (b'{"loss": "}{", "l\\u006fss": "mse"}', 15),
    "a key twice far within": (b'{"a": [[{"x": "\\"}", "y": 1, "x": 1}]]}', 29),
    "33 deep": (b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}", 37),
    "100,000 deep": (b"[" * 100_000, 32),
    "objects 33 deep": (b'{"a":' * 33 + b"1" + b"}" * 33, 160),
    "empty": (b"", 0),
    "cut short": (b'{"y_true": [1, 2', 16),
    "a comment": (b'{"y_true": [1] /* two */}', 15),
    "a trailing comma": (b'{"y_true": [1,]}', 14),
    "a leading zero": (b'{"y_true": [01]}', None),
    "a bare control sign": (b'{"loss": "a\x00b"}', None),
    "single quotes": (b"{'loss': 'mse'}", 1),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_not_json_is_refused_with_the_place_and_not_the_text(inside: Inside, case: str) -> None:
    text, position = BROKEN[case]
    told = refused(inside.json(EVALUATIONS, text), 400, "malformed-json")
    assert set(told) == {"type", "title", "status", "detail", "position"}
    assert position in (None, told["position"])
    assert str(told["position"]) in told["detail"]
    assert "777" not in told["detail"]


def test_depth_is_counted_outside_of_strings_only() -> None:
    deep = {"a": "[" * 500 + '"\\' * 20, "b": [[]] * 40}
    assert jsontext.decode(json.dumps(deep).encode(), 10_000) == deep
    nested = b"[" * 32 + b"]" * 32
    assert jsontext.decode(nested, 100) == json.loads(nested)


def test_long_digits_are_fine_in_strings_and_in_fractions() -> None:
    text = b'{"a": "' + b"7" * 5000 + b'", "b": 0.' + b"1" * 5000 + b', "c": ' + b" " * 500 + b"1}"
    assert jsontext.decode(text, 100)["c"] == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(json_values, st.sampled_from([None, 1]), st.booleans())
def test_json_is_read_as_the_standard_library_reads_it(value: Any, indent: int | None, ascii_only: bool) -> None:
    try:
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return
    assert jsontext.decode(text, 10_000) == value


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40) | st.text(alphabet='[]{}",:\\u0d89e.-+1nulltrue ', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        jsontext.decode(text, 10_000)
        place = 0
    except MalformedJSON as error:
        place = error.data["position"]
    assert 0 <= place <= len(text)


def test_pieces_of_a_long_text_are_joined_seamlessly(monkeypatch: pytest.MonkeyPatch) -> None:
    value = {"a": ['x"\\', [1.5, -2e-7], {"b": "}", "c": [[]]}], "d": "\\\\" * 9}
    text = json.dumps(value).encode()
    for piece in range(1, 20):
        monkeypatch.setattr(jsontext, "PIECE", piece)
        assert jsontext.decode(text, 100) == value
        with pytest.raises(MalformedJSON):
            jsontext.decode(b'{"a": [1, {"k": 1, "k": 2}]}', 100)
        with pytest.raises(MalformedJSON):
            jsontext.decode(b"[0, " + b"9" * 400 + b"]", 100)


def test_arrays_are_taken_out_of_whatever_is_read_alike_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts with long lists, and with lists of rows, changed at random: by pieces and as a whole they are the same."""
    for name, small in (("LONG", 8), ("NEAR", 16), ("LONGEST_ROW", 64)):
        monkeypatch.setattr(jsontext, name, small)
    rows: list[Any] = [1.5, -2e-3, 7.0, 1e300, 0.0, 12345.678]
    truths = (rows, [rows[:2], rows[2:4], rows[4:]], [[[v], [-v]] for v in rows], [[1.0]], [rows * 9] * 2)
    bodies = [
        json.dumps({"losses": [name], "y_true": truth, "y_pred": {"mean": rows}}, indent=indent).encode()
        for truth, indent, name in itertools.product(truths, (None, 1), ("mse", "a: [[1, 2"))
    ]
    wide = (text.replace(b",", b"," + b" " * 20) for text in bodies)
    torn = (text.replace(b"7.0,", b"7.0," + b" " * n + b",", 1) for text in bodies for n in range(16, 48))
    chance, met = random.Random(5), Counter[str]()
    changed = (changed_bytes(chance, chance.choice(bodies)) for _ in range(20_000))
    for text in (*bodies, *wide, *torn, *changed):
        both = [_read_by(jsontext.decode, text), _read_by(decode_to_lists, text)]
        assert both[0] == both[1], text
        met["refused" if both[0] is None else "read"] += 1
    assert min(met.values()) > 1000


def _read_by(read: Callable[[bytes, int], Any], text: bytes) -> Any:
    try:
        return read(text, 1000)
    except MalformedJSON:
        return None


def decode_to_lists(text: bytes, most: int) -> Any:
    """Arrays as lists again."""
    tree = jsontext.decode_arrays(text, most)
    for node in (tree, *tree.values()) if isinstance(tree, dict) else ():
        if isinstance(node, dict):
            node |= {key: part.tolist() for key, part in node.items() if isinstance(part, np.ndarray)}
    return tree


def test_too_many_values_are_refused_before_they_are_read() -> None:
    assert len(jsontext.decode(b"[1, 2, 3]", 6)) == 3
    with pytest.raises(TooLarge, match="send them as a file"):
        jsontext.decode(b"[" + b"1," * 1000 + b"1]", 1000)


@pytest.mark.parametrize("text", [b"[]", b"1", b'"mse"', b"null"])
def test_a_body_that_is_no_object_is_refused(inside: Inside, text: bytes) -> None:
    for address in POSTS:
        refused(inside.json(address, text), 422, "invalid-request")


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

ODD: list[tuple[Any, str, list[str]]] = [
    ([1, None, 3], "missing-values", ["/y_true/1"]),
    ([1, "2", 3], "invalid-type", ["/y_true/1"]),
    ([True, False, True], "invalid-type", ["/y_true/0", "/y_true/1", "/y_true/2"]),
    ([1, 2.5, True], "invalid-type", ["/y_true/2"]),
    (["inf", "-inf", "nan"], "invalid-type", ["/y_true/0", "/y_true/1", "/y_true/2"]),
    ([{"a": 1}, 2, 3], "invalid-type", ["/y_true/0"]),
    ([[1, 2], [3, None], [5, 6]], "missing-values", ["/y_true/1/1"]),
    (["x"] * 100, "invalid-type", [f"/y_true/{i}" for i in range(20)]),
]


@pytest.mark.parametrize(("odd", "name", "pointers"), ODD)
def test_what_is_no_number_is_refused_with_pointers(inside: Inside, odd: Any, name: str, pointers: list[str]) -> None:
    reply = inside.post(EVALUATIONS, json={"losses": ["mse"], "y_true": odd, "y_pred": [1.0] * len(odd)})
    told = refused(reply, 422, name)
    assert told["pointers"] == pointers
    assert told["field"] == "y_true"
    assert len(told["rows"]) <= 5


def test_pointers_into_named_parts_are_escaped(inside: Inside) -> None:
    y_pred = {"a/b~c": [1, "x"], "var": [1, 1]}
    reply = inside.post(EVALUATIONS, json={"losses": ["gaussian_nll"], "y_true": [1, 2], "y_pred": y_pred})
    assert refused(reply, 422, "invalid-type")["pointers"] == ["/y_pred/a~1b~0c/1"]


SHAPES: list[tuple[dict[str, Any], str]] = [
    ({"y_true": [1, 2], "y_pred": [1]}, "invalid-shape"),
    ({"y_true": [[1, 2], [3]], "y_pred": [1, 2]}, "invalid-shape"),
    ({"y_true": [1, [2]], "y_pred": [1, 2]}, "invalid-shape"),
    ({"y_true": [], "y_pred": []}, "empty-input"),
    ({"y_true": [[], []], "y_pred": [[], []]}, "empty-input"),
    ({"y_true": 1, "y_pred": 2}, "invalid-shape"),
    ({"y_true": "abc", "y_pred": [1]}, "invalid-type"),
    ({"y_true": {"a": [1]}, "y_pred": [1]}, "invalid-type"),
    ({"y_true": [1, 2], "y_pred": {"mean": [1, 2]}}, "invalid-type"),
    ({"y_true": [1, 2]}, "invalid-type"),
    ({"y_true": [1, 2], "y_pred": None}, "invalid-type"),
    ({"y_true": [1, 2], "y_pred": [1, 2], "sample_weight": [1]}, "invalid-weights"),
    ({"y_true": [1, 2], "y_pred": [1, 2], "sample_weight": [1, -1]}, "invalid-weights"),
    ({"y_true": [1, 2], "y_pred": [1, 2], "sample_weight": [0, 0]}, "invalid-weights"),
    ({"y_true": [1, 2], "y_pred": [1, 2], "sample_weight": "ab"}, "invalid-type"),
]


@pytest.mark.parametrize(("body", "name"), SHAPES)
def test_arrays_that_do_not_fit_are_refused(inside: Inside, body: dict[str, Any], name: str) -> None:
    refused(inside.post(EVALUATIONS, json={"losses": ["mse"], **body}), 422, name)


def test_a_loss_that_is_undefined_on_the_data_names_the_rows(inside: Inside) -> None:
    body = {"losses": ["msle"], "y_true": [1, -5, 2], "y_pred": [1, 1, 1]}
    told = refused(inside.post(EVALUATIONS, json=body), 422, "outside-domain")
    assert told["rows"] == [1]


ASKED: list[tuple[dict[str, Any], int, str]] = [
    ({"losses": ["huberr"]}, 404, "unknown-name"),
    ({"losses": ["huber:delt=1"]}, 422, "unknown-name"),
    ({"losses": ["huber:delta=-1"]}, 422, "invalid-parameter"),
    ({"losses": [{"loss": "huber", "delta": "x"}]}, 422, "invalid-parameter"),
    ({"losses": [{"loss": "huber", "delta": "2"}]}, 422, "invalid-parameter"),
    ({"losses": [{"loss": "huber", "delta": True}]}, 422, "invalid-parameter"),
    ({"losses": [{"loss": {"loss": "huber"}}]}, 422, "invalid-input"),
    ({"losses": [{"delta": 1}]}, 422, "invalid-input"),
    ({"losses": [{}]}, 422, "invalid-input"),
    ({"losses": [1]}, 422, "invalid-input"),
    ({"losses": [None]}, 422, "invalid-input"),
    ({"losses": []}, 422, "empty-input"),
    ({}, 422, "empty-input"),
    ({"losses": 5}, 422, "invalid-request"),
    ({"losses": ["mse"] * 101}, 413, "too-large"),
    ({"losses": ["mse"] * 2000}, 422, "invalid-request"),
    ({"losses": ["+" * 500]}, 404, "unknown-name"),
    ({"losses": ["mse" + "+mse" * 5000]}, 422, "invalid-input"),
    ({"losses": ["../../etc/passwd"]}, 404, "unknown-name"),
    ({"losses": ["\x00\u202e<img onerror=alert(1)>"]}, 404, "unknown-name"),
    ({"losses": ["mse"], "reduction": "median"}, 422, "not-supported"),
    ({"losses": ["mse"], "reduction": None}, 422, "invalid-request"),
    ({"losses": ["mse"], "reduction": "batchmean"}, 422, "not-supported"),
    ({"losses": ["mse"], "missing": "ignore"}, 422, "invalid-request"),
    ({"losses": ["mse"], "include": ["hessian!"]}, 422, "unknown-name"),
    ({"losses": ["mse"], "weights": [1, 2]}, 422, "invalid-request"),
    ({"losses": ["mse"], "x" * 100_000: 1}, 422, "invalid-request"),
]


@pytest.mark.parametrize(("asked", "status", "name"), ASKED)
def test_losses_and_options_that_are_wrong_are_refused(
    inside: Inside, asked: dict[str, Any], status: int, name: str
) -> None:
    reply = inside.post(EVALUATIONS, json={"y_true": [1, 2], "y_pred": [1, 2], **asked})
    refused(reply, status, name)
    assert len(reply.content) < 5000


def test_at_most_twenty_errors_are_told(inside: Inside) -> None:
    body = {"losses": ["mse"], **{f"field{i}": i for i in range(50)}}
    told = refused(inside.post(EVALUATIONS, json=body), 422, "invalid-request")
    assert len(told["errors"]) == 20
    assert told["errors"][0]["pointer"] == "/field0"
    assert "49 more" in told["detail"]


# ── targets, profiles, weights ──────────────────────────────────────────────────────────────────────────────────────

ROW = Profile.of([1.5, 2.5, 4.0, 8.0] * 5).to_dict()
TARGETS: list[tuple[str, dict[str, Any], str]] = [
    ("/v1/profiles", {}, "invalid-request"),
    ("/v1/profiles", {"target": "/etc/passwd"}, "invalid-request"),
    ("/v1/recommendations", {"target": "/etc/passwd"}, "invalid-request"),
    ("/v1/recommendations", {"target": {"version": 1}}, "invalid-request"),
    ("/v1/class-weights", {"target": "/etc/passwd"}, "invalid-request"),
    ("/v1/profiles", {"target": 5}, "invalid-request"),
    ("/v1/profiles", {"target": []}, "empty-input"),
    ("/v1/profiles", {"target": [None, None]}, "empty-input"),
    ("/v1/profiles", {"target": [{"a": 1}]}, "invalid-input"),
    ("/v1/profiles", {"target": [[1, 2], [3]]}, "invalid-shape"),
    ("/v1/profiles", {"target": [[1, "x"]]}, "invalid-type"),
    ("/v1/profiles", {"target": [1, 2], "sample_weight": [1]}, "invalid-shape"),
    ("/v1/profiles", {"target": [1, 2], "sample_weight": [1, -1]}, "invalid-weights"),
    ("/v1/profiles", {"target": [1, 2], "sample_weight": [0, 0]}, "invalid-weights"),
    ("/v1/profiles", {"target": [1, 2], "sample_weight": ["1", "2"]}, "invalid-type"),
    ("/v1/profiles", {"target": [1, 2], "task": "sorcery"}, "unknown-name"),
    ("/v1/profiles", {"target": [1, 2], "name": "x" * 1_000_000}, "invalid-request"),
    ("/v1/profiles", {"target": [1], "columns": {"a": [1]}}, "invalid-request"),
    ("/v1/profiles", {"columns": {}}, "invalid-request"),
    ("/v1/profiles", {"columns": {"a": 5}}, "invalid-request"),
    ("/v1/profiles", {"columns": [[1]]}, "invalid-request"),
    ("/v1/recommendations", {"target": [1, 2], "profile": {}}, "invalid-request"),
    ("/v1/recommendations", {"target": None}, "invalid-request"),
    ("/v1/recommendations", {}, "empty-input"),
    ("/v1/recommendations", {"profile": {}}, "invalid-profile"),
    ("/v1/recommendations", {"profile": {"version": 999}}, "invalid-profile"),
    ("/v1/recommendations", {"profile": [1]}, "invalid-request"),
    ("/v1/recommendations", {"target": [1, 2, 3], "metric": "sparkle"}, "unknown-name"),
    ("/v1/checks", {"target": [1, 2, 3], "metric": "mae"}, "invalid-input"),
    ("/v1/checks", {"loss": "mse", "target": [1, 2, 3], "profile": {}}, "invalid-request"),
    ("/v1/checks", {"loss": "mse", "target": [1, 2, 3], "metric": "sparkle"}, "unknown-name"),
    ("/v1/checks", {"loss": {"loss": "huber", "delta": -1}, "target": [1, 2, 3]}, "invalid-parameter"),
    ("/v1/checks", {"loss": 5, "target": [1, 2, 3]}, "invalid-input"),
    ("/v1/checks", {"loss": "mse"}, "empty-input"),
    ("/v1/recommendations", {"target": [1, 2, 3], "metric": "pinball@7"}, "invalid-parameter"),
    ("/v1/recommendations", {"target": [1, 2, 3], "costs": {"under": 1}}, "invalid-parameter"),
    ("/v1/recommendations", {"target": [1, 2, 3], "costs": {"under": "1", "over": 1}}, "invalid-request"),
    ("/v1/recommendations", {"target": [1, 2, 3], "costs": {"under": -1, "over": 1}}, "invalid-parameter"),
    ("/v1/recommendations", {"target": [1, 2, 3], "n": "5"}, "invalid-request"),
    ("/v1/recommendations", {"target": [1, 2, 3], "n": True}, "invalid-request"),
    ("/v1/recommendations", {"target": [1, 2, 3], "n": 0}, "invalid-request"),
    ("/v1/recommendations", {"target": [1, 2, 3], "require": ["magic"]}, "unknown-name"),
    ("/v1/drift", {}, "invalid-request"),
    ("/v1/drift", {"before": ROW}, "invalid-request"),
    ("/v1/drift", {"after": ROW}, "invalid-request"),
    ("/v1/drift", {"before": None, "after": ROW}, "invalid-request"),
    ("/v1/drift", {"before": [1, 2], "after": ROW}, "invalid-request"),
    ("/v1/drift", {"before": "/etc/passwd", "after": ROW}, "invalid-request"),
    ("/v1/drift", {"before": {}, "after": ROW}, "invalid-profile"),
    ("/v1/drift", {"before": ROW, "after": {"version": 999}}, "invalid-profile"),
    ("/v1/drift", {"before": ROW, "after": ROW | {"n": 10**15}}, "invalid-profile"),
    ("/v1/drift", {"before": ROW, "after": Profile().to_dict()}, "empty-input"),
    ("/v1/drift", {"before": ROW, "after": ROW, "n": 3}, "invalid-request"),
    ("/v1/drift", {"before": ROW, "after": ROW, "target": [1]}, "invalid-request"),
    ("/v1/drift", {"before": ROW, "after": ROW, "metric": "sparkle"}, "unknown-name"),
    ("/v1/drift", {"before": ROW, "after": ROW, "costs": {"under": -1, "over": 1}}, "invalid-parameter"),
    ("/v1/class-weights", {}, "invalid-request"),
    ("/v1/class-weights", {"counts": [1], "target": [1]}, "invalid-request"),
    ("/v1/class-weights", {"counts": []}, "empty-input"),
    ("/v1/class-weights", {"counts": {}}, "empty-input"),
    ("/v1/class-weights", {"counts": [1, 0]}, "invalid-input"),
    ("/v1/class-weights", {"counts": ["x"]}, "invalid-type"),
    ("/v1/class-weights", {"counts": [True, 2]}, "invalid-type"),
    ("/v1/class-weights", {"counts": {"a": "1"}}, "invalid-type"),
    ("/v1/class-weights", {"counts": [[1, 2]]}, "invalid-shape"),
    ("/v1/class-weights", {"counts": [1, 2], "beta": 1.5, "scheme": "effective_number"}, "invalid-parameter"),
    ("/v1/class-weights", {"counts": [1, 2], "beta": "x"}, "invalid-request"),
    ("/v1/class-weights", {"counts": [1, 2], "scheme": "fair"}, "unknown-name"),
    ("/v1/class-weights", {"target": [None]}, "empty-input"),
    ("/v1/class-weights", {"target": [i / 7 for i in range(5000)]}, "invalid-input"),
]


@pytest.mark.parametrize(("address", "body", "name"), TARGETS)
def test_targets_and_wishes_that_are_wrong_are_refused(
    inside: Inside, address: str, body: dict[str, Any], name: str
) -> None:
    refused(inside.post(address, json=body), 422, name)


def test_profiles_that_cannot_be_true_are_refused(inside: Inside) -> None:
    profile = inside.post("/v1/profiles", json={"target": [1.5, 2.5, 4.0, 8.0] * 5}).json()["profile"]
    for change in ({"n": -1}, {"lowest": 9.0}, {"version": 2}, {"sketch": {}}, {"n": 10**15}, {"name": 5}, {"x": 1}):
        reply = inside.post("/v1/recommendations", json={"profile": {**profile, **change}})
        assert refused(reply, 422, "invalid-profile")["field"]


def test_odd_column_names_come_back_as_safe_text(inside: Inside) -> None:
    names = ["<img src=x onerror=alert(1)>", "\u202egnp.exe", "a\x00b"]
    reply = inside.post("/v1/profiles", json={"columns": {name: [1.5, 2.5, 3.5] for name in names}})
    assert list(reply.json()["columns"]) == names
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"


# ── CSV ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

CSVS: list[tuple[str, str | bytes, str]] = [
    ("/v1/profiles", "", "empty-input"),
    ("/v1/profiles", "target\n", "empty-input"),
    ("/v1/profiles", "target\nNA\n", "empty-input"),
    ("/v1/profiles", "a,b\n1,2\n3\n", "unreadable-file"),
    ("/v1/profiles", "a,a\n1,2\n", "unreadable-file"),
    ("/v1/profiles?column=c", "a,b\n1,2\n", "unknown-name"),
    ("/v1/profiles?weight=c", "target,b\n1,2\n", "unknown-name"),
    ("/v1/profiles?weight=w", "target,w\n1,x\n", "invalid-weights"),
    ("/v1/profiles", ",".join(f"c{i}" for i in range(1_000_000)) + "\n", "unreadable-file"),
    ("/v1/profiles", ",".join(f"c{i}" for i in range(10_001)) + "\n", "unreadable-file"),
    ("/v1/profiles", "a\n" + "x" * (1 << 21) + "\n", "unreadable-file"),
    ("/v1/profiles", b"a\n\xff\xfe\n", "unreadable-file"),
    ("/v1/profiles", 'a\n"1\n', "unreadable-file"),
    ("/v1/profiles?colunm=a", "a\n1\n", "invalid-request"),
    ("/v1/profiles?target=/etc/passwd", "a\n1\n", "invalid-request"),
    ("/v1/recommendations?column=b&n=many", "a,b\n1,2\n", "invalid-request"),
    ("/v1/recommendations?costs=5", "a\n1\n", "invalid-request"),
    ("/v1/recommendations?costs=5&costs.under=1", "a\n1\n", "invalid-request"),
    ("/v1/recommendations?metric=a&metric=b", "a\n1\n", "invalid-request"),
    (f"{EVALUATIONS}?loss=mse", "a,b\n1,2\n", "unknown-name"),
    (f"{EVALUATIONS}?loss=mse", "y_true,b\n1,2\n", "invalid-type"),
    (f"{EVALUATIONS}?loss=mse", "y_true,y_pred\n1,x\n", "invalid-type"),
    (f"{EVALUATIONS}?loss=mse", "y_true,y_pred\n1,inf\n", "outside-domain"),
    (f"{EVALUATIONS}?loss=mse", "y_true,y_pred,y_pred.a\n1,1,1\n", "invalid-input"),
    (f"{EVALUATIONS}?loss=mse", "y_true,y_pred.0,y_pred.2\n1,1,1\n", "invalid-input"),
    (EVALUATIONS, "y_true,y_pred\n1,1\n", "empty-input"),
]


@pytest.mark.parametrize(("address", "text", "name"), CSVS, ids=range(len(CSVS)))
def test_csv_that_is_wrong_is_refused(inside: Inside, address: str, text: str | bytes, name: str) -> None:
    reply = inside.csv(address, text)
    refused(reply, 422, name)
    assert len(reply.content) < 5000


def test_tables_wider_than_the_limit_are_refused_with_it() -> None:
    narrow = Inside(max_columns=2)
    told = refused(narrow.csv("/v1/profiles", "a,b,c\n1,2,3\n"), 413, "too-large")
    assert (told["field"], told["allowed"]) == ("max_columns", 2)


# ── any input at all ────────────────────────────────────────────────────────────────────────────────────────────────

numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | st.none()
anything = st.recursive(
    numbers | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
columns = st.lists(numbers, max_size=6) | st.lists(st.lists(numbers, min_size=2, max_size=2), max_size=4) | anything


INSIDE = Inside()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=150, deadline=None)
@given(
    y_true=columns, y_pred=columns, weight=st.none() | columns, loss=st.sampled_from(["mse", "huber", "bce", "dice"])
)
def test_no_evaluation_fails(y_true: Any, y_pred: Any, weight: Any, loss: str) -> None:
    body = {"losses": [loss], "y_true": y_true, "y_pred": y_pred, "sample_weight": weight}
    answered(INSIDE.json(EVALUATIONS, json.dumps(body).encode(errors="replace")))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@settings(max_examples=100, deadline=None)
@given(target=columns, metric=st.sampled_from([None, "mae", "roc_auc", "pinball@0.9"]))
def test_no_recommendation_fails(target: Any, metric: str | None) -> None:
    body = json.dumps({"target": target, "metric": metric}).encode(errors="replace")
    answered(INSIDE.json("/v1/recommendations", body))
    answered(INSIDE.json("/v1/profiles", json.dumps({"target": target}).encode(errors="replace")))


COLUMNS: list[Any] = [
    [i * 1e-140 for i in range(60)],
    [i * 1e150 for i in range(60)],
    [0, 0, 1, 3, 0, 2] * 20,
    [i * i / 7 for i in range(3000)],
    ["a", "b", "c", None] * 9,
    [[0, 1], [1, 1]] * 9,
]
DOCUMENTS = [Profile.of(y).to_dict(private) for y in COLUMNS for private in (False, True)]


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a document holds a number, or nothing."""
    inner = node.items() if isinstance(node, dict) else enumerate(node[:9]) if isinstance(node, list) else ()
    for key, value in inner:
        yield from places(value, (*path, key))
    if path and (node is None or isinstance(node, int | float)):
        yield path


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(DOCUMENTS).flatmap(lambda d: st.tuples(st.just(d), st.sampled_from(list(places(d))))),
    st.sampled_from([0, 1, -1, 40, 2**53, 1e308, -1e308, 1e150, 1e-320, None, True]),
    st.sampled_from(DOCUMENTS),
)
def test_no_document_makes_a_drift_fail(told: tuple[Any, tuple[Any, ...]], lie: Any, other: Any) -> None:
    document, (*path, last) = copy.deepcopy(told[0]), told[1]
    functools.reduce(lambda node, key: node[key], path, document)[last] = lie
    for body in ({"before": document, "after": other}, {"before": other, "after": document}):
        answered(INSIDE.post("/v1/drift", json=body))


@settings(max_examples=100, deadline=None)
@given(anything, st.sampled_from(POSTS))
def test_no_body_fails(body: Any, address: str) -> None:
    answered(INSIDE.json(address, json.dumps(body).encode(errors="replace")))


def answered(reply: httpx.Response) -> None:
    assert reply.status_code in (200, 400, 404, 413, 422), reply.text
    json.loads(reply.text, parse_constant=pytest.fail)


@settings(max_examples=200, deadline=None)
@given(anything, st.booleans())
def test_arrays_are_read_or_refused(value: Any, nulls: bool) -> None:
    try:
        found = read_array(value, "y", nulls)
    except LossesError:
        return
    if isinstance(value, list):
        assert isinstance(found, np.ndarray)
