"""Each kind of target is recognised from its values and, where values cannot tell, from its name."""

from __future__ import annotations

import json

import numpy as np
import pytest

from losses.profile import Profile, profile
from losses.profile.clues import CLUES, POSSIBLE
from losses.profile.names import topics
from losses.profile.questions import between

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


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("NumVisits", "count"),
        ("n_visits", "count"),
        ("nkids", "count"),
        ("categories", "multiclass"),
        ("customerID", "identifier"),
        ("license_number", "identifier"),
        ("GarageYrBlt", "datetime"),
        ("week_no", "datetime"),
        ("PERBLACK", "hundred"),
        ("PctForeign", "hundred"),
        ("Größe", "measure"),
        ("año", "datetime"),
        ("kundennummer", "identifier"),
        ("weight (kg)", "measure"),
        ("YearsAtCompany", "lapse"),
    ],
)
def test_the_words_of_a_name_are_read_in_any_spelling(name, topic):
    assert topic in topics(name)


@pytest.mark.parametrize(
    "name", ["grid", "person", "perimeter", "candidate", "glass", "nation", "covid", "shareholder"]
)
def test_a_word_is_not_taken_apart_where_a_half_means_nothing(name):
    assert topics(name).isdisjoint({"identifier", "datetime", "count", "proportion", "hundred"})


def test_codes_for_missing_values_do_not_change_the_kind():
    g = np.random.default_rng(4)
    scores = g.normal(52, 10, 400).round()
    assert profile(np.append(scores, [-99] * 6), name="score").kind == profile(scores, name="score").kind == "real"
    levels = g.integers(1, 6, 400)
    assert profile(np.append(levels, [9] * 12), name="trust").kind == "ordinal"


def test_names_of_days_and_months_are_dates():
    assert profile(rng.choice(["Mon", "Tue", "Wed", "Thu", "Fri"], 200)).kind == "datetime"
    assert profile(rng.choice(["Mon", "red", "blue"], 200)).kind == "multiclass"


def test_strings_of_letters_and_digits_are_codes_where_they_are_many():
    tails = [f"N{number}AA" for number in rng.integers(100, 999, 2000)]
    assert profile(tails).kind == "identifier"
    assert profile(rng.choice(["A1", "B2", "C3"], 300)).kind == "multiclass"


def test_years_are_dates_however_long_ago():
    assert profile(np.arange(1700, 2009), name="YEAR").kind == "datetime"
    assert profile(np.repeat(np.arange(1935, 1955), 11)).kind == "datetime"


def test_numbers_used_equally_often_are_no_counts():
    assert profile(np.repeat(np.arange(1, 28), 9), name="litter").kind == "identifier"
    assert profile(np.repeat(np.arange(1, 28), 9)).kind != "count"


def test_a_measure_with_few_rows_has_no_levels():
    waist = [36, 37, 38, 35, 35, 36, 38, 34, 31, 33, 34, 33, 34, 36, 37, 35, 37, 39, 32, 33]
    assert profile(waist).kind == "real"


def test_percent_is_read_from_the_name_and_the_range():
    part = 100 * rng.beta(2, 5, 400)
    assert profile(part, name="PERBLACK").kind == profile(part, name="pct_rural").kind == "proportion"
    assert profile(part, name="V7").kind != "proportion"
    assert profile(3 * part, name="PERBLACK").kind != "proportion"


def test_fractions_from_near_zero_to_near_one_are_a_proportion_without_a_name():
    assert profile(rng.beta(3, 4, 400)).kind == "proportion"
    assert profile(0.4 + 0.2 * rng.random(400)).kind == "real"


def test_a_time_that_went_by_is_counted_in_whole_units_only():
    days = rng.geometric(0.05, 600)
    assert profile(days, name="los").kind == "count"
    assert profile(days + rng.random(600), name="los").kind == "positive_skewed"


def test_evidence_tells_the_numbers_of_the_column():
    claims = profile(np.where(zeros, 0, rng.gamma(2, 100, 800)))
    assert f"{claims.zero_share:.1%} of rows" in claims.kinds[0].evidence[0]
    assert "from 1 to 5" in " ".join(profile([1, 2, 3, 4, 5, 3, 4, 4, 2] * 20).kinds[0].evidence)


def test_a_private_profile_tells_no_numbers_in_its_evidence():
    p = profile(rng.lognormal(3, 1, 800))
    private = Profile.from_dict(p.to_dict(private=True))
    assert private.kind == p.kind
    assert not any(letter.isdigit() for sentence in private.kinds[0].evidence for letter in sentence)


def test_the_same_sentence_shows_the_same_numbers():
    shown = {}
    for clue in CLUES:
        assert shown.setdefault(clue.says, clue.shows) == clue.shows
        assert clue.weights.keys() <= POSSIBLE.keys()


def test_a_rival_comes_with_the_question_that_would_settle_it():
    ids = [kind for kind in POSSIBLE if kind != "constant"]
    assert all(between(one, other) for one in ids for other in ids if one != other)
    assert profile(rng.poisson(2.5, 800)).kinds[0].question
    assert profile([7, 7]).kinds[0].question is None


def test_parts_are_of_the_same_kind_as_their_sum():
    y = rng.negative_binomial(1.0, 0.05, 3000)
    parts = sum((Profile.of(part, name="visits") for part in np.split(y, 6)), Profile())
    assert parts.kinds == profile(y, name="visits").kinds


def test_amounts_with_nothing_near_zero_are_no_zero_inflated_counts():
    thickness = np.where(rng.random(768) < 0.5, 0, rng.gamma(2, 75, 768).round() + 14)
    assert profile(thickness).kind == "zero_inflated_positive"
    assert profile(np.where(zeros, 0, rng.poisson(6, 800))).kind == "zero_inflated_count"


def test_a_lump_of_zeros_makes_no_running_numbers():
    fold = np.where(rng.random(768) < 0.3, 0, rng.normal(29, 10, 768).round().clip(7))
    assert profile(fold, name="triceps").kind != "identifier"


def test_the_number_of_codes_is_a_count_and_the_size_of_a_household_too():
    assert topics("n_tokens") == topics("household_size") == {"count"}


def test_days_since_an_epoch_are_dates_where_the_name_says_so():
    days_since = rng.integers(11000, 16000, 900)
    assert profile(days_since, name="date").kind == "datetime"
    assert profile(days_since, name="price").kind != "datetime"


def test_a_column_of_codes_for_missing_values_is_read_from_the_few_others():
    y = np.append(np.full(400_000, 999.0), rng.poisson(3, 12))
    assert profile(y, name="visits").kinds
    assert json.dumps(profile(y).readings(), allow_nan=False)


def test_steps_of_time_are_steps_of_a_scale():
    assert profile(rng.choice(["< 1 year", "1 year", "2 years", "10+ years"], 300)).kind == "ordinal"
