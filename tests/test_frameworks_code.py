"""The lines to paste run as they stand, for every loss and framework, with what is to be done after training."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

import losses
from losses import frameworks
from losses.catalogue import LOSSES
from tests.constants import MASKS
from tests.readme import README
from tests.test_frameworks_contract import exported, spelled, wants


def fitted(spec: str, name: str, x: Any, y: Any, **scope: Any) -> Any:
    """The predictions of the code for a loss, run as it stands."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        space = {"X": x, "y": y, **scope}
        exec(compile(frameworks.code(losses.get(spec), name), "<code>", "exec"), space)
    found = space["predictions"]
    return np.stack(list(found.values()), axis=-1) if isinstance(found, dict) else np.asarray(found)


LABELS = {
    "soft_labels": lambda y: (y > np.median(y)).astype(int),
    "bits": lambda y: (y > np.median(y)).astype(int),
    "signs": lambda y: np.where(y > np.median(y), 1, -1),
    "distribution": lambda y: np.digitize(y, np.quantile(y, [0.3, 0.7])),
    "classes": lambda y: np.digitize(y, np.quantile(y, [0.3, 0.7])),
    "boxes": lambda y: np.stack([y, y, 2 * y, 3 * y], axis=1),
}
PAIRS = {"contrastive", "cosine_embedding", "triplet", "infonce", "nt_xent", "elbo"}
OTHER_DATA = MASKS | PAIRS | {"kl_div", "js_div", "lovasz_hinge"}  # their code is run down to the loss
IS_LOSS = re.compile("import|from|loss_fn =")
CODE = [(n, s) for n in frameworks.NAMES for s in (*LOSSES, "quantile:tau=[0.1,0.9]") if s in spelled(n)]


@pytest.mark.parametrize(("name", "spec"), CODE)
def test_code_runs_as_it_stands(name: str, spec: str) -> None:
    loss, _ = exported(spec, name)
    elsewhere = name in {"keras", "optax"} and loss.about.id == "cumulative_link"
    if loss.about.id in OTHER_DATA or elsewhere:
        exec("\n".join(line for line in frameworks.code(loss, name).splitlines() if IS_LOSS.match(line)), {})
        return
    rng = np.random.default_rng(1)
    x = rng.normal(size=(80, 3))
    y = LABELS.get(loss.inputs["y_true"].name, lambda y: y)(np.exp(x[:, 0] / 2) + rng.gamma(1.0, size=80) / 5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = fitted(spec, name, x, y)
    assert len(found) == 80
    assert np.isfinite(found).all()


def test_code_undoes_a_transform_and_appends_what_follows_training() -> None:
    wants("sklearn")
    post = {"smearing": {"factor": 1.1, "code": "predictions = 1.1 * predictions"}, "threshold": {"value": 0.3}}
    text = frameworks.code(losses.get("mse"), "sklearn", transform="log", post=post)
    space: dict[str, Any] = {"X": np.arange(80.0)[:, None], "y": np.exp(np.arange(80.0) / 40)}
    exec(text, space)
    assert text.endswith("# smearing\npredictions = 1.1 * predictions\n# threshold: {'value': 0.3}\n")
    np.testing.assert_allclose(space["predictions"], 1.1 * np.exp(np.arange(80.0) / 40), rtol=0.3)


SNIPPETS = re.findall(
    r"```python\n(.*?)```", README.read_text().split("## In your framework")[1].split("\n## ")[0], flags=re.DOTALL
)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_the_snippets_of_the_readme_run(snippet: str) -> None:
    for name in frameworks.NAMES:
        if re.search(rf"^import .*\b{name}\b", snippet):
            wants(name)
    rng = np.random.default_rng(2)
    x = rng.normal(size=(120, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(snippet, {"X": x, "y": 50 * x[:, 0] + 20 * rng.normal(size=120)})


TABLES: dict[str, tuple[Any, dict[str, Any]]] = {
    "amounts": (lambda r: np.exp(r), {"metric": "mae"}),
    "skewed amounts": (lambda r: np.exp(2 * r), {"metric": "rmse", "model": "linear"}),
    "counts": (lambda r: np.floor(np.exp(r)), {"metric": "poisson_deviance"}),
    "a level": (lambda r: r, {"metric": "pinball@0.9"}),
    "rare events": (lambda r: (r > 1.2).astype(int), {"metric": "f1"}),
    "events": (lambda r: (r > 0.5).astype(int), {"metric": "balanced_accuracy"}),
    "classes": (lambda r: np.digitize(r, [-0.5, 0.9]), {"metric": "balanced_accuracy"}),
}


@pytest.mark.parametrize("name", frameworks.NAMES)
@pytest.mark.parametrize("table", TABLES)
def test_the_advised_code_runs_with_what_follows_training(table: str, name: str) -> None:
    wants(name)
    rng = np.random.default_rng(3)
    x = rng.normal(size=(120, 3))
    make, wish = TABLES[table]
    y = make(x[:, 0] + rng.normal(size=120) / 2)
    best = next((r for r in losses.recommend(y, n=60, **wish).ranked if name in r.code), None)
    if best is None:
        pytest.skip(f"nothing that is advised for {table} can be trained by {name}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        space: dict[str, Any] = {"X": x, "y": y}
        exec(compile(best.code[name], "<code>", "exec"), space)
    found = space["predictions"]
    if wish["metric"] in {"f1", "balanced_accuracy"}:
        assert ((np.asarray(found) >= 0) & (np.asarray(found) <= 1)).all(), "probabilities"
        assert "decisions" in space or not best.post
    assert all(np.isfinite(part).all() for part in (found.values() if isinstance(found, dict) else [found]))


@pytest.mark.parametrize(
    ("model", "first"), [("boosting", "lightgbm"), ("neural", "torch"), ("linear", "sklearn"), (None, "sklearn")]
)
@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_the_first_code_trains_the_kind_of_model_that_was_named(model: str | None, first: str, metric: str) -> None:
    wants(first)
    y = np.random.default_rng(0).gamma(2.0, 100.0, 300)
    code = losses.recommend(y, metric=metric, model=model).best.code
    assert next(iter(code)) == first
    assert model != "linear" or "sklearn.linear_model" in code["sklearn"]
