"""What a framework is given is the loss itself: same value, same slope, same best constant, same weights."""

from __future__ import annotations

import copy
import importlib
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import losses
from losses import frameworks
from losses.catalogue import LOSSES
from losses.errors import NotSupported
from losses.frameworks._structures import STRUCTURES
from tests.constants import MASKS, Rows, by_network, by_trees, in_unit, judge, rows_for
from tests.instances import instances, rng_of, sample

PARAMETERS = (
    "huber:delta=0.5", "smooth_l1:beta=0.5", "smooth_l1:beta=0", "log_cosh:scale=3", "pseudo_huber:delta=0.3",
    "quantile:tau=0.9", "quantile:tau=[0.1,0.9]", "expectile:tau=0.8", "general_robust:alpha=0",
    "general_robust:alpha=2",
    "general_robust:alpha=-inf", "general_robust:alpha=-2,c=2", "cauchy:c=2", "poisson_nll:full=true",
    "poisson_nll:log_input=true", "tweedie_deviance:power=1.2", "tweedie_deviance:power=1", "tweedie_deviance:power=3",
    "negative_binomial_nll:alpha=0.3", "gaussian_nll:full=true", "bce_with_logits:pos_weight=3",
    "bce_with_logits:label_smoothing=0.1", "weighted_bce:pos_weight=2", "focal:alpha=none", "focal:gamma=0.5",
    "focal:alpha_mode=scalar", "cross_entropy:label_smoothing=0.1", "cross_entropy:ignore_index=1",
    "weighted_ce:class_weight=[1,2,3]", "class_balanced_ce:class_counts=[50,20,5]", "focal_multiclass:alpha=[1,2,3]",
    "logit_adjusted_ce:class_prior=[0.5,0.3,0.2]", "multiclass_hinge:variant=weston_watkins", "multiclass_hinge:p=2",
    "brier:scale_by_half=false", "dice:aggregate=batch", "dice:squared=true", "dice:from_logits=true",
    "tversky:aggregate=batch", "kl_div:from_log=true", "kl_div:from_logits=true",
    "kl_div:log_target=true,from_log=true",
)  # fmt: skip
SPECS = (*LOSSES, *PARAMETERS)
FACTOR = {("keras", "mape"): 100.0}


