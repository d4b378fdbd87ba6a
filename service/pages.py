"""The pages for people: a start, the list of operations, the meaning of a problem. No script, no foreign asset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse

from .examples import EXAMPLES, Example

STYLE = Path(__file__).with_name("page") / "style.css"
POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


class Page(HTMLResponse):
    """HTML that may load our own style sheet and nothing else."""

    def __init__(self, content: str, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status_code, {"Content-Security-Policy": POLICY, **(headers or {})})


def page(title: str, parts: Iterable[str]) -> str:
    """A page of ready parts."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="/style.css"></head>\n<body><main><h1>{escape(title)}</h1>\n'
        + "\n".join(parts)
        + '\n</main><footer><p><a href="/">Start</a> · <a href="/docs">Operations</a></p></footer></body></html>\n'
    )


def start(title: str, description: str, losses: int, example: Example) -> str:
    """What the service answers, and one request to try."""
    return page(
        title,
        [
            f"<p>{escape(description)}</p>",
            f'<p>It knows <a href="/v1/losses">{losses} losses</a>; <a href="/docs">the list of operations</a> says '
            'how to ask, <a href="/v1/limits">the limits</a> how much at once, and '
            '<a href="/openapi.json">openapi.json</a> says it to programs.</p>',
            "<h2>Try it</h2>",
            f"<pre>{escape(example.curl())}</pre>",
        ],
    )


def operations(schema: Mapping[str, Any]) -> str:
    """Every operation of ``openapi.json``, with its parameters, an example, and its replies."""
    found = [
        _operation(path, method, told) for path, methods in schema["paths"].items() for method, told in methods.items()
    ]
    return page("Operations", [f"<p>{escape(schema['info']['description'])}</p>", *found])


def _operation(path: str, method: str, told: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            f"<h2><code>{method.upper()} {escape(path)}</code></h2>",
            f"<p>{escape(told.get('description') or told['summary'])}</p>",
            *_parameters(told.get("parameters", ())),
            *(f"<pre>{escape(example.curl())}</pre>" for example in EXAMPLES if example.operation == (method, path)),
            f"<p>Replies: {escape(', '.join(told['responses']))}</p>",
        ]
    )


def _parameters(parameters: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p.get('description', ''))}</td></tr>"
        for p in parameters
    ]
    if rows:
        yield "<table><tr><th>Parameter</th><th>Meaning</th></tr>" + "".join(rows) + "</table>"
