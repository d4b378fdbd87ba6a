"""The best constant of a loss on some rows, and the constant that a framework finds on them by its own means."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_softmax, softmax

from losses import frameworks

MASKS = {"dice", "iou", "tversky", "focal_tversky"}
STEPS, FASTEST, FAR = 150, 0.15, 0.7
N = 240


class Rows(NamedTuple):
    """Skewed rows, so that no two functionals agree, with weights that move them."""

    y: Any
    weight: Any


def rows_for(loss: Any, factor: float = 1.0) -> Rows:
    """Rows on which the loss is defined, large ones weighing more; numbers times ``factor``."""
    rng = np.random.default_rng(11)
    draw: dict[str, Callable[[], Any]] = {
        "reals": lambda: factor * (rng.gamma(1.5, 2.0, size=N) - 1),
        "positive": lambda: factor * (rng.gamma(1.5, size=N) + 0.1),
        "nonnegative": lambda: factor * rng.poisson(rng.gamma(1.5, 2.0, size=N)).astype(float),
        "above_minus_one": lambda: factor * rng.gamma(1.5, size=N),
        "soft_labels": lambda: (rng.uniform(size=(N, 6) if loss.about.id in MASKS else N) < 0.3).astype(float),
        "bits": lambda: (rng.uniform(size=N) < 0.3).astype(float),
        "signs": lambda: np.where(rng.uniform(size=N) < 0.3, 1.0, -1.0),
        "distribution": lambda: rng.choice(3, p=(0.5, 0.3, 0.2), size=N),
        "log_probabilities": lambda: np.log(rng.dirichlet((3.0, 2.0, 1.0), size=N)),
    }
    kind = loss.inputs["y_true"].name
    soft = kind == "distribution" and loss.about.id in {"kl_div", "js_div"}
    y = rng.dirichlet((3.0, 2.0, 1.0), size=N) if soft else draw[kind]()
    size = y.reshape(N, -1).sum(axis=1)
    return Rows(y, 1.0 + 2 * (size > np.median(size)))


def in_unit(loss: Any, factor: float) -> Any:
    """The same loss with the parameters that have the unit of the target times ``factor``."""
    moved = {name: getattr(loss, name) * factor for name in ("delta", "beta", "scale", "c") if hasattr(loss, name)}
    has_unit = loss.about.id in {"huber", "smooth_l1", "log_cosh", "pseudo_huber", "cauchy", "general_robust"}
    return type(loss)(**{**loss.set_params(), **moved}) if has_unit else loss


class Frame(NamedTuple):
    """How free numbers become predictions: one row of them for each part, in units of the rows."""

    parts: Mapping[str, str]
    wide: int
    middle: float
    spread: float

    @classmethod
    def of(cls, loss: Any, y: Any) -> Frame:
        parts = {name: domain.name for name, domain in loss.inputs.items() if name != "y_true"}
        kind = loss.inputs["y_true"].name
        classes = 3 if kind in {"distribution", "log_probabilities"} else 1
        taus = getattr(loss, "tau", None)
        return cls(parts, len(taus) if isinstance(taus, tuple) else classes, float(np.mean(y)), float(np.std(y)))

    @property
    def size(self) -> int:
        return len(self.parts) * self.wide

    def predictions(self, free: Any, lib: Any, like: Any, logarithmic: bool) -> Any:
        """Predictions for all rows, in a library's own operations."""
        found = {}
        for i, (name, domain) in enumerate(self.parts.items()):
            own = free[i * self.wide : (i + 1) * self.wide]
            part = self._part(own + (name == "upper"), domain, lib, logarithmic)
            part = self.spread * part if name == "var" else part
            found[name] = part + 0 * like[..., None] if self.wide > 1 else part[0] + 0 * like
        return found if list(found) != ["y_pred"] else found["y_pred"]

    def _part(self, own: Any, domain: str, lib: Any, logarithmic: bool) -> Any:
        if domain in {"positive", "nonnegative"}:
            return self.spread * lib.exp(own)
        if domain == "above_minus_one":
            return lib.expm1(np.log1p(self.middle) + own)
        if domain in {"probabilities", "distribution", "log_probabilities"} and self.wide > 1:
            return lib.log_softmax(own) if domain == "log_probabilities" else lib.softmax(own)
        if domain == "probabilities":
            return lib.sigmoid(own)
        if domain == "logits":
            return own
        return np.log(self.middle) + own if logarithmic else self.middle + self.spread * own


class Library(NamedTuple):
    exp: Any
    expm1: Any
    sigmoid: Any
    softmax: Any
    log_softmax: Any


NUMPY = Library(np.exp, np.expm1, expit, softmax, log_softmax)


def judge(loss: Any, rows: Rows, prediction: Any) -> float:
    """The cost of ``prediction`` above that of the best constant, in units of the cost of missing by half a spread."""
    frame, log = Frame.of(loss, rows.y), getattr(loss, "log_input", False)
    like = rows.y if frame.wide == 1 else np.zeros(len(rows.y))

    def cost(free: Any) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(loss(rows.y, frame.predictions(free, NUMPY, like, log), rows.weight))

    starts = (np.zeros(frame.size), np.full(frame.size, -FAR))
    best = min(
        (minimize(cost, at, method="Nelder-Mead", options={"xatol": 1e-4}) for at in starts), key=lambda m: m.fun
    )
    step = np.eye(frame.size)[0] / 2
    near = max((cost(best.x + step) + cost(best.x - step)) / 2 - best.fun, (cost(np.zeros(frame.size)) - best.fun) / 10)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float((loss(rows.y, prediction, rows.weight) - best.fun) / near)


