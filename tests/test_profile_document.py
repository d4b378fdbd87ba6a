"""A profile travels as JSON and comes back the same; a document that cannot be true is refused."""

from __future__ import annotations

import base64
import copy
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from losses.errors import InvalidProfile
from losses.profile import Profile

COLUMNS = {
    "numbers": [1.5, 2.0, None, -3.0, math.inf],
    "counts": [0, 1, 2, 3] * 30,
    "strings": ["a", "b", "a", ""],
    "mixed": ["a", 1, True, None, "007"],
    "huge": [1e300, -1e300, 2.0],
    "empty": [],
    "missing": [None, None],
    "labels": np.array([[0, 1], [1, 1], [0, 0]]),
    "masks": np.ones((3, 4, 4)),
    "long": np.random.default_rng(0).normal(size=300_000),
}


@pytest.mark.parametrize("column", COLUMNS)
def test_a_profile_survives_json(column):
    p = Profile.of(COLUMNS[column], name=column)
    text = json.dumps(p.to_dict(), allow_nan=False)
    assert Profile.from_dict(json.loads(text)) == p


def weighed(values):
    """A profile in which no two rows weigh the same."""
    return Profile.of(values, sample_weight=1.0 + np.random.default_rng(3).random(len(values)))


@pytest.mark.parametrize("column", COLUMNS)
def test_weights_survive_json(column):
    p = weighed(COLUMNS[column])
    assert Profile.from_dict(json.loads(json.dumps(p.to_dict(), allow_nan=False))) == p
    both = p + Profile.of(COLUMNS[column])
    assert Profile.from_dict(json.loads(json.dumps(both.to_dict(), allow_nan=False))) == both
    q = Profile.from_dict(json.loads(json.dumps(both.to_dict(private=True), allow_nan=False)))
    assert Profile.from_dict(q.to_dict(private=True)) == q
    json.dumps([q.readings(), (q + p).to_dict(private=True)], allow_nan=False)


def test_weights_need_no_room_where_there_are_none():
    assert Profile.of([1.0, 2.0]).to_dict()["weights"] is None


def test_a_private_document_of_weighted_rows_holds_no_ones_value():
    x = np.append(np.round(np.random.default_rng(0).normal(50, 9, 500), 6), 123456.5)
    p = weighed(x)
    document = p.to_dict(private=True)
    points = np.frombuffer(base64.b64decode(document["sketch"]["levels"]["0"]))
    assert not np.isin(points, x).any()
    assert points.size == x.size // 10
    again = Profile.from_dict(document)
    assert again.median == pytest.approx(p.median, abs=1.0)
    assert again.sketch.total == pytest.approx(p.sketch.total)


def test_a_merged_profile_reads_like_one_that_never_left():
    a, b = Profile.of([1, 2, 3]), Profile.of([4, 9])
    assert Profile.from_dict(a.to_dict()) + b == a + b


def test_the_document_stays_small_whatever_the_column():
    rng = np.random.default_rng(0)
    p = sum((Profile.of(part) for part in np.array_split(rng.normal(size=2_000_000), 9)), Profile())
    q = Profile.of([f"{'é' * 500}{i}" for i in range(3000)])
    assert len(json.dumps((p + q).to_dict())) <= 200_000
    w = weighed(rng.normal(size=100_000) * 1e-300) + weighed([f"{'é' * 500}{i}" for i in range(3000)])
    assert w.values.full
    assert w.words.full
    assert len(json.dumps((p + q + w).to_dict())) <= 200_000


def test_a_private_document_holds_no_ones_value():
    x = np.append(np.round(np.random.default_rng(0).normal(50, 9, 500), 6), 123456.5)
    p = Profile.of(x)
    document = p.to_dict(private=True)
    text = json.dumps(document)
    assert "123456.5" not in text
    levels = [np.frombuffer(base64.b64decode(v)) for v in document["sketch"]["levels"].values()]
    assert not np.isin(np.concatenate(levels), x).any()
    assert document["values"]["values"] == ""
    again = Profile.from_dict(json.loads(text))
    assert again.kind == p.kind
    assert again.median == pytest.approx(p.median, abs=1.0)


def test_a_private_document_keeps_what_many_share():
    p = Profile.from_dict(Profile.of(["a"] * 50 + ["b"] * 40 + ["rare"]).to_dict(private=True))
    assert p.words.values.tolist() == ["a", "b"]
    assert (p.rarest_count, p.majority_share) == (1, 50 / 91)


def test_a_share_that_a_private_document_cannot_know_is_no_number():
    p = Profile.from_dict(Profile.of(["a", "b", "a"]).to_dict(private=True))
    assert (p.kind, p.n_classes) == ("binary", 2)
    assert math.isnan(p.majority_share)


