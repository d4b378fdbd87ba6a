"""Profiles, advice, evaluations and audits as HTML: in notebooks, and in one file that needs no network.

The pictures are those of ``losses.pictures``; everything else is a few headings, lists and tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from . import pictures
from .advice import Advice
from .audit import Audit
from .evaluate import Evaluation
from .page import known, noticed, settling
from .profile import Profile
from .words import plural

STYLE = (
    "body{font:16px/1.55 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "svg{max-width:100%;height:auto}pre{overflow-x:auto}"
    ":root{color-scheme:light dark}"
)


def document(title: str, parts: Iterable[str]) -> str:
    """A page of its own."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n{''.join(parts)}</body></html>\n"
    )


def profiled(p: Profile) -> str:
    """What a column is, what it looks like, what to know and to watch."""
    kinds = [(k, escape("; ".join(k.evidence))) for k in p.kinds if p.n and k.share > 0.01]
    watch = [_notice(row.code, row.message) for row in noticed(p)]
    return _whole(
        f"<h3>{escape(p.name or 'target')}: {plural(p.n, 'row')}</h3>",
        _list([f"<b>{_spoken(kind.id)}</b> {kind.share:.0%}: {why}" for kind, why in kinds]),
        f"<p>{escape(settling(p))}</p>" if p.n and settling(p) else "",
        pictures.target(p),
        _table(("", ""), known(p)),
        _list(watch),
    )


def advised(a: Advice) -> str:
    """The answer, why, what else, and what was ruled out."""
    best = a.ranked[:1]
    rest = [(found.usage, f"{found.score:.2f}", next(iter(found.reasons), "")) for found in a.ranked[1:]]
    return _whole(
        f"<h3>{escape(a.answer)}</h3><p>{escape(a.confidence.says)}</p>",
        *(_list([escape(reason) for reason in found.reasons]) for found in best),
        pictures.advised(a),
        _list([_notice(row.code, row.message) for row in a.warnings]),
        *(_folded(name, f"<pre>{escape(text)}</pre>") for found in best for name, text in found.code.items()),
        _table(("then", "score", "why"), rest),
        _folded(f"ruled out: {len(a.ruled_out)}", _table(("loss", "reason"), a.ruled_out)),
    )


def evaluated(e: Evaluation) -> str:
    """The value of each loss with its error and unit."""
    rows = [
        (name, f"{r.value:.6g}", "" if r.standard_error is None else f"± {r.standard_error:.2g}", r.unit)
        for name, r in e.items()
        if isinstance(r.value, float)
    ]
    notes = [note for result in e.values() for note in result.warnings]
    return _whole(
        f"<p>{plural(e.n, 'row')}</p>",
        _table(("loss", "value", "error", "unit"), rows) if rows else f"<pre>{escape(repr(e))}</pre>",
        pictures.evaluated(e),
        _list([_notice(note.code, note.message) for note in (*notes, *e.warnings)]),
    )


def audited(c: Audit) -> str:
    """Who is ahead, by how much, and where each model misses."""
    return _whole(
        _list([f"<b>{escape(line.loss)}</b>: {escape(line.says)}" for line in c.lines]),
        pictures.scores(c),
        pictures.misses(c),
        _list([_notice(note.code, note.message) for note in c.warnings]),
    )


def _whole(*parts: str) -> str:
    return f"<div>{''.join(parts)}</div>"


def _list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>" if items else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    named = f"<thead><tr>{head}</tr></thead>" if any(heads) else ""
    return f"<table>{named}<tbody>{lines}</tbody></table>" if lines else ""


def _folded(says: str, inside: str) -> str:
    return f"<details><summary>{escape(says)}</summary>{inside}</details>" if inside else ""


def _notice(code: str, message: str) -> str:
    return f"<b>{escape(code)}</b> {escape(message)}"


def _spoken(name: str) -> str:
    return escape(name.replace("_", " "))
