"""Readings beside the same numbers computed another way, from the rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import minimize

from losses import profile

RNG = np.random.default_rng(3)


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


def test_plain_counts_have_no_extra_zeros():
    assert profile(RNG.negative_binomial(0.4, 0.1, 3000)).zeros.excess == 0
    assert profile(RNG.poisson(0.3, 3000)).zeros.excess == 0


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
