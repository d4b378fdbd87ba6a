"""``openapi.json``: what FastAPI sees, and what it cannot: files as bodies, and every loss with its parameters."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, TypeAdapter

from losses import Loss
from losses.catalogue import LOSSES
from losses.params import Param

from .examples import EXAMPLES
from .keys import LOCKED
from .media import CSV, EVENTS, JSON
from .told import Event, Problem
from .transport import MEDIA

REF = "#/components/schemas/"
_NUMBER = {"type": "number"}
_WORDS: dict[str, dict[str, Any]] = {
    "Anything": {"description": "any JSON value"},
    "Numbers": {
        "description": "numbers, nested for more dimensions; an object of such arrays where a loss has several inputs",
        "anyOf": [
            {"type": "array", "items": {"anyOf": [_NUMBER, {"type": "null"}, {"$ref": REF + "Numbers"}]}},
            {"type": "object", "additionalProperties": {"$ref": REF + "Numbers"}},
            {"type": "null"},
        ],
    },
    "Target": {
        "description": "the values of a column; null is missing, strings are categories",
        "type": "array",
        "items": {"anyOf": [_NUMBER, {"type": ["string", "boolean", "null"]}, {"type": "array", "items": _NUMBER}]},
    },
}


_BINARY = {"schema": {"type": "string", "contentEncoding": "binary"}}


def answers(*models: Any, files: Sequence[str] = (), events: bool = True) -> dict[int | str, dict[str, Any]]:
    """The replies of an operation: these, the same as the last of several events, rows as files; or a problem."""
    found = [TypeAdapter(model).json_schema(ref_template=REF + "{model}") for model in models]
    schema = found[0] if len(found) == 1 else {"anyOf": found}
    content: dict[str, Any] = {JSON: {"schema": schema}, **dict.fromkeys(files, _BINARY)}
    if events:
        content[EVENTS] = {"schema": {"$ref": REF + "Event"}}
    return {200: {"description": "The answer", "content": content}}


def body(model: type[BaseModel], *media: str) -> dict[str, Any]:
    """The body of an operation: JSON, or a file with the options in the query string; or those of ``media`` only."""
    schema = model.model_json_schema(ref_template=REF + "{model}", by_alias=False)
    content: dict[str, Any] = {JSON: {"schema": schema}, CSV: {"schema": {"type": "string"}}}
    content |= {name: _BINARY for name in (media or MEDIA) if name not in content}
    content = {name: content[name] for name in media or MEDIA}
    return {"requestBody": {"required": True, "content": content}, "parameters": [*_query(schema), _ENCODING]}


def queried(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The parameters of an operation that is asked in the query string alone."""
    schema = model.model_json_schema(ref_template=REF + "{model}", by_alias=False)
    return [told | {"required": told["name"] in schema.get("required", ())} for told in _query(schema)]


_ENCODING = {
    "name": "Content-Encoding", "in": "header", "required": False,
    "description": "how the body is compressed", "schema": {"enum": ["identity", "gzip", "zstd"]},
}  # fmt: skip


