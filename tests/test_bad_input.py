"""Whatever comes in: numbers in any container are read, all else is an error that says what was expected and where."""

from __future__ import annotations

import array
import dataclasses
import decimal
import fractions
import math
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from losses import Evaluator, blocks, class_weights, engine, evaluate, get, tally
from losses.errors import (
    EmptyInput,
    InvalidInput,
    InvalidParameter,
    InvalidShape,
    InvalidType,
    InvalidWeights,
    LossesError,
    LossWarning,
    MissingValues,
    NotSupported,
    OutsideDomain,
    UnknownName,
)

from .instances import DEFAULTS, Sample, by_rows, parts_of, rng_of, sample, takes_columns, with_part

MSE, Y, Z = get("mse"), [1.0, 2.0, 3.0], [1.5, 2.0, 2.0]


def tensor(*args: Any, **kwargs: Any) -> Any:
    return pytest.importorskip("torch").tensor(*args, **kwargs)


def read_only(values: Any) -> Any:
    array = np.array(values)
    array.flags.writeable = False
    return array


class Foreign:
    """An array of somebody else's, which says that it is of another shape."""

    shape = (7,)

    def __init__(self, read: Any) -> None:
        self.read = read

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.read()


# ── containers ──────────────────────────────────────────────────────────────────────────────────────────────────────

READ = {
    "list": list,
    "tuple": tuple,
    "range": lambda v: range(1, 4),
    "float16": lambda v: np.array(v, np.float16),
    "long double": lambda v: np.array(v, np.longdouble),
    "big-endian": lambda v: np.array(v, ">f8"),
    "big-endian integers": lambda v: np.array(v, ">i4"),
    "unsigned": lambda v: np.array(v, np.uint8),
    "read-only": read_only,
    "strided": lambda v: np.repeat(v, 2)[::2],
    "backwards": lambda v: np.array(v[::-1])[::-1],
    "objects": lambda v: np.array(v, object),
    "fractions": lambda v: [fractions.Fraction(x) for x in v],
    "masked nowhere": lambda v: np.ma.array(v, mask=[0, 0, 0]),
    "pandas": pd.Series,
    "nullable pandas": lambda v: pd.Series(v, dtype="Float64"),
    "polars": pl.Series,
    "torch": tensor,
    "torch half": lambda v: tensor(v).half(),
    "torch bfloat16": lambda v: tensor(v).bfloat16(),
    "torch in a graph": lambda v: tensor(v, requires_grad=True),
    "arrow": pa.array,
    "arrow in chunks": lambda v: pa.chunked_array([v[:1], v[1:]]),
    "array module": lambda v: array.array("d", v),
    "memory": lambda v: memoryview(array.array("d", v)),
    "askew in memory": lambda v: np.frombuffer(b"." + np.array(v).tobytes(), np.uint8)[1:].view(np.float64),
    "of its own kind": lambda v: Foreign(lambda: np.array(v)),
}


@pytest.mark.parametrize("name", READ)
def test_numbers_are_read_from_any_container(name):
    assert MSE(READ[name](Y), Z) == MSE(Y, Z)
    assert MSE(Z, READ[name](Y)) == MSE(Z, Y)
    np.testing.assert_array_equal(MSE.gradient(Z, READ[name](Y)), MSE.gradient(Z, Y))


@pytest.mark.parametrize("loss", DEFAULTS, ids=repr)
@pytest.mark.filterwarnings("ignore::losses.LossWarning")
@pytest.mark.parametrize("name", ["list", "long double", "askew in memory", "of its own kind"])
def test_every_loss_reads_any_container(loss, name):
    y, z = sample(loss, rng_of("read", str(loss)))

    def other(part: Any) -> Any:
        if name == "askew in memory":
            return READ[name](np.ravel(part).astype(float)).reshape(np.shape(part))
        return part.tolist() if name == "list" else READ[name](part)

    changed = None if y is None else other(y), {k: other(v) for k, v in z.items()} if isinstance(z, dict) else other(z)
    assert loss(*changed) == loss(y, z)
    for call in (loss.gradient, loss.hessian):
        for head, part in parts_of(call(y, z)).items():
            np.testing.assert_array_equal(parts_of(call(*changed))[head], part)


