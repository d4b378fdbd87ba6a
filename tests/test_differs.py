"""Who differs: each convention of a library that the catalogue tells of is seen in that library."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from losses import LOSSES, get

LIBRARIES = ("optax", "Keras", "torch", "SciPy", "scikit-learn", "LightGBM", "XGBoost", "CatBoost")
TRAINERS = ("LightGBM", "XGBoost", "CatBoost")  # what these descend is held against ours in the contract of frameworks
RNG = np.random.default_rng(0)
Y, Z = RNG.normal(size=(2, 6))
SIZES, RATES = 1 + abs(Y), 1 + abs(Z)
BITS, LABELS = np.array([0.0, 1, 1, 0, 1, 0]), np.array([0, 1, 2, 1])
SCORES, COSTS = RNG.normal(size=(4, 3)), np.array([1.0, 2.0, 5.0])
P, Q = RNG.dirichlet([1, 1, 1], (2, 4))
MASKS, SHARES = (RNG.random((2, 4, 4)) > 0.5) * 1.0, RNG.random((2, 4, 4))
COUNTS = RNG.poisson(3, 6)


def keras(name: str, *arrays: Any, **options: Any) -> float:
    module = pytest.importorskip("keras")
    weight = {"sample_weight": options.pop("sample_weight")} if "sample_weight" in options else {}
    return float(getattr(module.losses, name)(**options)(*(np.asarray(a, np.float32) for a in arrays), **weight))


def torch(name: str, *arrays: Any, **options: Any) -> float:
    module = pytest.importorskip("torch")
    return float(getattr(module.nn, name)(**options)(*map(module.tensor, arrays)))


def optax(name: str, *arrays: Any, **options: Any) -> float:
    module = pytest.importorskip("optax")
    return float(np.mean(getattr(module.losses, name)(*arrays, **options)))


def scipy_nbinom() -> float:
    stats = pytest.importorskip("scipy.stats")
    return -float(np.mean(stats.nbinom(2, 2 / (2 + RATES)).logpmf(COUNTS)))


def scipy_js() -> float:
    distance = pytest.importorskip("scipy.spatial.distance")
    return float(np.mean([distance.jensenshannon(p, q) ** 2 for p, q in zip(P, Q, strict=True)]))


def sklearn(name: str, *arrays: Any, **options: Any) -> float:
    module = pytest.importorskip("sklearn.metrics")
    return float(getattr(module, name)(*arrays, **options))


def quantile_of_residuals() -> bool:
    """The values that scikit-learn lets alpha have: a quantile's, open at both ends."""
    ensemble = pytest.importorskip("sklearn.ensemble")
    allowed = ensemble.GradientBoostingRegressor._parameter_constraints["alpha"][0]
    return (allowed.left, allowed.right, allowed.closed) == (0.0, 1.0, "neither")


def lightgbm_quantile() -> float:
    """What LightGBM predicts of the numbers 0 to 99 by its quantile objective, as it comes."""
    module = pytest.importorskip("lightgbm")
    model = module.LGBMRegressor(objective="quantile", n_estimators=1, verbose=-1, n_jobs=1)
    return float(model.fit(np.zeros((100, 1)), np.arange(100.0)).predict(np.zeros((1, 1)))[0])


