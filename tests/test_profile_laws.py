"""The profile is a sum: the laws that make streams, uploads and clusters one code path."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from losses import pool
from losses.advice.question import ask
from losses.errors import InvalidShape, InvalidWeights
from losses.profile import Profile, profile, weighted
from losses.profile.column import CHUNK
from losses.profile.distance import distances
from losses.profile.moments import Moments
from losses.profile.readings import WEIGHTED
from losses.profile.sketch import LIMIT, Sketch
from losses.profile.tally import Tally
from losses.profile.weighted import WeightedSketch

few = settings(max_examples=40, deadline=None)


def floats(most: float) -> st.SearchStrategy[float]:
    """Numbers whose squares are no subnormal ones."""
    return st.floats(-most, most).filter(lambda v: v == 0 or abs(v) > 1e-3)


numbers = st.one_of(st.integers(-1000, 1000).map(float), floats(1e6), st.none())
words = st.sampled_from(["low", "high", "", "7", "2020-01-01", "b"])
batches = st.one_of(st.lists(numbers, max_size=40), st.lists(words, max_size=40), st.lists(st.booleans(), max_size=9))
EXACT = (
    *("n", "missing_rows", "infinite", "families", "padded", "lowest", "highest", "zero_rows", "negatives"),
    *("integers", "values", "words", "sketch"),
)


def close(a: Moments, b: Moments) -> bool:
    """Each central sum within 1e-12 of itself, or of what the spread allows it to be."""
    scale, n = max(abs(a.mean), math.sqrt(a.variance) if a.total else 0.0, 1e-300), max(a.total, 1)
    pairs = [(a.mean, b.mean, 1), (a.m2, b.m2, 2), (a.m3, b.m3, 3), (a.m4, b.m4, 4)]
    return a.total == b.total and all(abs(x - y) <= 1e-12 * max(n * scale**k, abs(x)) for x, y, k in pairs)


@few
@given(batches)
def test_the_empty_profile_changes_nothing(batch):
    p = Profile.of(batch)
    assert p + Profile() == p
    assert Profile() + p == p


@few
@given(batches, batches)
def test_the_order_of_two_parts_does_not_matter(first, second):
    a, b = Profile.of(first), Profile.of(second)
    assert a + b == b + a


@few
@given(batches, batches, batches)
def test_the_grouping_of_parts_does_not_matter(first, second, third):
    a, b, c = map(Profile.of, (first, second, third))
    left, right = (a + b) + c, a + (b + c)
    assert all(getattr(left, key) == getattr(right, key) for key in EXACT)
    assert close(left.moments, right.moments)


@few
@given(batches, batches)
def test_the_profile_of_a_whole_is_the_sum_of_its_parts(first, second):
    whole, parts = Profile.of([*first, *second]), Profile.of(first) + Profile.of(second)
    loose = {"families"}  # a list of booleans joined to numbers is a list of mixed types
    assert all(getattr(whole, key) == getattr(parts, key) for key in EXACT if key not in loose)
    assert close(whole.moments, parts.moments)


@few
@given(hnp.arrays(np.float64, st.integers(1, 60), elements=floats(1e3)), st.integers(0, 60))
def test_moments_match_their_definition(x, cut):
    m = Moments.of(x[:cut]) + Moments.of(x[cut:])
    d = x - x.mean()
    expected = Moments(len(x), float(x.mean()), *(float((d**k).sum()) for k in (2, 3, 4)))
    assert close(m, expected) or close(expected, m)


@pytest.mark.parametrize("shape", ["normal", "lognormal", "sorted", "ties"])
def test_quantiles_of_merged_parts_stay_within_the_stated_rank_error(shape):
    rng = np.random.default_rng(7)
    n = 600_000
    x = {
        "normal": lambda: rng.normal(size=n),
        "lognormal": lambda: rng.lognormal(size=n),
        "sorted": lambda: np.arange(n, dtype=float),
        "ties": lambda: rng.integers(0, 5000, n).astype(float),
    }[shape]()
    whole = Profile.of(x)
    parts = sum((Profile.of(part) for part in np.array_split(x, 37)), Profile())
    ordered = np.sort(x)
    for p in (whole, parts):
        assert p.sketch.total == n
        assert p.sketch.rank_error < 0.01
        for q in (0.001, 0.01, 0.25, 0.5, 0.9, 0.999):
            value = p.quantile(q)
            low, high = np.searchsorted(ordered, value, "left") / n, np.searchsorted(ordered, value, "right") / n
            assert low - p.sketch.rank_error - 2e-3 <= q <= high + p.sketch.rank_error + 2e-3


def test_quantiles_are_numpys_while_everything_is_kept():
    x = np.random.default_rng(0).gamma(2.0, size=LIMIT)
    p = Profile.of(x)
    assert p.sketch.rank_error == 0.0
    for q in (0.0, 0.1, 0.5, 0.77, 1.0):
        assert p.quantile(q) == pytest.approx(np.quantile(x, q), rel=1e-12)


def test_a_million_values_fit_into_few():
    p = sum((Profile.of(part) for part in np.array_split(np.random.default_rng(1).normal(size=10**6), 50)), Profile())
    assert sum(v.size for v in p.sketch.levels.values()) <= LIMIT
    assert p.values.values.size == Tally.LIMIT
    assert p.n_classes == pytest.approx(10**6, rel=0.1)


def test_value_counts_beyond_the_bound_are_the_same_however_the_rows_are_split():
    x = np.random.default_rng(3).integers(0, 20_000, 100_000).astype(float)
    whole = Profile.of(x)
    parts = sum((Profile.of(part) for part in np.array_split(x, 11)), Profile())
    assert whole.values.full
    assert whole.values == parts.values
    for value, count in zip(whole.values.values[:50], whole.values.counts[:50], strict=True):
        assert count == np.count_nonzero(x == value)


def test_update_is_addition():
    assert Profile.of([1, 2]).update([3, None]) == Profile.of([1, 2]) + Profile.of([3, None])


def test_a_column_and_a_mask_do_not_add_up():
    with pytest.raises(InvalidShape):
        Profile.of([1, 2]) + Profile.of(np.zeros((2, 4, 4)))


def test_weighted_moments_are_those_of_repeated_rows():
    x, w = np.array([1.0, 4.0, 9.0, 2.0]), np.array([3, 1, 0, 2])
    weighted, repeated = Profile.of(x, sample_weight=w), Profile.of(np.repeat(x, w))
    for reading in ("mean", "variance", "skewness", "excess_kurtosis"):
        assert getattr(weighted, reading) == pytest.approx(getattr(repeated, reading), rel=1e-12)
    assert weighted.weights.squares == 14


def flat(readings, above=""):
    """Every reading by its dotted name."""
    for key, value in readings.items():
        if isinstance(value, dict):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def weighing(readings):
    """The readings that heed weights."""
    return {k: v for k, v in flat(readings) if any(f"{k}.".startswith(f"{name}.") for name in WEIGHTED)}


def alike(found, expected):
    """Equal up to rounding."""
    assert found.keys() == expected.keys()
    for key, value in found.items():
        same = value == expected[key]
        assert same or value == pytest.approx(expected[key], rel=1e-6, abs=1e-9), key


weighty = st.one_of(
    st.lists(st.tuples(st.integers(-3, 12), st.integers(0, 4)), max_size=60),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=60),
    st.lists(st.tuples(st.integers(-4000, 4000).map(lambda v: v / 8), st.integers(0, 4)), max_size=60),
    st.lists(st.tuples(st.sampled_from(["a", "b", "7", "0", "", None, 2.5, "c" * 90]), st.integers(0, 4)), max_size=60),
)


@settings(max_examples=200, deadline=None)
@given(weighty)
def test_a_row_of_weight_two_is_the_row_twice(rows):
    values, weights = [value for value, _ in rows], [weight for _, weight in rows]
    weighted = Profile.of(values, sample_weight=weights).readings()
    repeated = Profile.of([value for value, weight in rows for _ in range(weight)]).readings()
    alike(weighing(weighted), weighing(repeated))


@few
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), min_size=1, max_size=60), st.booleans())
def test_weighted_rows_lie_nowhere_else_than_repeated_ones(rows, worded):
    values = [f"c{value}" if worded else value for value, _ in rows]
    weights = [weight for _, weight in rows]
    p = Profile.of(values, sample_weight=weights)
    d = distances(p, Profile.of(np.repeat(values, weights)))
    assert d.total_variation == pytest.approx(0)
    assert worded or d.ks == pytest.approx(0)


def test_classes_are_weighed_for_advice_and_rare_by_their_rows():
    q = ask(Profile.of(["a"] * 90 + ["b"] * 10, sample_weight=[0.1] * 90 + [0.9] * 10))
    assert q.class_counts == (pytest.approx(50), pytest.approx(50))
    assert q.p.imbalance.rarest == ["b"]
    assert q.p.imbalance_ratio == pytest.approx(1)


def test_a_weight_that_products_lose_is_none():
    assert Profile.of([1.0, 2.0], sample_weight=[1e-320, 1.0]) == Profile.of([2.0], sample_weight=[1.0])


def test_every_reading_that_claims_weights_exists():
    names = {f"{key}." for key, _ in flat(Profile.of([0, 1, 2, 2, 5]).readings())}
    assert all(any(key.startswith(f"{name}.") for key in names) for name in WEIGHTED)


@pytest.mark.parametrize("rows", [500, 5000])
def test_what_shares_of_one_say_does_not_depend_on_their_scale(rows):
    rng = np.random.default_rng(rows)
    x, w = rng.poisson(3, rows) + rng.integers(0, 9, rows) * 100, rng.uniform(0.5, 2, rows) / rows
    one, other = (dict(flat(Profile.of(x, sample_weight=w * scale).readings())) for scale in (1, 2.0**-20))
    scaled = ("imbalance.counts", "zeros.")
    alike(*({k: v for k, v in side.items() if not k.startswith(scaled)} for side in (one, other)))
    assert one["zeros.share"] == pytest.approx(w[x == 0].sum() / w.sum())
    assert one["median"] == pytest.approx(np.quantile(x, 0.5, method="inverted_cdf", weights=w), abs=1)


@few
@given(st.lists(st.tuples(batches, st.sampled_from([None, 0.5, 1.0, 3.0])), min_size=3, max_size=3))
def test_the_grouping_of_parts_with_and_without_weights_does_not_matter(three):
    sized = [(batch, None if w is None else w * (1 + np.arange(len(batch)) % 3)) for batch, w in three]
    a, b, c = (Profile.of(batch, sample_weight=w) for batch, w in sized)
    left, right = (a + b) + c, a + (b + c)
    assert a + b == b + a
    assert a + Profile() == a == Profile() + a
    assert all(getattr(left, key) == getattr(right, key) for key in EXACT)
    assert (left.weights is None) == (right.weights is None)
    if left.weights and right.weights:
        assert left.weights.squares == pytest.approx(right.weights.squares)
        assert (left.weights.total, left.weights.zeros) == (right.weights.total, right.weights.zeros)
    every = [1.0 if w is None else v for batch, w in sized for v in (w if w is not None else [1.0] * len(batch))]
    if any(w is not None for batch, w in sized if len(batch)):
        whole = Profile.of([v for batch, _ in sized for v in batch], sample_weight=every)
        alike(weighing(left.readings()), weighing(whole.readings()))


@pytest.mark.parametrize("law", ["uniform", "lognormal", "magnitudes"])
def test_weighted_quantiles_of_merged_parts_stay_within_the_stated_rank_error(law):
    rng = np.random.default_rng(9)
    x = np.round(rng.normal(size=200_000), 4)
    w = {
        "uniform": lambda: rng.uniform(0.5, 2, x.size),
        "lognormal": lambda: rng.lognormal(0, 2, x.size),
        "magnitudes": lambda: 10.0 ** rng.integers(-9, 9, x.size),
    }[law]()
    cuts = np.array_split(np.arange(x.size), 23)
    parts = sum((Profile.of(x[at], sample_weight=w[at]) for at in cuts), Profile())
    order = np.argsort(x)
    below = np.cumsum(w[order]) / w.sum()
    for p in (parts, Profile.of(x, sample_weight=w)):
        assert p.sketch.total == pytest.approx(w.sum(), rel=1e-9)
        assert 0 < p.sketch.rank_error < 0.02
        assert p.sketch.weights.size <= weighted.LIMIT
        heaviest = p.sketch.weights.max() / w.sum()  # between two points kept
        for q in (0.001, 0.01, 0.25, 0.5, 0.9, 0.999):
            at = np.searchsorted(x[order], p.quantile(q), "right")
            low, high = below[np.searchsorted(x[order], p.quantile(q), "left") - 1], below[min(at, x.size - 1)]
            assert low - p.sketch.rank_error - heaviest <= q <= high + p.sketch.rank_error + heaviest


@few
@given(st.integers(0, 99), st.integers(1, 9000), st.integers(1, 9000))
def test_sketches_under_weights_commute_to_the_bit_and_have_an_identity(seed, m, n):
    rng = np.random.default_rng(seed)
    a, b = (WeightedSketch.of_sorted(np.sort(rng.normal(size=size)), rng.lognormal(size=size)) for size in (m, n))
    plain = Sketch.of_sorted(np.sort(rng.normal(size=n)))
    assert a + b == b + a
    assert a + plain == plain + a
    assert a + Sketch() == a == WeightedSketch() + a


def test_rows_without_weights_count_once_among_rows_with_them():
    mixed = Profile.of([1.0, 5.0]) + Profile.of([2.0], sample_weight=[2.0])
    assert mixed.mean == pytest.approx(np.average([1, 5, 2], weights=[1, 1, 2]))


def test_weights_of_missing_rows_are_left_out():
    p = Profile.of([1.0, None, 3.0], sample_weight=[1.0, 50.0, 3.0])
    assert p.mean == 2.5


@pytest.mark.parametrize("weight", [[-1.0, 1.0], [math.nan, 1.0], [math.inf, 1.0], ["a", "b"]])
def test_weights_that_cannot_be_are_refused(weight):
    with pytest.raises(InvalidWeights):
        Profile.of([1.0, 2.0], sample_weight=weight)


def test_a_part_that_weighs_nothing_is_empty_and_a_whole_is_refused():
    assert Profile.of([1.0, None], sample_weight=[0.0, 0.0]) == Profile()
    assert Profile.of(np.ones((2, 3)), sample_weight=[0, 0]) == Profile()
    p = Profile.of([1.0, 5.0], sample_weight=[1, 3])
    assert p.update([7.0, 8.0], sample_weight=[0, 0]) == p
    with pytest.raises(InvalidWeights):
        profile([1.0, 2.0], sample_weight=[0.0, 0.0])


@few
@given(st.one_of(st.lists(st.tuples(numbers, st.integers(0, 2))), st.lists(st.tuples(words, st.integers(0, 2)))))
def test_a_row_of_weight_zero_is_no_row(rows):
    values, weights = [value for value, _ in rows], [weight for _, weight in rows]
    kept = [(value, weight) for value, weight in rows if weight]
    assert Profile.of(values, sample_weight=weights) == Profile.of(
        [v for v, _ in kept], sample_weight=[w for _, w in kept]
    )


def test_as_many_weights_as_rows_are_expected():
    with pytest.raises(InvalidShape):
        Profile.of([1.0, 2.0], sample_weight=[1.0])


def test_moments_that_overflow_are_infinite_and_stay_so():
    p = Profile.of([1e200, -1e200]) + Profile.of([1e308, 1e308])
    assert p.moments.m2 == math.inf
    assert math.isnan(p.skewness)
    json.dumps(p.readings(), allow_nan=False)


def test_an_empty_sketch_has_no_quantile():
    assert math.isnan(Sketch().quantile(0.5))


def test_weights_of_nothing_leave_no_trace():
    p = Profile.of([None], sample_weight=[2.0])
    assert p + Profile() == p == Profile() + p


def of_parts(x, cuts):
    """The profile of an array that comes in pieces, with those of the second half added up on their own."""
    parts = [Profile.of(part) for part in np.split(x, sorted(cuts))]
    half = len(parts) // 2
    return sum(parts[:half], Profile()) + sum(parts[half:], Profile())


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["normal", "ties", "sorted", "heavy"]),
    st.integers(0, 99),
    st.lists(st.integers(0, 50_000), max_size=12),
    st.lists(st.integers(0, 50_000), max_size=3),
)
def test_the_split_of_many_rows_does_not_matter(shape, seed, some, others):
    rng = np.random.default_rng(seed)
    x = {
        "normal": lambda: rng.normal(5.0, size=50_000),
        "ties": lambda: rng.integers(0, 5000, 50_000).astype(float),
        "sorted": lambda: np.sort(rng.normal(size=50_000)),
        "heavy": lambda: rng.pareto(3.0, 50_000),
    }[shape]()
    a, b = of_parts(x, some), of_parts(x, others)
    assert all(getattr(a, key) == getattr(b, key) for key in EXACT if key != "sketch")
    assert close(a.moments, b.moments)
    ordered = np.sort(x)
    for p in (a, b):
        assert p.sketch.total == x.size
        room = p.sketch.slack + max(1 << h for h in p.sketch.levels)  # and between two points kept
        for q in (0.001, 0.1, 0.5, 0.99):
            low, high = (np.searchsorted(ordered, p.quantile(q), side) for side in ("left", "right"))
            assert low - room <= q * x.size <= high + room


@few
@given(st.integers(0, 99), st.integers(1, 50_000), st.integers(1, 50_000))
def test_sketches_commute_to_the_bit_and_have_an_identity(seed, m, n):
    rng = np.random.default_rng(seed)
    a, b = (Sketch.of_sorted(np.sort(rng.normal(size=size))) for size in (m, n))
    assert a + b == b + a
    assert a + Sketch() == a == Sketch() + a


def test_the_number_of_threads_does_not_change_a_bit(monkeypatch):
    x = np.random.default_rng(5).normal(size=4 * CHUNK + 17)
    x[::1000] = math.nan
    found = []
    for count in (1, 2, 5):
        monkeypatch.setattr(pool, "THREADS", count)
        pool._pool.cache_clear()
        found.append(Profile.of(x, sample_weight=np.abs(np.nan_to_num(x, nan=1.0))))
        pool._pool().shutdown()
    pool._pool.cache_clear()
    assert found[0] == found[1] == found[2]
    assert (found[0].n, found[0].missing_rows) == (4 * CHUNK + 17 - 1049, 1049)
    assert found[0].moments == found[1].moments
    assert found[0].mean == pytest.approx(np.average(x[x == x], weights=np.abs(x[x == x])), rel=1e-12)


def test_work_in_the_pool_does_not_wait_for_the_pool():
    def inner(i):
        return sum(pool.ahead(abs, range(i)))

    assert list(pool.ahead(inner, range(20))) == [sum(range(i)) for i in range(20)]


def test_the_first_error_stops_work_ahead():
    seen = []

    def fails(i):
        seen.append(i)
        return 1 // (i - 3)

    with pytest.raises(ZeroDivisionError):
        list(pool.ahead(fails, range(10_000)))
    assert len(seen) < 1000