@pytest.fixture(autouse=True)
def pair(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    """The pair that a test is of, for the count at the end."""
    params = getattr(request.node, "callspec", None)
    if params is not None and {"name", "spec"} <= set(params.params):
        name, spec = params.params["name"], params.params["spec"]
        record_property("pair", (name, losses.get(spec).about.id))


def wants(name: str) -> None:
    """Skip, by name, what is not installed or not in the folder."""
    if name not in frameworks.NAMES:
        pytest.skip(f"losses/frameworks/{name}.py is not there")
    pytest.importorskip(name)


def inputs(loss: Any, seed: int = 0) -> tuple[Any, Any]:
    """A truth and a prediction on which the loss is defined and smooth."""
    rng = np.random.default_rng(seed)
    shape = (4, 6) if loss.about.id in MASKS else (24,)
    rows = next((True for d in loss.inputs.values() if d.name in {"distribution", "log_probabilities"}), False)
    shapes = (24, 3) if rows else (24, len(loss.tau)) if isinstance(getattr(loss, "tau", None), tuple) else shape
    draw: dict[str, Callable[[Any], Any]] = {
        "reals": lambda s: rng.normal(size=s) * 2,
        "logits": lambda s: rng.normal(size=s) * 2,
        "positive": lambda s: rng.gamma(2.0, size=s) + 0.1,
        "nonnegative": lambda s: rng.gamma(2.0, size=s) + 0.1,
        "above_minus_one": lambda s: rng.gamma(2.0, size=s),
        "probabilities": lambda s: rng.uniform(0.05, 0.95, size=s),
        "distribution": lambda s: rng.dirichlet(np.ones(3) * 3, size=s[0]),
        "log_probabilities": lambda s: np.log(rng.dirichlet(np.ones(3) * 3, size=s[0])),
        "soft_labels": lambda s: rng.integers(0, 2, size=s).astype(float),
        "bits": lambda s: rng.integers(0, 2, size=s).astype(float),
        "signs": lambda s: rng.integers(0, 2, size=s) * 2.0 - 1,
    }
    both = {name: draw[domain.name](shapes) for name, domain in loss.inputs.items()}
    truth = both.pop("y_true")
    if isinstance(getattr(loss, "tau", None), tuple):
        truth = truth[:, 0]
    if loss.inputs["y_true"].name == "distribution" and loss.about.id not in {"kl_div", "js_div"}:
        truth = rng.integers(0, 3, size=24)
    if "lower" in both:
        both["upper"] = both["lower"] + np.abs(both["upper"])
    return truth, both if list(both) != ["y_pred"] else both["y_pred"]


def exported(spec: str, name: str) -> tuple[Any, Any]:
    wants(name)
    loss = losses.get(spec)
    if loss.about.id not in {*frameworks._frameworks()[name].native, *frameworks._frameworks()[name].ours}:
        pytest.skip(f"{name} has no spelling of {loss.about.id}")
    try:
        return loss, loss.to(name)
    except NotSupported as refusal:
        return pytest.skip(refusal.detail)


def spelled(name: str) -> list[str]:
    """The specs for which this framework has a row."""
    return [s for s in SPECS if name in frameworks.NAMES and name in frameworks.supports(losses.get(s).about.id)]


def agrees(loss: Any, name: str, value: Any, slope: Any, y: Any, z: Any, tolerance: float) -> None:
    factor = FACTOR.get((name, loss.about.id), 1.0)
    assert float(value) == pytest.approx(factor * loss(y, z), rel=tolerance, abs=tolerance)
    expected = loss.gradient(y, z, reduction="mean")
    pairs = [(slope[k], expected[k]) for k in expected] if isinstance(expected, dict) else [(slope, expected)]
    for got, right in pairs:
        np.testing.assert_allclose(got, factor * right, rtol=50 * tolerance, atol=tolerance)


# ── neural ──────────────────────────────────────────────────────────────────────────────────────────────────────────

NETWORKS = [(name, spec) for name in ("torch", "keras", "optax") for spec in spelled(name)]
PLAIN = [(name, spec) for name, spec in NETWORKS if losses.get(spec).about.id not in STRUCTURES]
STRUCTURED = [(name, spec) for name, spec in NETWORKS if losses.get(spec).about.id in STRUCTURES]


def by_autodiff(name: str, loss: Any, made: Any, y: Any, z: Any) -> tuple[float, Any]:
    """Value and slopes, by the framework's own differentiation."""
    if name == "optax" or (name == "keras" and backend() == "jax"):
        import jax

        truth = None if y is None else np.asarray(y)

        def cost(p: Any) -> Any:
            return made(p, truth).mean() if name == "optax" else made(truth, p)

        value, slope = jax.value_and_grad(cost)(jax.tree.map(np.float32, z))
        return float(value), slope
    import torch

    heads = z if isinstance(z, dict) else {"y_pred": z}
    leaves = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in heads.items()}
    given, target = leaves if isinstance(z, dict) else leaves["y_pred"], None if y is None else torch.tensor(y)
    if name == "keras":
        value = made(target, given)
    elif loss.about.id == "gaussian_nll":
        value = made.double()(leaves["mean"], target, leaves["var"])
    elif isinstance(z, dict) and type(made).__module__.startswith("torch"):
        value = made.double()(*leaves.values(), *([] if target is None else [target]))
    else:
        value = made.double()(given, target)
    value.backward()
    slopes = {k: leaf.grad.numpy() for k, leaf in leaves.items()}
    return value.item(), slopes if isinstance(z, dict) else slopes["y_pred"]


def backend() -> str:
    import keras

    return str(keras.backend.backend())


@pytest.mark.parametrize(("name", "spec"), PLAIN)
def test_a_network_is_given_the_value_and_the_slope(name: str, spec: str) -> None:
    loss, made = exported(spec, name)
    y, z = inputs(loss)
    value, slope = by_autodiff(name, loss, made, y, z)
    agrees(loss, name, value, slope, y, z, 2e-7 if name == "torch" else 2e-5)
    if name == "keras" and type(made).__module__.startswith("losses."):
        assert float(type(made).from_config(made.get_config())(y, z)) == pytest.approx(value, rel=1e-5)
    copy.deepcopy(made)


@pytest.mark.parametrize(("name", "spec"), PLAIN)
def test_a_network_without_inputs_learns_the_weighted_functional(name: str, spec: str) -> None:
    loss, _ = exported(spec, name)
    if getattr(loss, "aggregate", "") == "batch":
        pytest.skip("a batch taken as one has no weights of rows")
    loss = in_unit(loss, 1000.0)
    rows = rows_for(loss, 1000.0)
    assert judge(loss, rows, by_network(name, loss, rows)) < (0.3 if loss.about.id in MASKS else 0.05)


