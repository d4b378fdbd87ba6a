"""Two models on the same rows: the difference is what NumPy says of the pairs, and groups are what each is alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import losses
from losses import errors

RNG = np.random.default_rng(11)
Y = RNG.gamma(2.0, size=4000)
A, B = Y + RNG.normal(size=4000), Y + 1.1 * RNG.normal(size=4000)
W = RNG.random(4000)


@pytest.mark.parametrize("spec", ["mse", "mae", "huber:delta=0.5", "quantile:tau=0.9"])
def test_the_difference_is_the_mean_over_pairs_with_its_error(spec: str) -> None:
    loss: Any = losses.get(spec)
    rows = loss(Y, A, reduction="none") - loss(Y, B, reduction="none")
    found = losses.compare(spec, Y, {"new": A, "old": B})[spec]
    assert found.difference == pytest.approx(rows.mean(), rel=1e-10)
    assert found.standard_error == pytest.approx(rows.std(ddof=1) / np.sqrt(4000), rel=1e-10)
    assert found.values == pytest.approx({"new": loss(Y, A), "old": loss(Y, B)}, rel=1e-12)
    assert (found.low, found.high) == pytest.approx(
        (rows.mean() - 1.959963984540054 * found.standard_error, rows.mean() + 1.959963984540054 * found.standard_error)
    )
    assert found.better == "new"
    assert found.n == 4000


def test_what_is_hard_for_both_does_not_blur_the_difference() -> None:
    noise = RNG.normal(size=4000) * 100
    found = losses.compare("mae", Y + noise, {"a": Y, "b": Y - 0.1})["mae"]
    apart = losses.evaluate("mae", Y + noise, Y)["mae"].standard_error
    assert found.standard_error < apart / 100


def test_weights_and_several_losses_count_in_one_pass() -> None:
    found = losses.compare(["mse", "mae"], Y, {"a": A, "b": B}, W)
    for spec in ("mse", "mae"):
        loss: Any = losses.get(spec)
        assert found[spec].difference == pytest.approx(loss(Y, A, W) - loss(Y, B, W), rel=1e-9)
    assert list(found) == ["mse", "mae"]
    assert [row["loss"] for row in found.to_dict()["results"]] == ["mse", "mae"]
    assert "a - b" in repr(found)


def test_rows_that_one_model_misses_count_for_neither() -> None:
    holes = A.copy()
    holes[[1, 5]] = np.nan
    kept = ~np.isnan(holes)
    found = losses.compare("mse", Y, {"a": holes, "b": B}, missing="drop")["mse"]
    expected = losses.compare("mse", Y[kept], {"a": A[kept], "b": B[kept]})["mse"]
    assert found.n == 3998
    assert found.values == pytest.approx(expected.values, rel=1e-12)
    with pytest.raises(errors.MissingValues) as refused:
        losses.compare("mse", Y, {"a": holes, "b": B})
    assert refused.value.data["rows"] == [1, 5]


def test_losses_of_classes_and_of_several_heads_have_pairs_too() -> None:
    labels, logits = RNG.integers(3, size=500), RNG.normal(size=(500, 3))
    found = losses.compare("cross_entropy", labels, {"a": logits, "b": logits * 2})["cross_entropy"]
    loss: Any = losses.get("cross_entropy")
    assert found.difference == pytest.approx(loss(labels, logits) - loss(labels, logits * 2), rel=1e-10)
    heads = {name: {"mean": z, "var": W + 1} for name, z in (("a", A), ("b", B))}
    nll: Any = losses.get("gaussian_nll")
    assert losses.compare(nll, Y, heads)["gaussian_nll"].values["b"] == pytest.approx(nll(Y, heads["b"]), rel=1e-12)


def test_equal_models_differ_by_nothing_and_one_row_has_no_error() -> None:
    same = losses.compare("mse", Y, {"a": A, "b": A})["mse"]
    assert (same.difference, same.standard_error, same.better) == (0, 0, None)
    one = losses.compare("mse", [1.0], {"a": [2.0], "b": [3.0]})["mse"]
    assert (one.difference, one.standard_error, one.low, one.better) == (-3, None, None, None)


@pytest.mark.parametrize(
    ("spec", "predictions", "error"),
    [
        ("mse", {"a": A}, errors.InvalidInput),
        ("mse", {"a": A, "b": B, "c": B}, errors.InvalidInput),
        ("mse", [A, B], errors.InvalidInput),
        ("mse", {"a": A, "b": B[1:]}, errors.InvalidShape),
        ("mse+mae", {"a": A, "b": B}, errors.NotSupported),
        ("infonce", {"a": A, "b": B}, errors.NotSupported),
        ("huberr", {"a": A, "b": B}, errors.UnknownName),
    ],
)
def test_what_has_no_pairs_is_refused(spec: str, predictions: Any, error: type[errors.LossesError]) -> None:
    with pytest.raises(error):
        losses.compare(spec, Y, predictions)


def test_each_group_is_what_it_is_alone() -> None:
    groups = np.array(["north", "south", None], object)[RNG.integers(3, size=4000)]
    found = losses.evaluate(["mse", "mae"], Y, A, W, groups=groups)
    assert found["mse"] == losses.evaluate(["mse", "mae"], Y, A, W)["mse"]
    assert set(found.groups) == {"north", "south", None}
    for key, part in found.groups.items():
        some = np.array([group == key for group in groups])
        alone = losses.evaluate(["mse", "mae"], Y[some], A[some], W[some])
        assert dict(part) == dict(alone)
    told = found.to_dict()["groups"]
    assert [row["group"] for row in told] == list(found.groups)
    assert sum(row["n"] for row in told) == 4000


def test_groups_without_a_row_are_left_out_and_odd_ones_refused() -> None:
    y = np.array([1.0, np.nan, 3.0])
    found = losses.evaluate("mse", y, [1, 2, 3], missing="drop", groups=["a", "b", "a"])
    assert list(found.groups) == ["a"]
    for groups in (["a"], [["a"], ["b"], ["c"]], range(4)):
        with pytest.raises(errors.InvalidInput):
            losses.evaluate("mse", [1, 2, 3], [1, 2, 3], groups=groups)
    with pytest.raises(errors.InvalidInput, match="at most"):
        losses.evaluate("mse", Y, A, groups=range(4000))
