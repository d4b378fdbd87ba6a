"""Readings are what their definitions say, and never a surprise."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

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


def test_a_pile_at_the_maximum_is_measured():
    assert profile(np.minimum(rng.gamma(2, 5, 1000), 15)).piled_share == pytest.approx(0.2, abs=0.05)
