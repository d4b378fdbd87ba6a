"""What changed between two columns: each change is told when it happened, nothing is told when nothing did."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy.stats import ks_2samp

import losses
from losses.errors import EmptyInput, InvalidProfile, UnknownName
from losses.profile.distance import distances

RNG = np.random.default_rng(5)
GAMMA, MORE = RNG.gamma(2, 3, 4000), RNG.gamma(2, 3, 3000)
MASKS = RNG.random((60, 8, 8))


def test_the_distance_of_kolmogorov_and_smirnov_is_scipys():
    found = losses.drift(GAMMA, 1.2 * MORE).distances
    assert found.ks == pytest.approx(ks_2samp(GAMMA, 1.2 * MORE).statistic, abs=1e-12)
    assert found.ks_error == 0


def test_the_distance_of_many_rows_is_off_by_no_more_than_it_says():
    x, y = RNG.normal(size=300_000), RNG.normal(0.1, 1.3, size=200_000)
    found = losses.drift(x, y).distances
    assert 0 < found.ks_error < 0.01
    assert abs(found.ks - ks_2samp(x, y).statistic) <= found.ks_error


def test_the_stability_index_is_that_of_the_deciles():
    y = 1.3 * MORE
    inner = np.quantile(GAMMA, np.arange(1, 10) / 10)
    a, b = (np.bincount(np.searchsorted(inner, x), minlength=10) / x.size for x in (GAMMA, y))
    assert losses.drift(GAMMA, y).distances.psi == pytest.approx(((b - a) * np.log(b / a)).sum(), rel=1e-9)


def test_total_variation_of_classes_is_half_the_sum_of_differences():
    p, q = losses.profile(["a"] * 50 + ["b"] * 30 + ["c"] * 20), losses.profile(["a"] * 70 + ["b"] * 30)
    assert distances(p, q).total_variation == pytest.approx((0.2 + 0.0 + 0.2) / 2)
    assert math.isnan(distances(p, q).ks)


def test_distances_of_one_population_are_what_chance_gives():
    found = [distances(losses.profile(RNG.poisson(3, 300)), losses.profile(RNG.poisson(3, 500))) for _ in range(60)]
    for name in ("psi", "total_variation"):
        given, expected = (np.mean([getattr(d, key) for d in found]) for key in (name, f"{name}_by_chance"))
        assert given == pytest.approx(expected, rel=0.25)
    assert not any(d.ks > d.ks_by_chance for d in found)


CHANGES = {
    "location": (GAMMA, MORE + 2),
    "scale": (GAMMA, (MORE - 6) * 1.5 + 6),
    "unit": (GAMMA, MORE * 1000),
    "zeros": (GAMMA, np.where(RNG.random(3000) < 0.3, 0, MORE)),
    "missing": (GAMMA, [*MORE, *[None] * 200]),
    "support": (GAMMA, MORE - 3),
    "range": (GAMMA, np.append(MORE, [500.0] * 60)),
    "tails": (GAMMA, np.append(MORE, RNG.normal(0, 500, 100))),
    "spike": (GAMMA, np.append(MORE, [99.0] * 80)),
    "kind": (RNG.poisson(3, 900), RNG.gamma(2, 3, 900)),
    "new_values": (["a", "b"] * 100, ["a", "b", "d"] * 100),
    "lost_values": (["a", "b", "c"] * 100, ["a", "b"] * 100),
    "class_shares": (["no"] * 900 + ["yes"] * 100, ["no"] * 700 + ["yes"] * 300),
    "foreground_share": (MASKS < 0.2, MASKS < 0.05),
    "positive_shares": (np.tile([[1, 0, 1]], (99, 1)), np.tile([[1, 0, 1], [0, 1, 1]], (50, 1))),
    "form": (MASKS < 0.2, np.eye(3)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_told_with_the_numbers_of_both_columns(change):
    found = losses.drift(*CHANGES[change])
    told = next(c for c in found.changes if c.id == change)
    assert told.before != told.after
    assert told.says
    assert found.drifted
    assert change.replace("_", " ") in found.answer
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["drifted"]


SAME = {
    "normal": lambda n: RNG.normal(size=n),
    "long tail": lambda n: RNG.lognormal(0, 1.5, n),
    "counts": lambda n: RNG.negative_binomial(0.5, 0.05, n),
    "classes": lambda n: RNG.choice(list("abcd"), n, p=[0.6, 0.2, 0.15, 0.05]),
    "zeros": lambda n: np.where(RNG.random(n) < 0.6, 0, RNG.gamma(2, size=n)),
    "border of two kinds": lambda n: RNG.beta(2, 5, n),
    "masks": lambda n: RNG.random((n, 4, 4)) < 0.5,
}


@pytest.mark.parametrize("column", SAME)
def test_two_samples_of_one_population_have_not_drifted(column):
    found = losses.drift(SAME[column](4000), SAME[column](2000))
    assert not found.drifted, str(found)
    assert found.answer.startswith("Nothing changed by more than chance would give in 4,000 and 2,000 rows")


def test_the_advice_is_compared_under_the_metric_that_is_named():
    zeros = np.where(RNG.random(3000) < 0.5, 0, MORE)
    unsaid = losses.drift(GAMMA, zeros).advice
    assert (unsaid.changed, unsaid.before) == (True, "gamma_deviance")
    assert str(unsaid.after).startswith("tweedie_deviance")
    for_median = losses.drift(GAMMA, zeros, metric="mae")
    assert not for_median.advice.changed
    assert for_median.advice.says == "The advice stays: mae."


def test_a_metric_that_no_longer_fits_is_an_answer_and_an_unknown_one_an_error():
    found = losses.drift(RNG.normal(size=100), ["a", "b"] * 50, metric="rmse").advice
    assert (found.before, found.after) == ("mse", None)
    assert "now no loss does" in found.says
    with pytest.raises(UnknownName):
        losses.drift([1, 2], [1, 2], metric="rmsee")


def test_profiles_their_documents_and_private_ones_can_be_compared():
    p, q = losses.profile(GAMMA, name="price"), losses.profile(MORE + 2, name="price")
    assert losses.drift(p.to_dict(), q.to_dict()).to_dict() == losses.drift(p, q).to_dict()
    hidden = losses.drift(p.to_dict(private=True), q.to_dict(private=True))
    assert "location" in [change.id for change in hidden.changes]
    assert abs(hidden.distances.ks - losses.drift(p, q).distances.ks) <= hidden.distances.ks_error


def test_the_repr_says_what_changed_how_far_and_what_to_do():
    shown = repr(losses.drift(losses.profile(GAMMA, name="price"), losses.profile(MORE + 2, name="price")))
    assert shown.startswith("<Drift 'price': ")
    assert "location" in shown
    assert "KS 0." in shown
    assert str(losses.drift(GAMMA, MORE + 2)).startswith("Changed: ")


STEPS = np.arange(60.0)
ODD = {
    "nothing present": ([1, 2, 3], [None] * 4),
    "constants": ([1.0] * 10, [2.0] * 10),
    "numbers and words": ([5], ["a"]),
    "infinite": ([math.inf], [1]),
    "scales far apart": (1e-140 * STEPS, 1e140 * STEPS),
    "spreads beyond floats": (1e-200 * STEPS, 1e200 * STEPS),
    "ratios beyond floats": (5e-324 * STEPS, 1e150 * STEPS),
    "the ends of floats": ([1.7e308, -1.7e308] * 30, STEPS),
}


@pytest.mark.parametrize("pair", ODD)
def test_odd_columns_are_compared_too(pair):
    before, after = ODD[pair]
    for found in (losses.drift(before, after), losses.drift(after, before)):
        json.dumps(found.to_dict(), allow_nan=False)
        assert "inf times" not in str(found)


def test_a_unit_and_a_scale_are_told_however_far_they_went():
    found = {change.id: change for change in losses.drift(*ODD["scales far apart"]).changes}
    assert found["unit"].after == pytest.approx(1e280)
    assert found["scale"].after / found["scale"].before == pytest.approx(1e280)


def test_a_document_that_cannot_be_true_says_which_of_the_two_it_is():
    good = losses.profile([1, 2, 3]).to_dict()
    for place, pair in (("before", (good | {"n": -1}, good)), ("after", (good, good | {"n": -1}))):
        with pytest.raises(InvalidProfile, match=f"^{place}: profile field 'n'") as caught:
            losses.drift(*pair)
        assert caught.value.data["field"] == f"{place}.n"


def test_nothing_cannot_be_compared():
    with pytest.raises(EmptyInput):
        losses.drift([], [1, 2])
