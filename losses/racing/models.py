"""How a loss trains a model, one kind of model a row: boosted trees of LightGBM or scikit-learn, linear models.

All losses of one race train the same kind of model with its library's own defaults, so that only the loss differs.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from losses import frameworks
from losses.advice import vocabulary
from losses.core import Loss
from losses.errors import NotSupported
from losses.frameworks._learner import by_size
from losses.frameworks._linear import estimator
from losses.pool import THREADS
from losses.profile.column import Array
from losses.racing.table import Table

TREES = 100  # what both libraries grow where nothing is said; with fewer, losses that learn slowly look worse
WIDE = 1_000_000  # numbers in a table from which more than one thread pays off
Predict = Callable[[Array], Array]


@dataclass(frozen=True)
class Recipe:
    """How to train with one loss; ``key`` is the same where two losses train the very same model.

    ``fit`` takes rows and a seed, and returns what predicts: values; or for classes
    ``probabilities`` (or bare scores where there are none), (n,) of the second class or (n, k).
    """

    key: str
    fit: Callable[[Table, int], Predict]
    probabilities: bool = True


@dataclass(frozen=True)
class Kind:
    """A kind of model: the library that trains it, what it is, how it takes a loss, and whether trees are grown."""

    framework: str
    model: str
    recipe: Callable[[Loss, int], Recipe]
    trees: bool = True
    shares: Callable[[Loss], Recipe] | None = None

    def trained(self, loss: Loss, classes: int, shares: bool = False) -> Recipe:
        """How it is trained with a loss, of labels on ``shares``; MAPE is the absolute error with weights 1/|y|."""
        if shares:
            if self.shares is None:
                raise NotSupported(f"{self.framework} does not train with {loss} on shares")
            return self.shares(loss)
        return self.recipe(loss, classes) if loss.about.id != "mape" else _by_size(self.recipe(_absolute(), classes))


def threads(table: Table) -> int:
    """How many threads a fit is worth: they cost more than they bring on small tables."""
    return 1 if table.x.size < WIDE else THREADS


# ── LightGBM ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_shares(loss: Loss) -> Recipe:
    return _lightgbm(loss, 0, "shares")


def _lightgbm(loss: Loss, classes: int, form: str | None = None) -> Recipe:
    params = dict(frameworks.export(loss, "lightgbm", form))
    objective = params["objective"]
    if callable(objective):
        return _with_ours(loss, params, classes)
    if objective == "multiclass" and classes == 2:  # unweighted, two sums of trees learn what one does
        params |= {} if "class_weight" in params else {"objective": "binary"}

    def fit(rows: Table, seed: int) -> Predict:
        import lightgbm

        make = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
        model = make(**params, **_settings(rows, seed))
        model.fit(rows.x, rows.y, sample_weight=rows.weight, categorical_feature=list(rows.words) or "auto")
        return _reader(model, classes)

    return Recipe(_text(params), fit)


def _with_ours(loss: Loss, params: dict[str, Any], classes: int) -> Recipe:
    """Sums of trees, begun at the best constant; labels as the loss reads them."""
    if loss.inputs["y_true"].name == "distribution":
        return _of_classes(params, classes)
    if classes > 2:
        raise NotSupported(f"lightgbm grows one sum of trees for {loss}, and there are {classes} classes")
    objective = params["objective"]
    signs = loss.inputs["y_true"].name == "signs"

    def fit(rows: Table, seed: int) -> Predict:
        import lightgbm

        y = 2.0 * rows.y - 1 if signs else rows.y.astype(np.float64)
        start = objective.start(y, rows.weight)
        model = lightgbm.LGBMRegressor(**params, **_settings(rows, seed))
        model.fit(
            rows.x, y, sample_weight=rows.weight, init_score=np.full(len(y), start),
            categorical_feature=list(rows.words) or "auto",
        )  # fmt: skip
        return lambda x: np.asarray(objective.predict(start + model.predict(x, raw_score=True)))

    return Recipe(_text(params), fit, probabilities=not signs)


def _of_classes(params: dict[str, Any], classes: int) -> Recipe:
    """A sum of trees for each class, of two classes one."""
    objective = params["objective"]

    def fit(rows: Table, seed: int) -> Predict:
        import lightgbm

        start = objective.start(rows.y, rows.weight)
        model = lightgbm.LGBMClassifier(**params, **_settings(rows, seed))
        model.fit(
            rows.x, rows.y, sample_weight=rows.weight, init_score=np.repeat(start, len(rows.y)),
            categorical_feature=list(rows.words) or "auto",
        )  # fmt: skip

        def predict(x: Array) -> Array:
            found: Array = objective.predict(start + model.predict_proba(x, raw_score=True))
            return found[:, 1] if classes == 2 else found

        return predict

    return Recipe(_text(params), fit)


def _settings(rows: Table, seed: int) -> dict[str, Any]:
    return {
        "n_estimators": TREES, "random_state": seed, "n_jobs": threads(rows), "deterministic": True,
        "force_col_wise": True, "verbosity": -1,
    }  # fmt: skip


def _text(params: dict[str, Any]) -> str:
    return repr(sorted(params.items(), key=lambda item: item[0]))


# ── scikit-learn ────────────────────────────────────────────────────────────────────────────────────────────────────


def _sklearn(loss: Loss, classes: int) -> Recipe:
    model = loss.to("sklearn")
    options = [name for name in model.get_params() if name.rpartition("__")[2] == "max_iter"]
    if len(options) != 1 or "HistGradientBoosting" not in repr(model):
        raise NotSupported(f"scikit-learn's boosted trees cannot be trained with {loss}")
    prefix = options[0].removesuffix("max_iter")

    def prepared(rows: Table, seed: int) -> Any:
        words = list(rows.words) or None
        settings = {"max_iter": TREES, "random_state": seed, "categorical_features": words}
        return _copy(model).set_params(**{prefix + name: value for name, value in settings.items()})

    return Recipe(repr(model), _fits(prepared, classes))


def _linear(loss: Loss, classes: int) -> Recipe:
    model = frameworks.made(estimator(loss))

    def prepared(rows: Table, seed: int) -> Any:
        return _copy(model)

    probabilities = hasattr(model, "predict_proba")
    return Recipe(repr(model), _fits(prepared, classes), probabilities)


def _copy(model: Any) -> Any:
    from sklearn.base import clone

    return clone(model)


def _fits(prepared: Callable[[Table, int], Any], classes: int) -> Callable[..., Predict]:
    def fit(rows: Table, seed: int) -> Predict:
        model = prepared(rows, seed)
        weights = {} if rows.weight is None else {_weight_of(model): rows.weight}
        model.fit(rows.x, rows.y, **weights)
        return _reader(model, classes)

    return fit


def _absolute() -> Loss:
    from losses.catalogue import LOSSES

    return LOSSES["mae"]()


def _by_size(recipe: Recipe) -> Recipe:
    """The same with weights 1/|y|; rows that are 0 have no relative error, and weigh nothing."""

    def fit(rows: Table, seed: int) -> Predict:
        weight = by_size(rows.y) * (1 if rows.weight is None else rows.weight)
        return recipe.fit(replace(rows, weight=weight), seed)

    return Recipe(f"{recipe.key} by 1/|y|", fit, recipe.probabilities)


def _weight_of(model: Any) -> str:
    return f"{model.steps[-1][0]}__sample_weight" if hasattr(model, "steps") else "sample_weight"


def _reader(model: Any, classes: int) -> Predict:
    """What predicts: values, probabilities, or scores where the model has no probabilities."""
    if not classes:
        return lambda x: np.asarray(model.predict(x), dtype=np.float64)
    read = getattr(model, "predict_proba", None) or model.decision_function

    def predict(x: Array) -> Array:
        found = read(x)
        return found[:, 1] if found.shape[1:] == (2,) else found

    return predict


# ── the rows ────────────────────────────────────────────────────────────────────────────────────────────────────────

KINDS = (
    Kind("lightgbm", "boosting", _lightgbm, shares=_of_shares),
    Kind("sklearn", "boosting", _sklearn),
    Kind("sklearn", "linear", _linear, trees=False),
)


def kind(model: str | None, framework: str | None) -> Kind:
    """The first row that is meant and whose library is installed; boosting where neither is named."""
    wanted = vocabulary.lookup("model", model, vocabulary.MODELS).id if model is not None else "boosting"
    library = frameworks.find(framework) if framework is not None else None
    rows = [row for row in KINDS if row.model == wanted and library in (None, row.framework)]
    rows = [row for row in rows if row.framework in frameworks.NAMES]
    if not rows:
        allowed = [f"{row.model} with {row.framework}" for row in KINDS]
        named = " with ".join(filter(None, [wanted, library]))
        raise NotSupported(
            f"a race trains {', '.join(allowed)}, not {named}", field="model", got=named, allowed=allowed
        )
    return next((row for row in rows if importlib.util.find_spec(row.framework)), rows[-1])


def quiet(fit: Callable[[], Any]) -> Any:
    """What ``fit`` returns, without what libraries say of convergence or names of columns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit()