@pytest.mark.parametrize(("name", "spec"), STRUCTURED)
def test_a_network_is_given_the_value_and_the_slope_of_structures(name: str, spec: str) -> None:
    """With every parameter that the loss takes, on boxes, embeddings, ordered classes, masks and latents."""
    seen = 0
    for loss in instances(type(losses.get(spec))):
        try:
            made = loss.to(name)
        except NotSupported:
            continue
        y, z = sample(loss, rng_of(str(loss)))
        value, slope = by_autodiff(name, loss, made, y, z)
        agrees(loss, name, value, slope, y, z, 2e-7 if name == "torch" else 3e-5)
        seen += 1
    assert seen


@pytest.mark.parametrize("spec", STRUCTURES)
def test_a_torch_module_has_finite_slopes_where_things_coincide(spec: str) -> None:
    """Equal embeddings, boxes without area, empty masks: roots and quotients of nothing."""
    loss, module = exported(spec, "torch")
    import torch

    y, z = sample(loss, rng_of(spec))
    parts = {"y_pred": z} if not isinstance(z, dict) else z
    leaves = {
        key: torch.tensor(np.asarray(part) * (key == "thresholds"), dtype=torch.float32, requires_grad=True)
        for key, part in parts.items()
    }
    target = None if y is None else torch.tensor(np.asarray(y, np.float32) * (loss.about.id in ("coral", "corn")))
    own = type(module).__module__.startswith("torch")
    given = leaves if isinstance(z, dict) else leaves["y_pred"]
    cost = module(*leaves.values(), *([] if target is None else [target - 1])) if own else module(given, target)
    cost.backward()
    assert torch.isfinite(cost)
    assert all(torch.isfinite(leaf.grad).all() for leaf in leaves.values() if leaf.grad is not None)


def test_a_mean_over_questions_takes_no_weights_of_rows() -> None:
    loss, module = exported("corn", "torch")
    import torch

    y, z = sample(loss, rng_of("corn"))
    with pytest.raises(NotSupported, match="mean over questions"):
        module(torch.tensor(z), torch.tensor(y), torch.ones(len(y)))


SHAPES = {"columns": ((6, 1), (6, 1)), "a flat truth": ((6,), (6, 1)), "outputs": ((6, 2), (6, 2))}
FLAT = {"flat": ((6,), (6,)), "a flat prediction": ((6, 1), (6,))}  # Keras's own then leave the weights out