def test_a_frame_and_a_column_of_rows_are_two_dimensional():
    frame = {"a": Y, "b": Z}
    expected = MSE(np.transpose([Y, Z]), np.transpose([Z, Y]))
    assert MSE(pd.DataFrame(frame), np.transpose([Z, Y])) == expected
    assert MSE(pl.DataFrame(frame), np.transpose([Z, Y])) == expected


@pytest.mark.parametrize("loss", DEFAULTS, ids=repr)
@pytest.mark.filterwarnings("ignore::losses.LossWarning")
def test_an_input_is_never_changed(loss):
    y, z = sample(loss, rng_of("untouched", str(loss)))
    y, z = (None if y is None else read_only(y)), with_read_only(z)
    loss(y, z)
    loss.gradient(y, z)


def with_read_only(z: Any) -> Any:
    for name, part in parts_of(z).items():
        z = with_part(z, name, read_only(part))
    return z


@pytest.mark.parametrize("loss", DEFAULTS, ids=repr)
@pytest.mark.filterwarnings("ignore::losses.LossWarning")
def test_layout_in_memory_does_not_change_a_bit(loss):
    y, z = sample(loss, rng_of("memory", str(loss)), 9)

    def odd(part: Any) -> Any:
        return np.asfortranarray(np.repeat(part, 2, axis=0).astype(part.dtype.newbyteorder(">")))[::2]

    assert loss(*by_rows((y, z), odd)) == loss(y, z)


# ── what cannot be read ─────────────────────────────────────────────────────────────────────────────────────────────

