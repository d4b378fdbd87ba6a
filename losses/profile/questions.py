"""The question that would settle between a kind and its rival: what only someone who knows the column can answer."""

from __future__ import annotations

_CLASSES = {"binary", "multiclass", "ordinal"}
_COUNTS = {"count", "zero_inflated_count"}
_AMOUNTS = {"real", "positive_skewed", "heavy_tailed", "zero_inflated_positive"}
_NONE = {"constant", "identifier", "datetime"}

QUESTIONS: tuple[tuple[set[str], set[str], str], ...] = (
    ({"ordinal"}, {"multiclass"}, "Is one level more than the one before it, or only another?"),
    ({"count"}, {"zero_inflated_count"}, "Are there rows for which anything but zero is out of the question?"),
    ({"zero_inflated_positive"}, _COUNTS, "Is it a number of things, or an amount that is often exactly nothing?"),
    (
        {"zero_inflated_positive"},
        _AMOUNTS,
        "Is a zero a true amount of nothing, or a value too small to see or missing?",
    ),
    ({"positive_skewed"}, {"heavy_tailed"}, "Do relative differences matter (twice as much), or absolute ones?"),
    ({"heavy_tailed"}, {"real"}, "Are the values far out true, or errors of measurement?"),
    ({"positive_skewed"}, {"real"}, "Do relative differences matter (twice as much), or absolute ones?"),
    (
        {"proportion"},
        _AMOUNTS | _COUNTS,
        "Is it a part of a whole (then of how many?), or a measure in a unit of its own?",
    ),
    ({"binary"}, _COUNTS | {"ordinal", "multiclass"}, "Could a third value occur?"),
    (_CLASSES, _COUNTS, "Does the number say how many there are, or which one it is?"),
    (_CLASSES, _AMOUNTS | {"proportion"}, "Would a value halfway between two levels mean anything?"),
    (_COUNTS, _AMOUNTS, "Is it a number of things, or a measure that was rounded?"),
    ({"identifier"}, {"datetime"}, "Does the number name a row, or a point in time?"),
    ({"identifier"}, _CLASSES, "Will the rows to be predicted have these same values, or new ones?"),
    ({"datetime"}, _CLASSES | _COUNTS | _AMOUNTS, "Is it a point in time, or something measured?"),
    (_NONE, _CLASSES | _COUNTS | _AMOUNTS | {"proportion"}, "Does the value measure something, or only name the row?"),
)


def between(kind: str, rival: str | None) -> str | None:
    """The question that tells a kind from its rival; None where there is no rival.

    >>> between("count", "ordinal")
    'Does the number say how many there are, or which one it is?'
    """
    both = {(kind, rival), (rival, kind)}
    return next((says for one, other, says in QUESTIONS if any(a in one and b in other for a, b in both)), None)