@pytest.mark.parametrize(
    ("spec", "shapes"),
    [(spec, SHAPES[k]) for spec in ("mse", "huber", "expectile:tau=0.8") for k in SHAPES]
    + [("expectile:tau=0.8", FLAT[k]) for k in FLAT],
)
def test_a_loss_of_keras_weighs_rows_whatever_their_shape(spec: str, shapes: tuple[Any, Any]) -> None:
    loss, made = exported(spec, "keras")
    y, z = (np.random.default_rng(seed).normal(size=shape) for seed, shape in enumerate(shapes))
    weight = np.arange(1.0, 7.0)
    like = (6,) if y.size == 6 else (6, 2)
    expected = loss(y.reshape(like), z.reshape(like), weight)
    assert float(made(y, z, sample_weight=weight)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("spec", ["mae", "huber", "log_cosh", "bce_with_logits", "focal", "cross_entropy", "quantile"])
def test_a_torch_module_is_finite_in_half_precision(spec: str, dtype: str) -> None:
    loss, module = exported(spec, "torch")
    import torch

    y, z = inputs(loss)
    prediction = torch.tensor(4 * z, dtype=getattr(torch, dtype), requires_grad=True)
    module(
        prediction, torch.tensor(y) if spec == "cross_entropy" else torch.tensor(y, dtype=prediction.dtype)
    ).backward()
    assert torch.isfinite(prediction.grad).all()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_torch_module_of_ours_reduces_as_torch_does(reduction: str) -> None:
    wants("torch")
    import torch

    loss = losses.get("quantile:tau=0.9")
    y, z = inputs(loss)
    module = type(loss.to("torch"))(loss, reduction)
    np.testing.assert_allclose(module(torch.tensor(z), torch.tensor(y)).numpy(), loss(y, z, reduction=reduction))


def test_a_torch_module_weighs_rows_and_survives_pickling() -> None:
    loss, module = exported("quantile:tau=0.9", "torch")
    import torch

    y, z = inputs(loss)
    weight = np.arange(1.0, 25.0)
    again = pickle.loads(pickle.dumps(module))
    value = again(torch.tensor(z), torch.tensor(y), torch.tensor(weight))
    assert value.item() == pytest.approx(loss(y, z, weight))
    assert "quantile:tau=0.9" in repr(again)


# ── boosting and linear models ──────────────────────────────────────────────────────────────────────────────────────

RNG = np.random.default_rng(7)
TARGET = RNG.gamma(1.5, 200.0, size=400)
MODELS = [(name, spec) for name in ("lightgbm", "xgboost", "catboost", "sklearn") for spec in spelled(name)]


@pytest.mark.parametrize("factor", [1.0, 1000.0])
@pytest.mark.parametrize(("name", "spec"), MODELS)
def test_without_features_a_model_learns_the_weighted_functional(name: str, spec: str, factor: float) -> None:
    loss, _ = exported(spec, name)
    loss = in_unit(loss, factor)
    rows = rows_for(loss, factor)
    assert judge(loss, rows, by_trees(name, loss, rows)) < 0.05


@pytest.mark.parametrize(("name", "spec"), MODELS)
def test_a_row_of_weight_three_is_the_row_three_times(name: str, spec: str) -> None:
    loss, _ = exported(spec, name)
    rows = rows_for(loss)
    times = rows.weight.astype(int)
    again = Rows(np.repeat(rows.y, times, axis=0), np.ones(times.sum()))
    found, twice = by_trees(name, loss, rows), by_trees(name, loss, again)
    assert judge(loss, rows, found) == pytest.approx(judge(loss, again, twice), abs=0.03)


OURS = [
    (name, loss)
    for name in ("lightgbm", "xgboost", "catboost")
    if name in frameworks.NAMES
    for loss in frameworks._frameworks()[name].ours
    if losses.get(loss).inputs["y_true"].name != "distribution"
]
OF_CLASSES = [
    (name, spec)
    for name in ("lightgbm", "xgboost")
    if name in frameworks.NAMES
    for spec in (*frameworks._frameworks()[name].ours, "cross_entropy:label_smoothing=0.3")
    if losses.get(spec).inputs["y_true"].name == "distribution"
]


@pytest.mark.parametrize(("name", "spec"), [(name, spec) for name, spec in OURS if spec != "smape"])  # not convex
def test_our_objective_leads_back_from_a_wrong_start(name: str, spec: str) -> None:
    wants(name)
    loss = losses.get(spec)
    rows = rows_for(loss)
    off = float(np.std(rows.y)) if loss.inputs["y_true"].name == "reals" else 1.0
    assert judge(loss, rows, by_trees(name, loss, rows, off)) < 0.05


def objective(name: str, loss: Any) -> Any:
    return next(v for v in loss.to(name).values() if callable(v) or hasattr(v, "calc_ders_range"))


@pytest.mark.parametrize(("name", "spec"), OURS)
def test_our_objectives_are_the_slope_with_a_positive_curvature(name: str, spec: str) -> None:
    loss = losses.get(spec)
    y, _ = inputs(loss)
    raw = np.random.default_rng(3).normal(size=24) * 3
    made = objective(name, loss)
    slope, bend = made(y, raw)
    step = 1e-6
    lift = (
        loss(y, made.link.back(raw + step), reduction="none") - loss(y, made.link.back(raw - step), reduction="none")
    ) / 2
    np.testing.assert_allclose(slope, lift / step, rtol=1e-4, atol=1e-5)
    assert (bend > 0).all()
    assert np.isfinite(bend).all()


@pytest.mark.parametrize("spec", sorted({spec for _, spec in OURS}))
def test_our_objectives_are_the_same_for_few_rows_and_many(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from losses.frameworks import _objective

    y, _ = inputs(losses.get(spec))
    raw = np.random.default_rng(3).normal(size=24) * 3
    made = _objective.Objective(losses.get(spec))
    few = made.derivatives(y, raw)
    np.testing.assert_array_equal(made.calc_ders_range(raw, y), -np.column_stack(few))
    monkeypatch.setattr(_objective, "FEW", 0)
    np.testing.assert_allclose(few, made.derivatives(y, raw), rtol=1e-12)


@pytest.mark.parametrize(("name", "spec"), OURS)
def test_our_objectives_survive_pickling_and_weigh_as_duplicates(name: str, spec: str) -> None:
    loss = losses.get(spec)
    y, _ = inputs(loss)
    made = pickle.loads(pickle.dumps(objective(name, loss)))
    raw = np.linspace(-2, 2, 24)
    times = np.arange(24) % 3 + 1
    slope, _ = made(y, raw, times)
    twice, _ = made(np.repeat(y, times), np.repeat(raw, times))
    assert slope.sum() == pytest.approx(twice.sum())
    assert made.start(y, times) == pytest.approx(made.start(np.repeat(y, times)), rel=0.02, abs=0.02)


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize(("name", "spec"), OF_CLASSES)
def test_our_objectives_of_classes_are_the_slope_of_each_sum_and_weigh_as_duplicates(
    name: str, spec: str, k: int
) -> None:
    loss = of_classes(spec, k)
    rng = np.random.default_rng(3)
    y, raw = rng.integers(0, k, 24), rng.normal(size=(24, k)) * 2
    raw = raw[:, 1] if k == 2 else raw
    made = pickle.loads(pickle.dumps(objective(name, loss)))
    slope, bend = made(y, raw)
    assert slope.shape == bend.shape == raw.shape
    assert (bend > 0).all()
    for column in range(raw.ndim if raw.ndim == 1 else k):
        step = np.zeros(raw.shape)
        step[..., column if k > 2 else slice(None)] = 1e-6
        lift = loss(y, made.read(raw + step), reduction="none") - loss(y, made.read(raw - step), reduction="none")
        np.testing.assert_allclose(slope.reshape(24, -1)[:, column], lift / 2e-6, rtol=1e-4, atol=1e-6)
    times = np.arange(24) % 3 + 1
    np.testing.assert_allclose(made(y, raw, times)[0], slope * (times if k == 2 else times[:, None]))
    np.testing.assert_allclose(made.start(y, times), made.start(np.repeat(y, times)))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize(("name", "spec"), OF_CLASSES)
def test_trees_of_our_objectives_of_classes_tell_classes_apart_in_their_own_words(name: str, spec: str, k: int) -> None:
    wants(name)
    x = RNG.normal(size=(300, 2))
    codes = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0.5) * (k == 3)
    y = np.array(["a", "b", "c"])[codes] if name == "lightgbm" else codes
    kind = getattr(importlib.import_module(name), {"lightgbm": "LGBMClassifier", "xgboost": "XGBClassifier"}[name])
    found = frameworks.learner(of_classes(spec, k), name, kind(n_jobs=1)).fit(x, y).predict(x)
    assert found.shape == (300, k)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found.argmax(axis=1) == codes).mean() > 0.97