def _query(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The options as query parameters: all that is no data."""
    told = [(name, field) for name, field in schema["properties"].items() if name not in _DATA]
    return [
        {"name": spelled, "in": "query", "required": False, "description": field.get("description", ""), "schema": form}
        for name, field in told
        for spelled, form in _QUERY.get(name, {name: field}).items()
    ]


_QUERY: dict[str, dict[str, Any]] = {
    "losses": {"loss": {"type": "array", "items": {"type": "string"}}},
    "models": {"model": {"type": "array", "items": {"type": "string"}}},
    "costs": {f"costs.{name}": _NUMBER for name in ("under", "over", "false_negative", "false_positive")},
}
_DATA = frozenset(
    ("predictions", "y_true", "y_pred", "sample_weight", "target", "columns", "profile", "counts", "before", "after")
)


_PROBLEM = {"application/problem+json": {"schema": {"$ref": REF + "Problem"}}}
_PAUSE = {"Retry-After": {"description": "seconds after which to try again", "schema": {"type": "integer"}}}
_PROBLEMS = {
    "4XX": {"description": "What was wrong with the request", "content": _PROBLEM},
    "429": {"description": "Too many requests with one key", "content": _PROBLEM, "headers": _PAUSE},
    "503": {"description": "No room or no time: try again", "content": _PROBLEM, "headers": _PAUSE},
}


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The function that FastAPI calls for ``/openapi.json``; made once."""

    def schema() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _complete(
                get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            )
        return app.openapi_schema

    return schema


def _complete(schema: dict[str, Any]) -> dict[str, Any]:
    parts = schema.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        parts.pop(unused, None)
    parts |= {"Problem": Problem.model_json_schema(), "Event": Event.model_json_schema(), **_WORDS, **_losses()}
    for path, methods in schema["paths"].items():
        for told in methods.values():
            told["responses"].pop("422", None)
            told["responses"] = {**_PROBLEMS, **told["responses"]}
            told |= {"security": [{}, {"key": []}]} if path.startswith(LOCKED) else {}
    for example in EXAMPLES:
        _show(schema["paths"][example.path][example.method], example)
    schema["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "where the service was given keys"}
    }
    found = _linked(schema, parts)
    assert isinstance(found, dict)
    return found


def _show(told: dict[str, Any], example: Any) -> None:
    """Put an example where OpenAPI wants it: with the body, or with the parameter."""
    if example.body is not None:
        shown = {"summary": example.says, "value": example.body}
        if example.query:
            shown["description"] = f"with ?{example.query}"
        told["requestBody"]["content"][example.media].setdefault("examples", {})[example.says] = shown
    values = {name: [value] for name, value in example.values} | parse_qs(example.query)
    for parameter in told.get("parameters", ()):
        if parameter["name"] in values:
            found = values[parameter["name"]]
            whole = found if parameter["schema"].get("type") == "array" else found[0]
            parameter.setdefault("examples", {})[example.says] = {"summary": example.says, "value": whole}


def _linked(node: Any, parts: dict[str, Any]) -> Any:
    """The schema with every definition in one place and every ``ref:Name`` as a link to it."""
    if isinstance(node, list):
        return [_linked(item, parts) for item in node]
    if not isinstance(node, dict):
        return node
    node = copy.copy(node)
    for name, definition in node.pop("$defs", {}).items():
        parts[name] = _linked(definition, parts)
    title = node.get("title")
    if isinstance(title, str) and title.startswith("ref:"):
        told = {key: value for key, value in node.items() if key == "description"}
        return {"$ref": REF + title.removeprefix("ref:"), **told}
    return {key: _linked(value, parts) for key, value in list(node.items())}


# ── every loss, from its declaration ────────────────────────────────────────────────────────────────────────────────


def _losses() -> dict[str, Any]:
    objects = {kind.__name__: loss_schema(kind) for kind in LOSSES.values()}
    names = [name for kind in LOSSES.values() for name in (kind.about.id, *kind.about.aliases)]
    text = {
        "type": "string",
        "description": 'an id, an alias, or a spec: "huber:delta=1.35", "0.5*dice+0.5*bce_with_logits"',
        "anyOf": [{"enum": names}, {"pattern": "[:+*]"}],
    }
    return {"Loss": {"anyOf": [text, *({"$ref": REF + name} for name in objects)]}, **objects}


def loss_schema(kind: type[Loss]) -> dict[str, Any]:
    """A loss in JSON, with the bounds of its parameters.

    >>> loss_schema(LOSSES["quantile"])["properties"]["tau"]["anyOf"][0]
    {'type': 'number', 'exclusiveMinimum': 0, 'exclusiveMaximum': 1}
    """
    return {
        "title": kind.about.title,
        "type": "object",
        "properties": {
            "loss": {"enum": [kind.about.id, *kind.about.aliases]},
            **{name: _parameter(param) for name, param in kind.params().items()},
        },
        "required": ["loss"],
        "additionalProperties": False,
    }


def _parameter(param: Param) -> dict[str, Any]:
    default = list(param.default) if isinstance(param.default, tuple) else param.default
    finite = not isinstance(default, float) or abs(default) < float("inf")
    forms = list(_forms(param))
    return {"description": param.says, "default": default if finite else str(default), "anyOf": forms}


_BOUNDS = {"above": "exclusiveMinimum", "below": "exclusiveMaximum", "at_least": "minimum", "at_most": "maximum"}


def _forms(param: Param) -> list[dict[str, Any]]:
    bounds = {key: getattr(param, name) for name, key in _BOUNDS.items() if getattr(param, name) is not None}
    bounds = {key: value for key, value in bounds.items() if abs(value) < float("inf")}
    number = {"type": "integer" if int in param.kinds and float not in param.kinds else "number", **bounds}
    forms: dict[type, dict[str, Any]] = {
        float: number,
        int: number,
        tuple: {"type": "array", "minItems": 1, "items": {**number, "type": "number"}},
        bool: {"type": "boolean"},
        str: {"enum": list(param.choices)},
        type(None): {"type": "null"},
    }
    found = [form for kind, form in forms.items() if kind in param.kinds]
    return [form for i, form in enumerate(found) if form not in found[:i]]
