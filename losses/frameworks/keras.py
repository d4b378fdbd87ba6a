"""Keras: an object called as ``loss(y_true, y_pred, sample_weight)``; a weighted mean is over the sum of weights.

A prediction of one number a row is a column, ``(n, 1)``, as a ``Dense(1)`` gives it: Keras's own losses average the
last axis, and of a flat ``(n,)`` that is the rows, which leaves their weights nothing to weigh. Ours take both.
"""

from __future__ import annotations

import functools
import importlib
from types import SimpleNamespace
from typing import Any

from ..core import Loss
from ._formulas import FORMULAS, numpy_like, parts
from ._spelling import Framework, Ours, call, missing, no
from ._steps import OF_ANY, Steps, by_class, heads, outputs, way_back, way_out, width
from ._structures import HEADS, OF_BOXES, STRUCTURES, called

WEIGHTED_MEAN = "mean_with_sample_weight"


def _import() -> Any:
    try:
        return importlib.import_module("keras")
    except ModuleNotFoundError as error:
        raise missing("keras") from error


@functools.cache
def _ops() -> SimpleNamespace:
    ops = _import().ops
    return numpy_like(ops, erf=ops.erf, sigmoid=ops.sigmoid, softplus=ops.softplus, log_softmax=ops.log_softmax)


@functools.cache
def _class() -> type:
    base: Any = _import().losses.Loss

    class RowLoss(base):  # type: ignore[misc]
        """A loss that Keras lacks, written in Keras operations."""

        def __init__(self, loss: Loss, reduction: str = WEIGHTED_MEAN, name: str | None = None) -> None:
            super().__init__(name=name or loss.about.id, reduction=reduction)
            self.loss = loss

        def call(self, y_true: Any, y_pred: Any) -> Any:
            y_true, y_pred = _aligned(self.loss, y_true, y_pred)
            return _of_rows(FORMULAS[self.loss.about.id](_ops(), self.loss, y_true, *parts(self.loss, y_pred)))

        def get_config(self) -> dict[str, Any]:
            home = {"module": type(self.loss).__module__, "kind": type(self.loss).__name__}
            return {**super().get_config(), **home, "params": self.loss.set_params()}

        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            rest = dict(config)
            kind = getattr(importlib.import_module(rest.pop("module")), rest.pop("kind"))
            return cls(kind(**rest.pop("params")), **rest)

        def __reduce__(self) -> tuple[Any, ...]:
            return _build, (self.loss, self.reduction, self.name)

    return RowLoss


def _aligned(loss: Loss, y: Any, z: Any) -> tuple[Any, Any]:
    """One column as a flat array, so that rows meet rows."""
    if isinstance(z, dict):
        return y, z
    several = loss.about.id in OF_ANY and len(z.shape) > 1 and z.shape[-1] > 1
    classes = several or loss.inputs["y_true"].name == "distribution"
    if y.shape[-1] == 1 and len(y.shape) == len(z.shape) + (0 if classes else 1):
        return y[..., 0], z
    return (y, z[..., 0]) if len(z.shape) == len(y.shape) + 1 and z.shape[-1] == 1 else (y, z)


def _of_rows(costs: Any) -> Any:
    """Elements averaged over the last axis, as Keras's own losses have it: a weight is of a row."""
    return _ops().total(costs) / costs.shape[-1] if len(costs.shape) > 1 else costs


def _build(loss: Loss, reduction: str = WEIGHTED_MEAN, name: str | None = None) -> Any:
    return _class()(loss, reduction, name)


def _ours(loss: Loss) -> Ours:
    return Ours(loss, "keras", _build)


def _loss(kind: str, **options: Any) -> Any:
    return call(f"keras:losses.{kind}", **options, reduction=WEIGHTED_MEAN)


def _own(kind: str, *same: str) -> Any:
    """A row for Keras's own loss, whose options are the loss's parameters of the same names."""
    return lambda loss: _loss(kind, **{key: getattr(loss, key) for key in same})


def _log_cosh(loss: Any) -> Any:
    return _loss("LogCosh") if loss.scale == 1 else _ours(loss)


def _poisson(loss: Any) -> Any:
    if loss.full:
        no("Keras has no log-gamma to add log y!", "poisson_nll")
    return _ours(loss) if loss.log_input else _loss("Poisson")


def _bce(loss: Any) -> Any:
    if loss.pos_weight != 1:
        return _ours(loss)
    smooth = {"label_smoothing": loss.label_smoothing} if loss.label_smoothing else {}
    return _loss("BinaryCrossentropy", from_logits=True, **smooth)


def _cross_entropy(loss: Any) -> Any:
    if loss.costs_of_classes is not None:
        no("its losses take no class weights: pass class_weight to fit", "cross_entropy")
    if loss.label_smoothing:
        no(
            "SparseCategoricalCrossentropy takes no smoothing; CategoricalCrossentropy does, of one-hot rows",
            "cross_entropy",
        )
    ignored = {} if loss.ignore_index is None else {"ignore_class": loss.ignore_index}
    return _loss("SparseCategoricalCrossentropy", from_logits=loss.from_logits, **ignored)


