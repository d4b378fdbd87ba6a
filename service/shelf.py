"""The catalogue for people: the comparison table, a page for each loss, a page for each warning."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from losses import catalogue, get, pictures
from losses.advice.answer import code_of
from losses.catalogue import find, row
from losses.errors import NotSupported
from losses.ruled import pitfalls
from losses.warned import warned

from .mathml import mathml
from .pages import page, prose, table
from .problems import nowhere

HEADS = ("tasks", "elicits", "convex", "differentiable", "robust", "unit", "frameworks")
SIEVES = ("tasks", "elicits", "convex", "differentiable", "robust", "frameworks")


def spoken(value: Any) -> str:
    """A word or a list of words as text of a page."""
    words = value if isinstance(value, list) else [value]
    return escape(", ".join(str(word).replace("_", " ") for word in words))


def losses_page() -> str:
    """Every loss in one table, to be searched and sifted."""
    rows = catalogue()
    about = (
        f"<p class=lead>{len(rows)} losses, compared. What each elicits is the prediction that makes it least: losses "
        'that elicit different things train different models. Among them choose <a href="/rules">rules</a>, which set '
        'their <a href="/parameters">parameters</a> from the column.</p>'
    )
    head = "".join(f'<th scope="col">{spoken(name).capitalize()}</th>' for name in ("loss", *HEADS))
    lines = "".join(_line(told) for told in rows)
    sifted = (
        '<div class="wide" tabindex="0" role="region" aria-label="Losses"><table id="losses">'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )
    return page("Losses", [about, _sieves(rows), sifted], "/losses", "sieve")


def _line(told: Mapping[str, Any]) -> str:
    marks = "".join(f' data-{name}="{escape(_listed(told[name]))}"' for name in SIEVES)
    words = " ".join((told["id"], *told["aliases"], told["summary"])).replace("`", "")
    name = f'<a href="/losses/{told["id"]}">{escape(told["title"])}</a> <code class="under">{told["id"]}</code>'
    cells = "".join(f'<td data-head="{head.capitalize()}">{spoken(told[head])}</td>' for head in HEADS)
    return f'<tr{marks} data-words="{escape(words)}"><th scope="row">{name}</th>{cells}</tr>'


def _listed(value: Any) -> str:
    return "|".join(value) if isinstance(value, list) else str(value)


def _sieves(rows: Iterable[Mapping[str, Any]]) -> str:
    found = []
    for name in SIEVES:
        values = sorted({value for told in rows for value in _listed(told[name]).split("|") if value})
        options = "".join(f'<option value="{escape(value)}">{spoken(value)}</option>' for value in values)
        found.append(
            f'<div><label for="by-{name}">{spoken(name).capitalize()}</label><select id="by-{name}" name="{name}">'
            f'<option value="">any</option>{options}</select></div>'
        )
    search = '<div><label for="words">Search</label><input id="words" name="words" type="search"></div>'
    return (
        f'<form id="sieve" class="wishes">{search}{"".join(found)}</form><p id="left" role="status" class="quiet"></p>'
    )


# ── one loss ────────────────────────────────────────────────────────────────────────────────────────────────────────


def loss_page(name: str) -> str:
    """All that is known of one loss."""
    told = row(find(name))
    loss = get(told["id"])
    facts = {
        "elicits": spoken(told["elicits"]),
        **{head: spoken(told[head]) for head in ("convex", "differentiable", "robust", "unit", "tasks")},
        "reductions": spoken(told["reductions"]),
        **{escape(name): escape(says) for name, says in told["inputs"].items()},
        "also named": spoken(told["aliases"]),
        "native in": spoken(told["frameworks"]),
        "source": linked(told["source"]),
    }
    parts = [
        f'<p class="kicker"><a href="/losses">Losses</a> / {told["id"]}</p>',
        f'<p class="lead">{prose(told["summary"])}</p>',
        f'<p class="formula">{mathml(told["formula"])}</p>',
        _curve(loss),
        _parameters(told["parameters"]),
        "<h2>What it is</h2>",
        "<dl>" + "".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in facts.items() if v) + "</dl>",
        f"<p><strong>Beware.</strong> {prose(told['note'])}</p>" if told["note"] else "",
        f"<p><strong>Who differs.</strong> {prose(told['differs'])}</p>" if told["differs"] else "",
        *_codes(code_of(loss)),
    ]
    return page(told["title"], filter(None, parts), "/losses")


def _curve(loss: Any) -> str:
    try:
        shown = pictures.curves([loss])
    except NotSupported:
        return ""
    return f'<div class="pair"><figure>{shown.value(440)}</figure><figure>{shown.gradient(440)}</figure></div>'


def _parameters(found: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        (f"<code>{name}</code>", escape(told["says"]), escape(str(told["default"])), escape(told["range"]))
        for name, told in found.items()
    ]
    heads = ("Parameter", "Meaning", "By default", "Range")
    return f"<h2>Parameters</h2>{table('Parameters', heads, rows)}" if rows else ""


def _codes(found: Mapping[str, str]) -> Iterable[str]:
    if found:
        yield "<h2>Train with it</h2>"
    for framework, text in found.items():
        yield f'<details><summary>{framework}</summary><pre tabindex="0">{escape(text)}</pre></details>'


_ADDRESSES = (
    (re.compile(r"doi:(\S+[^\s.,;)])"), r'<a href="https://doi.org/\1">doi:\1</a>'),
    (re.compile(r"arXiv:(\d{4}\.\d{4,5})"), r'<a href="https://arxiv.org/abs/\1">arXiv:\1</a>'),
)


def linked(source: str) -> str:
    """A source, with its address where it has one."""
    text = escape(source)
    for pattern, link in _ADDRESSES:
        text = pattern.sub(link, text)
    return text


# ── warnings ────────────────────────────────────────────────────────────────────────────────────────────────────────


def warnings_page() -> str:
    """Every warning."""
    rows = [
        (f'<a href="/warnings/{told["code"]}">{told["code"]}</a>', told["severity"], escape(told["says"][0]))
        for told in warned()
    ]
    about = "<p class=lead>What a recommendation or an evaluation may warn of.</p>"
    return page("Warnings", [about, table("Warnings", ("Code", "Severity", "What it says"), rows)])


def warning_page(code: str) -> str:
    """What one warning says, and where it comes up."""
    known = {told["code"]: told for told in warned()}
    if code not in known:
        raise nowhere("warning", code, known)
    told = known[code]
    parts = [
        f'<p class="kicker"><a href="/warnings">Warnings</a> / {told["severity"]}</p>',
        *(f'<p class="lead">{escape(says[0].upper() + says[1:])}.</p>' for says in told["says"]),
        f"<p><strong>What to do.</strong> {escape(told['remedy'])}</p>",
        f"<p>It is said of {escape(' and of '.join(told['places']))}; “…” stands for a number or a name of yours.</p>",
        *map(_ground, pitfalls().get(code, ())),
        f"<p>You know of it already? Ask with <code>ignore={code}</code>, and it is left out.</p>",
    ]
    return page(code, parts)


def _ground(told: Mapping[str, str]) -> str:
    given = " and ".join(f"<code>{escape(told[part])}</code>" for part in ("when", "of") if told[part] != "always")
    return f"<p>Given when {given}. Source: {linked(told['source'])}.</p>"