Witness = Callable[[], tuple[float, float]]
SEEN: dict[tuple[str, str], Witness] = {
    ("mse", "optax"): lambda: (2 * optax("l2_loss", Z, Y), get("mse")(Y, Z)),
    ("huber", "scikit-learn"): lambda: (quantile_of_residuals(), 1.0),
    ("log_cosh", "Keras"): lambda: (keras("LogCosh", 9 * Y, 9 * Z), get("log_cosh")(9 * Y, 9 * Z)),
    ("log_cosh", "optax"): lambda: (optax("log_cosh", 9 * Z, 9 * Y), get("log_cosh")(9 * Y, 9 * Z)),
    ("quantile", "LightGBM"): lambda: (round(lightgbm_quantile() / 100, 1), 0.9),
    ("mape", "Keras"): lambda: (keras("MeanAbsolutePercentageError", SIZES, RATES) / 100, get("mape")(SIZES, RATES)),
    ("msle", "Keras"): lambda: (keras("MeanSquaredLogarithmicError", Y / 9, Z / 9), _raised()),
    ("poisson_nll", "torch"): lambda: (torch("PoissonNLLLoss", Z, SIZES), get("poisson_nll:log_input=true")(SIZES, Z)),
    ("negative_binomial_nll", "SciPy"): lambda: (scipy_nbinom(), get("negative_binomial_nll:alpha=0.5")(COUNTS, RATES)),
    ("bce", "torch"): lambda: (torch("BCELoss", [0.0], [1.0]), 100.0),
    ("bce", "Keras"): lambda: (round(keras("BinaryCrossentropy", [1.0], [0.0])), 16.0),
    ("bce", "scikit-learn"): lambda: (round(sklearn("log_loss", [1.0], [0.0], labels=[0, 1])), 36.0),
    ("cross_entropy", "torch"): lambda: (
        torch("CrossEntropyLoss", SCORES, LABELS, weight=pytest.importorskip("torch").tensor(COSTS)),
        get("cross_entropy", class_weight=COSTS.tolist())(LABELS, SCORES),
    ),
    ("cross_entropy", "Keras"): lambda: (
        keras("SparseCategoricalCrossentropy", LABELS, SCORES, from_logits=True, sample_weight=COSTS[LABELS]),
        get("cross_entropy", class_weight=COSTS.tolist(), normalise="n")(LABELS, SCORES),
    ),
    ("label_smoothing_ce", "torch"): lambda: (
        torch("CrossEntropyLoss", SCORES, LABELS, label_smoothing=0.1),
        get("label_smoothing_ce")(LABELS, SCORES),
    ),
    ("label_smoothing_ce", "Keras"): lambda: (
        keras("CategoricalCrossentropy", np.eye(3)[LABELS], SCORES, from_logits=True, label_smoothing=0.1),
        get("label_smoothing_ce")(LABELS, SCORES),
    ),
    ("multiclass_hinge", "torch"): lambda: (
        torch("MultiMarginLoss", SCORES, LABELS),
        get("multiclass_hinge:variant=weston_watkins")(LABELS, SCORES),
    ),
    ("multiclass_hinge", "scikit-learn"): lambda: (
        sklearn("hinge_loss", LABELS, SCORES),
        get("multiclass_hinge")(LABELS, SCORES),
    ),
    ("brier", "scikit-learn"): lambda: (
        sklearn("brier_score_loss", BITS[:4], SHARES[0, 0]),
        get("brier")(BITS[:4], SHARES[0, 0]),
    ),
    ("focal", "Keras"): lambda: (
        keras("BinaryFocalCrossentropy", BITS[:, None], Z[:, None], from_logits=True),
        get("focal:alpha=none")(BITS, Z),
    ),
    ("focal", "optax"): lambda: (optax("sigmoid_focal_loss", Z, BITS), get("focal:alpha=none")(BITS, Z)),
    ("focal_multiclass", "Keras"): lambda: (
        4 * keras("CategoricalFocalCrossentropy", np.eye(3)[LABELS], SCORES, from_logits=True),
        get("focal_multiclass")(LABELS, SCORES),
    ),
    ("kl_div", "torch"): lambda: (3 * torch("KLDivLoss", np.log(Q), P, reduction="mean"), get("kl_div")(P, Q)),
    ("js_div", "SciPy"): lambda: (scipy_js(), get("js_div")(P, Q)),
    ("dice", "Keras"): lambda: (keras("Dice", MASKS, SHARES), get("dice:aggregate=batch")(MASKS, SHARES)),
    ("tversky", "Keras"): lambda: (
        keras("Tversky", MASKS, SHARES, alpha=0.7, beta=0.3),
        get("tversky:alpha=0.3,beta=0.7,aggregate=batch")(MASKS, SHARES),
    ),
    ("triplet", "torch"): lambda: (
        torch("TripletMarginLoss", *SCORES[:3, None]),
        get("triplet")(None, dict(zip(("anchor", "positive", "negative"), SCORES[:3, None], strict=True))),
    ),
}


def _raised() -> float:
    return float(get("msle")(np.maximum(Y / 9, 0), np.maximum(Z / 9, 0)))


@pytest.mark.parametrize(("loss", "library"), SEEN, ids=lambda name: name)
@pytest.mark.filterwarnings("ignore")
def test_what_is_said_of_a_library_is_what_it_does(loss: str, library: str) -> None:
    assert library in LOSSES[loss].about.differs
    theirs, ours = SEEN[loss, library]()
    assert theirs == pytest.approx(ours, rel=1e-3)


def test_every_library_that_is_named_was_looked_at() -> None:
    named = {
        (name, library)
        for name, kind in LOSSES.items()
        if kind.about.differs and name not in ("weighted_ce", "class_balanced_ce")  # theirs is that of cross_entropy
        for library in LIBRARIES
        if re.search(rf"\b{library}\b", kind.about.differs)
    }
    assert {(loss, library) for loss, library in named if library not in TRAINERS} <= SEEN.keys()


def test_options_that_are_named_exist() -> None:
    for kind in LOSSES.values():
        for option in re.findall(r"\((\w+)\)", kind.about.differs):
            assert option in kind.params()
