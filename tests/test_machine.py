"""The array machine beside NumPy: which losses it takes, that both answer alike, and that NumPy is enough."""

from __future__ import annotations

import ctypes
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import losses
from losses import engine, evaluate
from losses.blocks import job
from losses.core import Loss
from losses.fused import FORMULAS, alone
from losses.tracing import CODES

from .instances import ALL, KINDS, in_columns, parts_of, rng_of, rows_of, sample, takes_columns, weights_for
from .test_laws_rows import threads

pytestmark = pytest.mark.filterwarnings("ignore::losses.LossWarning")
compiled = pytest.mark.skipif(not CODES, reason="the machine is not compiled")

# ── which losses run on it ──────────────────────────────────────────────────────────────────────────────────────────

# With their defaults. A formula that is no longer among these has silently become slow; new ones belong here.
EVERYTHING = """
    mse mae huber smooth_l1 log_cosh pseudo_huber quantile expectile mape smape msle cauchy general_robust
    poisson_nll poisson_deviance gamma_deviance tweedie_deviance gaussian_nll student_t_nll crps_gaussian interval_score
    bce_with_logits bce hinge squared_hinge brier weighted_bce focal asymmetric kl_div js_div triplet
    coral corn
"""
ALSO = {
    "value": """
        cross_entropy weighted_ce label_smoothing_ce class_balanced_ce logit_adjusted_ce generalized_cross_entropy
        box_iou giou diou contrastive multiclass_hinge
    """,
    "slope": "negative_binomial_nll elbo contrastive",
    "curvature": "negative_binomial_nll elbo lovasz_hinge",
}


@compiled
@pytest.mark.parametrize("formula", ALSO)
def test_the_losses_known_to_run_on_the_machine_still_do(formula):
    found = set()
    for loss in (kind() for kind in KINDS):
        work = job(loss, loss.arrange(*sample(loss, rng_of(str(loss)))))
        if alone(work, (formula,), None):
            found.add(loss.about.id)
    assert {*EVERYTHING.split(), *ALSO[formula].split()} - found == set()


# ── both answer alike ───────────────────────────────────────────────────────────────────────────────────────────────


def narrow(part: Any) -> Any:
    return part.astype(np.float32) if part is not None and part.dtype == np.float64 else part


def answers(loss: Loss, y: Any, z: Any, weights: Any = None) -> dict[str, Any]:
    found = {r: loss(y, z, weights, r) for r in loss.about.reductions}
    found["error"] = evaluate([loss], y, z, weights)[loss].standard_error
    for order in ("gradient", "hessian"):
        for name, part in parts_of(getattr(loss, order)(y, z, weights)).items():
            found[f"{order} in {name}"] = part
    return found


def alike(found: dict[str, Any], known: dict[str, Any], rtol: float) -> None:
    assert found.keys() == known.keys()
    for what, value in known.items():
        if value is None:
            assert found[what] is None, what
        else:
            size = float(np.max(np.abs(value)))
            np.testing.assert_allclose(found[what], value, rtol=rtol, atol=rtol * size, err_msg=what)
            assert np.shape(found[what]) == np.shape(value)
            assert np.asarray(found[what]).dtype == np.asarray(value).dtype


def both(loss: Loss, y: Any, z: Any, weights: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the machine and what NumPy say."""
    by_machine = answers(loss, y, z, weights)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "alone", lambda *job: None)
        return by_machine, answers(loss, y, z, weights)


def on_machine(loss: Loss) -> bool:
    work = job(loss, loss.arrange(*sample(loss, rng_of(str(loss)))))
    return any(alone(work, (formula,), None) for formula in ("value", *FORMULAS.values()))


TAKEN = [loss for loss in ALL if CODES and on_machine(loss)]


@pytest.mark.parametrize("loss", TAKEN, ids=repr)
def test_the_machine_and_numpy_answer_alike(loss):
    rng = rng_of("machine", str(loss))
    y, z = sample(loss, rng, 50)
    weights = weights_for(loss, y, z, rng)
    alike(*both(loss, y, z), 1e-12)
    alike(*both(loss, y, z, weights), 1e-12)
    with threads(2, block=16):
        alike(*both(loss, y, z, weights), 1e-12)


@pytest.mark.parametrize("loss", [loss for loss in TAKEN if takes_columns(loss)], ids=repr)
def test_the_machine_and_numpy_answer_alike_in_columns(loss):
    y, z = in_columns(loss, 20)
    alike(*both(loss, y, z, weights_for(loss, y, z, rng_of(str(loss)))), 1e-12)


@pytest.mark.parametrize("loss", TAKEN, ids=repr)
def test_the_machine_and_numpy_answer_alike_in_float32(loss):
    y, z = sample(loss, rng_of("single", str(loss)), 20)
    z = {name: narrow(part) for name, part in z.items()} if isinstance(z, dict) else narrow(z)
    y, weights = narrow(y), weights_for(loss, y, z, rng_of(str(loss)))
    alike(*both(loss, y, z, weights), 1e-4)


# ── where it is not compiled ────────────────────────────────────────────────────────────────────────────────────────


def all_answers() -> dict[str, dict[str, Any]]:
    found = {}
    for loss in ALL:
        y, z = sample(loss, rng_of("both", str(loss)), 300 if rows_of(loss, *sample(loss, rng_of(), 4)) == 4 else 6)
        found[str(loss)] = answers(loss, y, z)
    return found


def test_all_losses_work_where_the_machine_is_not_compiled():
    script = """
import sys, warnings, pickle
sys.modules["losses._machine"] = None
warnings.simplefilter("ignore")
from tests.test_machine import CODES, all_answers
assert not CODES
sys.stdout.buffer.write(pickle.dumps(all_answers()))
"""
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    without, known = pickle.loads(done.stdout), all_answers()
    assert without.keys() == known.keys()
    for name in known:
        alike(without[name], known[name], 1e-12)


def test_arrays_that_spell_out_the_byte_order_are_read_as_they_are() -> None:
    buffer = (ctypes.c_float * 3)(1, 2, 3)
    y = np.ctypeslib.as_array(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_float)), shape=(3,))
    assert memoryview(y).format == "<f"
    assert losses.get("mae")(y, np.array([1.0, 2.0, 6.0])) == 1
