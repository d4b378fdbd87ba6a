"""What the families declare, gathered: lookup by id or alias, specs in text and JSON, the table.

A loss is in the catalogue because its class stands in a family module; there is nothing to register.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, get_args

from . import (
    boxes,
    classification,
    counts,
    divergence,
    embedding,
    frameworks,
    imbalance,
    ordinal,
    regression,
    segmentation,
    uncertainty,
)
from .core import CONTROLLED, KINK, MODERATE, NO, YES, Answer, Loss
from .errors import InvalidInput, UnknownName
from .params import literal
from .sums import Sum, Term

FAMILIES = (
    regression,
    counts,
    uncertainty,
    classification,
    imbalance,
    ordinal,
    divergence,
    segmentation,
    boxes,
    embedding,
)


def _declared(family: ModuleType) -> Iterator[type[Loss]]:
    for item in vars(family).values():
        own = isinstance(item, type) and issubclass(item, Loss) and item.__module__ == family.__name__
        if own and "about" in vars(item):
            yield item


LOSSES: dict[str, type[Loss]] = {loss.about.id: loss for family in FAMILIES for loss in _declared(family)}
ALIASES: dict[str, str] = {alias: loss.about.id for loss in LOSSES.values() for alias in loss.about.aliases}


def find(name: str) -> type[Loss]:
    """The class of a loss by id or alias; hyphens, spaces and case are forgiven.

    >>> find("Pinball").__name__
    'Quantile'
    """
    key = re.sub(r"[\s\-]+", "_", str(name).strip()).lower()
    key = ALIASES.get(key, key)
    if key not in LOSSES:
        raise _unknown(name, key)
    return LOSSES[key]


def _unknown(name: str, key: str) -> UnknownName:
    """What is known by that name: a metric, or other losses."""
    from .advice.vocabulary import METRICS

    metric = next((metric for metric in METRICS if key in (metric.id, *metric.aliases)), None)
    if metric is None:
        return UnknownName.among("loss", name, [*LOSSES, *ALIASES])
    same = " or ".join(metric.losses)
    hint = f"the loss that measures the same is {same}" if same else f"recommend(..., metric={metric.id!r}) tells which"
    detail = f"{name!r} is a metric and no loss; {hint}"
    return UnknownName(detail, field="loss", got=str(name)[:80], allowed=list(metric.losses))


def get(spec: Any, **params: Any) -> Any:
    """A loss from any of its forms: an id, ``"huber:delta=1.35"``, ``{"loss": "huber", "delta": 1.35}``, a sum.

    Raises UnknownName for an unknown loss or parameter, InvalidParameter for one outside its range.

    >>> get("huber", delta=1.35)
    Huber(delta=1.35)
    >>> get("0.5*dice+0.5*bce_with_logits")
    0.5 * Dice() + 0.5 * BCEWithLogits()
    """
    if isinstance(spec, Loss | Sum):
        return _changed(spec, params)
    if isinstance(spec, Mapping):
        body = {str(key): value for key, value in spec.items()}
        name = body.pop("loss", None)
        if not isinstance(name, str):
            raise InvalidInput('a loss in JSON is "huber" or {"loss": "huber", "delta": 1.35}', field="loss")
        return get(name, **body, **params)
    if isinstance(spec, str):
        return _from_text(spec, params)
    raise InvalidInput(f"a loss is text, JSON or a Loss, got {type(spec).__name__}", field="loss")


def _changed(loss: Loss | Sum, params: Mapping[str, Any]) -> Loss | Sum:
    if not params:
        return loss
    if isinstance(loss, Sum):
        raise InvalidInput("a sum takes no parameters of its own: set those of its terms", field="loss")
    return type(loss)(**{**loss.set_params(), **params})


def _from_text(text: str, params: Mapping[str, Any]) -> Loss | Sum:
    if len(text) > 10_000:
        raise InvalidInput("the text of a loss is at most 10000 characters long", field="loss", got=len(text))
    terms = [_term(part) for part in _split(text, "+")]
    if len(terms) == 1 and terms[0][0] == 1:
        return _changed(terms[0][1], params)
    return _changed(Sum(terms), params)


_FACTOR = re.compile(r"\s*([0-9.]+(?:e[+-]?[0-9]+)?)\s*\*(.*)", re.DOTALL | re.IGNORECASE)


def _term(text: str) -> Term:
    factor = _FACTOR.fullmatch(text)
    body = factor.group(2) if factor else text
    name, _, rest = body.partition(":")
    params: dict[str, Any] = {}
    for pair in _split(rest, ",") if rest.strip() else ():
        key, equals, value = pair.partition("=")
        if not equals or key.strip() in params:
            fault = "twice" if equals else "without a value"
            raise InvalidInput(f"parameter {key.strip()[:40]!r} stands {fault} in {text[:80]!r}", field="loss")
        params[key.strip()] = literal(value)
    return _number(factor.group(1)) if factor else 1.0, find(name)(**params)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInput(f"{text[:40]!r} is no factor for a loss", field="loss") from error


def _split(text: str, mark: str) -> list[str]:
    """Parts between marks that stand outside brackets; the + of an exponent (1e+5) is none."""
    parts, depth, start = [], 0, 0
    for i, sign in enumerate(text):
        depth += (sign == "[") - (sign == "]")
        if sign == mark and depth == 0 and not re.search(r"\de$", text[max(0, i - 2) : i], re.IGNORECASE):
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def catalogue(**filters: str | bool) -> list[dict[str, Any]]:
    """A row for every loss: what it is, its parameters with ranges, its inputs, where it can be trained.

    Filters keep rows with that value: ``task``, ``convex``, ``differentiable``, ``robust``, ``unit``, ``elicits``,
    ``framework``, ``per``; True and False stand for all answers that come down to yes or no.

    >>> [row["id"] for row in catalogue(task="boxes", unit="target")]
    ['smooth_l1']
    """
    for name in filters:
        if name not in _FILTERS:
            raise UnknownName.among("filter", name, _FILTERS)
    rows = [row(loss) for loss in LOSSES.values()]
    wanted = {_FILTERS[name]: _wanted(name, value, rows) for name, value in filters.items()}
    return [r for r in rows if all(not values.isdisjoint(_cell(r, cell)) for cell, values in wanted.items())]


_FILTERS = {
    "task": "tasks",
    "framework": "frameworks",
    **{name: name for name in ("convex", "differentiable", "robust", "unit", "elicits", "per")},
}
_ANSWERS: dict[str, frozenset[str]] = {"true": frozenset({YES, MODERATE, CONTROLLED}), "false": frozenset({NO, KINK})}
_GROUPS = {"classification": frozenset({"binary", "multiclass", "multilabel", "imbalanced_classification"})}


def _cell(found: Mapping[str, Any], cell: str) -> frozenset[str]:
    value = found[cell]
    return frozenset(value if isinstance(value, list) else [value])


def _wanted(name: str, value: object, rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The cells that a filter lets through; a value that no loss could have is refused."""
    word = str(value)
    if name in ("convex", "differentiable", "robust") and word.lower() in _ANSWERS:
        return _ANSWERS[word.lower()]
    if name == "task" and word in _GROUPS:
        return _GROUPS[word]
    known = frozenset(frameworks.NAMES) if name == "framework" else _known(name, rows)
    word = frameworks.find(word) if name == "framework" else word
    if word not in known:
        raise UnknownName.among(name, word, known)
    return frozenset({word})