def of_classes(spec: str, k: int) -> Any:
    """A loss of k classes."""
    ways = {
        "weighted_ce": {"class_weight": np.arange(1.0, k + 1)},
        "class_balanced_ce": {"class_counts": np.arange(10, k + 10)},
        "logit_adjusted_ce": {"class_prior": np.arange(1.0, k + 1) / np.arange(1.0, k + 1).sum()},
    }
    return losses.get(spec, **ways.get(spec, {}))


@pytest.mark.parametrize("spec", ["mae", "mape", "smape", "log_cosh", "huber", "quantile:tau=0.9", "hinge"])
def test_a_constant_reached_by_our_curvature_is_the_best_one(spec: str) -> None:
    from losses.frameworks._objective import Objective

    loss = losses.get(spec)
    y = inputs(loss)[0] if spec == "hinge" else TARGET
    found = Objective(loss).start(y)
    cost = loss(y, np.full_like(y, found))
    least = min(loss(y, np.full_like(y, c)) for c in np.linspace(y.min(), y.max(), 2001))
    assert cost <= least * 1.002


def test_lightgbm_trains_with_our_objective_by_both_of_its_interfaces() -> None:
    wants("lightgbm")
    import lightgbm

    params = losses.get("log_cosh:scale=50").to("lightgbm")
    weight = np.linspace(0.5, 2, 400)
    x = RNG.normal(size=(400, 2))
    y = TARGET * 0.1 + 40 * x[:, 0]
    booster = lightgbm.train({**params, "verbose": -1}, lightgbm.Dataset(x, y, weight=weight), num_boost_round=20)
    model = lightgbm.LGBMRegressor(**params, n_estimators=20, verbose=-1).fit(x, y, sample_weight=weight)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_allclose(booster.predict(x), model.predict(x))


def test_xgboost_trains_with_our_objective_by_both_of_its_interfaces() -> None:
    wants("xgboost")
    import xgboost

    params = losses.get("log_cosh:scale=50").to("xgboost")
    weight = np.linspace(0.5, 2, 400)
    x = RNG.normal(size=(400, 2))
    y = TARGET * 0.1 + 40 * x[:, 0]
    model = xgboost.XGBRegressor(**params, n_estimators=20, base_score=0.5).fit(x, y, sample_weight=weight)
    made = params.pop("objective")
    booster = xgboost.train({**params, "base_score": 0.5}, xgboost.DMatrix(x, y, weight=weight), 20, obj=made)
    np.testing.assert_allclose(booster.predict(xgboost.DMatrix(x)), model.predict(x), rtol=1e-5)