UNREADABLE = {
    "null": (None, InvalidType),
    "text": ("1 2 3", InvalidType),
    "strings": (["1", "2", "3"], InvalidType),
    "string objects": (np.array(["1", "2", "3"], object), InvalidType),
    "categories": (pd.Series(["a", "b", "c"], dtype="category"), InvalidType),
    "decimals": ([decimal.Decimal(1)] * 3, InvalidType),
    "complex": ([1j, 2, 3], InvalidType),
    "dates": (np.array(["2020-01-01"] * 3, "datetime64[D]"), InvalidType),
    "durations": (np.array([1, 2, 3], "timedelta64[s]"), InvalidType),
    "records": (np.array([(1, 2.0)] * 3, dtype=[("a", int), ("b", float)]), InvalidType),
    "a mapping": ({"a": 1}, InvalidType),
    "a set": ({1, 2, 3}, InvalidType),
    "a generator": ((x for x in Y), InvalidType),
    "a number beyond floats": ([10**400, 1, 2], InvalidType),
    "masked strings": (np.ma.array(["a", "b", "c"]), InvalidType),
    "masked complex": (np.ma.array([1j, 2, 3]), InvalidType),
    "masked dates": (np.ma.array(np.array([1, 2, 3], "datetime64[s]")), InvalidType),
    "masked records": (np.ma.array(np.zeros(3, [("a", int)])), InvalidType),
    "masked objects": (np.ma.array([1, "b", 3], dtype=object), InvalidType),
    "a frozen set": (frozenset([1, 2, 3]), InvalidType),
    "what cannot be read": (Foreign(lambda: {}["no such key"]), InvalidType),
    "one number": (1.0, InvalidShape),
    "ragged rows": ([[1], [1, 2], [3]], InvalidShape),
    "no rows": ([], InvalidShape),
    "too few rows": ([1.0, 2.0], InvalidShape),
    "a column": ([[1.0], [2.0], [3.0]], InvalidShape),
    "null inside": ([1, None, 3], MissingValues),
    "NaN": ([1, math.nan, 3], MissingValues),
    "null in pandas": (pd.Series([1, None, 3], dtype="Int64"), MissingValues),
    "null in polars": (pl.Series([1, None, 3]), MissingValues),
    "masked": (np.ma.array(Y, mask=[0, 1, 0]), MissingValues),
    "masked among objects": (np.ma.array([1, "b", 3], mask=[0, 1, 0], dtype=object), MissingValues),
    "infinity": ([1, math.inf, 3], OutsideDomain),
    "beyond float64": (np.array(["1", "1e400", "3"], np.longdouble), OutsideDomain),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_not_a_column_of_numbers_is_refused(name):
    bad, error = UNREADABLE[name]
    for field, inputs in (("y_true", (bad, Z)), ("y_pred", (Z, bad))):
        with pytest.raises(error) as caught:
            MSE(*inputs)
        if error is not InvalidShape:
            assert caught.value.data["field"] == field
        if error in (MissingValues, OutsideDomain):
            assert caught.value.data["rows"] == [1]


@pytest.mark.parametrize("rows", [[["a"], [1], [2]], [[1, 2], [3, "a"], [5, 6]], [[1, 2], [3, 10**400], [5, 6]]])
def test_a_row_with_something_else_is_named_in_columns_too(rows):
    table = np.array(rows, object)
    at = next(i for i, row in enumerate(rows) if not all(isinstance(x, int) and x < 99 for x in row))
    with pytest.raises(InvalidType, match=f"at row {at}") as caught:
        MSE(table, np.ones(table.shape))
    assert caught.value.data["rows"] == [at]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("spec", ["mse", "msle", "poisson_nll", "gamma_deviance", "bce"])
def test_an_infinity_is_found_in_every_type(spec, dtype):
    ones, bad = np.ones(3, dtype) / 2, np.array([1, math.inf, 1], dtype)
    for inputs in ((ones, bad), (bad, ones)):
        with pytest.raises(OutsideDomain) as caught:
            get(spec)(*inputs)
        assert caught.value.data["rows"] == [1]


# ── what this loss does not take ────────────────────────────────────────────────────────────────────────────────────

SCORES = [[1.0, 2.0, 3.0], [0.0, 0.0, 1.0]]
UNLIKE = "these look like logits"
ONE = ((1.0,),)
INF = math.inf

WRONG: dict[str, tuple[str, Any, Any, type[LossesError], dict[str, Any], str]] = {
    "a class beyond the scores": (
        "cross_entropy", [0, 3], SCORES, OutsideDomain, {"field": "y_true", "got": 3, "rows": [1]}, "from 0 to 2"),
    "a negative class": ("cross_entropy", [0, -1], SCORES, OutsideDomain, {"got": -1, "rows": [1]}, "from 0 to 2"),
    "half a class": ("cross_entropy", [0, 0.5], SCORES, OutsideDomain, {"got": 0.5, "rows": [1]}, "class number"),
    "a class far beyond integers": ("gce", [0, 1e300], SCORES, OutsideDomain, {"got": 1e300, "rows": [1]}, "class"),
    "an unsigned class beyond integers": (
        "gce", np.array([0, 2**63], np.uint64), SCORES, OutsideDomain, {"rows": [1]}, "class"),
    "a label that is not the ignored one": (
        "cross_entropy:ignore_index=-100", [-100, -1], SCORES, OutsideDomain, {"got": -1, "rows": [1]}, "from 0 to 2"),
    "soft labels that do not sum to one": (
        "cross_entropy", [[0.5, 0.2, 0.2], [1, 0, 0]], SCORES, OutsideDomain, {"field": "y_true", "rows": [0]},
        "sums to 1"),
    "only ignored labels": ("cross_entropy:ignore_index=-1", [-1, -1], SCORES, EmptyInput, {}, "all are ignored"),
    "only classes without weight": (
        "weighted_ce:class_weight=[0,0,1]", [0, 1], SCORES, EmptyInput, {}, "no row counts"),
    "flat scores of classes": (
        "cross_entropy", [0], [1.0, 2.0], InvalidShape, {"field": "y_pred", "got": [2]}, "rows of class scores"),
    "too few class weights": (
        "weighted_ce:class_weight=[1,2]", [0, 1], SCORES, InvalidShape, {"expected": 3, "got": 2}, "3 columns"),
    "too few priors": (
        "logit_adjusted_ce:class_prior=[0.5,0.5]", [0, 1], SCORES, InvalidShape, {"field": "class_prior"}, "3 columns"),
    "too few alphas": (
        "focal_multiclass:alpha=[0.5,0.5]", [0, 1], SCORES, InvalidShape, {"field": "alpha"}, "3 columns"),
    "too few importances": (
        "coral:importance_weights=[1,1]", [0, 1], SCORES, InvalidShape, {"field": "importance_weights"}, "3 columns"),
    "other classes than said": (
        "corn:num_classes=3", [0, 1], SCORES, InvalidShape, {"expected": 2, "got": 3}, "2 columns"),
    "logits for probabilities": (
        "bce", [0, 1, 1], [0.5, 2.0, -1.0], OutsideDomain, {"field": "y_pred", "got": 2, "rows": [1, 2]}, UNLIKE),
    "logits for a distribution": ("kl_div", [[0.5, 0.5]], [[2.0, -1.0]], OutsideDomain, {"rows": [0]}, UNLIKE),
    "logits for masks": ("dice", [[1, 0]], [[3.0, -1.0]], OutsideDomain, {"got": 3, "rows": [0]}, UNLIKE),
    "logits for a forecast": ("brier", [0, 1], [0.2, 2.0], OutsideDomain, {"got": 2, "rows": [1]}, UNLIKE),
    "a distribution that does not sum to one": (
        "kl_div", [[0.5, 0.5]], [[0.5, 0.6]], OutsideDomain, {"field": "y_pred", "rows": [0]}, "sums to 1"),
    "forecasts that do not sum to one": (
        "brier", [0, 1], [[0.2, 0.2], [0.5, 0.5]], OutsideDomain, {"rows": [0]}, "sums"),
    "probabilities for log-probabilities": (
        "kl_div:from_log=true", [[0.5, 0.5]], [[0.4, 0.6]], OutsideDomain, {"got": 0.4}, "log-probability"),
    "distributions of other lengths": (
        "kl_div", [[0.5, 0.5]], [[0.5, 0.25, 0.25]], InvalidShape, {"got": [1, 3]}, "shaped"),
    "labels of two codings": (
        "hinge", [-1, 0, 1], [1, 2, 3], OutsideDomain, {"field": "y_true", "rows": [1]}, "not both"),
    "a label of neither coding": ("hinge", [1, 2], [1, 2], OutsideDomain, {"got": 2, "rows": [1]}, "-1 or +1"),
    "signs for bits": ("bce_with_logits", [-1, 1], [2, 7], OutsideDomain, {"got": -1, "rows": [0]}, "label in [0, 1]"),
    "soft labels for bits": ("focal", [0.3, 1], [2, 3], OutsideDomain, {"got": 0.3, "rows": [0]}, "0 or 1"),
    "a label image": ("dice", [[1, 2]], [[0.5, 0.5]], OutsideDomain, {"got": 2, "rows": [0]}, "[0, 1]"),
    "a negative count": ("poisson_nll", [1, -1], [1, 2], OutsideDomain, {"field": "y_true", "rows": [1]}, "at least 0"),
    "a negative rate": ("poisson_nll", [1, 1], [1, -2], OutsideDomain, {"field": "y_pred", "rows": [1]}, "at least 0"),
    "a mean of zero": ("poisson_deviance", [1], [0], OutsideDomain, {"got": 0, "rows": [0]}, "above 0"),
    "an amount of zero": ("gamma_deviance", [0], [1], OutsideDomain, {"field": "y_true"}, "above 0"),
    "zero at a power from two": ("tweedie_deviance:power=3", [0], [1], OutsideDomain, {"field": "y_true"}, "above 0"),
    "minus one under a logarithm": ("msle", [-1], [1], OutsideDomain, {"got": -1}, "above -1"),
    "one head for two": ("gaussian_nll", [1], [2], InvalidInput, {"expected": ["mean", "var"]}, "named arrays"),
    "a missing head": ("gaussian_nll", [1], {"mean": [1]}, InvalidInput, {"got": ["mean"]}, "var missing"),
    "an unknown head": ("gaussian_nll", [1], {"mean": [1], "var": [1], "x": [1]}, InvalidInput, {}, "x not among them"),
    "a negative variance": (
        "gaussian_nll", [1], {"mean": [1], "var": [-1]}, OutsideDomain, {"rows": [0]}, "at least 0"),
    "heads of other lengths": (
        "gaussian_nll", [1, 2], {"mean": [1, 2], "var": [1]}, InvalidShape, {"field": "y_pred.var"},
        "differ in length"),
    "boxes of three corners": ("giou", [[1, 2, 3]], [[1, 2, 3]], InvalidShape, {"got": [1, 3]}, "four corners"),
    "a flat box": ("giou", [1, 2, 3, 4], [1, 2, 3, 4], InvalidShape, {"got": [4]}, "four corners"),
    "a target for a loss without": (
        "triplet", [1], dict.fromkeys(("anchor", "positive", "negative"), ONE), InvalidInput, {}, "no target"),
    "flat embeddings": (
        "nt_xent", None, {"z1": [1.0], "z2": [1.0]}, InvalidShape, {"field": "y_pred.z1"}, "rows of embeddings"),
    "embeddings of other widths": ("nt_xent", None, {"z1": [[1.0]], "z2": [[1.0, 2]]}, InvalidShape, {}, "shaped as"),
    "rivals in both directions": (
        "infonce:symmetric=true", None, dict.fromkeys(("anchor", "positive", "negatives"), ONE), NotSupported, {},
        "in-batch only"),
    "labels for other rows": ("supcon", [0, 1, 2], [[1.0, 2], [1, 2]], InvalidShape, {}, "differ in length"),
    "half an elbo": (
        "elbo", None, {"mu": [[1.0]]}, InvalidInput, {"field": "y_pred", "got": ["mu"]}, "needs mu and logvar"),
    "an elbo without its data": (
        "elbo", None, {"mu": [[1.0]], "logvar": [[1.0]], "logits": [[1.0]]}, InvalidInput, {}, "y_true"),
    "thresholds that fall": (
        "cumulative_link", [0], {"score": [1], "thresholds": [2, 1]}, OutsideDomain, {"rows": [0]}, "must rise"),
    "too few columns for the quantiles": (
        "quantile:tau=[0.1,0.5,0.9]", [1, 2], [[1, 2], [1, 2]], InvalidShape, {"expected": [2, 3]},
        "column for each tau"),
    "columns of targets for quantiles": (
        "quantile:tau=[0.1,0.9]", [[1], [2]], [[1, 2], [1, 2]], InvalidShape, {"field": "y_true"}, "flat"),
    "a column against a list": (
        "mse", [[1], [2]], [1, 2], InvalidShape, {"expected": [2, 1], "got": [2]}, "shaped as y_true"),
    "no rows": ("mse", [], [], EmptyInput, {"got": 0}, "no rows"),
    "no images": ("dice", np.zeros((0, 4)), np.zeros((0, 4)), EmptyInput, {"got": 0}, "no rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_a_loss_does_not_take_is_refused_and_told(name):
    spec, y, z, error, data, words = WRONG[name]
    loss = get(spec)
    for call in (loss, loss.gradient, lambda y, z: evaluate([loss], y, z)):
        if error is EmptyInput and words != "no rows" and call == loss.gradient:
            continue  # a sum over no row that counts is 0, and so is its slope
        with pytest.raises(error) as caught:
            call(y, z)
        assert type(caught.value) is error
        assert words in caught.value.detail
        assert caught.value.data | data == caught.value.data


EMPTY_INSIDE = {
    "no classes": ("cross_entropy", [0, 0], np.zeros((2, 0))),
    "no tasks": ("coral", [0, 0], np.zeros((2, 0))),
    "no dimensions": ("triplet", None, dict.fromkeys(("anchor", "positive", "negative"), np.zeros((2, 0)))),
    "no columns": ("mse", np.zeros((2, 0)), np.zeros((2, 0))),
    "no pixels": ("dice", np.zeros((2, 0)), np.zeros((2, 0))),
    "no rivals": (
        "infonce", None, {"anchor": np.ones((2, 3)), "positive": np.ones((2, 3)), "negatives": np.ones((0, 3))}),
    "no thresholds": ("cumulative_link", [0, 0], {"score": [1.0, 2.0], "thresholds": []}),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY_INSIDE)
def test_rows_with_nothing_in_them_are_refused(name):
    spec, y, z = EMPTY_INSIDE[name]
    for call in (get(spec), get(spec).gradient):
        with pytest.raises((EmptyInput, InvalidShape)):
            call(y, z)


@pytest.mark.parametrize("loss", DEFAULTS, ids=repr)
@pytest.mark.filterwarnings("ignore::losses.LossWarning")
def test_a_single_row_is_enough(loss):
    y, z = by_rows(sample(loss, rng_of("single row", str(loss))), lambda part: part[:1])
    with np.errstate(all="raise"):
        assert math.isfinite(loss(y, z))
    for part in parts_of(loss.gradient(y, z)).values():
        assert np.isfinite(part).all()


# ── weights ─────────────────────────────────────────────────────────────────────────────────────────────────────────

WEIGHTS = {
    "all zero": ([0, 0, 0], {}),
    "negative": ([1, -1, 1], {"rows": [1]}),
    "NaN": ([1, math.nan, 1], {"rows": [1]}),
    "infinite": ([1, INF, 1], {"rows": [1]}),
    "null": ([None, 1, 1], {"rows": [0]}),
    "null in pandas": (pd.Series([1, None, 2], dtype="Float64"), {"rows": [1]}),
    "masked": (np.ma.array(Y, mask=[0, 1, 0]), {"rows": [1]}),
    "too few": ([1, 1], {"got": [2]}),
    "too many": ([1, 1, 1, 1], {"got": [4]}),
    "one number": (2.0, {"got": []}),
    "a column": ([[1], [1], [1]], {"got": [3, 1]}),
    "two columns": (np.ones((3, 2)), {"got": [3, 2]}),
    "words": (["a", "b", "c"], {}),
    "digits": (["1", "2", "3"], {}),
    "complex": ([1j, 1, 1], {}),
    "dates": (np.array(["2020-01-01"] * 3, "datetime64[D]"), {}),
    "a mapping": ({"a": 1}, {}),
    "a set": ({1, 2, 3}, {}),
    "too large to add": ([1e308, 1e308, 1e308], {}),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_that_are_not_one_number_of_at_least_zero_a_row_are_refused(name):
    weights, data = WEIGHTS[name]
    for call in (MSE, MSE.gradient, lambda *inputs: evaluate(["mse"], *inputs)):
        with pytest.raises(InvalidWeights) as caught:
            call(Y, Z, weights)
        assert caught.value.data["field"] == "sample_weight"
        assert caught.value.data | data == caught.value.data


@pytest.mark.parametrize("name", READ)
def test_weights_are_read_from_any_container(name):
    assert MSE(Y, Z, READ[name](Y)) == MSE(Y, Z, Y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bad_weights_are_named_wherever_they_stand(dtype):
    rows = [5, tally.PIECE - 1, tally.PIECE, 2 * tally.PIECE + 3]
    weights = np.ones(3 * tally.PIECE, dtype)
    weights[rows] = -1, math.nan, math.inf, -math.inf
    with pytest.raises(InvalidWeights) as caught:
        MSE(weights, weights, weights)
    assert caught.value.data["rows"] == rows
    weights[:9] = -1
    with pytest.raises(InvalidWeights) as caught:
        MSE(weights, weights, weights)
    assert caught.value.data["rows"] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("loss", [loss for loss in DEFAULTS if not takes_columns(loss)], ids=repr)
@pytest.mark.filterwarnings("ignore::losses.LossWarning")
def test_weights_of_elements_are_refused_where_rows_have_losses(loss):
    y, z = sample(loss, rng_of("weights of elements", str(loss)))
    for shape in ((6, 1), (6, 4), (6, 4, 4)):
        for call in (loss, loss.gradient, loss.hessian):
            with pytest.raises(InvalidWeights):
                call(y, z, np.ones(shape))


def test_weights_of_elements_weigh_elements():
    y, z, w = np.ones((3, 2)), np.arange(6.0).reshape(3, 2), np.arange(6.0).reshape(3, 2)
    assert MSE(y, z, w) == pytest.approx(np.average((y - z) ** 2, weights=w), rel=1e-15)
    np.testing.assert_array_equal(MSE.gradient(y, z, w), 2 * w * (z - y))


@pytest.mark.parametrize("weights", [np.full(3, 1e-320), np.full(3, 5e307)])
def test_weights_that_nothing_can_be_divided_by_are_refused(weights):
    with pytest.raises(InvalidWeights):
        get("quantile:tau=[0.2,0.5,0.7,0.9]")(Y, np.ones((3, 4)), weights)


def test_weights_without_numbers_are_refused():
    with pytest.raises(InvalidWeights) as caught:
        MSE(Y, Z, np.ones((3, 0)))
    assert caught.value.data["got"] == [3, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("by_numpy", [False, True])
def test_weights_are_not_copied_whole(dtype, by_numpy, monkeypatch):
    if by_numpy:
        monkeypatch.setattr(engine, "alone", lambda *job: None)
        monkeypatch.setattr(blocks, "FUSED", (blocks.PLAIN, blocks.PLAIN))
    y, weights = np.zeros(1 << 22, np.float32), np.ones(1 << 22, dtype)
    MSE(y, y, weights)
    tracemalloc.start()
    try:
        MSE(y, y, weights)
        assert tracemalloc.get_traced_memory()[1] < 3 << 20  # a byte for each would be more
    finally:
        tracemalloc.stop()


def test_weights_of_float32_weigh_as_those_of_float64():
    weights = np.array([0.1, 0.7, 1.3], np.float32)
    for loss in DEFAULTS:
        if loss.per_row:
            y, z = sample(loss, rng_of("single weights", str(loss)), 3)
            with warnings.catch_warnings(action="ignore"):
                assert loss(y, z, weights) == loss(y, z, weights.astype(float))


def test_tiny_weights_weigh_as_much_as_their_proportions():
    assert MSE(Y, Z, [1e-300, 2e-300, 3e-300]) == pytest.approx(MSE(Y, Z, [1, 2, 3]), rel=1e-15)


# ── names, texts, reductions ────────────────────────────────────────────────────────────────────────────────────────

TEXTS: dict[Any, tuple[type[LossesError], str]] = {
    "huberr": (UnknownName, "did you mean 'huber'"),
    "": (UnknownName, "unknown loss"),
    "mse+": (UnknownName, "unknown loss"),
    "pinball@0.9": (UnknownName, "did you mean 'pinball'"),
    "huber:delt=1": (UnknownName, "did you mean 'delta'"),
    "huber:delta": (InvalidInput, "without a value"),
    "huber:delta=1,delta=2": (InvalidInput, "twice"),
    "huber:delta=": (InvalidParameter, "(0, inf)"),
    "huber:delta=0": (InvalidParameter, "delta must be in (0, inf), got 0"),
    "huber:delta=none": (InvalidParameter, "(0, inf)"),
    "quantile:tau=1.5": (InvalidParameter, "(0, 1)"),
    "quantile:tau=[0.1,1.5]": (InvalidParameter, "(0, 1)"),
    "quantile:tau=[0.1": (InvalidParameter, "list of numbers"),
    "tweedie:power=0.5": (InvalidParameter, "not within (0, 1)"),
    "focal:alpha_mode=both": (InvalidParameter, "alpha_t or scalar"),
    "kl_div:from_log=true,from_logits=true": (InvalidInput, "not both"),
    "0*mse": (InvalidParameter, "above 0"),
    "1.2.3*mse": (InvalidInput, "no factor"),
    "m" * 20_000: (InvalidInput, "10000 characters"),
}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:40])
def test_a_text_that_is_no_loss_is_refused_and_told(text):
    error, words = TEXTS[text]
    with pytest.raises(error, match=None) as caught:
        get(text)
    assert words in caught.value.detail
    assert len(caught.value.detail) < 1500


PARAMETERS: list[tuple[str, dict[str, Any]]] = [
    ("huber", {"delta": 10**400}),
    ("huber", {"delta": fractions.Fraction(10**400)}),
    ("huber", {"delta": np.array([1.0])}),
    ("general_robust", {"alpha": np.array([1.0, 2.0])}),
    ("quantile", {"tau": np.array(0.5)}),
    ("quantile", {"tau": {0.1: 1, 0.5: 2}}),
    ("quantile", {"tau": {0.1, 0.5}}),
    ("cross_entropy", {"class_weight": {0: 1, 1: 2}}),
    ("cross_entropy", {"ignore_index": 2**60 + 1}),
    ("cross_entropy", {"ignore_index": 10**400}),
]


@pytest.mark.parametrize(("name", "params"), PARAMETERS, ids=repr)
def test_a_parameter_of_another_kind_is_refused(name, params):
    with pytest.raises(InvalidParameter) as caught:
        get(name, **params)
    assert caught.value.data["field"] in params


def test_a_loss_does_not_change():
    for change in (lambda: setattr(MSE, "delta", 1), lambda: delattr(get("huber:delta=2"), "delta")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            change()


@pytest.mark.parametrize("factor", ["a", None, math.nan, INF, -1, 0, 1j, [2]])
def test_a_factor_of_a_loss_is_a_number_above_zero(factor):
    with pytest.raises(InvalidParameter):
        factor * MSE


def test_a_loss_adds_up_with_losses_only():
    for one in (MSE, MSE + MSE, Evaluator(["mse"])):
        with pytest.raises(TypeError, match="unsupported operand"):
            one + 5


@pytest.mark.parametrize("spec", [5, None, ["mse"], {"delta": 1}, {"loss": 5}, {"loss": None}])
def test_what_is_neither_text_nor_json_nor_a_loss_is_refused(spec):
    with pytest.raises(InvalidInput) as caught:
        get(spec)
    assert caught.value.data["field"] == "loss"


@pytest.mark.parametrize("reduction", ["median", "batchmean", None, ["mean"], "MEAN", ""])
def test_an_unknown_reduction_is_refused_and_the_known_ones_are_named(reduction):
    for call in (lambda: MSE(Y, Z, reduction=reduction), lambda: MSE.gradient(Y, Z, reduction=reduction)):
        with pytest.raises(NotSupported) as caught:
            call()
        assert caught.value.data["allowed"] == ["mean", "sum", "none"]


@pytest.mark.parametrize("counts", [[], [1, 0], [1, -1], [1, math.nan], [1, INF], ["a"], [[1, 2]], 5, None, [1, 1j]])
def test_counts_of_classes_are_numbers_above_zero(counts):
    with pytest.raises(InvalidInput):
        class_weights(counts)


@pytest.mark.parametrize("beta", [-0.1, 1.1, math.nan, "x", None, True])
def test_beta_lies_between_zero_and_one(beta):
    with pytest.raises(InvalidParameter):
        class_weights([1, 2], "effective_number", beta)
    with pytest.raises(UnknownName):
        class_weights([1, 2], "balance")


# ── what stands, with a warning ─────────────────────────────────────────────────────────────────────────────────────

WARNED = {
    "a share of zero": ("mape", [0, 1], [1, 1], "1 of 2 targets are 0"),
    "a crossed interval": ("interval_score", [1], {"lower": [2], "upper": [1]}, "1 of 1 intervals"),
    "probabilities for logits": ("bce_with_logits", [0, 1], [0.2, 0.7], "all 2 rows of y_pred lie in [0, 1]"),
}


@pytest.mark.parametrize("name", WARNED)
def test_a_result_to_beware_of_comes_with_a_warning(name):
    spec, y, z, words = WARNED[name]
    for reduction in ("mean", "sum", "none"):
        with pytest.warns(LossWarning) as caught:
            assert np.isfinite(get(spec)(y, z, None, reduction)).all()
        assert words in str(caught[0].message)
        assert caught[0].filename == __file__


TRUE_INFINITIES: dict[str, Sample] = {
    "bce": ([1.0], [0.0]),
    "kl_div": ([[0.5, 0.5]], [[1.0, 0.0]]),
    "poisson_nll": ([1.0], [0.0]),
    "cross_entropy": ([1], [[0.0, -INF]]),
    "bce_with_logits": ([1.0], [-INF]),
}


@pytest.mark.parametrize("spec", TRUE_INFINITIES)
def test_an_infinite_cost_is_infinity_and_is_said(spec):
    with pytest.warns(LossWarning, match="infinity"):
        assert get(spec)(*TRUE_INFINITIES[spec]) == INF
