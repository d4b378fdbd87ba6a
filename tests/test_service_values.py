"""The worked examples of the reference text, answered over HTTP as in-process."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serving import Inside
from tests.test_values import CASES

ARTICLE = {name: case for name, case in CASES.items() if name.startswith("seed-") and case["recommended"]}
LOSSES = {name: case for name, case in ARTICLE.items() if "y_pred" in case}


@pytest.fixture(scope="module")
def inside() -> Inside:
    return Inside()


@pytest.mark.parametrize("name", LOSSES)
def test_a_worked_example_is_answered_over_http(name: str, inside: Inside) -> None:
    case = LOSSES[name]
    asked: dict[str, Any] = {"losses": [{"loss": case["loss"], **case["params"]}], "y_pred": case["y_pred"]}
    asked |= {key: case[key] for key in ("y_true", "reduction") if key in case}
    (found,) = inside.post("/v1/evaluations", json=asked).json()["results"]
    assert found["value"] == pytest.approx(case["expected"], rel=1e-9, abs=1e-12)
    assert found["reduction"] == case["reduction"]


def test_the_worked_class_weights_are_answered_over_http(inside: Inside) -> None:
    (case,) = (case for case in ARTICLE.values() if "y_pred" not in case)
    counts, beta = case["params"]["class_counts"], case["params"]["beta"]
    asked = {"counts": counts, "scheme": "effective_number", "beta": beta}
    found = inside.post("/v1/class-weights", json=asked).json()["weights"]
    assert found == pytest.approx(case["expected"], rel=1e-9)
