"""How each framework spells a loss: one file a framework, found by listing this folder.

Deleting a file removes its framework and nothing else. No framework is imported before it is needed.

>>> set(native("huber")) <= set(supports("huber")) <= set(NAMES)
True
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..core import Loss
from ..errors import NotSupported, UnknownName
from ._learner import WEIGHTED, Learner
from ._objective import LABELS
from ._spelling import Call, Framework, call, lines, made
from ._steps import COLUMN, OF_ANY, USUAL, Layout, Steps

NAMES: tuple[str, ...] = tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


@functools.cache
def _frameworks() -> dict[str, Framework]:
    return {name: importlib.import_module(f"{__name__}.{name}").FRAMEWORK for name in NAMES}


def find(framework: str) -> str:
    """The name of a framework by name or alias; case, hyphens and spaces are forgiven."""
    known = {alias: name for name, found in _frameworks().items() for alias in (name, *found.aliases)}
    key = re.sub(r"[\s\-]+", "_", str(framework).strip()).lower()
    if key not in known:
        raise UnknownName.among("framework", framework, known)
    return known[key]


def family(framework: str) -> str | None:
    """The models that a framework trains: boosting, linear, neural; None where it has several."""
    return _frameworks()[find(framework)].family


@functools.cache
def in_order(model: str | None = None) -> tuple[str, ...]:
    """All names, as people are shown them: those of such a family of models first, and of these the commonest.

    >>> in_order("neural")[0], in_order()[0]
    ('torch', 'sklearn')
    """
    known = _frameworks()
    return tuple(sorted(NAMES, key=lambda name: (known[name].family != model, known[name].place, name)))


def native(loss_id: str) -> list[str]:
    """The frameworks that have this loss of their own."""
    return [name for name, found in _frameworks().items() if loss_id in found.native]


def supports(loss_id: str) -> list[str]:
    """The frameworks that can train with this loss, by their own means or with our formulas."""
    return [name for name, found in _frameworks().items() if loss_id in found.native or loss_id in found.ours]


def export(loss: Loss, framework: str, form: str | None = None) -> Any:
    """The thing that ``framework`` takes, ready to use, for a target of this ``form``.

    Raises NotSupported with the reason and the nearest loss, UnknownName for an unknown framework,
    MissingDependency where its package is not installed.
    """
    return made(spelled(loss, framework, form))


def spelled(loss: Loss, framework: str, form: str | None = None) -> Any:
    """The same as it is written: calls that are yet to be made, or a mapping of parameters."""
    name = find(framework)
    return _frameworks()[name].spell(loss, name, form)


def learner(loss: Loss, framework: str, like: Any = None, form: str | None = None) -> Learner:
    """An estimator set up for this loss, with the settings of ``like``: ``fit(x, y, weight)``, ``predict(x)``."""
    name = find(framework)
    found = _frameworks()[name]
    if form is not None:
        _held(found, loss, name, Layout(form))
    if found.learn is None:
        raise NotSupported(f"{name} has no estimators to set up", field="framework", got=name)
    if loss.about.id in WEIGHTED:
        plain, weigh = WEIGHTED[loss.about.id]
        return replace(found.learn(loss, made(found.native[plain](loss)), like), weigh=weigh)
    return found.learn(loss, made(found.spell(loss, name, form)), like)


def linear(loss: Loss) -> Call | None:
    """The linear model of scikit-learn that minimises this loss, as a call that makes it; None where none does."""
    from ._linear import estimator

    try:
        return estimator(loss)
    except NotSupported:
        return None


def metric(loss: Loss, tool: str) -> Any:
    """The loss as ``tool`` takes a metric: what it minimises; of frameworks, and of AutoGluon and FLAML."""
    from ._metrics import METRICS

    name = tool if tool in METRICS else find(tool)
    if name not in METRICS or not set(loss.inputs) & {"y_pred", "var"}:
        raise NotSupported(f"{name} takes no metric of {loss}", loss=loss.about.id, field="framework", got=name)
    return METRICS[name](loss)


def code(
    loss: Loss,
    framework: str,
    *,
    link: str | None = None,
    transform: str | None = None,
    post: Mapping[str, Any] | None = None,
    model: Call | None = None,
    layout: Layout = COLUMN,
) -> str:
    """The same as lines to paste, given ``X`` and ``y``: they train a model and leave ``predictions``.

    ``model`` is another model to train with this loss than the one that is exported; ``layout`` is how ``y`` stands.

    Raises NotSupported where the framework, or the lines here, do not train this loss on such a target.
    """
    name = find(framework)
    if post or model is not None or layout != COLUMN:
        return _written(loss, name, Steps(link, transform, post, layout), model)
    return _written_before(loss, name, link, transform)


@functools.lru_cache(maxsize=2048)
def _written_before(loss: Loss, name: str, link: str | None, transform: str | None) -> str:
    """The lines for equal arguments are equal."""
    return _written(loss, name, Steps(link, transform, None), None)


def _written(loss: Loss, name: str, steps: Steps, model: Call | None) -> str:
    form = steps.layout.form or USUAL.get(loss.about.id)
    steps = replace(steps, layout=steps.layout._replace(form=form))
    framework = _frameworks()[name]
    written = framework.spell(loss, name, form) if model is None else model
    _held(framework, loss, name, steps.layout, isinstance(model, Call))
    body = framework.write(loss, written, steps)
    heads = [line for line in body if re.match(r"(import|from) ", line)]
    rest = [line for line in body if line not in heads]
    imports = sorted({*heads, *lines(written)}, key=lambda line: (line.startswith("from "), line))
    return "\n".join([*imports, "", *rest]) + "\n"


def _held(framework: Framework, loss: Loss, name: str, layout: Layout, linear: bool = False) -> None:
    """Refuse a loss that is not trained on a target of this layout."""
    if not _takes(framework, loss, layout, linear):
        what = f"{layout.classes} classes" if layout.form is None else f"{layout.form} as the target"
        raise NotSupported(f"{name} does not train with {loss} on {what} here", loss=loss.about.id, got=name)


def _takes(framework: Framework, loss: Loss, layout: Layout, linear: bool) -> bool:
    """Whether the lines train this loss on a target of this layout."""
    if layout.form is None:
        return layout.classes <= 2 or loss.about.id not in OF_ANY or framework.wide
    if loss.about.id in framework.forms.get(layout.form, {}) and not linear:
        return True
    if layout.form == "shares":
        return not linear and (framework.wide or loss.about.id in framework.ours)
    rows = USUAL.get(loss.about.id) == "distribution"  # of shares, whatever the framework
    return framework.wide and (rows or _truth(loss) != "distribution")


def _truth(loss: Loss) -> str:
    return loss.inputs["y_true"].name if "y_true" in loss.inputs else ""


__all__ = [
    "COLUMN",
    "LABELS",
    "NAMES",
    "Call",
    "Layout",
    "call",
    "code",
    "export",
    "family",
    "find",
    "learner",
    "linear",
    "made",
    "metric",
    "native",
    "spelled",
    "supports",
]
