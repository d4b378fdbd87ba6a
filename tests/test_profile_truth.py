"""Readings beside the same numbers computed another way, from the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from losses import profile

RNG = np.random.default_rng(3)
few = settings(max_examples=60, deadline=None)


def minimum(cost, starts):
    return min((minimize(cost, start, method="Nelder-Mead", options={"maxiter": 2000}) for start in starts), key=_value)


def _value(found):
    return found.fun


def test_extra_zeros_are_those_of_a_direct_fit_of_the_mixture():
    y = np.where(RNG.random(2000) < 0.25, 0, RNG.negative_binomial(2, 0.3, 2000))

    def law(theta):
        mean, size = np.exp(theta[0]), np.exp(-theta[1])
        return stats.nbinom(size, size / (size + mean))

    def inflated(theta):
        extra = 1 / (1 + np.exp(-theta[2]))
        return -np.log((1 - extra) * law(theta).pmf(y) + extra * (y == 0)).sum()

    plain = minimum(lambda theta: -law(theta).logpmf(y).sum(), [[1, -1], [1, 1]])
    mixed = minimum(inflated, [[1, -1, -1], [1, 1, -1]])
    fit = profile(y).zero_fit
    assert fit is not None
    assert fit.ratio == pytest.approx(2 * (plain.fun - mixed.fun), rel=1e-3)
    assert fit.inflation == pytest.approx(1 / (1 + np.exp(-mixed.x[2])), abs=1e-3)


def test_extra_zeros_beside_a_poisson_law_are_those_of_a_direct_fit():
    y = np.where(RNG.random(900) < 0.2, 0, RNG.poisson(1.7, 900))

    def inflated(theta):
        extra = 1 / (1 + np.exp(-theta[1]))
        return -np.log((1 - extra) * stats.poisson(np.exp(theta[0])).pmf(y) + extra * (y == 0)).sum()

    mixed = minimum(inflated, [[0, -1], [1, -2]])
    zeros = profile(y).zeros
    assert zeros.poisson_ratio == pytest.approx(2 * (-stats.poisson(y.mean()).logpmf(y).sum() - mixed.fun), rel=1e-6)
    assert zeros.poisson_excess == pytest.approx(1 / (1 + np.exp(-mixed.x[1])), abs=1e-3)


@pytest.mark.parametrize("mean", [0.3, 1.5, 6])
@pytest.mark.parametrize("alpha", [0, 0.2, 3])
def test_plain_counts_have_no_extra_zeros(mean, alpha):
    rates = [RNG.gamma(1 / alpha, alpha * mean, 800) if alpha else mean for _ in range(30)]
    false = sum(profile(RNG.poisson(rate, 800)).zeros.nb_excess > 0 for rate in rates)
    assert false <= 1  # one column in a thousand


@pytest.mark.parametrize(("mean", "alpha"), [(1.2, 0.3), (1.5, 0.08), (0.8, 0.05), (8, 2)])
def test_a_poor_start_does_not_hide_extra_zeros(mean, alpha):
    chance = 0.6 * stats.nbinom(1 / alpha, 1 / (1 + alpha * mean)).pmf(np.arange(200))
    chance[0] += 0.4
    rows = np.round(20_000 * chance).astype(int)
    assert profile(np.repeat(np.arange(200), rows)).zeros.nb_excess == pytest.approx(0.4, abs=0.02)


def test_what_is_no_count_has_no_law_of_counts_to_exceed():
    zeros = profile([0.0, 0.0, 1.5, 2.25]).zeros
    assert (zeros.share, zeros.excess) == (0.5, 0.5)
    assert np.isnan([zeros.poisson_excess, zeros.poisson_ratio, zeros.nb_excess, zeros.nb_ratio]).all()


@pytest.mark.parametrize(
    "y", [[0] * 9, [1] * 9, [0, 1] * 9, [0, 1, 1e300], [3, 4, 5] * 9, [0, 1, 10**6] * 9, [0, 0, 1.7e308]]
)
def test_fits_of_odd_counts_are_finite(y):
    zeros = profile(y).zeros
    found = [zeros.poisson_excess, zeros.poisson_ratio, zeros.nb_excess, zeros.nb_ratio]
    assert all(np.isnan(v) or 0 <= v < np.inf for v in found)


def test_tails_are_hills_and_outliers_are_counted():
    y = RNG.standard_t(3, 4000)
    away = np.abs(y - np.median(y))
    sigma = 1.4826 * np.median(away)
    outer = np.sort(away)[::-1]
    k = int(0.05 * y.size)
    p = profile(y)
    assert p.outliers.share_3s == (away > 3 * sigma).mean()
    assert p.outliers.share_5s == (away > 5 * sigma).mean()
    assert p.tails.hill == pytest.approx(1 / np.log(outer[:k] / outer[k]).mean())
    assert p.tails.excess_kurtosis == pytest.approx(stats.kurtosis(y))


def medcouple(x):
    """All pairs, as the definition has it; those at the median sign themselves."""
    middle = np.median(x)
    up, down = np.sort(x[x >= middle]), np.sort(x[x <= middle])[::-1]
    tied = int((x == middle).sum())
    pairs = []
    for i, a in enumerate(up):
        for j, b in enumerate(down):
            both_there = a == b == middle
            pairs.append(np.sign(i - (tied - 1 - j)) if both_there else ((a - middle) - (middle - b)) / (a - b))
    return np.median(pairs)


@few
@given(st.lists(st.integers(0, 12).map(float) | st.floats(-50, 50, allow_subnormal=False), min_size=2, max_size=30))
def test_the_medcouple_is_the_median_over_all_pairs(values):
    p = profile(values)
    if p.n_classes > 1:
        assert p.tails.medcouple == pytest.approx(medcouple(np.array(values)), abs=1e-9)
        assert profile([-v for v in values]).tails.medcouple == pytest.approx(-p.tails.medcouple, abs=1e-9)


def test_measures_of_skewness_are_their_definitions_and_do_not_heed_a_few_far_values():
    y = np.append(RNG.gamma(2, 3, 3000), [1e9])
    p = profile(y)
    for reading, tail in ((p.tails.bowley, 1 / 4), (p.tails.octile, 1 / 8)):
        low, middle, high = np.quantile(y, [tail, 0.5, 1 - tail])
        assert reading == pytest.approx((high + low - 2 * middle) / (high - low))
    assert 0.1 < p.tails.bowley < p.tails.octile < 0.4
    assert profile(y[:-1]).tails.medcouple == pytest.approx(p.tails.medcouple, abs=0.002)


def test_skewness_is_undefined_where_nothing_is_to_either_side():
    tails = profile([4.0] * 9).tails
    assert np.isnan([tails.bowley, tails.octile]).all()
    assert tails.medcouple == 0
    assert np.isnan(profile(["a", "b"]).tails.medcouple)
    assert np.isnan(profile(RNG.normal(size=9000)).tails.medcouple)
    extreme = profile([-1.7e308, 0.0, 1.0, 1.7e308]).tails
    assert -1 <= extreme.medcouple <= 1
    assert -1 <= extreme.octile <= 1


def test_tails_of_many_rows_stay_near_the_truth():
    y = RNG.standard_t(3, 300_000)
    away = np.abs(y - np.median(y))
    outer = np.sort(away)[::-1]
    k = int(0.05 * y.size)
    p = profile(y)
    assert p.outliers.share_5s == pytest.approx((away > 5 * 1.4826 * np.median(away)).mean(), rel=0.05)
    assert p.tails.hill == pytest.approx(1 / np.log(outer[:k] / outer[k]).mean(), rel=0.02)


def test_over_dispersion_is_the_moment_estimate():
    y = RNG.negative_binomial(2, 0.3, 900)
    assert profile(y).counts.dispersion == pytest.approx(y.var() / y.mean())
    assert profile(y).counts.nb_alpha == pytest.approx((y.var() - y.mean()) / y.mean() ** 2)


def test_weights_weigh_the_moments():
    y, w = RNG.gamma(2, 3, 700), RNG.random(700) * 3
    mean = np.average(y, weights=w)
    p = profile(y, sample_weight=w)
    assert p.mean == pytest.approx(mean)
    assert p.variance == pytest.approx(np.average((y - mean) ** 2, weights=w))
    assert p.skewness == pytest.approx(np.average((y - mean) ** 3, weights=w) / p.variance**1.5)
