"""Models side by side: the numbers are those of ``evaluate``, and a lead is one of the same rows."""

from __future__ import annotations

import numpy as np
import pytest

import losses
from losses.errors import EmptyInput, LossesError

RNG = np.random.default_rng(3)
Y = RNG.lognormal(2, 1, 500)
MODELS = {"good": Y + RNG.normal(0, 1, 500), "bad": Y + RNG.normal(0, 3, 500)}


def test_each_score_is_that_of_evaluate():
    for line in losses.audit(Y, MODELS, ["mae", "huber:delta=2"]).lines:
        for score in line.scores:
            result = losses.evaluate([line.loss], Y, MODELS[score.model])[line.loss]
            assert (score.value, score.standard_error, line.unit) == (result.value, result.standard_error, result.unit)


def test_a_lead_is_told_from_chance_by_differences_row_by_row():
    (line,) = losses.audit(Y, MODELS, ["mae"]).lines
    assert line.best == "good"
    assert line.says.endswith("ahead")
    (same,) = losses.audit(Y, {"a": MODELS["bad"], "b": MODELS["bad"][::-1][::-1] + 1e-9}, ["mae"]).lines
    assert same.says.endswith("not told apart")


def test_the_worst_rows_are_those_that_cost_most_and_the_top_share_is_theirs():
    found = losses.audit(Y, MODELS, ["mse"])
    costs = sum((z - Y) ** 2 for z in MODELS.values())
    assert [row.row for row in found.worst] == np.argsort(-costs)[:5].tolist()
    cost = np.sort((MODELS["good"] - Y) ** 2)
    assert found.lines[0].scores[0].top_share == pytest.approx(cost[-5:].sum() / cost.sum())


def test_without_losses_those_that_suit_the_truth_are_taken_and_others_told():
    assert {"mae", "mse"} <= {line.loss for line in losses.audit(Y, MODELS).lines}
    bits = (RNG.random(200) < 0.3).astype(float)
    shares = losses.audit(bits, {"p": np.clip(bits * 0.6 + 0.2, 0, 1)})
    logits = losses.audit(bits, {"x": bits * 6 - 3})
    assert "bce" in {line.loss for line in shares.lines}
    assert "bce_with_logits" in {line.loss for line in logits.lines}
    assert "bce" not in {line.loss for line in logits.lines}


def test_a_loss_that_is_not_defined_is_left_out_with_its_reason():
    found = losses.audit(Y - 100, MODELS, ["mae", "gamma_deviance"])
    assert [loss for loss, _ in found.left_out] == ["gamma_deviance"]
    with pytest.raises(EmptyInput, match="no loss is defined"):
        losses.audit(Y - 100, MODELS, ["gamma_deviance"])
    with pytest.raises(EmptyInput):
        losses.audit(Y, {})


@pytest.mark.parametrize("y", [[], [np.nan] * 3, [1.0, np.inf, 2.0]])
def test_what_cannot_be_audited_is_one_of_our_errors(y):
    with pytest.raises(LossesError):
        losses.audit(y, {"a": np.zeros(len(y))})


def test_missing_rows_are_left_out_where_asked():
    y = np.r_[Y, np.nan]
    models = {name: np.r_[z, 1.0] for name, z in MODELS.items()}
    found = losses.audit(y, models, ["mae"], missing="drop")
    assert found.lines[0].scores[0].value == pytest.approx(losses.audit(Y, MODELS, ["mae"]).lines[0].scores[0].value)
    assert np.isfinite(list(found.misses.values())).all()


def test_a_row_that_one_model_lacks_is_left_out_for_all_of_them_and_said():
    holes = {"old": np.where(np.arange(Y.size) == 3, np.nan, Y + 1), "new": np.where(np.arange(Y.size) == 5, np.nan, Y)}
    found = losses.audit(Y, holes, ["mae"], missing="drop", sample_weight=np.arange(Y.size) + 1.0)
    kept = ~np.isin(np.arange(Y.size), (3, 5))
    whole = {name: z[kept] for name, z in holes.items()}
    assert found.lines == losses.audit(Y[kept], whole, ["mae"], (np.arange(Y.size) + 1.0)[kept]).lines
    assert "ahead" in found.lines[0].says
    assert (found.n, found.warnings[0].code) == (Y.size - 2, "MISSING_DROPPED")
    assert all(Y[row.row] == row.truth for row in found.worst)
    with pytest.raises(losses.LossesError, match=r"old is missing in 1 of .* row 3 .*missing='drop'") as refused:
        losses.audit(Y, holes, ["mae"])
    assert refused.value.data["field"] == "missing"


def test_a_model_may_be_called_like_the_truth():
    assert losses.audit(Y, {"y_true": Y}, ["mae"]).lines[0].scores[0].value == 0
    with pytest.raises(losses.LossesError, match="new has 3 rows where y_true has"):
        losses.audit(Y, {"old": Y, "new": Y[:3]})
