"""Losses between distributions: distillation, soft targets, variational bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np

from .arrays import numbers
from .blocks import Column
from .core import CONTEXT, NOT_APPLICABLE, YES, About, Loss
from .domains import DISTRIBUTION, LOG_PROBABILITIES, LOGITS, PROBABILITIES, REALS, SOFT_LABELS, Array, Domain
from .errors import InvalidInput, NotSupported
from .layouts import Distributions, heads_of, same_shape
from .params import Param
from .special import LN2, expm1_less, sigmoid, softmax, softmax_costs, softplus, times

PAIR = {"y_true": DISTRIBUTION, "y_pred": DISTRIBUTION}


class KLDiv(Distributions):
    """The extra surprise of expecting ``q`` where ``p`` holds: leaving out what can happen costs without bound.

    ``y_true`` is p and ``y_pred`` is q, one distribution a row. ``mean`` averages rows (torch's ``batchmean``);
    ``elementmean`` divides by the classes too (torch's ``mean``), a common mistake.

    >>> round(KLDiv()([[0.7, 0.2, 0.1]], [[0.6, 0.3, 0.1]]), 9)
    0.026812454
    """

    about = About(
        id="kl_div", aliases=("kl", "kullback_leibler"), title="KL divergence", tasks=("distillation", "variational"),
        elicits="match", convex=CONTEXT, differentiable=YES, robust=NOT_APPLICABLE, unit="nats", inputs=PAIR,
        formula="Σ_k p_k log(p_k / q_k)", source="Kullback & Leibler 1951, doi:10.1214/aoms/1177729694",
        reductions=("mean", "sum", "none", "batchmean", "elementmean"),
        note="Jointly convex in (p, q). Infinite where q is 0 and p is not.",
        differs="torch takes (log q, p), and its mean is over elements; its batchmean is the mean here.",
    )  # fmt: skip
    log_target: Annotated[bool, Param("whether y_true holds log-probabilities")] = False
    from_log: Annotated[bool, Param("whether y_pred holds log-probabilities")] = False
    from_logits: Annotated[bool, Param("whether y_pred holds logits")] = False

    def __post_init__(self) -> None:
        if self.from_log and self.from_logits:
            raise InvalidInput("y_pred holds log-probabilities or logits, not both", loss="kl_div", field="from_log")

    @property
    def inputs(self) -> Mapping[str, Domain]:
        prediction = LOGITS if self.from_logits else LOG_PROBABILITIES if self.from_log else DISTRIBUTION
        return {"y_true": LOG_PROBABILITIES if self.log_target else DISTRIBUTION, "y_pred": prediction}

    def _target(self, y: Array) -> tuple[Array, Array]:
        return (np.exp(y), y) if self.log_target else (y, np.log(y))

    def _log(self, z: Array) -> Array:
        return -softmax_costs(z) if self.from_logits else z if self.from_log else np.log(z)

    def value(self, y: Array, z: Array) -> Array:
        p, log_p = self._target(y)
        parts = times(p, log_p - self._log(z))
        if self.log_target or self.from_log or self.from_logits:
            return parts.sum(axis=-1)
        off = p - z
        share = off / np.where(z > 0, z, 1)
        near = (np.abs(share) < 0.1) & (z > 0)  # close to z, parts cancel but for what they are beyond ``off``
        beyond = np.where(near, z * _beyond(np.where(near, share, 0)), parts - off)
        return beyond.sum(axis=-1) + off.sum(axis=-1)

    def slope(self, y: Array, z: Array) -> Array:
        p, _ = self._target(y)
        if self.from_logits:
            q, rest = softmax(z)
            return (p.sum(axis=-1, keepdims=True) - p) * q - p * rest
        return -p if self.from_log else -_ratio(p, z)

    def curvature(self, y: Array, z: Array) -> Array:
        p, _ = self._target(y)
        if self.from_logits:
            q, rest = softmax(z)
            return p.sum(axis=-1, keepdims=True) * q * rest
        return np.zeros_like(z) if self.from_log else _ratio(_ratio(p, z), z)


def _beyond(r: Array) -> Array:
    """(1 + r) log(1 + r) - r for r near 0, by its series."""
    series = np.zeros_like(r)
    for k in range(16, 1, -1):
        series = 1 / (k * (k - 1)) - r * series
    return r * r * series


def _ratio(p: Array, q: Array) -> Array:
    return np.where(p == 0, p, p / q)


class JSDiv(Distributions):
    """How far two distributions lie from their average, in surprise: symmetric, and at most log 2.

    >>> round(JSDiv()([[1.0, 0.0]], [[0.0, 1.0]]), 9)
    0.693147181
    """

    about = About(
        id="js_div", aliases=("jensen_shannon",), title="Jensen-Shannon divergence", tasks=("distillation",),
        elicits="match", convex=YES, differentiable=YES, robust=NOT_APPLICABLE, unit="nats", inputs=PAIR,
        formula="½ KL(p‖m) + ½ KL(q‖m), m = (p + q)/2", source="Lin 1991, doi:10.1109/18.61115",
        differs="SciPy's jensenshannon is its square root.",
    )  # fmt: skip

    def value(self, y: Array, z: Array) -> Array:
        both = y + z
        return (both * _unlikeness(np.abs(y - z) / np.where(both > 0, both, 1))).sum(axis=-1) / 4

    def slope(self, y: Array, z: Array) -> Array:
        both = y + z
        off = (z - y) / np.where(both > 0, both, 1)  # within -1/2 and 1 the logarithm of 2z/(y + z) is that of 1 + off
        return np.where(both > 0, np.where(off > -0.5, np.log1p(off), np.log(z / both) + LN2), LN2) / 2

    def curvature(self, y: Array, z: Array) -> Array:
        return _ratio(_ratio(y, z), y + z) / 2


def _unlikeness(u: Array) -> Array:
    """(1 + u) log(1 + u) + (1 - u) log(1 - u): near 0 by its series, as the two cancel there."""
    near = u < 0.1
    square = np.square(np.where(near, u, 0))
    series = np.zeros_like(u)
    for k in range(8, 0, -1):
        series = square * (1 / (k * (2 * k - 1)) + series)
    return np.where(near, series, (1 + u) * np.log1p(u) + times(1 - u, np.log1p(-u)))


class ELBO(Loss):
    """What a variational autoencoder pays: bad reconstruction, plus ``beta`` times straying from the prior.

    This is the *negative* evidence lower bound. ``y_pred`` holds ``mu`` and ``logvar`` of the latent normal, and
    ``logits`` or ``reconstruction`` of the data ``y_true``; with ``mu`` and ``logvar`` alone it is the KL term; ready
    terms come as ``reconstruction_loss`` and ``kl``. Dimensions are summed, rows averaged.

    >>> ELBO()(None, {"reconstruction_loss": 12.5, "kl": 3.2})
    15.7
    """

    about = About(
        id="elbo", aliases=("negative_elbo", "beta_vae", "beta_elbo"), title="Negative ELBO (beta)",
        tasks=("variational",), elicits="bound", convex=CONTEXT, differentiable=YES, robust=NOT_APPLICABLE,
        unit="nats", zero=False,
        inputs={
            "y_true": SOFT_LABELS, "logits": LOGITS, "reconstruction": PROBABILITIES, "mu": REALS, "logvar": REALS,
            "reconstruction_loss": REALS, "kl": REALS,
        },
        formula="−log p(x|z) + β Σ_d ½(μ² + e^λ − 1 − λ)",
        source="Kingma & Welling 2014, arXiv:1312.6114; Higgins et al. 2017 (beta)",
    )  # fmt: skip
    beta: Annotated[float, Param("the weight of the KL term", at_least=0)] = 1.0
    likelihood: Annotated[Literal["bernoulli", "gaussian"], Param("the law of the data given the code")] = "bernoulli"

    @property
    def inputs(self) -> Mapping[str, Domain]:
        if self.likelihood == "bernoulli":
            return self.about.inputs
        return {**self.about.inputs, "y_true": REALS, "reconstruction": REALS}

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        names = [name for name in self.about.inputs if name != "y_true"]
        heads = {name: np.atleast_1d(part) for name, part in self._given(y_pred, names).items()}
        self._refuse_odd_sets(heads, y_true)
        y = None if y_true is None else numbers(y_true, "y_true")
        for name in ("logits", "reconstruction"):
            if y is not None and name in heads:
                same_shape("y_true", y, f"y_pred.{name}", heads[name])
        if "mu" in heads:
            same_shape("y_pred.mu", heads["mu"], "y_pred.logvar", heads["logvar"])
        target = None if y is None else Column("y_true", y, self.inputs["y_true"])
        columns = [
            Column(f"y_pred.{name}", heads[name], self.inputs[name]) if name in heads else None for name in names
        ]
        return target, *columns

    def _given(self, y_pred: Any, names: Sequence[str]) -> dict[str, Array]:
        if isinstance(y_pred, Mapping):
            y_pred = {name: np.atleast_1d(part) if np.ndim(part) == 0 else part for name, part in y_pred.items()}
        return heads_of(self, y_pred, names, optional=names)

    def _refuse_odd_sets(self, heads: Mapping[str, Array], y_true: Any) -> None:
        if self.likelihood == "gaussian" and "logits" in heads:
            raise NotSupported("a gaussian likelihood reads reconstruction, not logits", loss="elbo", field="logits")
        data = {"logits", "reconstruction"} & set(heads)
        if set(heads) not in ELBO_SETS or bool(data) != (y_true is not None):
            raise InvalidInput(
                "elbo needs mu and logvar; with logits or reconstruction and y_true; or reconstruction_loss and kl",
                loss="elbo", field="y_pred", got=sorted(heads), expected=[sorted(s) for s in ELBO_SETS],
            )  # fmt: skip

    def value(self, y: Any, logits: Any, rebuilt: Any, mu: Any, logvar: Any, data: Any, kl: Any) -> Array:
        if kl is not None:
            found: Array = data + self.beta * kl
            return found
        cost = self.beta * _by_row(mu * mu + expm1_less(logvar)) / 2
        if logits is not None:
            cost = cost + _by_row(times(y, softplus(-logits)) + times(1 - y, softplus(logits)))
        if rebuilt is not None:
            cost = cost + _by_row(self._misfit(y, rebuilt))
        return cost

    def _misfit(self, y: Array, r: Array) -> Array:
        if self.likelihood == "gaussian":
            return np.square(y - r) / 2
        return -times(y, np.log(r)) - times(1 - y, np.log1p(-r))

    def slope(self, y: Any, logits: Any, rebuilt: Any, mu: Any, logvar: Any, data: Any, kl: Any) -> tuple[Array, ...]:
        if kl is not None:
            return np.ones_like(data), np.full_like(kl, self.beta)
        parts = [self.beta * mu, self.beta * np.expm1(logvar) / 2]
        if rebuilt is not None:
            gaussian = self.likelihood == "gaussian"
            parts.insert(0, rebuilt - y if gaussian else _ratio(1 - y, 1 - rebuilt) - _ratio(y, rebuilt))
        if logits is not None:
            parts.insert(0, (1 - y) * sigmoid(logits) - y * sigmoid(-logits))
        return tuple(parts)

    def curvature(
        self, y: Any, logits: Any, rebuilt: Any, mu: Any, logvar: Any, data: Any, kl: Any
    ) -> tuple[Array, ...]:
        if kl is not None:
            return np.zeros_like(data), np.zeros_like(kl)
        parts = [np.full_like(mu, self.beta), self.beta * np.exp(logvar) / 2]
        if rebuilt is not None:
            rest = 1 - rebuilt
            bent = _ratio(_ratio(1 - y, rest), rest) + _ratio(_ratio(y, rebuilt), rebuilt)
            fit = np.ones_like(rebuilt) if self.likelihood == "gaussian" else bent
            parts.insert(0, fit)
        if logits is not None:
            parts.insert(0, sigmoid(logits) * sigmoid(-logits))
        return tuple(parts)


ELBO_SETS = (
    {"mu", "logvar"},
    {"mu", "logvar", "logits"},
    {"mu", "logvar", "reconstruction"},
    {"reconstruction_loss", "kl"},
)


def _by_row(x: Array) -> Array:
    return x.reshape(len(x), -1).sum(axis=1)
