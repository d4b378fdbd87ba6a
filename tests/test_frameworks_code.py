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
from tests.test_frameworks_contract import exported, inputs, spelled, wants


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
}
OTHER_DATA = MASKS | {"kl_div", "js_div", "cosine_embedding", "triplet"}  # their code is run down to the loss
IS_LOSS = re.compile("import|from|loss_fn =")
CODE = [(n, s) for n in frameworks.NAMES for s in (*LOSSES, "quantile:tau=[0.1,0.9]") if s in spelled(n)]


@pytest.mark.parametrize(("name", "spec"), CODE)
def test_code_runs_as_it_stands(name: str, spec: str) -> None:
    loss, _ = exported(spec, name)
    if loss.about.id in OTHER_DATA or (name in {"keras", "optax"} and isinstance(inputs(loss)[1], dict)):
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
