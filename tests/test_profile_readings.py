"""Readings are what their definitions say, and never a surprise."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from losses.profile import Profile, profile

rng = np.random.default_rng(11)


def test_robust_sigma_is_the_scaled_median_absolute_deviation():
    x = rng.normal(3, 2, 999)
    mad = np.median(np.abs(x - np.median(x)))
    assert profile(x).robust_sigma == pytest.approx(1.4826 * mad, rel=1e-12)
    assert profile(x).robust_sigma_source == "mad"


def test_robust_sigma_falls_back_to_the_interquartile_range():
    x = np.array([0.0] * 51 + [5.0] * 30 + [-4.0] * 19)
    assert np.median(np.abs(x)) == 0
    p = profile(x)
    assert p.robust_sigma == pytest.approx((np.quantile(x, 0.75) - np.quantile(x, 0.25)) / 1.349)
    assert p.robust_sigma_source == "iqr"


def test_robust_sigma_falls_back_to_the_mean_deviation():
    x = np.array([2.0] * 95 + [10.0] * 5)
    p = profile(x)
    assert p.robust_sigma == pytest.approx(np.abs(x - 2).mean())
    assert p.robust_sigma_source == "mean_deviation"


def test_robust_sigma_of_a_constant_is_zero():
    assert profile([4, 4, 4]).robust_sigma == 0.0


@pytest.mark.parametrize("power", [1.2, 1.5, 1.8])
def test_the_tweedie_power_is_recovered_from_the_zeros(power):
    mu, phi, n = 2.0, 1.5, 200_000
    rate = mu ** (2 - power) / (phi * (2 - power))
    shape, scale = (2 - power) / (power - 1), phi * (power - 1) * mu ** (power - 1)
    jumps = rng.poisson(rate, n)
    y = np.where(jumps > 0, rng.gamma(np.maximum(jumps, 1) * shape, scale), 0.0)
    assert profile(y).tweedie_power == pytest.approx(power, abs=0.02)


def test_the_tweedie_power_without_zeros_is_the_safe_default():
    assert profile(rng.gamma(2, size=100)).tweedie_power == 1.5


def test_over_dispersion_is_recovered():
    y = rng.negative_binomial(2.0, 0.2, 100_000)
    assert profile(y).nb_alpha == pytest.approx(0.5, rel=0.05)
    assert profile(rng.poisson(4, 5000)).nb_alpha == 0.0


def test_shape_readings_are_scipys():
    stats = pytest.importorskip("scipy.stats")
    x = rng.gamma(2, size=5000)
    p = profile(x)
    assert p.skewness == pytest.approx(stats.skew(x), rel=1e-10)
    assert p.excess_kurtosis == pytest.approx(stats.kurtosis(x), rel=1e-10)
    assert p.variance == pytest.approx(x.var(), rel=1e-12)


def test_the_top_hundredth_carries_what_it_carries():
    x = np.append(np.zeros(99), 10.0)
    square = (x - x.mean()) ** 2
    assert profile(x).top_share == pytest.approx(square.max() / square.sum())


def test_outliers_are_counted_in_robust_sigmas():
    x = np.concatenate([rng.normal(size=990), np.full(10, 50.0)])
    found = profile(x).outliers
    assert found.share_5s == pytest.approx(0.01)
    assert found["rows"] == 10


def test_a_pareto_tail_shows_its_index():
    assert profile(rng.pareto(2.0, 8000)).tail_index == pytest.approx(2.0, rel=0.25)


def test_imbalance_says_counts_ratio_entropy_and_majority():
    p = profile(["a"] * 90 + ["b"] * 10)
    expected = -(0.9 * math.log(0.9) + 0.1 * math.log(0.1)) / math.log(2)
    assert p.imbalance == {
        "counts": {"a": 90, "b": 10},
        "ratio": 9.0,
        "entropy": pytest.approx(expected),
        "majority": 0.9,
        "effective_classes": pytest.approx(math.exp(expected * math.log(2))),
        "rare_classes": 1,
        "rarest": ["b"],
    }
    assert (p.n_classes, p.minority_share, p.rarest_count) == (2, 0.1, 10)


@pytest.mark.parametrize("k", [1, 2, 7, 300])
def test_equal_classes_all_count(k):
    assert profile([f"c{i}" for i in range(k)] * 20).imbalance.effective_classes == pytest.approx(k)


def test_rare_classes_have_fewer_than_twenty_rows_and_a_few_are_named():
    rows = {"g": 500, "f": 20, "e": 19, "d": 3, "c": 3, "b": 2, "a": 7, "z": 1, "y": 12}
    imbalance = profile([name for name, count in rows.items() for _ in range(count)]).imbalance
    assert (imbalance.rare_classes, imbalance.rarest) == (7, ["z", "b", "c", "d", "a"])
    assert profile([3] * 30 + [4] * 30).imbalance.rarest == []


def test_classes_too_many_to_list_are_not_said_to_be_few():
    imbalance = profile(rng.normal(size=5000)).imbalance
    assert math.isnan(imbalance.effective_classes)
    assert math.isnan(imbalance.rare_classes)
    assert (imbalance.counts, imbalance.rarest) == ({}, [])


def test_classes_of_numbers_are_named_as_they_are_written():
    assert list(profile([3, 1.5, 1]).imbalance.counts) == ["1", "1.5", "3"]


def test_support_zeros_and_missing_are_plain():
    p = profile([0.0, 0.25, None, 1.0, math.inf])
    assert p.support == {
        "min": 0.0,
        "max": 1.0,
        "nonnegative": True,
        "positive": False,
        "unit_interval": True,
        "integers": False,
        "step": 0.25,
        "heaping": {},
        "at_min": pytest.approx(1 / 3),
        "at_max": pytest.approx(1 / 3),
    }
    assert p.zeros.share == pytest.approx(1 / 3)
    assert p.missing == {"count": 1, "share": 0.2, "infinite": 1}


@pytest.mark.parametrize(
    "values", [[], [None], [5], [1, 1], ["a"], [math.inf], [True], np.zeros((2, 3, 3)), [0, 0, 1e-320], [1e308, -1e308]]
)
def test_every_reading_of_any_column_is_json(values):
    p = profile(values)
    json.dumps(p.readings(), allow_nan=False)
    assert repr(p).startswith("<Profile")


def test_the_repr_tells_the_kind_and_the_main_facts():
    assert repr(Profile.of([1.5, 2.0, 9.25], name="price")).startswith("<Profile 'price': ")


def test_codes_for_missing_values_are_found():
    y = rng.poisson(2, 500)
    assert profile(np.append(y, [99] * 7)).sentinels == {99.0: 7}
    assert profile(np.append(y, [-1] * 7)).sentinels == {-1.0: 7}
    assert profile(y).sentinels == {}


@pytest.mark.parametrize("code", [-999, 99999])
@pytest.mark.parametrize("scale", [1.0, 0.37])
def test_codes_are_found_among_more_values_than_are_listed(code, scale):
    x = np.append(rng.integers(10, 20_000, 100_000) * scale / 20, np.full(900, float(code)))
    p = profile(rng.permutation(x))
    assert p.values.full
    assert list(p.sentinels) == [code]
    assert p.sentinels[code] == pytest.approx(900, abs=p.sketch.slack)
    clean = p.without_sentinels()
    assert (clean.min, clean.max) == (pytest.approx(0.5 * scale, abs=scale), pytest.approx(1000 * scale, abs=scale))
    assert clean.mean == pytest.approx(x[:-900].mean(), rel=0.01)
    assert clean.std == pytest.approx(x[:-900].std(), rel=0.01)
    assert clean.integral == (scale == 1.0 and bool((x == np.rint(x)).all()))
    assert clean.nonnegative
    assert p.kind == profile(x[:-900]).kind


def test_many_values_without_a_code_have_none():
    for x in (rng.integers(-1, 90_000, 100_000), rng.integers(-999, 99_999, 100_000), rng.normal(size=100_000)):
        assert profile(x).sentinels == {}
    assert profile(np.append(rng.normal(size=100_000), [999.0])).sentinels == {}


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([1e-9, 0.001, 0.01, 0.025, 0.1, 0.25, 0.5, 1, 2, 5, 7, 12, 1000]),
    st.lists(st.integers(-900, 900), min_size=1, max_size=30),
)
def test_the_step_is_the_largest_that_all_are_multiples_of(step, multiples):
    factor = math.gcd(*multiples)
    found = profile([m * step for m in multiples]).support.step
    assert found == pytest.approx(factor * step) if factor else math.isnan(found)


def test_what_is_measured_finely_has_no_step():
    assert math.isnan(profile(rng.normal(size=50)).support.step)
    assert math.isnan(profile(rng.normal(size=50_000)).support.step)
    assert math.isnan(profile([1e300, 3.0]).support.step)
    assert profile([1.6e12, 1.7e12 + 1]).support.step == 1
    assert math.isnan(profile(["a"]).support.step)


def test_one_fraction_among_many_whole_numbers_leaves_no_whole_step():
    x = rng.permutation(np.append(rng.integers(0, 90_000, 200_000), [0.5]))
    assert not profile(x).support.step >= 1


@pytest.mark.parametrize("rows", [900, 60_000])
@pytest.mark.parametrize("step", [1, 5, 2, 0.5])
def test_a_smooth_law_has_the_share_of_round_numbers_that_is_expected(rows, step):
    heaping = profile(np.round(rng.gamma(4, 120, rows) / step) * step).support.heaping
    assert set(heaping) == ({"5", "10", "100"} if rows == 900 or step >= 1 else {"5", "10"})
    for base, found in heaping.items():
        assert found["expected"] == pytest.approx(math.gcd(int(2 * step), 2 * int(base)) / (2 * int(base)))
        assert found["share"] == pytest.approx(
            found["expected"], abs=4 * math.sqrt(found["expected"] / min(rows, 1500))
        )


def test_heaps_on_round_numbers_are_measured():
    age = rng.normal(45, 15, 5000)
    heaping = profile(np.where(rng.random(5000) < 0.3, 10 * np.round(age / 10), np.round(age))).support.heaping
    assert heaping["10"] == {"share": pytest.approx(0.37, abs=0.03), "expected": 0.1}
    assert "100" not in heaping
    assert profile(rng.poisson(1, 500)).support.heaping == {}


def test_spikes_at_the_ends_are_measured_however_many_values_there_are():
    for rows in (1000, 100_000):
        support = profile(rng.normal(size=rows).clip(-1, 1.5)).support
        assert support.at_min == pytest.approx(0.159, abs=0.04)
        assert support.at_max == pytest.approx(0.067, abs=0.03)


def test_duplicates_are_rows_that_repeat_a_value():
    assert profile([3, 3, 3, 1, None, "a", "a"]).duplicates == {
        "distinct": 3,
        "estimated": False,
        "repeated_share": pytest.approx(0.5),
    }
    found = profile(rng.integers(0, 50_000, 200_000)).duplicates
    assert found.estimated
    assert found.distinct == pytest.approx(50_000 * (1 - math.exp(-4)), rel=0.08)
    assert found.repeated_share == pytest.approx(1 - (1 - math.exp(-4)) / 4, abs=0.03)
    assert math.isnan(profile([]).duplicates.repeated_share)


def test_a_pile_at_the_maximum_is_measured():
    assert profile(np.minimum(rng.gamma(2, 5, 1000), 15)).piled_share == pytest.approx(0.2, abs=0.05)
