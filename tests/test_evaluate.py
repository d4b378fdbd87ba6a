"""Many losses in one pass: the same answers as one by one, with errors, warnings, and a plain-data reply."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import losses
from losses import Evaluator, blocks, engine, evaluate, get
from losses.domains import LOGITS as ANY_LOGIT
from losses.errors import (
    EmptyInput,
    InvalidInput,
    InvalidShape,
    InvalidWeights,
    MissingValues,
    NotSupported,
    OutsideDomain,
    UnknownName,
)
from losses.layouts import Classes

from .instances import ALL, DEFAULTS, SHARED, by_rows, parts_of, rng_of, sample, weights_for, with_part
from .test_laws_rows import threads, told_by_row

RNG = rng_of("evaluate")
Y = RNG.normal(0, 2, 200)
Z = Y + RNG.normal(0, 1, 200)
W = RNG.uniform(0, 3, 200)
SEVERAL = ["mse", "mae", "huber:delta=1.35", "quantile:tau=0.9", "log_cosh"]


def codes(found: Any) -> list[str]:
    return [note.code for note in found.warnings]


# ── one pass ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Once:
    """An array that can be read once."""

    def __init__(self, values: Any) -> None:
        self.values = [values]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.values.pop()


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_inputs_are_read_once_for_all_losses(reduction):
    asked = [*SEVERAL, "mse+mae"]
    found = evaluate(asked, Once(Y), Once(Z), Once(W), reduction, include=["gradient"])
    known = evaluate(asked, Y, Z, W, reduction, include=["gradient"])
    for spec in asked:
        np.testing.assert_array_equal(found[spec].value, known[spec].value)
        np.testing.assert_array_equal(found[spec].gradient, known[spec].gradient)
    heads = {"mean": Once(Y), "var": Once(W + 1)}
    assert evaluate(["gaussian_nll", "gaussian_nll:full=true"], Once(Z), heads).n == 200
    for call in (get("mse"), get("mse").gradient, get("mse").derivatives, get("mse+mae"), get("mse+mae").hessian):
        call(Once(Y), Once(Z), None, "mean")


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weights", [None, W], ids=["plain", "weighted"])
def test_several_losses_in_one_pass_are_what_each_is_alone(reduction, weights):
    found = evaluate(SEVERAL, Y, Z, weights, reduction, include=["gradient"])
    assert list(found) == SEVERAL
    for spec in SEVERAL:
        np.testing.assert_array_equal(found[spec].value, get(spec)(Y, Z, weights, reduction))
        np.testing.assert_array_equal(found[spec].gradient, get(spec).gradient(Y, Z, weights, reduction))
        assert (found[spec].reduction, found[spec].n, found[spec].unit) == (reduction, 200, get(spec).about.unit)


@pytest.mark.parametrize("loss", ALL, ids=repr)
@pytest.mark.filterwarnings("ignore::losses.LossWarning")
def test_any_loss_is_evaluated_as_it_is_called(loss):
    rng = rng_of("evaluated", str(loss))
    y, z = sample(loss, rng)
    weights = weights_for(loss, y, z, rng)
    for reduction in loss.about.reductions:
        found = evaluate([loss], y, z, weights, reduction)[loss]
        np.testing.assert_array_equal(found.value, loss(y, z, weights, reduction))
        json.dumps(found.to_dict(), allow_nan=False)


def test_a_result_is_found_by_text_loss_or_id():
    found = evaluate(["huber:delta=1.35", "mse"], Y, Z)
    for key in ("huber:delta=1.35", "huber:delta=1.350", "huber", get("huber", delta=1.35)):
        assert found[key].value == get("huber:delta=1.35")(Y, Z)
    for key in ("mse", "l2", "MSE", get("mse")):
        assert found[key].value == get("mse")(Y, Z)
    assert "mse" in found
    assert len(evaluate(["mse", "l2", get("mse")], Y, Z)) == 1


def test_an_id_that_stands_for_two_results_is_the_one_without_parameters():
    found = evaluate(["huber:delta=1.35", "huber"], Y, Z)
    assert found["huber"].loss == get("huber")
    with pytest.raises(UnknownName):
        evaluate(["huber:delta=1.35", "huber:delta=2"], Y, Z)["huber"]


def test_a_result_that_was_not_asked_for_is_told_so():
    found = evaluate(["mse"], Y, Z)
    with pytest.raises(UnknownName):
        found["mae"]
    assert "mae" not in found
    assert found.get("mae") is None


def test_a_question_without_losses_or_with_unknown_wishes_is_refused():
    with pytest.raises(EmptyInput):
        evaluate([], Y, Z)
    for wish in (["hessian"], "hessian", None, 5, [None]):
        with pytest.raises(UnknownName, match="gradient"):
            evaluate(["mse"], Y, Z, include=wish)
    for none in (None, 5, losses.MSE, [None], [["mse"]]):
        with pytest.raises(InvalidInput, match="a loss is text"):
            evaluate(none, Y, Z)
    with pytest.raises(UnknownName, match="drop"):
        evaluate(["mse"], Y, Z, missing="ignore")
    with pytest.raises(NotSupported, match="js_div has no reduction"):
        evaluate(["kl_div", "js_div"], [[0.5, 0.5]], [[0.4, 0.6]], reduction="elementmean")


# ── reductions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_reductions_of_a_divergence_are_those_of_torch():
    p, q = RNG.dirichlet(np.ones(5), 7), RNG.dirichlet(np.ones(5), 7)
    value = {r: get("kl_div")(p, q, None, r) for r in ("mean", "batchmean", "elementmean", "sum", "none")}
    assert value["sum"] == pytest.approx((p * np.log(p / q)).sum(), rel=1e-12)
    assert value["mean"] == value["batchmean"] == pytest.approx(value["sum"] / 7, rel=1e-15)
    assert value["elementmean"] == pytest.approx(value["sum"] / 35, rel=1e-15)
    assert value["none"].shape == (7,)


@pytest.mark.parametrize("reduction", ["mean", "batchmean", "elementmean"])
def test_an_error_is_reduced_as_its_value_is(reduction):
    p, q = RNG.dirichlet(np.ones(5), 9), RNG.dirichlet(np.ones(5), 9)
    found = evaluate(["kl_div"], p, q, None, reduction)["kl_div"]
    rows = get("kl_div")(p, q, None, "none") / (5 if reduction == "elementmean" else 1)
    assert found.standard_error == pytest.approx(rows.std(ddof=1) / 3, rel=1e-12)


# ── standard errors ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("n", [2, 3, 200])
def test_the_standard_error_of_a_mean_is_the_textbook_one(n):
    rows = get("mse")(Y[:n], Z[:n], None, "none")
    found = evaluate(["mse"], Y[:n], Z[:n])["mse"].standard_error
    assert found == pytest.approx(rows.std(ddof=1) / math.sqrt(n), rel=1e-12)


def test_the_standard_error_of_a_weighted_mean_is_that_of_a_ratio():
    rows = get("mae")(Y, Z, None, "none")
    off = W * (rows - np.average(rows, weights=W))
    expected = math.sqrt((off**2).sum() * 200 / 199) / W.sum()
    assert evaluate(["mae"], Y, Z, W)["mae"].standard_error == pytest.approx(expected, rel=1e-12)
    assert evaluate(["mae"], Y, Z, W, "sum")["mae"].standard_error == pytest.approx(expected * W.sum(), rel=1e-12)


def test_the_standard_error_survives_a_large_mean():
    small, large = (evaluate(["mae"], [0.0] * 200, np.abs(Y) + c)["mae"].standard_error for c in (0.0, 1e9))
    assert large == pytest.approx(small, rel=1e-6)


@pytest.mark.parametrize("block", [1, 3, 1 << 18])
@pytest.mark.parametrize("weights", [[1.0, 2.0, 0.5, 1.0, 1.0], [1e300, 2e300, 0.0, 1e300, 1e-300]])
@pytest.mark.parametrize("top", [1.5e308, 1e200, 3.0])
def test_a_mean_is_finite_where_only_its_sum_is_not(top, weights, block, monkeypatch):
    monkeypatch.setattr(blocks, "FUSED", (block, block))
    monkeypatch.setattr(blocks, "PLAIN", block)
    y = np.array([top, top / 2, -top, 7e-5 * top, 0.0])
    masses = [Fraction(w) for w in weights]
    mean = sum(w * abs(Fraction(x)) for w, x in zip(masses, y, strict=True)) / sum(masses)
    off = [w * (abs(Fraction(x)) - mean) for w, x in zip(masses, y, strict=True)]
    error = math.sqrt(sum(x * x for x in off) * 5 / 4 / (sum(masses) * mean) ** 2) * float(mean)
    columns = y[:, None]  # with weights of elements, which the machine does not take
    for y_true, y_weights in ((y, weights), (columns, np.array(weights)[:, None])):
        found = evaluate(["mae"], y_true, np.zeros_like(y_true), y_weights)["mae"]
        assert (
            found.value == get("mae")(y_true, np.zeros_like(y_true), y_weights) == pytest.approx(float(mean), rel=1e-14)
        )
        assert found.standard_error in (None, pytest.approx(error, rel=1e-12))
        assert found.standard_error is not None or max(weights) > 1e200


def test_elements_of_a_row_are_not_told_apart_in_its_error():
    y, z = Y.reshape(50, 4), Z.reshape(50, 4)
    rows = get("mse")(y, z, None, "none").mean(axis=1)
    assert evaluate(["mse"], y, z)["mse"].standard_error == pytest.approx(rows.std(ddof=1) / math.sqrt(50), rel=1e-12)


def test_class_weights_are_part_of_the_error():
    labels, scores = RNG.integers(0, 3, 60), RNG.normal(size=(60, 3))
    cost, weight = get("cross_entropy")(labels, scores, None, "none"), np.array([1.0, 2, 5])[labels]
    off = weight * (cost - np.average(cost, weights=weight))
    found = evaluate(["weighted_ce:class_weight=[1,2,5]"], labels, scores)["weighted_ce"]
    assert found.value == pytest.approx(np.average(cost, weights=weight), rel=1e-12)
    assert found.standard_error == pytest.approx(math.sqrt((off**2).sum() * 60 / 59) / weight.sum(), rel=1e-12)


def test_there_is_no_error_of_a_single_row_of_rows_one_by_one_or_of_infinity():
    assert evaluate(["mse"], [1], [2])["mse"].standard_error is None
    assert evaluate(["mse"], Y, Z, None, "none")["mse"].standard_error is None
    assert evaluate(["bce"], [1, 1], [0, 0.5])["bce"].standard_error is None


# ── missing values ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_missing_rows_are_left_out_and_counted():
    y, z = Y.copy(), Z.copy()
    y[3], z[50], y[120] = math.nan, math.nan, math.inf
    kept = np.isfinite(y) & np.isfinite(z)
    for weights in (None, W):
        found = evaluate(SEVERAL, y, z, weights, missing="drop")
        rest = evaluate(SEVERAL, y[kept], z[kept], None if weights is None else weights[kept])
        for spec in SEVERAL:
            assert found[spec].value == pytest.approx(rest[spec].value, rel=1e-14)
            assert found[spec].standard_error == pytest.approx(rest[spec].standard_error, rel=1e-12)
            assert found[spec].n == 197
            assert codes(found[spec]) == ["MISSING_DROPPED"]
            assert "3 of 200 rows" in found[spec].warnings[0].message
    by_row = evaluate(["mae", "mse"], y, z, missing="drop", reduction="none")
    assert by_row["mae"].value.shape == (197,)


def test_missing_rows_are_refused_unless_that_is_asked_for():
    with pytest.raises(MissingValues) as caught:
        evaluate(["mse"], [1.0, math.nan], [1.0, 2.0])
    assert caught.value.data["rows"] == [1]
    with pytest.raises(EmptyInput, match="1 dropped"):
        evaluate(["mse"], [math.nan], [1.0], missing="drop")


def kept_and_whole(loss: Any, missing: list[int], n: int) -> tuple[Any, Any, Any, Any]:
    """Inputs with missing rows, and which are kept."""
    rng = rng_of("dropped", str(loss))
    y, z = sample(loss, rng, n)
    head = next(name for name in parts_of(z) if name not in SHARED)
    part = np.array(parts_of(z)[head], float)
    part[missing] = math.nan
    return y, with_part(z, head, part), weights_for(loss, y, z, rng), np.setdiff1d(np.arange(n), missing)


@pytest.mark.parametrize("loss", [loss for loss in ALL if loss.per_row and told_by_row(loss)], ids=repr)
@pytest.mark.parametrize("block", [1 << 15, 8])
def test_the_slope_is_nothing_in_rows_that_were_left_out(loss, block):
    n, missing = 24, [0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 23]
    y, z, weights, kept = kept_and_whole(loss, missing, n)
    y2, z2 = by_rows((y, z), lambda part: part[kept])
    with threads(2, block):
        for reduction in loss.about.reductions:
            found = evaluate([loss], y, z, weights, reduction, "drop", ["gradient"])[loss]
            rest = evaluate([loss], y2, z2, weights[kept], reduction, include=["gradient"])[loss]
            assert found.n == len(kept)
            np.testing.assert_allclose(found.value, rest.value, rtol=1e-12, atol=1e-14)
            slopes = parts_of(rest.gradient)
            for name, part in parts_of(found.gradient).items():
                assert part.shape == np.shape(parts_of(z)[name])
                if name not in SHARED:
                    assert not part[missing].any()
                    part = part[kept]
                assert part.dtype == slopes[name].dtype
                np.testing.assert_allclose(part, slopes[name], rtol=1e-9, atol=1e-13)


def test_the_slope_of_a_sum_and_of_float32_leave_rows_out_too():
    z = np.array([1, math.nan, 3], np.float32)
    found = evaluate(["mse+mae"], [0, 1, 2], z, None, "sum", "drop", ["gradient"])["mse+mae"]
    np.testing.assert_array_equal(found.gradient, [3, 0, 3])
    with threads(2, 1):
        alone = evaluate(["mse"], [0, 1, 2], z, None, "sum", "drop", ["gradient"])["mse"].gradient
    assert alone.dtype == np.float32


@pytest.mark.parametrize("spec", ["msle", "gce", "focal_multiclass", "poisson_deviance", "giou"])
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_a_bad_row_is_named_by_its_own_number_among_dropped_ones(spec, reduction, monkeypatch):
    loss = get(spec)
    y, z, _, _ = kept_and_whole(loss, [0, *range(8, 16), 17], 40)
    y = np.array(y, float)
    y[[21, 22, 33]] = -7.0 if spec != "giou" else [1.0, 1, 0, 0]
    for by_numpy in (False, True):
        if by_numpy:
            monkeypatch.setattr(engine, "alone", lambda *job: None)
        with threads(2, 8), pytest.raises(OutsideDomain) as caught:
            evaluate([loss], y, z, None, reduction, "drop")
        assert caught.value.data["rows"] in ([21], [21, 22])  # as many as are in its block
        with threads(2, 1 << 15), pytest.raises(OutsideDomain) as caught:
            evaluate([loss], y, z, None, reduction, "drop", ["gradient"])
        assert caught.value.data["rows"] == [21, 22, 33]


def test_a_missing_label_head_or_rival_is_found():
    assert evaluate(["cross_entropy"], [0, math.nan], [[1, 2], [2, 1]], missing="drop").n == 1
    assert evaluate(["gaussian_nll"], [0, 1], {"mean": [0, 1], "var": [1, math.nan]}, missing="drop").n == 1
    heads = {"anchor": [[1.0, 2]], "positive": [[1.0, 2]], "negatives": [[math.nan, 1]]}
    with pytest.raises(MissingValues) as caught:
        evaluate(["infonce"], None, heads, missing="drop")
    assert caught.value.data["field"].endswith("negatives")


# ── sums ────────────────────────────────────────────────────────────────────────────────────────────────────────────

MASK = (RNG.uniform(size=(5, 8)) < 0.4).astype(float)
LOGITS = RNG.normal(0, 2, (5, 8))


def test_a_sum_reads_logits_where_one_of_its_terms_does():
    both = get("0.5*dice+0.25*bce_with_logits:pos_weight=2")
    expected = 0.5 * get("dice", from_logits=True)(MASK, LOGITS)
    expected += 0.25 * get("bce_with_logits", pos_weight=2)(MASK, LOGITS)
    assert both(MASK, LOGITS) == pytest.approx(expected, rel=1e-15)
    found = evaluate([both, "bce_with_logits"], MASK, LOGITS, include=["gradient"])
    assert found[both].value == pytest.approx(expected, rel=1e-15)
    assert found[both].unit == "mixed"
    step = 1e-6 * RNG.normal(size=LOGITS.shape)
    slope = both(MASK, LOGITS + step) - both(MASK, LOGITS - step)
    assert 2 * (found[both].gradient * step).sum() == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize(
    "text",
    ["dice+bce_with_logits", "0.5*mse+mae", "0.1*dice+0.3333333333333333*focal:gamma=1"],
)
def test_a_sum_is_what_its_text_says(text):
    assert str(get(text)) == text
    assert get(str(get(text))) == get(text)
    assert eval(repr(get(text)), vars(losses)) == get(text)


def test_a_sum_of_rows_is_a_row_of_sums():
    both = get("mse+0.5*mae")
    expected = get("mse")(Y, Z, W, "none") + 0.5 * get("mae")(Y, Z, W, "none")
    np.testing.assert_allclose(both(Y, Z, W, "none"), expected, rtol=1e-15)
    np.testing.assert_allclose(evaluate([both], Y, Z, W, "none")[both].value, expected, rtol=1e-15)
    np.testing.assert_allclose(both.hessian(Y, Z), np.full(200, 2.0))


def test_terms_of_other_shapes_have_no_rows_in_common():
    with pytest.raises(InvalidShape, match="no reduction 'none'"):
        get("dice+bce_with_logits")(MASK, LOGITS, None, "none")


@pytest.mark.parametrize("order", [1, -1])
def test_weights_of_images_do_not_fit_a_batch_taken_as_one_row(order):
    asked = ["bce_with_logits", "dice:aggregate=batch,from_logits=true"][::order]
    with pytest.raises(InvalidWeights, match="1 row"):
        evaluate(asked, MASK, LOGITS, [1, 1, 1, 1, 2])


# ── warnings and the reply ──────────────────────────────────────────────────────────────────────────────────────────

WARNED = {
    "MAPE_ZERO": ("mape", [0, 1], [1, 1]),
    "CROSSED_INTERVAL": ("interval_score", [1], {"lower": [2], "upper": [1]}),
    "NON_FINITE": ("bce", [1, 1], [0, 0.5]),
    "LOGITS_AS_PROBABILITIES": ("focal", [0, 1], [0.2, 0.7]),
}


@pytest.mark.parametrize("code", WARNED)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_what_to_beware_of_is_said_by_code_in_every_reduction(code, reduction):
    spec, y, z = WARNED[code]
    assert codes(evaluate([spec], y, z, None, reduction)[spec]) == [code]


LOOKING = [loss for loss in DEFAULTS if loss.inputs.get("y_pred") is ANY_LOGIT and loss.cautions]


@pytest.mark.parametrize("loss", LOOKING, ids=repr)
def test_logits_look_like_probabilities_where_all_of_them_could_be(loss):
    y, z = sample(loss, rng_of("looks", str(loss)), 8)
    if isinstance(loss, Classes):
        looks = np.array([[0.5, 0.25, 0.25, 0], [1, 0, 0, 0]]).repeat(4, axis=0)
        odd = [1.5, -0.5, 0, 0], [0.5, 0.5, 0.5, 0], [0.5, 0.25, 0, 0]
    else:
        looks, odd = np.linspace(0, 1, z.size).reshape(z.shape), (1.5, -0.5)
    assert codes(evaluate([loss], y, looks)[loss]) == ["LOGITS_AS_PROBABILITIES"]
    for other in odd:
        looks[-1] = other
        assert codes(evaluate([loss], y, looks)[loss]) == []


def test_nothing_is_said_where_there_is_nothing_to_beware_of():
    for spec, y, z in (
        ("mape", [1, 2], [1, 1]),
        ("interval_score", [1], {"lower": [0], "upper": [1]}),
        ("bce", [1, 1], [0.1, 0.5]),
        ("focal", [0, 1], [-0.2, 0.7]),
    ):
        assert codes(evaluate([spec], y, z)[spec]) == []


def test_losses_of_other_units_are_not_to_be_compared():
    assert codes(evaluate(["mse", "mae"], Y, Z)) == ["NOT_COMPARABLE"]
    assert codes(evaluate(["mae", "quantile"], Y, Z)) == []


@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_a_reply_is_json_and_a_number_that_json_cannot_hold_is_null(reduction):
    found = evaluate(["bce", "bce:eps=1e-7"], [1, 1], [0, 0.5], None, reduction, include=["gradient"])
    reply = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    first, second = reply["results"]
    assert reply["n"] == 2
    assert first["loss"] == "bce"
    assert second["loss"] == {"loss": "bce", "eps": 1e-7}
    assert first["value"] is None if reduction == "mean" else first["value"][0] is None
    assert first["gradient"][0] is None
    assert {note["code"] for note in first["warnings"]} == {"NON_FINITE"}
    assert set(first) == {
        *("loss", "reduction", "value", "standard_error", "unit", "n", "warnings", "gradient"),
    }


# ── batches ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_evaluator_that_saw_nothing_changes_nothing_and_has_no_result():
    seen = Evaluator(SEVERAL).update(Y, Z, W)
    for both in (seen + Evaluator(SEVERAL), Evaluator(SEVERAL) + seen):
        assert both.result().to_dict() == seen.result().to_dict()
    with pytest.raises(EmptyInput):
        Evaluator(SEVERAL).result()


def test_only_evaluations_of_the_same_question_add_up():
    for other in (Evaluator(["mae"]), Evaluator(["mse"], "sum"), Evaluator(["mse", "mae"])):
        with pytest.raises(InvalidInput):
            Evaluator(["mse"]) + other


def test_dropped_rows_and_warnings_of_batches_add_up():
    first = Evaluator(["mape"], missing="drop").update([0, math.nan, 1], [1, 1, 1])
    second = Evaluator(["mape"], missing="drop").update([math.nan, 0], [1, 1])
    found = (first + second).result()["mape"]
    assert found.n == 3
    assert [note.message[:8] for note in found.warnings] == ["2 of 3 t", "2 of 5 r"]
