"""The pages for people, as far as they need no script: the frame, the start, operations, losses, warnings, problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse

from .examples import EXAMPLES, Example

HERE = Path(__file__).with_name("page")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types pictures; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
KINDS = {".css": "text/css", ".js": "text/javascript", ".csv": "text/csv", ".svg": "image/svg+xml"}
ASSETS = {file.name: (file.read_bytes(), KINDS[file.suffix]) for file in HERE.iterdir() if file.suffix in KINDS}
PLACES = {"/": "Advice", "/evaluate": "Evaluate", "/losses": "Losses", "/docs": "API"}


class Page(HTMLResponse):
    """HTML that may load our own scripts and style sheet and nothing else."""

    def __init__(self, content: str, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status_code, {"Content-Security-Policy": POLICY, **(headers or {})})


def page(title: str, parts: Iterable[str], place: str = "", script: str = "") -> str:
    """A page of ready parts, with the script that brings it to life."""
    links = "".join(
        f'<a href="{path}"{" aria-current=page" if path == place else ""}>{name}</a>' for path, name in PLACES.items()
    )
    loaded = f'<script src="/page/early.js"></script><script type="module" src="/page/{script}.js"></script>'
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · losses</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="/page/icon.svg"><link rel="stylesheet" href="/page/style.css">'
        f'{loaded if script else ""}</head>\n<body><a class="skip" href="#main">Skip to content</a>'
        f'<header><a class="brand" href="/">losses</a><nav aria-label="Pages">{links}</nav></header>\n'
        f'<main id="main"><h1>{escape(title)}</h1>\n' + "\n".join(parts) + "\n</main></body></html>\n"
    )


def table(says: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of ready cells, the first of each row its name; it scrolls by itself where it is too wide."""
    heads = list(heads)
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    lines = (
        f'<th scope="row">{first}</th>'
        + "".join(f'<td data-head="{name}">{cell}</td>' for name, cell in zip(heads[1:], rest, strict=True))
        for first, *rest in rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(says)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table></div>"
    )


def prose(text: str) -> str:
    """A text of a docstring, with its names as code."""
    return re.sub(r"``(.+?)``", r"<code>\1</code>", escape(text))


def start(example: Example) -> str:
    """Drop a column, see the answer."""
    tried = f"<noscript><p>This page needs script. From a shell:</p><pre>{escape(example.curl())}</pre></noscript>"
    title = "Which loss should this model train with?"
    return page(title, [(HERE / "start.html").read_text(), tried], "/", "start")


def evaluation() -> str:
    """Drop predictions, see which model is ahead."""
    return page("Which model is ahead?", [(HERE / "evaluate.html").read_text()], "/evaluate", "evaluate")


def operations(schema: Mapping[str, Any]) -> str:
    """Every operation of ``openapi.json``, with its parameters, an example, and its replies."""
    found = [
        _operation(path, method, told) for path, methods in schema["paths"].items() for method, told in methods.items()
    ]
    about = f"<p class=lead>{escape(schema['info']['description'])}</p>"
    more = (
        '<p><a href="/openapi.json">openapi.json</a> says all of this to programs, <a href="/v1/limits">the limits</a> '
        'how much may be asked at once; <a href="/rules">rules</a>, <a href="/parameters">parameters</a>, '
        '<a href="/warnings">warnings</a> and <a href="/problems">problems</a> explain themselves.</p>'
    )
    return page("Operations", [about, more, *found], "/docs")


def _operation(path: str, method: str, told: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            f"<h2><code>{method.upper()} {escape(path)}</code></h2>",
            f"<p>{prose(told.get('description') or told['summary'])}</p>",
            *_parameters(f"{method.upper()} {path}", told.get("parameters", ())),
            *(
                f"<pre tabindex=0>{escape(example.curl())}</pre>"
                for example in EXAMPLES
                if example.operation == (method, path)
            ),
            f"<p>Replies: {escape(', '.join(told['responses']))}</p>",
        ]
    )


def _parameters(place: str, parameters: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    rows = [(f"<code>{escape(p['name'])}</code>", prose(p.get("description", ""))) for p in parameters]
    if rows:
        yield table(f"Parameters of {place}", ("Parameter", "Meaning"), rows)
