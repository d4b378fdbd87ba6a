"""The lines that an advice gives run on the very column it was asked about, and what they train has learned."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np
import pytest

import losses
from losses import frameworks
from losses.frameworks import Layout
from tests.test_frameworks_contract import wants

RNG = np.random.default_rng(5)
N = 90
X = RNG.normal(size=(N, 2)).astype(np.float32)
SIGNAL = X[:, 0] + RNG.normal(0, 0.3, N)
THIRDS = np.digitize(SIGNAL, np.quantile(SIGNAL, [0.3, 0.7]))
SHARES = np.exp(np.stack([SIGNAL, -SIGNAL, 0 * SIGNAL], axis=1))
IMAGES = RNG.normal(size=(30, 6, 6, 2)).astype(np.float32)
BOXES = np.stack([SIGNAL, X[:, 1], SIGNAL + 5, X[:, 1] + 7], axis=1)

CASES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "ordered words": (X, np.array(["low", "medium", "high"])[THIRDS], {"n": 6}),
    "ordered words for trees": (X, np.array(["low", "medium", "high"])[THIRDS], {"model": "boosting", "n": 2}),
    "ratings from 1": (X, THIRDS + 1, {"task": "ordinal", "n": 5}),
    "two words": (X, np.where(SIGNAL > 0, "yes", "no"), {"n": 4}),
    "two words by accuracy": (X, np.where(SIGNAL > 0, "yes", "no"), {"metric": "accuracy", "n": 6}),
    "two words by f1": (X, np.where(SIGNAL > 0, "yes", "no"), {"metric": "f1", "n": 5}),
    "1 and 2": (X, np.where(SIGNAL > 0, 2, 1), {"task": "classification", "n": 3}),
    "three words": (X, np.array(["blue", "green", "red"])[THIRDS], {"n": 3}),
    "classes 3, 5 and 9": (X, np.array([3, 5, 9])[THIRDS], {"task": "classification", "n": 2}),
    "shares": (X, 1 / (1 + np.exp(-SIGNAL)), {"n": 3}),
    "a distribution": (X, np.exp(SIGNAL), {"metric": "log_score", "n": 3}),
    "labels": (X, np.stack([SIGNAL > 0, SIGNAL > 1, X[:, 1] > 0.5], axis=1).astype(int), {"n": 6}),
    "soft classes": (X, SHARES / SHARES.sum(axis=1, keepdims=True), {"n": 6}),
    "masks": (IMAGES, (IMAGES[..., 0] > 0.5).astype(int), {"n": 6}),
    "boxes": (X, BOXES, {"task": "boxes", "n": 5}),
}
LOSS_ALONE = ("cumulative_link",)  # of which Keras and optax show no more


def run(code: str, x: Any, y: Any) -> dict[str, Any]:
    space = {"X": x, "y": y}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(code, "<code>", "exec"), space)
    return space


def read(space: dict[str, Any]) -> Any:
    """The predictions, of a forecast its first part."""
    found = space["predictions"]
    found = np.asarray(next(iter(found.values())) if isinstance(found, dict) else found, dtype=float)
    assert np.isfinite(found).all()
    y = np.asarray(space["y"])
    return found[:, 0] if found.ndim == 2 and y.ndim == 1 and y.dtype.kind == "f" else found


def truth_like(space: dict[str, Any], found: Any) -> Any:
    """The target in the shape of the predictions: classes as one column a class."""
    y = np.asarray(space["y"])
    one_hot = np.eye(found.shape[-1])[y] if found.ndim == y.ndim + 1 else y
    return one_hot[:, 1:] if found.ndim == y.ndim + 1 and found.shape[-1] == 2 else one_hot


@pytest.mark.parametrize("framework", frameworks.NAMES)
@pytest.mark.parametrize("case", CASES)
def test_the_lines_of_an_advice_train_on_its_own_column(case: str, framework: str) -> None:
    wants(framework)
    x, y, wishes = CASES[case]
    ranked = losses.recommend(y, name="target", **wishes).ranked
    written = [(found.usage, found.code[framework]) for found in ranked if framework in found.code]
    for usage, code in written:
        space = run(code, x, y)
        if "predictions" not in space and usage in LOSS_ALONE:
            continue
        found = read(space)
        known = truth_like(space, found)
        found = found[..., 1:] if found.shape[-1] == 2 != known.shape[-1] else found
        assert found.shape == known.shape, usage
        assert np.corrcoef(found.ravel(), known.ravel())[0, 1] > 0.3, usage
    if not written:
        pytest.skip(f"{framework} trains with none of {', '.join(found.id for found in ranked)}")


@pytest.mark.parametrize("case", ["ordered words for trees", "ratings from 1"])
def test_cut_points_bring_amounts_back_to_levels(case: str) -> None:
    wants("sklearn")
    x, y, wishes = CASES[case]
    advised = next(found for found in losses.recommend(y, **wishes).ranked if found.id == "mse")
    decisions = run(advised.code["sklearn"], x, y)["decisions"]
    assert (decisions == y).mean() > 0.7
    np.testing.assert_allclose(
        [(decisions == level).mean() for level in set(y)], [(y == v).mean() for v in set(y)], atol=0.03
    )


def test_the_first_answer_for_each_has_lines_for_torch_and_most_for_trees() -> None:
    for name in ("torch", "lightgbm", "xgboost", "catboost"):
        wants(name)
    first = {case: losses.recommend(y, **wishes).best.code for case, (_, y, wishes) in CASES.items()}
    assert all("torch" in code for code in first.values())
    trees = {case for case, code in first.items() if {"lightgbm", "xgboost", "catboost"} <= code.keys()}
    assert trees >= {"two words", "1 and 2", "three words", "shares", "labels", "ordered words for trees"}


@pytest.mark.parametrize("spec", ["brier", "brier:scale_by_half=true", "brier:scale_by_half=false"])
@pytest.mark.parametrize("classes", [2, 4])
def test_brier_of_rows_of_probabilities_is_ours_in_every_framework(spec: str, classes: int) -> None:
    loss = losses.get(spec)
    p = RNG.dirichlet(np.ones(classes), 20)
    y = RNG.integers(0, classes, 20)
    values = {}
    for name, tensor in (("torch", "as_tensor"), ("optax", "asarray"), ("keras", "convert_to_tensor")):
        wants(name)
        home = importlib.import_module({"torch": "torch", "optax": "jax.numpy", "keras": "keras.ops"}[name])
        given = getattr(home, tensor)(p), getattr(home, tensor)(y)
        values[name] = float(np.mean(np.asarray(loss.to(name)(*(given if name != "keras" else given[::-1])))))
    assert values == {name: pytest.approx(loss(y, p), rel=1e-6) for name in values}


def test_classes_are_numbered_in_their_order_or_as_they_sort() -> None:
    words = losses.recommend(["<18", "18-40", "40+"] * 30, task="ordinal").best.layout
    assert words == Layout(None, ("<18", "18-40", "40+"), 3)
    assert losses.recommend([f"class {i}" for i in range(40)] * 3, task="classification").best.layout.levels == ()
    assert losses.recommend([0, 1, 2] * 30, task="classification").best.layout.levels is None
    assert losses.recommend([True, False] * 30).best.layout.levels is None
    assert losses.recommend(["1", "2"] * 30, task="classification").best.layout.levels == ()


def test_a_quote_in_a_class_does_not_break_out_of_the_lines() -> None:
    wants("sklearn")
    odd = ["it's", 'a "b"\\', "c\n']; raise SystemExit #"]
    y = np.array(odd * 30)
    code = losses.recommend(y, task="classification").best.code["sklearn"]
    assert sorted(run(code, np.arange(90.0)[:, None], y)["levels"]) == sorted(odd)