def test_a_handful_of_rows_is_nobodys_business():
    document = Profile.of([1.0, 2.0, 3.0, 777777.0]).to_dict(private=True)
    p = Profile.from_dict(document)
    assert (p.n, p.missing_rows, p.integers) == (4, 0, 4)
    assert (p.mean, p.min, p.max) == (200_000, 1, 1_000_000)
    assert set(p.sketch.weighted()[0]) == {p.mean}
    assert p.values.values.size == 0


def changed(path, value):
    document = Profile.of([0, 1, 2, 5] * 5, name="y", sample_weight=[1.0, 2.0] * 10).to_dict()
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return document


def packed(*values, kind="<f8"):
    return base64.b64encode(np.array(values, kind).tobytes()).decode()


HOSTILE = [
    (("version",), 2),
    (("version",), True),
    (("n",), -1),
    (("n",), 10**30),
    (("n",), 3),
    (("n",), 20.0),
    (("zero_rows",), 21),
    (("negatives",), 1),
    (("lowest",), 9),
    (("lowest",), None),
    (("highest",), float("nan")),
    (("moments",), [20.0, 99.0, 1.0, 0.0, 1.0]),
    (("moments",), [20.0, 2.0, -1.0, 0.0, 1.0]),
    (("moments",), [20.0, 2.0, 70.0, 0.0, 1.0]),
    (("moments",), [20.5, 2.0, 70.0, 40.0, 500.0]),
    (("moments",), "moments"),
    (("families",), {"numbers": 19}),
    (("families",), {"<script>": 20}),
    (("families",), []),
    (("values", "values"), packed(0, 1, 5, 2)),
    (("values", "values"), packed(0, 1, 2, math.nan)),
    (("values", "values"), "%%%"),
    (("values", "values"), "A" * 10**6),
    (("values", "counts"), packed(5, 5, 5, 50, kind="<i8")),
    (("values", "counts"), packed(5, 5, 5, -5, kind="<i8")),
    (("values", "full"), 1),
    (("words", "values"), ["x" * 10**6]),
    (("words", "values"), [None]),
    (("words", "values"), "abc"),
    (("sketch", "levels"), {"0": packed(1.0)}),
    (("sketch", "levels"), {"99": packed(1.0)}),
    (("sketch", "levels"), {"-1": packed(1.0)}),
    (("sketch", "levels"), {"0": packed(*[0, 1, 2, 7] * 5)}),
    (("sketch", "levels"), None),
    (("weights", "total"), -1.0),
    (("weights", "squares"), 0.0),
    (("weights", "zeros"), -1.0),
    (("weights", "zeros"), 0.0),
    (("weights", "zeros"), 31.0),
    (("weights", "total"), 29.0),
    (("weights", "values"), None),
    (("weights", "values"), packed(7.5, 7.5, 7.5)),
    (("weights", "values"), packed(7.5, 7.5, 7.5, 8.5)),
    (("weights", "values"), packed(5.0, 10.0, 16.0, -1.0)),
    (("weights", "values"), packed(1e300, 10.0, 5.0, 10.0)),
    (("weights", "words"), packed(1.0)),
    (("weights", "moments"), [30.0, 1e308, 1.0, 0.0, 1.0]),
    (("weights", "points"), None),
    (("weights", "points"), packed(1.0)),
    (("weights", "points"), packed(*[1.5] * 19, 1.6)),
    (("weights", "points"), packed(*[1.5] * 19, 0.0)),
    (("weights", "points"), "%%%"),
    (("sketch", "thinnings"), 1),
    (("sketch", "slack"), -1.0),
    (("structure",), {"form": "nonsense", "width": 1, "rows": 1, "sums": []}),
    (("structure",), {"form": "masks", "width": 1, "rows": 1, "sums": [1]}),
    (("name",), ["y"]),
    (("private",), "no"),
    (("extra",), 1),
]


@pytest.mark.parametrize(("path", "value"), HOSTILE, ids=[f"{'.'.join(p)}={str(v)[:24]}" for p, v in HOSTILE])
def test_a_document_that_cannot_be_true_is_refused(path, value):
    with pytest.raises(InvalidProfile):
        Profile.from_dict(changed(path, value))


@pytest.mark.parametrize("document", [None, [], "profile", 3, {}, {"version": 1}, {1: 2}])
def test_what_is_no_document_is_refused(document):
    with pytest.raises(InvalidProfile):
        Profile.from_dict(document)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda c: st.lists(c) | st.dictionaries(st.text(), c),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_junk_in_any_field_is_refused_or_harmless(data):
    document = copy.deepcopy(Profile.of([0, 1, 2, 5] * 5, name="y").to_dict())
    key = data.draw(st.sampled_from(sorted(document)))
    document[key] = data.draw(junk)
    try:
        p = Profile.from_dict(document)
    except InvalidProfile:
        return
    json.dumps(p.readings(), allow_nan=False)