def _focal(loss: Any) -> Any:
    """Keras clips probabilities to 1e-7 even from logits; ours does not."""
    if loss.alpha_mode != "alpha_t":
        return _ours(loss)
    balance = {} if loss.alpha is None else {"apply_class_balancing": True, "alpha": loss.alpha}
    return _loss("BinaryFocalCrossentropy", from_logits=True, gamma=loss.gamma, **balance)


def _kl_div(loss: Any) -> Any:
    other = loss.from_log or loss.from_logits or loss.log_target
    return _ours(loss) if other else _loss("KLDivergence")


def _dice(loss: Any) -> Any:
    """Keras's Dice is of the whole batch."""
    return _ours(loss) if loss.aggregate == "image" or loss.from_logits or loss.squared else _loss("Dice")


def _tversky(loss: Any) -> Any:
    """Keras's Tversky is of the whole batch, and its alpha counts what is missed: ours the other way round."""
    if loss.aggregate == "image" or loss.from_logits:
        return _ours(loss)
    return _loss("Tversky", alpha=loss.beta, beta=loss.alpha)


def _cumulative_link(loss: Any) -> Any:
    return _ours(loss) if loss.link == "logit" else no("Keras has no logarithm of a normal law", "cumulative_link")


def _write(loss: Loss, made: Any, steps: Steps) -> list[str]:
    head, masks = HEADS.get(loss.about.id), steps.layout.form == "masks"
    spread = heads(loss, "keras.ops.exp") or (CORNERS if loss.about.id in OF_BOXES else "")
    if not spread and ("y_pred" not in loss.inputs or (loss.about.id in STRUCTURES and not head and not masks)):
        return ["import keras", f"loss_fn = {made}", *called(loss, "y, z")]
    back = way_back(loss, steps) if "y_pred" in loss.inputs else None
    back = {"exp": "exponential", "expm1": "keras.ops.expm1"}.get(back or "", back or "linear")
    activation = back if back.startswith("keras.") else repr(back)
    flat = "" if by_class(loss, steps) or head or spread or steps.wide or width(loss) > 1 else ".squeeze(-1)"
    final = head.final if head else _final(spread) if spread else _OUT[way_out(loss)]
    return [
        "import keras",
        "import numpy as np",
        *steps.before,
        "keras.utils.set_random_seed(0)",
        f"loss_fn = {made}",
        *([f"parts = lambda raw: {spread}", "cost = lambda y, raw: loss_fn(y, parts(raw))"] if spread else []),
        f"outputs = {head.outputs if head else outputs(loss, steps, 'np.shape(y)[1]', 'int(np.max(y)) + 1')}",
        "hidden = keras.layers.Dense(64, activation='relu')",
        f"model = keras.Sequential([hidden, keras.layers.Dense(outputs, activation={activation})])",
        f"model.compile(optimizer='adam', loss={'cost' if spread else 'loss_fn'})",
        "model.fit(X, y, epochs=20, verbose=0)",
        f"predictions = {final.format(f'model.predict(X, verbose=0){flat}')}",
        *steps.after,
    ]


CORNERS = "keras.ops.concatenate([raw[:, :2], raw[:, :2] + keras.ops.softplus(raw[:, 2:])], axis=1)"


def _final(spread: str) -> str:
    """The parts of a prediction as NumPy has them."""
    if spread == CORNERS:
        return "keras.ops.convert_to_numpy(parts(keras.ops.convert_to_tensor({})))"
    return "{{name: keras.ops.convert_to_numpy(part) for name, part in parts({}).items()}}"


_OUT = {
    None: "{}",
    "softmax": "keras.ops.convert_to_numpy(keras.ops.softmax({}))",
    "sigmoid": "keras.ops.convert_to_numpy(keras.ops.sigmoid({}))",
    "exp": "np.exp({})",
}


WITHOUT_TARGET = {"triplet": "contrastive", "infonce": "supcon", "nt_xent": "supcon", "elbo": "kl_div"}
REFUSED = {"negative_binomial_nll": ("Keras has no log-gamma", "poisson_nll")}
REFUSED |= {name: ("a loss of Keras has a target", near) for name, near in WITHOUT_TARGET.items()}
FRAMEWORK = Framework(
    place=6,
    family="neural",
    wide=True,
    forms={
        "distribution": {"cross_entropy": lambda loss: _loss("CategoricalCrossentropy", from_logits=loss.from_logits)}
    },
    native={
        "mse": _own("MeanSquaredError"),
        "mae": _own("MeanAbsoluteError"),
        "huber": _own("Huber", "delta"),
        "log_cosh": _log_cosh,
        "msle": _own("MeanSquaredLogarithmicError"),
        "mape": _own("MeanAbsolutePercentageError"),
        "poisson_nll": _poisson,
        "bce": _own("BinaryCrossentropy"),
        "bce_with_logits": _bce,
        "weighted_bce": _bce,
        "cross_entropy": _cross_entropy,
        "hinge": _own("Hinge"),
        "squared_hinge": _own("SquaredHinge"),
        "focal": _focal,
        "kl_div": _kl_div,
        "dice": _dice,
        "tversky": _tversky,
    },
    ours={name: _ours for name in FORMULAS if name not in REFUSED} | {"cumulative_link": _cumulative_link},
    refused=REFUSED,
    otherwise="this loss has no formula in Keras operations here yet",
    write=_write,
)