def _known(name: str, rows: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    answers = get_args(Answer) if name in ("convex", "differentiable", "robust") else ()
    return frozenset(answers).union(*(_cell(r, _FILTERS[name]) for r in rows))


def row(loss: type[Loss]) -> dict[str, Any]:
    """One loss as a row of the catalogue, ready for JSON."""
    about = loss.about
    return {
        "id": about.id,
        "title": about.title,
        "aliases": list(about.aliases),
        "summary": (loss.__doc__ or "").strip().split("\n")[0],
        "tasks": list(about.tasks),
        "elicits": about.elicits,
        "convex": about.convex,
        "differentiable": about.differentiable,
        "robust": about.robust,
        "unit": about.unit,
        "domain": about.domain.says if about.domain else None,
        "inputs": {name: domain.says for name, domain in about.inputs.items()},
        "per": "row" if loss.per_row else "batch",
        "reductions": list(about.reductions),
        "parameters": {
            name: {"default": _json(p.default), "range": p.allowed, "says": p.says} for name, p in loss.params().items()
        },
        "formula": about.formula,
        "source": about.source,
        "note": about.note,
        "differs": about.differs,
        "frameworks": frameworks.native(about.id),
    }


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def table() -> str:
    """The comparison table in Markdown."""
    heads = ("id", "title", "typical task", "convex", "differentiable", "robust", "unit")
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for r in catalogue():
        cells = (r["title"], ", ".join(r["tasks"]), r["convex"], r["differentiable"], r["robust"], r["unit"])
        lines.append("| " + " | ".join((f"`{r['id']}`", *(cell.replace("_", " ") for cell in cells))) + " |")
    return "\n".join(lines)
