"""Every reference case in value and gradient, within its own tolerance; other conventions by the names we give them."""

from __future__ import annotations

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from losses import LossWarning, class_weights, get
from losses.errors import EmptyInput
from losses.imbalance import effective_number_weights

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "data/golden.json").read_text())["cases"]}

# What another convention is called here: parameter and value there -> parameters here.
SPOKEN = {
    ("normalise", "batch"): {"normalise": "n"},
    ("smoothing_mode", "remaining_classes"): {"smoothing_mode": "remaining"},
    ("variant", "weston_watkins/C"): {"variant": "weston_watkins"},
    ("derived_from", "counts [1000,100,10,5], beta .999, sum_to_num_classes"): {},
    ("note", "KL(Q||P): arguments swapped"): {},
    ("label", "1=dissimilar"): {},
    ("form", "log(1+0.5*(e/c)^2)"): {"alpha": 0},
}
UNDER_ANOTHER_ID = {
    "cauchy-08-barron-alpha0": "general_robust",
    "class_balanced_weights-10-cb-softmax-ce": "cross_entropy",
}
# Another convention that is ours times a number: it is spoken as a sum, "0.5*mse".
FACTORS = {
    "mse-08-half-convention": 0.5,
    "mape-08-percent-keras": 100,
    "smape-09-percent200": 100,
    "supcon-05-base-temperature": 0.5 / 0.07,
}
NOT_OFFERED = {
    "gamma_deviance-10-loglink-xgboost": "a likelihood without its constants",
    "js_div-04-sqrt-distance-base2": "the root of the divergence, in bits",
    "focal_multiclass-07-kornia-mean": "a mean over rows and classes",
    "dice-10-smp-log-loss": "the logarithm of the overlap",
    "iou-13-empty-true-smp": "empty masks left out",
    "tversky-08-multiclass-kornia": "a mean over the classes present",
    "contrastive-07-pml-unsquared": "an unsquared distance",
    "supcon-07-singletons-dropped-pml": "lonely rows left out of the mean",
}
NAN_ELSEWHERE = {case_id for case_id, case in CASES.items() if np.any(np.asarray(case["expected"]) == "nan")}
WEIGHTS = {i for i, case in CASES.items() if case["loss"] == "class_balanced_weights" and "y_pred" not in case}
VALUES = CASES.keys() - NOT_OFFERED.keys() - NAN_ELSEWHERE - WEIGHTS


def numbers(source: Any, dtype: str = "float64") -> Any:
    """JSON's numbers, "inf" and all, as arrays; mappings of them by name."""
    if isinstance(source, dict):
        return {name: numbers(part, dtype) for name, part in source.items()}
    return None if source is None else np.asarray(source, dtype=dtype if dtype == "float32" else None).astype(dtype)


def loss_of(case: dict[str, Any]) -> Any:
    name = UNDER_ANOTHER_ID.get(case["id"], case["loss"])
    params = {}
    for key, value in case["params"].items():
        if key != "scale" and key != "base_temperature":
            params.update(SPOKEN.get((key, str(value)), {key: value}))
    loss = get({"loss": name, **params})
    return FACTORS[case["id"]] * loss if case["id"] in FACTORS else loss


def asked(case: dict[str, Any]) -> tuple[Any, Any, Any, str, float]:
    """Inputs and reduction, and what a sum must be divided by where the case divides by the number of rows."""
    y, z = numbers(case.get("y_true"), case["dtype"]), numbers(case["y_pred"], case["dtype"])
    weights = numbers(case.get("sample_weight"), case["dtype"])
    if case["params"].get("label") == "1=dissimilar":
        y = 1 - y
    by_rows = weights is not None and not case["recommended"]
    return y, z, weights, "sum" if by_rows else case["reduction"], float(len(y)) if by_rows else 1.0


@pytest.mark.parametrize("case_id", sorted(VALUES))
def test_a_reference_value_is_met(case_id):
    case = CASES[case_id]
    y, z, weights, reduction, rows = asked(case)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LossWarning)
        value = loss_of(case)(y, z, weights, reduction)
    if reduction == "none":
        assert value.dtype == case["dtype"]
    np.testing.assert_allclose(np.asarray(value, float) / rows, numbers(case["expected"]), **case["tolerance"])


@pytest.mark.parametrize("case_id", sorted(i for i in VALUES if "gradient" in CASES[i]))
def test_a_reference_gradient_is_met(case_id):
    case = CASES[case_id]
    y, z, weights, reduction, rows = asked(case)
    found = loss_of(case).gradient(y, z, weights, reduction)
    for name, expected in case["gradient"].items():
        slope = found[name] if isinstance(found, dict) else found
        assert slope.dtype == case["dtype"]
        slope, expected = np.asarray(slope, float) / rows, numbers(expected)
        for kink in case.get("kinks", {}).get(name, ()):
            at = tuple(kink["index"])
            assert kink["low"] <= slope[at] <= kink["high"]
            expected[at] = slope[at]
        np.testing.assert_allclose(slope, expected.reshape(slope.shape), **case["tolerance"])


@pytest.mark.parametrize("case_id", sorted(NAN_ELSEWHERE))
def test_a_nan_elsewhere_is_an_error_or_a_number_here(case_id):
    case = CASES[case_id]
    y, z, weights, reduction, _ = asked(case)
    if case["loss"] == "cross_entropy":
        with pytest.raises(EmptyInput, match="all are ignored"):
            loss_of(case)(y, z, weights, reduction)
    else:
        assert np.isfinite(loss_of(case)(y, z, weights, reduction)).all()


@pytest.mark.parametrize("case_id", sorted(WEIGHTS))
def test_reference_class_weights_are_met(case_id):
    case, params = CASES[case_id], CASES[case_id]["params"]
    if params["normalize"] is None:
        found = effective_number_weights(np.asarray(params["class_counts"], float), params["beta"])
    else:
        found = class_weights(params["class_counts"], "effective_number", params["beta"])
    np.testing.assert_allclose(found, case["expected"], **case["tolerance"])


def test_class_weights_are_one_over_n_at_beta_one_and_equal_at_beta_zero():
    assert class_weights([90, 10], "effective_number", beta=0) == [1.0, 1.0]
    np.testing.assert_allclose(class_weights([90, 10], "effective_number", beta=1), [0.2, 1.8])
    np.testing.assert_allclose(class_weights([90, 10]), [100 / 180, 5])


def test_only_conventions_that_are_not_ours_are_left_out():
    assert not any(CASES[i]["recommended"] for i in NOT_OFFERED)
    assert all(math.isfinite(case["tolerance"]["rtol"]) for case in CASES.values())


@pytest.mark.parametrize("spec", ["giou", "diou", "ciou", "box_iou", "giou:eps=0"])
def test_boxes_of_any_finite_size_have_a_loss(spec: str) -> None:
    near, far = [[0.0, 0.0, 2.0, 2.0]], [[1.0, 1.0, 3.0, 3.0]]
    huge = ([[side * 1e300 for side in box] for box in boxes] for boxes in (near, far))
    assert get(spec)(*huge) == pytest.approx(get(spec)(near, far), rel=1e-6)
    assert get(spec)([[0.0, 0.0, 1e160, 1e160]], [[0.0, 0.0, 1e160, 1e160]]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("spec", ["mse", "bce_with_logits", "focal", "hinge", "poisson_nll:log_input=true"])
def test_whole_numbers_take_the_type_of_the_predictions(spec: str) -> None:
    found = get(spec)(np.array([0, 1]), np.array([0.25, -0.3], "f4"), reduction="none")
    assert found.dtype == np.float32