# ── networks ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _flat(z: Any) -> bool:
    return not isinstance(z, Mapping) and len(z.shape) == 1


def weighted_cost(name: str, loss: Any, made: Any) -> Callable[[Any, Any, Any], Any]:
    """The weighted mean of a framework's loss, as its users take it: ``f(target, prediction, weight)``."""
    if name == "keras":  # whose own losses take the mean of the last axis, so that rows are (n, 1)
        return lambda y, z, w: made(*((y[:, None], z[:, None]) if _flat(z) else (y, z)), sample_weight=w)
    if name == "optax":
        return lambda y, z, w: (w * made(z, y)).sum() / w.sum()
    if type(made).__module__.startswith("losses."):
        return lambda y, z, w: made(z, y, w)
    made.reduction = "none"

    def each(y: Any, z: Any) -> Any:
        return made(z["mean"], y, z["var"]) if isinstance(z, dict) else made(z, y)

    return lambda y, z, w: (w * each(y, z)).sum() / w.sum()


def by_torch(loss: Any, rows: Rows, cost: Callable[[Any, Any, Any], Any]) -> Any:
    torch = importlib.import_module("torch")
    lib = Library(torch.exp, torch.expm1, torch.sigmoid, lambda x: x.softmax(-1), lambda x: x.log_softmax(-1))
    frame, log = Frame.of(loss, rows.y), getattr(loss, "log_input", False)
    y, weight = torch.tensor(rows.y), torch.tensor(rows.weight)
    like = torch.zeros(rows.y.shape if frame.wide == 1 else N, dtype=torch.float64)
    free = torch.full((frame.size,), FAR, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([free], lr=FASTEST)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        cost(y, frame.predictions(free, lib, like, log), weight).backward()
        optimizer.step()
        rate.step()
    return frame.predictions(free.detach().numpy(), NUMPY, like.numpy(), log)


def by_jax(loss: Any, rows: Rows, cost: Callable[[Any, Any, Any], Any]) -> Any:
    jax, optax = importlib.import_module("jax"), importlib.import_module("optax")
    jnp = jax.numpy
    lib = Library(jnp.exp, jnp.expm1, jax.nn.sigmoid, jax.nn.softmax, jax.nn.log_softmax)
    frame, log = Frame.of(loss, rows.y), getattr(loss, "log_input", False)
    y, weight = jnp.asarray(rows.y), jnp.asarray(rows.weight)
    like = np.zeros(rows.y.shape if frame.wide == 1 else N)
    optimizer = optax.adam(optax.cosine_decay_schedule(FASTEST, STEPS))
    slope = jax.grad(lambda free: cost(y, frame.predictions(free, lib, jnp.asarray(like), log), weight))

    def step(_: int, now: Any) -> Any:
        free, state = now
        change, state = optimizer.update(slope(free), state)
        return free + change, state

    free = jnp.full((frame.size,), FAR)
    run = jax.jit(lambda free: jax.lax.fori_loop(0, STEPS, step, (free, optimizer.init(free)))[0])
    return frame.predictions(np.asarray(run(free), dtype=np.float64), NUMPY, like, log)


def by_network(name: str, loss: Any, rows: Rows) -> Any:
    """The constant that a network with nothing but a bias learns."""
    made = loss.to(name)
    made = made.double() if name == "torch" else made
    jax = name == "optax" or (name == "keras" and importlib.import_module("keras").backend.backend() == "jax")
    return (by_jax if jax else by_torch)(loss, rows, weighted_cost(name, loss, made))


# ── trees and linear models ─────────────────────────────────────────────────────────────────────────────────────────

SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "lightgbm": ("LGBMRegressor", {"n_estimators": 60, "learning_rate": 0.3, "num_leaves": 4, "n_jobs": 1}),
    "xgboost": ("XGBRegressor", {"n_estimators": 60, "learning_rate": 0.3, "max_depth": 2, "n_jobs": 1}),
    "catboost": (
        "CatBoostRegressor",
        {"iterations": 60, "learning_rate": 0.3, "depth": 2, "random_seed": 0, "thread_count": 1},
    ),
}


def by_trees(name: str, loss: Any, rows: Rows, off: float | None = None) -> Any:
    """What a model learns from a column that says nothing; our objectives may begin ``off`` the best constant."""
    kind, options = SETTINGS.get(name, ("", {}))
    like = getattr(importlib.import_module(name), kind)(**options) if kind else None
    x = (np.argsort(np.argsort(rows.y.reshape(len(rows.y), -1).sum(axis=1), kind="stable")) % 2)[:, None].astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if off is not None:
            learner = frameworks._frameworks()[name].learn(loss, loss.to(name), like)
            start = learner.objective.start(rows.y, rows.weight) + off
            learner.lacks = learner.fit_from(learner.model, x, rows.y, rows.weight, start)
            return as_read(loss, learner.predict(x))
        learner = frameworks.learner(loss, name, like)
        return as_read(loss, learner.fit(x, rows.y, rows.weight).predict(x))


def as_read(loss: Any, found: Any) -> Any:
    """What a model predicts, as the loss reads it."""
    heads = [name for name in loss.inputs if name != "y_true"]
    if len(heads) > 1:
        return dict(zip(heads, found.T, strict=True))
    kind = loss.inputs["y_pred"].name
    if kind == "logits":
        return np.log(found) - (0 if found.ndim > 1 else np.log1p(-found))
    return np.log(found) if getattr(loss, "log_input", False) else found
