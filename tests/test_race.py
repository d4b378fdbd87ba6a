"""The race: the right loss wins where theory says so, ties are told as ties, and time decides nothing it need not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import losses
from losses import errors
from losses.cli import main
from losses.racing.compare import interval
from losses.racing.heats import rounds
from losses.racing.table import spread

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
LINE = X @ [1.0, -2.0, 0.5]
SKEWED = LINE + RNG.lognormal(0, 1.2, 400)
COUNTS = RNG.poisson(np.exp(0.4 + 0.9 * X[:, 0])) * (RNG.random(400) < 0.6)
RARE = (LINE + RNG.logistic(size=400) > 3.2).astype(int)
AMPLE = {"budget": 600.0}  # seconds enough for a busy machine


class Clock:
    """Time that passes only when it is looked at."""

    def __init__(self, step: float = 1.0) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def linear(y, metric, *specs, **options):
    return losses.race(X, y, metric=metric, **AMPLE | {"model": "linear", "candidates": list(specs) or 6, **options})


def timeless(race):
    found = race.to_dict()
    for row in [*found["measured"], *(r["measured"] for r in found["ranked"])]:
        row.pop("seconds")
    return json.dumps(found, sort_keys=True)


# ── theory ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_median_wins_by_mae_on_skewed_noise():
    r = linear(SKEWED, "mae", "mse", "mae", "huber")
    assert r.best.id == "mae"
    row = next(row for row in r.measured if row.loss == "mse")
    assert not row.tie
    assert row.interval[0] > 0
    assert "better than" in r.best.evidence or "a tie with huber" in r.best.evidence


def test_the_quantile_wins_by_its_pinball_loss():
    r = linear(SKEWED, "pinball@0.9", "mse", "mae", "quantile")
    assert str(r.best.loss) == "quantile:tau=0.9"
    assert r.metric == "pinball@0.9"
    assert all(row.dropped for row in r.measured[1:])


def test_a_log_link_wins_by_rmse_on_counts_with_many_zeros():
    steep = np.random.default_rng(1).poisson(np.exp(0.4 + 1.3 * X[:, 0]))
    raced = linear(steep, "rmse", "poisson_nll", "tweedie_deviance", "mse", "mae")
    assert raced.best.id in ("poisson_nll", "tweedie_deviance")
    rng = np.random.default_rng(3)
    x = rng.uniform(-1, 1, size=(600, 2))
    amounts = np.where(rng.random(600) < 0.52, 0.0, rng.gamma(20, 0.05, 600) * np.exp(1.5 * x[:, 0]))
    boosted = losses.race(x, amounts, metric="rmse", candidates=["tweedie_deviance", "poisson_nll", "mae"], **AMPLE)
    assert boosted.best.id in ("poisson_nll", "tweedie_deviance")
    assert boosted.measured[-1].loss == "mae"
    assert boosted.measured[-1].relative > 0.03


# ── ties and order ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_losses_that_train_the_very_same_model_tie_exactly():
    r = linear(SKEWED, "mae", "quantile:tau=0.5", "mae")
    assert [row.loss for row in r.measured] == ["mae", "quantile"]
    assert all((row.difference, row.interval, row.tie) == (0, (0, 0), True) for row in r.measured)
    assert "a tie with quantile" in r.best.evidence


def test_of_losses_that_tie_the_lowest_mean_comes_first():
    noise = np.random.default_rng(5).gamma(3, 2, 200)
    r = losses.race(X[:200], noise, metric="rmse", candidates=4, cv=4, **AMPLE)
    ties = [row for row in r.measured if row.tie]
    assert len(ties) > 1
    assert [row.mean for row in ties] == sorted(row.mean for row in ties)
    assert r.best.usage == ties[0].loss


def test_what_is_dropped_is_surely_worse_and_comes_last():
    r = linear(SKEWED, "mae")
    dropped = [row.dropped for row in r.measured]
    assert dropped == sorted(dropped)
    assert all(row.interval[0] > 0 for row in r.measured if row.dropped)


def test_twins_of_the_advice_race_once():
    r = losses.race(X, COUNTS, metric="rmse", cv=2, budget=0)
    assert dict(r.ruled_out)["poisson_deviance"] == "it trains the very model that poisson_nll trains"


def test_the_interval_knows_that_training_sets_overlap():
    low, high = interval([1.0, 2.0, 3.0, 4.0, 5.0], cv=5)  # t of 4 degrees: 2.776445; s² = 2.5; 1/5 + 1/4
    assert (low + high) / 2 == pytest.approx(3)
    assert (high - low) / 2 == pytest.approx(2.7764451 * np.sqrt(0.45 * 2.5))


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_with_time_enough_nothing_depends_on_it():
    first = linear(COUNTS, "rmse", candidates=3, cv=3, clock=Clock(1e-9))
    assert first.complete
    assert timeless(first) == timeless(linear(COUNTS, "rmse", candidates=3, cv=3, clock=Clock(1e-3)))
    assert timeless(first) != timeless(linear(COUNTS, "rmse", candidates=3, cv=3, random_state=1))


def test_boosted_trees_are_the_same_each_time():
    one, two = (losses.race(X, COUNTS, metric="rmse", candidates=2, cv=2, **AMPLE) for _ in range(2))
    assert timeless(one) == timeless(two)


@pytest.mark.parametrize("budget", [3, 20, 50, 90])
def test_no_fit_is_begun_that_would_not_end_in_time(budget):
    clock = Clock()
    r = linear(COUNTS, "rmse", "mse", "poisson_nll", "tweedie_deviance", budget=budget, clock=clock)
    assert not r.complete
    assert clock.now <= budget + 3  # that many looks at the clock are there in and after the last fit
    assert f"The budget of {budget} s ended" in str(r)
    folds = {row.folds for row in r.measured if not row.dropped}
    assert len(folds) <= 1


def test_one_fold_is_told_and_compares_nothing():
    r = linear(SKEWED, "mae", "mae", "mse", budget=9, clock=Clock())
    assert [row.folds for row in r.measured] == [1, 1]
    assert all(row.tie and row.interval is None for row in r.measured)
    assert "on one fold, too little to compare" in r.answer
    assert "one fold only" in str(r)


def test_with_no_time_the_advice_comes_unmeasured():
    r = linear(SKEWED, "mae", budget=0)
    assert not r.measured
    assert r.best.id == losses.recommend(SKEWED, metric="mae").best.id
    assert r.best.evidence == "not measured within the budget"
    assert "ended before" in str(r)


def test_heats_are_small_and_the_last_round_is_whole():
    assert [(r.rows, r.repeats) for r in rounds(30_000)] == [(1_000, 1), (8_000, 1), (30_000, 4)]
    assert [(r.rows, r.repeats) for r in rounds(500)] == [(500, 4)]


def test_a_heat_of_few_rows_drops_only_the_far_worse():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(2_500, 2))
    y = x[:, 0] + rng.normal(size=2_500)
    r = losses.race(x, y, metric="rmse", model="linear", candidates=["mse", "quantile:tau=0.99"], **AMPLE)
    last = r.measured[-1]
    assert (last.loss, last.dropped, last.rows) == ("quantile:tau=0.99", True, 1_000)
    assert "of 1,000 rows" in str(r)
    assert r.measured[0].rows == 2_000


def test_any_prefix_of_rows_holds_the_classes_in_proportion():
    strata = np.repeat([0, 1, 2], [800, 150, 50])
    prefix = strata[spread(strata, np.random.default_rng(0))][:100]
    assert np.abs(np.bincount(prefix) - [80, 15, 5]).max() <= 2


def test_progress_rises_to_the_end():
    shares = []
    linear(SKEWED, "mae", "mae", "mse", cv=2, progress=lambda share, what: shares.append(share))
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] < 1


# ── what is measured is what is advised ─────────────────────────────────────────────────────────────────────────────


def test_decisions_by_the_priors_serve_the_balanced_accuracy():
    by_priors = linear(RARE, "balanced_accuracy", "bce_with_logits").measured[0]
    assert by_priors.score == pytest.approx(1 - by_priors.mean)
    plain = 1 - linear(RARE, "accuracy", "bce_with_logits").measured[0].mean
    assert plain > 0.85  # most rows are of one class
    assert by_priors.score > _balanced_at_half() + 0.05


def _balanced_at_half() -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float(cross_val_score(LogisticRegression(), X, RARE, scoring="balanced_accuracy", cv=folds).mean())


def test_weights_are_undone_where_probabilities_are_judged():
    r = linear(RARE, "log_loss", "bce_with_logits", "weighted_bce", "class_balanced_ce")
    assert all(abs(row.relative) < 0.25 for row in r.measured)
    assert "prior_correction" in r.ranked[-1].post


def test_the_threshold_for_f1_is_chosen_on_training_rows():
    r = linear(RARE, "f1", "bce_with_logits", "squared_hinge")
    assert r.best.id == "bce_with_logits"
    assert r.measured[0].score > r.measured[1].score


def test_smearing_brings_the_mean_back_from_a_log_scale():
    y = np.exp(LINE / 2 + RNG.normal(size=400))
    r = linear(y, "rmse", "mse|log1p", "mse")
    assert "smearing" in next(found for found in r.ranked if found.transform).post
    assert next(row for row in r.measured if row.loss == "mse on log1p(y)").relative < 0.3


def test_losses_that_bend_probabilities_race_with_probabilities():
    r = losses.race(X, RARE, metric="log_loss", candidates=["bce_with_logits", "focal", "asymmetric"], cv=2, **AMPLE)
    rows = {row.loss: row for row in r.measured}
    assert rows["focal"].mean < 1.5 * rows["bce_with_logits"].mean
    assert rows["asymmetric"].mean < 2 * rows["bce_with_logits"].mean


def test_what_is_close_to_the_best_figure_stays_as_the_advice_has_it():
    r = linear(LINE + RNG.normal(0, 1, 400), "rmse", "mse", "huber", "mae")
    least = min(row.mean for row in r.measured)
    first, *others = r.measured
    assert first.loss == losses.recommend(LINE, metric="rmse", model="linear").best.usage == "mse"
    assert first.close
    assert all(row.mean >= least for row in others)
    assert not any(row.close for row in r.measured if row.dropped)


def test_outsiders_race_unless_a_number_is_named():
    r = linear(SKEWED, "medae", candidates=None, cv=2)
    raced = {row.loss for row in r.measured}
    assert "mape" in raced
    outsider = next(found for found in r.ranked if any("outsider" in reason for reason in found.reasons))
    assert outsider.id not in {found.id for found in losses.recommend(SKEWED, metric="medae", n=99).ranked}
    assert losses.race(X, SKEWED, metric="mae", require=["twice_differentiable"], cv=2, budget=0).ranked
    named = linear(SKEWED, "medae", candidates=6, cv=2)
    assert not any("outsider" in reason for found in named.ranked for reason in found.reasons)


def test_a_calm_focal_loss_races_for_probabilities():
    r = losses.race(X, RARE, metric="log_loss", cv=2, **AMPLE)
    assert "focal:alpha=none" in {row.loss for row in r.measured}
    assert not next(found for found in r.ranked if found.usage == "focal:alpha=none").post


def test_costs_of_classes_are_what_is_measured_where_they_are_given():
    r = linear(RARE, None, "bce_with_logits", "hinge", costs={"false_negative": 10, "false_positive": 1})
    assert (r.metric, r.best.id) == ("cost", "bce_with_logits")
    assert "No metric was named" in str(r)


@pytest.mark.parametrize("framework", ["lightgbm", "sklearn"])
@pytest.mark.parametrize("metric", ["mape", "log_loss"])
def test_both_libraries_of_boosted_trees_race(framework, metric):
    y = COUNTS + 1.0 if metric == "mape" else RARE
    r = losses.race(X, y, metric=metric, framework=framework, candidates=2, cv=2, **AMPLE)
    assert r.measured
    assert framework.removeprefix("sk").startswith(("light", "learn"))
    assert ("LightGBM" in r.trainer) == (framework == "lightgbm")


@pytest.mark.parametrize("model", ["boosting", "linear"])
@pytest.mark.parametrize("y", [np.array(["no", "so", "yes"])[(LINE > -1).astype(int) + (LINE > 1)], RARE])
def test_every_loss_of_classes_that_can_race_does(model, y):
    r = losses.race(X, y, metric="macro_f1", model=model, candidates=20, cv=2, budget=75, clock=Clock())
    assert len(r.measured) >= 3
    assert not [reason for _, reason in r.ruled_out if "failed" in reason]


@pytest.mark.parametrize(
    ("y", "metric", "options"),
    [
        (COUNTS, "rmse", {}),
        (SKEWED, "mae", {"model": "linear"}),
        (RARE, "f1", {"framework": "lightgbm", "candidates": ["class_balanced_ce"]}),
        (RARE, "balanced_accuracy", {"model": "linear"}),
    ],
)
def test_the_code_of_the_winner_runs(y, metric, options):
    r = losses.race(X, y, metric=metric, **{"budget": 0, **options})
    framework = "sklearn" if options.get("model") == "linear" else "lightgbm"
    scope = {"X": X, "y": y}
    exec(re.sub(r"LGBM(\w+)\(", r"LGBM\1(verbosity=-1, n_jobs=1, ", r.best.code[framework]), scope)
    assert len(scope["predictions"]) == 400


# ── input ───────────────────────────────────────────────────────────────────────────────────────────────────────────

TOWN = np.array(["Bree", "Dale", "Esgaroth"])[RNG.integers(0, 3, 400)]
PRICE = np.exp(2.0 * (TOWN == "Dale") + RNG.normal(0, 0.3, 400))
COLUMNS = {"town": TOWN, "size": np.where(RNG.random(400) < 0.1, np.nan, X[:, 0])}
FRAMES = {
    "mapping": COLUMNS,
    "pandas": pd.DataFrame(COLUMNS),
    "category": pd.DataFrame(COLUMNS).astype({"town": "category"}),
    "polars": pl.DataFrame(COLUMNS),
    "arrow": pl.DataFrame(COLUMNS).to_arrow(),
}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("framework", ["lightgbm", "sklearn"])
def test_boosted_trees_take_words_and_missing_values(frame, framework):
    r = losses.race(FRAMES[frame], PRICE, metric="r2", framework=framework, candidates=["mse"], cv=2, **AMPLE)
    assert r.measured[0].score > 0.5
    assert not r.lower_is_better


def test_rows_without_a_target_are_left_out():
    y = [None if i % 10 == 0 else float(value) for i, value in enumerate(SKEWED)]
    r = linear(y, "mae", "mae", cv=2)
    assert "40 rows have no target and were left out" in str(r)
    assert "360 rows" in r.trainer


def test_weights_count_in_training_and_in_scores():
    ones = linear(SKEWED, "mae", "mae", cv=2, sample_weight=np.ones(400))
    assert ones.measured[0].mean == pytest.approx(linear(SKEWED, "mae", "mae", cv=2).measured[0].mean)
    doubled = linear(SKEWED, "mae", "mae", cv=2, sample_weight=np.where(X[:, 0] > 0, 3.0, 0.0))
    assert doubled.measured[0].mean != pytest.approx(ones.measured[0].mean)


def test_a_loss_that_fails_is_told_and_the_others_race_on():
    y = np.abs(LINE) + 1
    y[0] = -1.0
    r = losses.race(X, y, metric="rmse", candidates=["gamma_deviance", "mse"], cv=2, **AMPLE)
    assert [row.loss for row in r.measured] == ["mse"]
    assert dict(r.ruled_out)["gamma_deviance"].startswith("training failed")


HOLED = X.copy()
HOLED[7, 1] = np.nan
BAD = {
    "lengths": (lambda: losses.race(X[:50], SKEWED), errors.InvalidShape, "50 rows and y has 400"),
    "one dimension": (lambda: losses.race(LINE, SKEWED), errors.InvalidShape, "rows and columns"),
    "no columns": (lambda: losses.race({}, SKEWED), errors.InvalidShape, "no columns"),
    "ragged": (lambda: losses.race({"a": [1, 2], "b": [1]}, SKEWED), errors.InvalidShape, "differ in length"),
    "two targets": (lambda: losses.race(X, X > 0, metric="f1"), errors.InvalidShape, "y must be one column"),
    "words in a matrix": (lambda: losses.race(np.full((400, 2), "a"), SKEWED), errors.InvalidType, "X"),
    "infinite": (lambda: losses.race(X / 0.0, SKEWED), errors.InvalidInput, "finite or missing"),
    "missing": (lambda: losses.race(HOLED, SKEWED, model="linear"), errors.MissingValues, "row 7, column 1"),
    "words": (lambda: losses.race({"a": TOWN}, SKEWED, model="linear"), errors.InvalidType, "'a' of X holds words"),
    "many words": (
        lambda: losses.race({"id": [f"a{i}" for i in range(400)]}, SKEWED), errors.InvalidType, "400 different words",
    ),
    "few rows": (lambda: losses.race(X[:19], SKEWED[:19]), errors.InvalidInput, "at least 20 rows"),
    "rare class": (
        lambda: losses.race(X, ["a"] * 397 + ["b"] * 3, metric="f1"), errors.InvalidInput, "class 'b' has 3 rows",
    ),
    "constant": (lambda: losses.race(X, np.ones(400), metric="rmse"), errors.InvalidInput, "the same value"),
    "words for numbers": (lambda: losses.race(X, TOWN, metric="rmse"), errors.NotSupported, "reads as multiclass"),
    "levels": (lambda: losses.race(X, RNG.integers(1, 6, 400)), errors.NotSupported, "no metric.*macro_f1"),
    "metric": (lambda: losses.race(X, SKEWED, metric="crps"), errors.NotSupported, "possible: rmse"),
    "unknown": (lambda: losses.race(X, SKEWED, metric="rmsee"), errors.UnknownName, "'rmse'"),
    "model": (lambda: losses.race(X, SKEWED, model="neural"), errors.NotSupported, "not neural"),
    "library": (lambda: losses.race(X, SKEWED, framework="torch"), errors.NotSupported, "boosting with lightgbm"),
    "loss": (lambda: linear(SKEWED, "mae", "log_cosh"), errors.NotSupported, "no linear model trained with log_cosh"),
    "name": (lambda: linear(SKEWED, "mae", "hubr"), errors.UnknownName, "'huber'"),
    "sum": (lambda: linear(SKEWED, "mae", "dice+bce_with_logits"), errors.NotSupported, "single losses"),
    "for classes": (lambda: linear(SKEWED, "mae", "bce"), errors.NotSupported, "not for numbers"),
    "budget": (lambda: losses.race(X, SKEWED, budget=-1), errors.InvalidParameter, "budget must be"),
    "nan budget": (lambda: losses.race(X, SKEWED, budget=float("nan")), errors.InvalidParameter, "budget must be"),
    "cv": (lambda: losses.race(X, SKEWED, cv=1), errors.InvalidParameter, "from 2 to 20"),
    "seed": (lambda: losses.race(X, SKEWED, random_state=-1), errors.InvalidParameter, "random_state"),
    "candidates": (lambda: losses.race(X, SKEWED, candidates=0), errors.InvalidParameter, "candidates"),
    "weights": (lambda: losses.race(X, SKEWED, sample_weight=[-1.0] * 400), errors.InvalidWeights, "sample_weight"),
    "domain": (lambda: losses.race(X, SKEWED - 10, metric="rmsle"), errors.OutsideDomain, "at row"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_bad_input_is_refused_with_what_was_allowed(case):
    call, kind, said = BAD[case]
    with pytest.raises(kind, match=said):
        call()


# ── for people and programs ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "houses.csv"
    pd.DataFrame(COLUMNS | {"price": PRICE}).to_csv(path, index=False)
    return str(path)


def test_the_command_line_races_on_the_other_columns(file, capsys):
    asked = ["race", file, "--column", "price", "--metric", "rmse", "-n", "2", "--cv", "2"]
    assert main(asked) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Train with ")
    assert "Measured: rmse, lower is better" in shown
    assert main([*asked, "--json", "--loss", "mse", "--without", "town"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["loss"] for row in found["measured"]] == ["mse"]
    assert found["measured"][0] == found["ranked"][0]["measured"]
    assert {"mean", "se", "folds", "seconds", "difference", "interval", "tie"} <= found["measured"][0].keys()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--column", "prize"], "did you mean 'price'"),
        (["--column", "price", "--without", "twon"], "did you mean 'town'"),
        (["--column", "price", "--model", "linear"], "a linear model needs numbers"),
        (["--column", "price", "--metric", "crps"], "possible: rmse"),
        (["--column", "price", "--budget", "-1"], "budget must be a number of seconds from 0"),
    ],
)
def test_bad_input_is_one_line_and_status_2(options, said, file, capsys):
    assert main(["race", file, *options]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_losses_of_labels_race_on_shares():
    pytest.importorskip("lightgbm")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3))
    y = 1 / (1 + np.exp(-x[:, 0] - rng.normal(0, 0.3, 200)))
    r = losses.race(x, y, metric="rmse", model="boosting", candidates=["bce", "mse"], budget=30)
    assert {found.id for found in r.ranked if found.measured} == {"bce", "mse"}
    assert all(found.measured.mean < 0.5 * y.std() for found in r.ranked)
    refused = losses.race(x, y, metric="rmse", model="linear", candidates=["bce", "mse"], budget=30).ruled_out
    assert any(loss == "bce" and "shares" in reason for loss, reason in refused)
