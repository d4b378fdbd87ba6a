"""optax: a function ``f(predictions, targets)`` of JAX arrays that returns a loss for each row."""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from ..core import Loss
from ._formulas import FORMULAS, numpy_like, parts
from ._spelling import Framework, Name, Ours, call, missing, no
from ._steps import Steps, by_class, heads, outputs, way_back, way_out, width
from ._structures import HEADS, OF_BOXES, STRUCTURES, called


@functools.cache
def _ops() -> SimpleNamespace:
    try:
        jax = importlib.import_module("jax")
    except ModuleNotFoundError as error:
        raise missing("jax") from error
    return numpy_like(
        jax.numpy,
        erf=jax.scipy.special.erf,
        lgamma=jax.scipy.special.gammaln,
        log_ndtr=jax.scipy.special.log_ndtr,
        sigmoid=jax.nn.sigmoid,
        softplus=jax.nn.softplus,
        log_softmax=jax.nn.log_softmax,
    )


@dataclass(frozen=True)
class RowLoss:
    """A loss that optax lacks, written in JAX operations."""

    loss: Loss

    def __call__(self, predictions: Any, targets: Any = None) -> Any:
        return FORMULAS[self.loss.about.id](_ops(), self.loss, targets, *parts(self.loss, predictions))


def _build(loss: Loss) -> RowLoss:
    _ops()
    return RowLoss(loss)


def _ours(loss: Loss) -> Ours:
    return Ours(loss, "optax", _build)


def _own(name: str, *same: str) -> Any:
    """A row for optax's own function, whose options are the loss's parameters of the same names."""
    path = f"optax:losses.{name}"
    return lambda loss: _partial(path, **{key: getattr(loss, key) for key in same}) if same else Name(path)


def _partial(path: str, **options: Any) -> Any:
    return call("functools:partial", Name(path), **options)


def _log_cosh(loss: Any) -> Any:
    return Name("optax:losses.log_cosh") if loss.scale == 1 else _ours(loss)


def _bce(loss: Any) -> Any:
    plain = loss.pos_weight == 1 and not loss.label_smoothing
    return Name("optax:losses.sigmoid_binary_cross_entropy") if plain else _ours(loss)


def _focal(loss: Any) -> Any:
    """optax reads a falsy alpha as none, so alpha=0 is ours."""
    if loss.alpha == 0 or loss.alpha_mode != "alpha_t":
        return _ours(loss)
    return _partial("optax:losses.sigmoid_focal_loss", alpha=loss.alpha, gamma=loss.gamma)


def _cross_entropy(loss: Any) -> Any:
    if (
        loss.costs_of_classes is not None
        or loss.label_smoothing
        or loss.ignore_index is not None
        or not loss.from_logits
    ):
        no(
            "softmax_cross_entropy_with_integer_labels takes neither weights, smoothing nor ignored labels",
            "cross_entropy",
        )
    return Name("optax:losses.softmax_cross_entropy_with_integer_labels")


def _kl_div(loss: Any) -> Any:
    if not loss.from_log:
        return _ours(loss)
    return Name("optax:losses.kl_divergence" + ("_with_log_targets" if loss.log_target else ""))


def _write(loss: Loss, function: Any, steps: Steps) -> list[str]:
    head, masks = HEADS.get(loss.about.id), steps.layout.form == "masks"
    boxes = loss.about.id in OF_BOXES
    spread = CORNERS if boxes else heads(loss, "jnp.exp")
    if not spread and ("y_pred" not in loss.inputs or (loss.about.id in STRUCTURES and not head and not masks)):
        return ["import optax", f"loss_fn = {function}", *called(loss)]
    numbered = by_class(loss, steps) and not steps.wide
    final = head.final if head else OF_PARTS if spread and not boxes else f"np.asarray({_OUT[way_out(loss)]}({{}}))"
    return [
        "import jax",
        "import jax.numpy as jnp",
        "import numpy as np",
        "import optax",
        *steps.before,
        "features = jnp.asarray(X, dtype=jnp.float32)",
        f"target = jnp.asarray(y, dtype=jnp.{'int32' if numbered else 'float32'})",
        f"outputs = {head.outputs if head else outputs(loss, steps, 'target.shape[1]', 'int(target.max()) + 1')}",
        f"loss_fn = {function}",
        "params = {'w': jnp.zeros((features.shape[-1], outputs)), 'b': jnp.zeros(outputs)}",
        "def predict(params):",
        *([f"    raw = {RAW}", f"    return {spread}"] if spread else [f"    return {_read(loss, steps, bool(head))}"]),
        "def cost(params):",
        "    return loss_fn(predict(params), target).mean()",
        "optimizer = optax.adam(0.05)",
        "state = optimizer.init(params)",
        "slope = jax.jit(jax.grad(cost))",
        "for step in range(200):",
        "    updates, state = optimizer.update(slope(params), state)",
        "    params = optax.apply_updates(params, updates)",
        f"predictions = {final.format('np.asarray(predict(params))' if head else 'predict(params)')}",
        *steps.after,
    ]


RAW = "features @ params['w'] + params['b']"
CORNERS = "jnp.concatenate([raw[:, :2], raw[:, :2] + jax.nn.softplus(raw[:, 2:])], axis=1)"
OF_PARTS = "{{name: np.asarray(part) for name, part in {}.items()}}"
_BACK = {
    "exp": "jnp.exp",
    "expm1": "jnp.expm1",
    **{name: f"jax.nn.{name}" for name in ("sigmoid", "softmax", "log_softmax")},
}


def _read(loss: Loss, steps: Steps, head: bool) -> str:
    """What the loss reads, from what the model puts out."""
    several = head or by_class(loss, steps) or steps.wide or width(loss) > 1
    return f"{_BACK.get(way_back(loss, steps) or '', '')}({RAW if several else f'({RAW})[..., 0]'})"


_OUT = {None: "", "softmax": "jax.nn.softmax", "sigmoid": "jax.nn.sigmoid", "exp": "jnp.exp"}


FRAMEWORK = Framework(
    place=7,
    aliases=("jax",),
    family="neural",
    native={
        "mse": _own("squared_error"),
        "huber": _own("huber_loss", "delta"),
        "log_cosh": _log_cosh,
        "bce_with_logits": _bce,
        "weighted_bce": _bce,
        "cross_entropy": _cross_entropy,
        "focal": _focal,
        "kl_div": _kl_div,
    },
    ours=dict.fromkeys(FORMULAS, _ours),
    forms={"distribution": {"cross_entropy": lambda loss: Name("optax:losses.softmax_cross_entropy")}},
    wide=True,
    otherwise="this loss has no formula in JAX operations here yet",
    write=_write,
)