def test_a_few_numbers_among_strings_are_hidden_too():
    p = Profile.from_dict(Profile.of(["a"] * 30 + [123.25, 7.5]).to_dict(private=True))
    assert (p.n, p.missing_rows, p.min, p.max) == (32, 0, 1, 1000)
    assert p.kind == Profile.of(["a"] * 30 + [123.25, 7.5]).kind


PRIVATE = {
    "normal": np.random.default_rng(1).normal(size=3000),
    "many": np.random.default_rng(1).normal(size=40_000),
    "rounded incomes": np.round(np.exp(np.random.default_rng(0).normal(12, 0.6, 5000))),
    "running numbers": np.arange(100_000, 102_000),
    "packed dates": [20_200_100 + i % 28 + 1 for i in range(300)],
    "years": np.random.default_rng(2).integers(1950, 2021, 500),
    "counts": np.random.default_rng(3).poisson(20, 500),
    "zero-inflated": np.where(np.random.default_rng(4).random(800) < 0.4, 0, np.random.default_rng(4).poisson(6, 800)),
    "shares": np.random.default_rng(5).beta(2, 3, 800),
    "names": [f"A{i:05d}" for i in range(3000)],
    "few": [1, 2, 3, 777777],
    "two": [0, 1, 1],
    "one": [5.0],
    "tiny": [1e-310, 3e-200, 0.0],
    "huge": [1e300, -1e300, 1.7e308] * 9,
    "large": [1.7e308, -2.0],
    "few and huge": [1.7e308, -1e308, 3.0],
    "huge and apart": np.random.default_rng(8).choice([1.7e308, -1e308, 3.0], 40),
    "constant": [0.1] * 37,
    "negative": -np.random.default_rng(6).lognormal(3, 1, 500),
    "words": ["x", "y", "z"],
    "labels": np.random.default_rng(7).integers(0, 2, (3, 5)),
    "masks": np.ones((3, 4, 4)),
    "empty": [],
    "missing": [None, None],
    "infinite": [math.inf] * 3,
}


@pytest.mark.parametrize("column", PRIVATE)
def test_a_private_document_can_be_read_and_says_the_same_of_the_column(column):
    p = Profile.of(PRIVATE[column])
    text = json.dumps(p.to_dict(private=True), allow_nan=False)
    q = Profile.from_dict(json.loads(text))
    assert (q.n, q.missing_rows, q.integers, q.zero_rows, q.negatives) == (
        *(p.n, p.missing_rows, p.integers, p.zero_rows, p.negatives),
    )
    assert [(k.id, k.share, k.rival) for k in q.kinds] == [(k.id, k.share, k.rival) for k in p.kinds]
    bare = [[sentence.partition(" (")[0] for sentence in kind.evidence] for kind in p.kinds]
    assert [list(kind.evidence) for kind in q.kinds] == bare  # the numbers that a sentence shows stay at home
    assert (q.n_classes, q.unit_interval, q.nonnegative) == (p.n_classes, p.unit_interval, p.nonnegative)
    assert p.n < 10 or q.moments == p.moments
    assert q.zero_fit == p.zero_fit
    assert Profile.from_dict(q.to_dict(private=True)) == q
    json.dumps(q.readings(), allow_nan=False)


def test_the_extremes_of_a_private_document_are_round_unless_a_crowd_shares_them():
    p = Profile.from_dict(Profile.of([0] * 20 + list(range(1, 700)) + [123456.5]).to_dict(private=True))
    assert (p.min, p.max) == (0, 200_000)


def test_what_joins_a_private_profile_is_hidden_when_the_sum_is_private():
    rare = 4321.125
    private = Profile.from_dict(Profile.of(np.arange(50) / 8).to_dict(private=True))
    both = private + Profile.of([rare, *range(30)])
    again = Profile.from_dict(json.loads(json.dumps(both.to_dict(private=True))))
    assert rare not in again.values.values
    assert rare not in again.sketch.weighted()[0]
    assert (again.max, again.n) == (5000, 81)
    assert Profile.from_dict(both.to_dict()) == both


def test_private_numbers_of_which_nothing_is_listed_are_no_dates():
    p = Profile.from_dict(Profile.of(np.arange(100_000, 101_000)).to_dict(private=True))
    assert (p + p).kind != "datetime"


