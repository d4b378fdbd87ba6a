"""Each kind of target is recognised from its values and, where values cannot tell, from its name."""

from __future__ import annotations

import numpy as np
import pytest

from losses.profile import profile

rng = np.random.default_rng(5)
zeros = rng.random(800) < 0.4
days = np.arange("2019-01-01", "2021-01-01", dtype="datetime64[D]")
packed = np.array([int(str(day).replace("-", "")) for day in days])

EXAMPLES = [
    ("binary", rng.integers(0, 2, 300), None),
    ("binary", ["yes", "no"] * 40, None),
    ("binary", rng.random(300) < 0.1, "churn"),
    ("multiclass", rng.choice(["cat", "dog", "bird"], 300), None),
    ("multiclass", rng.choice([1, 2, 3, 4], 400), "species"),
    ("ordinal", rng.choice([1, 2, 3, 4, 5], 400, p=[0.1, 0.2, 0.3, 0.25, 0.15]), "rating"),
    ("ordinal", rng.choice(["low", "medium", "high"], 200), "risk"),
    ("ordinal", rng.integers(1, 11, 900) / 2, "stars"),
    ("count", rng.poisson(2.5, 800), "visits"),
    ("count", rng.negative_binomial(1.0, 0.05, 800), None),
    ("zero_inflated_count", np.where(zeros, 0, rng.poisson(6, 800)), None),
    ("zero_inflated_positive", np.where(zeros, 0, rng.gamma(2, 100, 800)), "claim_amount"),
    ("positive_skewed", rng.lognormal(3, 1, 800), "price"),
    ("heavy_tailed", rng.standard_t(2, 2000), None),
    ("real", rng.normal(size=800), None),
    ("real", rng.normal(170, 10, 800).round(), "height"),
    ("proportion", rng.beta(2, 3, 800), "share"),
    ("proportion", rng.beta(0.7, 0.7, 800), None),
    ("constant", [7] * 50, None),
    ("identifier", rng.permutation(5000), "customer_id"),
    ("identifier", [f"A{i:05d}" for i in range(300)], None),
    (
        "identifier",
        rng.choice(["02139", "10001", "94105", "60601"] + [f"{i:05d}" for i in range(501, 560)], 400),
        "zip",
    ),
    ("identifier", rng.integers(1, 300, 4000), "store_nbr"),
    ("datetime", rng.integers(1950, 2021, 500), "year"),
    ("datetime", rng.integers(1, 13, 500), "month"),
    ("datetime", days, None),
    ("datetime", [str(day) for day in days], None),
    ("datetime", packed, None),
    ("datetime", 60 * rng.integers(0, 24, 600) // 60 * 100 + rng.integers(0, 60, 600), "dep_time"),
    ("datetime", rng.integers(0, 24, 600), "hour"),
    ("multilabel", rng.integers(0, 2, (100, 5)), None),
    ("masks", rng.random((6, 8, 8)) < 0.2, None),
    ("distribution", rng.dirichlet([1, 2, 3], 50), None),
]


@pytest.mark.parametrize(
    ("kind", "values", "name"), EXAMPLES, ids=[f"{k}-{n}-{i}" for i, (k, _, n) in enumerate(EXAMPLES)]
)
def test_a_typical_column_of_this_kind_is_recognised(kind, values, name):
    p = profile(values, name=name)
    assert p.kind == kind, p.kinds
    assert sum(k.share for k in p.kinds) == pytest.approx(1.0)
    assert p.kinds[0].evidence


def test_every_likely_kind_names_its_rival():
    first, second = profile(rng.poisson(2.5, 800)).kinds[:2]
    assert first.rival == second.id
    assert second.rival == first.id


def test_a_column_without_rows_has_a_kind_all_the_same():
    assert profile([]).kind == "constant"
    assert profile([None, None]).kind == "constant"


def test_few_rows_are_read_with_little_confidence():
    few, many = (profile(rng.poisson(3, n)).kinds[0] for n in (12, 1200))
    assert few.share < many.share
    assert "low confidence" in few.evidence[-1]


@pytest.mark.parametrize("name", ["grid", "paid", "humidity_day_mean", "valid", "covid_level"])
def test_a_fragment_of_a_name_is_no_evidence(name):
    p = profile(rng.normal(size=300), name=name)
    assert p.kind == "real"


def test_counts_are_counts_in_any_dtype():
    y = rng.poisson(2.5, 500)
    kinds = {
        profile(v, name="visits").kind for v in (y, y.astype(float), y.astype(str), y.astype(object), list(map(str, y)))
    }
    assert kinds == {"count"}


def test_precipitation_is_not_a_share():
    rain = np.where(rng.random(900) < 0.55, 0, rng.gamma(0.7, 0.2, 900)).clip(0, 0.99).round(2)
    assert profile(rain, name="precipitation").kind == "zero_inflated_positive"


def test_zeros_of_a_long_tailed_count_are_not_an_excess():
    y = rng.negative_binomial(0.3, 0.1, 3000)
    p = profile(y)
    assert (y == 0).mean() > 0.4
    assert p.kind == "count"
    assert p.zeros.excess < 0.1


def test_boxes_are_read_when_the_task_says_so():
    boxes = np.array([[0, 0, 2, 2], [1, 1, 1, 5], [0, 0, 4, 1]], float)
    p = profile(boxes, task="boxes")
    assert p.kind == "boxes"
    assert p.readings()["structure"]["degenerate_share"] == pytest.approx(1 / 3)


def test_rows_that_could_be_corners_of_boxes_are_boxes():
    ends = np.sort(np.random.default_rng(3).random((30, 2, 2)), axis=1).reshape(30, 4)
    assert profile(ends).kind == "boxes"
    assert profile((ends * 640).round().astype(int).tolist()).kind == "boxes"


def test_vectors_of_four_numbers_are_no_boxes_by_chance():
    g = np.random.default_rng(3)
    assert profile(g.normal(size=(30, 4))).kind == "vectors"
    assert profile(np.sort(g.normal(size=(30, 4)), axis=1)).kind == "vectors"
    assert profile(g.dirichlet([1, 1, 9, 9], 30)).kind == "distribution"
    assert profile(g.random((30, 4)) < [0, 0, 0.5, 0.5]).kind == "multilabel"


@pytest.mark.parametrize(("mean", "rows"), [(3, 300), (5, 200), (10, 500), (20, 500), (30, 2000), (300, 1000)])
def test_plain_poisson_counts_are_counts(mean, rows):
    kinds = [profile(np.random.default_rng(seed).poisson(mean, rows)).kind for seed in range(8)]
    assert kinds == ["count"] * 8


def test_whole_numbers_whose_variance_is_not_their_mean_are_no_poisson_counts():
    g = np.random.default_rng(2)
    assert profile(g.normal(170, 10, 800).round()).kind == "real"
    assert profile(g.choice([1, 2, 3, 4, 5], 400, p=[0.1, 0.2, 0.3, 0.25, 0.15])).kind == "ordinal"
    assert profile(g.integers(1, 11, 400)).kind != "count"


def test_masks_say_how_much_is_foreground():
    masks = np.zeros((4, 10, 10))
    masks[0, :2] = 1
    reading = profile(masks).readings()["structure"]
    assert reading["foreground_share"] == pytest.approx(0.05)
    assert reading["empty_share"] == 0.75
