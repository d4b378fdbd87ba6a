"""How firm an answer is said to be, and what, tried out, puts another loss first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import losses
from losses.advice import Advice

RNG = np.random.default_rng(3)
BULK = RNG.normal(size=2000)
FAR = np.append(BULK, [50.0, -60.0, 70.0, 80.0, 99.0])
ZEROS = np.where(RNG.random(2000) < 0.6, 0.0, RNG.gamma(1.0, 9.0, 2000))


@pytest.mark.parametrize(
    ("level", "target", "wishes"),
    [
        ("default", None, {"task": "regression"}),
        ("weak", BULK[:12], {"metric": "mae"}),
        ("open", BULK[:40].round(), {}),
        ("tie", FAR, {}),
        ("close", ZEROS, {}),
        ("firm", BULK, {"metric": "mae"}),
    ],
)
def test_the_lead_of_the_first_is_said_in_a_word(level: str, target: Any, wishes: dict[str, Any]) -> None:
    found = losses.recommend(target, **wishes)
    if level == "open" and found.profile.kinds[0].share >= 0.7:
        pytest.skip("this column is no longer in doubt")
    assert found.confidence.level == level
    assert found.confidence.says in str(found)
    assert found.confidence.lead is None or found.confidence.lead >= 0


def test_what_far_rows_decide_is_tried_without_them() -> None:
    advice = losses.recommend(FAR)
    assert "centre" in advice.functional
    (flip,) = advice.flips
    rows = int((np.abs(FAR - np.median(FAR)) > 5 * advice.profile.robust_sigma).sum())
    assert flip.says.startswith(f"without the {rows} rows below -")
    assert losses.recommend(BULK).best.id == flip.loss
    assert flip.says[1:] in str(advice)


def test_what_zeros_decide_is_tried_without_them() -> None:
    advice = losses.recommend(ZEROS)
    (flip,) = [f for f in advice.flips if f.id == "zeros"]
    assert flip.loss == losses.recommend(ZEROS[ZEROS != 0]).best.id != advice.best.id
    assert f"{int((ZEROS == 0).sum()):,} zeros" in flip.says


def test_the_rival_kind_is_tried_as_its_own_task_unless_one_was_named() -> None:
    small = BULK[:12].round(1) * 10
    advice = losses.recommend(small)
    rivals = {f.id: f.loss for f in advice.flips}
    assert "rival" not in {f.id for f in losses.recommend(small, task="regression").flips}
    if "rival" in rivals:
        kind = advice.profile.kinds[1].id
        assert rivals["rival"] == losses.recommend(small, task=kind).best.id


def test_nothing_flips_where_nothing_else_comes_first() -> None:
    assert losses.recommend(BULK, metric="mae").flips == ()
    assert losses.recommend(None, task="segmentation").flips == ()


def test_the_same_wishes_are_asked_again() -> None:
    def first(rows: Any) -> str:
        found: Advice = losses.recommend(rows, metric="rmse", model="boosting", require=["convex"], ignore=["CONSTANT"])
        return found.best.id

    counts = (RNG.random(2000) < 0.04).astype(int) + RNG.poisson(0.01, 2000)
    advice = losses.recommend(counts, metric="rmse", model="boosting", require=["convex"], ignore=["CONSTANT"])
    for flip in advice.flips:
        if flip.id == "zeros":
            assert flip.loss == first(counts[counts != 0])
