"""The advice for people who want to check it: its rules, and how it sets parameters, as they are declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from losses.ruled import estimated, fitting, ruled

from .pages import page, table
from .shelf import linked

FIRES = "A condition names the question (functional, metric, model, task, kind) and readings of the profile."


def rules_page() -> str:
    """Every rule of the ranking."""
    about = (
        '<p class="lead">A metric, a goal or costs ask for one prediction: the mean, a quantile, a probability. Losses '
        "that elicit another are out. Of the others each starts with the points of its fit; then these rules speak, "
        f"and the most points come first. {FIRES}</p>"
    )
    heads = ("Rule", "Points", "Fires when", "For which losses", "Reads", "What it says", "Source")
    rows = (
        (*_named(told), _points(told["points"]), _code(told["when"]), _code(told["of"]), *_ends(told))
        for told in ruled()
    )
    wishes = (
        (told["wanted"], told["elicited"], _points(told["points"]), escape(told["says"]), linked(told["source"]))
        for told in fitting()
    )
    fits = table("What serves which wish", ("Wanted", "The loss elicits", "Points", "What it says", "Source"), wishes)
    more = '<p><a href="/parameters">How parameters are set</a>, <a href="/warnings">what is warned of</a>.</p>'
    return page("Rules", [about, fits, table("Rules", heads, rows), more])


def parameters_page() -> str:
    """Every parameter that is set from the data."""
    about = (
        '<p class="lead">Where one of these fires, the parameter comes from the column or from the wish; elsewhere the '
        f"default of the loss holds. {FIRES}</p>"
    )
    heads = ("Estimate", "Parameter", "Of", "Set when", "Reads", "What it says", "Source")
    rows = (
        (
            *_named(told),
            _code(told["parameter"]),
            ", ".join(f'<a href="/losses/{name}">{name}</a>' for name in told["losses"]),
            _code(told["when"]),
            *_ends(told),
        )
        for told in estimated()
    )
    return page("Parameters", [about, table("Parameters", heads, rows), '<p><a href="/rules">Rules</a></p>'])


def _named(told: Mapping[str, Any]) -> Iterable[str]:
    yield f'<code id="{told["id"]}">{told["id"]}</code>'


def _ends(told: Mapping[str, Any]) -> Iterable[str]:
    yield escape(", ".join(told["reads"]).replace("_", " ")) or "nothing"
    yield escape(told["says"])
    yield linked(told["source"])


def _points(points: float | None) -> str:
    return "rules out" if points is None else f"{points:+g}"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"
