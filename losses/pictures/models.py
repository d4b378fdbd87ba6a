"""How models compare: a bar for each score with its error, and where each model misses."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from losses.audit import SURE, Audit, Score
from losses.evaluate import Evaluation
from losses.page import cut
from losses.pictures.svg import LETTER, WIDE, Frame, colour, element, label, line, number, picture, tip

BAR = 22
FARTHEST = 1e300
ROOM = 24  # characters of a model's name


def _left(names: Iterable[str]) -> float:
    return min(max(map(len, names)), ROOM) * LETTER + 10


def scores(c: Audit, width: int = WIDE) -> str:
    """The models under each loss; a whisker reaches two standard errors either way."""
    return _all([(f"{line.loss} ({line.unit})", line.scores, line.best) for line in c.lines], width)


def evaluated(e: Evaluation, width: int = WIDE) -> str:
    """The losses of one model, those of one unit side by side; empty where they are no numbers."""
    units: dict[str, list[Score]] = {}
    for name, result in e.items():
        if isinstance(result.value, float) and math.isfinite(result.value):
            units.setdefault(result.unit, []).append(Score(name, result.value, result.standard_error, None))
    return _all([(unit, found, "") for unit, found in units.items()], width) if units else ""


def _all(groups: Sequence[tuple[str, Sequence[Score], str]], width: int) -> str:
    parts: list[str] = []
    top, left = 0.0, _left(score.model for _, found, _ in groups for score in found)
    for says, found, best in groups:
        parts += [label(0, top + 14, says, font_weight="600"), *_scores(found, best, left, top + 22, width)]
        top += 34 + BAR * len(found)
    return picture(width, top, f"scores: {'; '.join(says for says, _, _ in groups)}", parts)


def _scores(found: Sequence[Score], best: str, left: float, top: float, width: int) -> Iterator[str]:
    ends = [(_within(s.value), _within(SURE * (s.standard_error or 0))) for s in found]
    low, high = min(0.0, *(v - e for v, e in ends)), max(0.0, *(v + e for v, e in ends)) or 1.0
    frame = Frame(left, top, width - 80, top + BAR * len(ends), (low, high), (0, 1))
    for i, (score, (value, error)) in enumerate(zip(found, ends, strict=True)):
        y, at = top + BAR * i, sorted((frame.x(0), frame.x(value)))
        yield label(left - 8, y + 13, cut(score.model, ROOM), "end")
        says = tip(f"{score.model}: {number(value)}")
        strength = 0.85 if score.model == best else 0.4
        yield element(
            "rect", says, x=at[0], y=y + 2, width=max(at[1] - at[0], 1), height=BAR - 8, rx=2,
            fill_opacity=strength, **colour(0),
        )  # fmt: skip
        if error:
            yield line(frame.x(value - error), y + 9, frame.x(value + error), y + 9, stroke_width=1.5)
        yield label(width - 72, y + 13, number(value))


def _within(x: float) -> float:
    """A number that can be drawn."""
    return min(max(x, -FARTHEST), FARTHEST) if x == x else 0.0


def misses(c: Audit, width: int = WIDE) -> str:
    """Where the predictions of each model lie around the truth: half of the rows, nine in ten, and 98 in a hundred."""
    left, rows = _left(c.misses), len(c.misses)
    found = {name: [_within(q) for q in miss] for name, miss in c.misses.items()}
    low, high = min(0.0, *(q[0] for q in found.values())), max(0.0, *(q[-1] for q in found.values()))
    frame = Frame(left, 4, width - 12, 4 + (BAR + 6) * rows, (low, high if high > low else low + 1), (0, 1))
    parts = [line(frame.x(0), 0, frame.x(0), frame.bottom, 0.4)]
    for i, (name, (far, wide, start, middle, end, last, most)) in enumerate(found.items()):
        y = frame.top + (BAR + 6) * i + 11
        says = tip(f"{name}: half of the rows from {number(start)} to {number(end)}, the middle at {number(middle)}")
        parts += [label(left - 8, y + 4, cut(name, ROOM), "end")]
        parts += [line(frame.x(far), y, frame.x(most), y, 0.5)]
        for a, b, tall in ((wide, last, 6), (start, end, 14)):
            box = {"x": frame.x(a), "y": y - tall / 2, "width": max(frame.x(b) - frame.x(a), 1), "height": tall}
            parts += [element("rect", says, rx=2, fill_opacity=0.75, **box, **colour(0))]
        parts += [line(frame.x(middle), y - 9, frame.x(middle), y + 9, stroke_width=2)]
    return picture(width, frame.bottom + 40, "where the models miss", [*parts, *frame.along("prediction − truth")])