def test_there_are_never_more_distinct_values_than_rows():
    for seed in range(6):
        p = Profile.of(np.random.default_rng(seed).normal(size=5000))
        assert p.n_classes <= 5000
    assert Profile.of([f"A{i:05d}" for i in range(3000)]).n_classes <= 3000


@pytest.mark.parametrize("rows", [20, 5000, 40_000])
@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(("key", "value"), [("highest", 1e300), ("highest", 1e5), ("lowest", -1e300)])
def test_extremes_that_the_values_belie_are_refused(rows, private, key, value):
    x = np.random.default_rng(0).normal(size=rows)
    document = Profile.of(x).to_dict(private=private)
    document[key] = value
    with pytest.raises(InvalidProfile):
        Profile.from_dict(document)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scores", {}),
        ("scores", {"nonsense": 1}),
        ("scores", {"count": math.inf}),
        ("because", []),
        ("zeros", [-1, 0]),
        ("zeros", 3),
    ],
)
def test_a_private_document_with_an_impossible_verdict_is_refused(key, value):
    document = Profile.of(range(50)).to_dict(private=True)
    document["told"][key] = value
    with pytest.raises(InvalidProfile):
        Profile.from_dict(document)


def test_a_sentence_that_is_none_of_ours_is_not_repeated():
    document = Profile.of(range(50)).to_dict(private=True)
    document["told"]["because"] = {"identifier": ["<script>"]}
    assert Profile.from_dict(document).kinds[0].evidence == ()


def test_sums_of_an_array_of_huge_numbers_stay_json():
    p = Profile.of(np.full((12, 3), 1e200))
    assert Profile.from_dict(json.loads(json.dumps(p.to_dict(), allow_nan=False))) == p
    assert p.readings()["structure"]["mean_norm"] == pytest.approx(3**0.5 * 1e200)
    for task in ("boxes", "segmentation", "distillation"):
        json.dumps(Profile.of(np.full((12, 4), 1e300), task=task).to_dict(), allow_nan=False)


def test_a_name_of_any_length_is_cut():
    p = Profile.of([1, 2], name="x" * 10**6)
    assert Profile.from_dict(p.to_dict()) == p
    assert len(p.name) == 200


def leaves(node, path=()):
    """The path of every value in a document."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from leaves(value, (*path, key))


NUDGES = (None, [], {}, "", "x", True, -1, 0, 1, 7.5, 5e-324, 1e308, 2**53)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_value_changed_is_refused_or_harmless(data):
    column = data.draw(st.sampled_from(["numbers", "counts", "strings", "mixed", "labels"]))
    document = data.draw(st.sampled_from([Profile.of, weighed]))(COLUMNS[column]).to_dict(data.draw(st.booleans()))
    path = data.draw(st.sampled_from(list(leaves(document))))
    target = document
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = data.draw(st.sampled_from(NUDGES))
    try:
        p = Profile.from_dict(document)
    except InvalidProfile:
        return
    json.dumps([p.readings(), (p + p).to_dict(), p.to_dict(private=True)], allow_nan=False)


# -- bytes


@pytest.mark.parametrize("column", COLUMNS)
def test_a_profile_survives_bytes(column):
    p = Profile.of(COLUMNS[column], name=column)
    packed = p.to_bytes()
    assert len(packed) <= 200_000
    assert Profile.from_bytes(packed) == Profile.from_bytes(memoryview(packed)) == p


def test_states_that_went_through_bytes_add_up_as_if_they_had_not():
    parts = [Profile.of(part) for part in np.array_split(COLUMNS["long"], 7)]
    assert sum((Profile.from_bytes(p.to_bytes()) for p in parts), Profile()) == sum(parts, Profile())


GOOD = Profile.of([1.0, 2.0, 4.0]).to_bytes()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x80\x04K\x01.", id="a pickle"),
        pytest.param(GOOD[:-1], id="cut"),
        pytest.param(GOOD + b"x", id="more"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b" " * 200_000 + GOOD, id="too long"),
        pytest.param(GOOD.replace(b'"version":1', b'"version":2'), id="a newer version"),
        pytest.param(GOOD.replace(b'"n":3', b'"n":1e999'), id="infinite rows"),
        pytest.param(GOOD.replace(b'"n":3', b'"n":' + b"9" * 5000), id="countless rows"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(GOOD.decode(), id="text"),
        pytest.param(None, id="none"),
    ],
)
def test_bytes_that_are_no_profile_are_refused(data):
    with pytest.raises(InvalidProfile):
        Profile.from_bytes(data)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_a_profile_or_a_refusal(place, byte):
    changed = bytearray(GOOD)
    changed[place] = byte
    try:
        p = Profile.from_bytes(bytes(changed))
    except InvalidProfile:
        return
    assert Profile.from_bytes(p.to_bytes()) == p
