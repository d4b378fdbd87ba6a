"""What a target looks like: a bar for each class, or a histogram with its zeros, far values and constants marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from losses.advice import Advice
from losses.page import BARS, Bins, binned, cut, drawn, shares
from losses.pictures.svg import LETTER, LINE, WIDE, Frame, colour, element, label, line, number, picture, tip
from losses.profile import Profile
from losses.words import plural

TALL = 180  # of the plot of a histogram
FAR = 5.0  # robust sigmas
TOWER = 3.0  # times the next bar: from here on a bar is cut, so that the others can be seen
BAR = 26  # of a class


class Mark(NamedTuple):
    """A place in a histogram, and what to say of it."""

    at: float
    says: str


def target(p: Profile, marks: Sequence[Mark] = (), width: int = WIDE) -> str:
    """The picture of a column; empty where there is none to draw."""
    name = f"{cut(p.name or 'target')}: {p.kind.replace('_', ' ')}, {plural(p.n, 'row')}" if p.n else ""
    if named := shares(p):
        return _bars(name, named, p, width)
    return _histogram(name, p, marks, width) if drawn(p) else ""


# ── classes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _bars(name: str, named: Sequence[tuple[str, float]], p: Profile, width: int) -> str:
    shown, rest = named[:BARS], named[BARS:]
    told = [f"{share:.1%}, {plural(round(share * p.n), 'row')}" for _, share in shown]
    left = min(max(len(cut(name)) for name, _ in shown) * LETTER + 12, width / 3)
    room = width - left - max(map(len, told)) * LETTER - 12
    most = max(share for _, share in shown) or 1.0
    parts = []
    for i, ((value, share), says) in enumerate(zip(shown, told, strict=True)):
        y, long = i * BAR + 4, max(share / most * room, 1)
        bar = element("rect", tip(f"{value}: {says}"), x=left, y=y, width=long, height=BAR - 8, rx=2, **colour(0))
        parts += [label(left - 8, y + 13, cut(value, int((left - 8) / LETTER)), "end"), bar]
        parts += [label(left + long + 8, y + 13, says)]
    more = f"and {len(rest):,} more, {sum(share for _, share in rest):.1%} together"
    parts += [label(left, len(shown) * BAR + 16, more, class_="quiet")] if rest else []
    return picture(width, len(shown) * BAR + (24 if rest else 0), name, parts)


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _histogram(name: str, p: Profile, marks: Sequence[Mark], width: int) -> str:
    bins = binned(p, int(max(20, min(60, width / 10))))
    told = [mark for mark in _merged(marks) if bins.edges[0] <= mark.at <= bins.edges[-1]]
    notes = list(_notes(p, bins))
    top = LINE * len(told) + 22
    high, tower = _height(bins)
    ends = float(bins.edges[0]), float(bins.edges[-1])
    frame = Frame(8, top, width - 8, top + TALL, ends, (0, high), bins.logs)
    words = f"{cut(p.name or 'value')}{', on a log scale' if bins.logs else ''}"
    parts = [*_columns(frame, p, bins, tower), *frame.along(words), *_marks(frame, told)]
    foot, room = frame.bottom + 40, int((width - 32) / LETTER)
    for i, (place, note) in enumerate(notes):
        y = foot + LINE * i
        parts.append(element("rect", x=8, y=y + 3, width=10, height=10, rx=2, **colour(place)))
        parts.append(label(24, y + 12, cut(note, room)))
    return picture(width, foot + LINE * len(notes) + 4, name, parts)


def _height(bins: Bins) -> tuple[float, float | None]:
    """What the plot is high enough for, and the rows of the one bar that rises beyond it, if one does."""
    *_, second, first = sorted([0.0, 0.0, *bins.rows])
    return (second * 1.5, first) if second and first > TOWER * second else (first * 1.02, None)


def _columns(frame: Frame, p: Profile, bins: Bins, tower: float | None) -> Iterator[str]:
    reach = FAR * p.robust_sigma
    low, high = p.median - reach, p.median + reach
    for rows, start, end in zip(bins.rows, bins.edges[:-1], bins.edges[1:], strict=True):
        if not rows:
            continue
        x, right = frame.x(start), frame.x(end)
        zeros = p.zero_rows if start <= 0 < end else 0
        says = tip(f"{number(start)} to {number(end)}: {rows:,.0f} rows" + (f", {zeros:,} of them 0" if zeros else ""))
        far = reach > 0 and (end < low or start > high)
        for count, place in ((rows, 2 if far else 0), (min(zeros, rows), 1)):
            y = frame.y(min(count, frame.ys[1]))
            if count:
                wide = max(right - x - 1, 0.7)
                yield element("rect", says, x=x, y=y, width=wide, height=max(frame.bottom - y, 1), **colour(place))
        if rows == tower:
            gap = frame.top + 14
            yield line(x - 2, gap + 4, right + 1, gap - 2, stroke_width=3, class_="gap", stroke="Canvas")
            yield label(x + (right - x) / 2, frame.top - 5, f"{rows:,.0f}", "start" if x < 40 else "middle")


def _notes(p: Profile, bins: Bins) -> Iterator[tuple[int, str]]:
    total = max(bins.rows.sum() + bins.below + bins.above, 1)
    if p.zero_rows:
        yield 1, f"exactly 0: {plural(p.zero_rows, 'row')}, {p.zero_share:.1%}"
    if p.outliers.rows and p.robust_sigma > 0:
        yield 2, f"beyond {FAR:g} robust sigmas: {plural(p.outliers.rows, 'row')}"
    for rows, where, end in ((bins.below, "left", p.min), (bins.above, "right", p.max)):
        if rows:
            yield 5, f"off the {where} end, as far as {number(end)}: {rows:,.0f} rows, {rows / total:.2%}"
    for value, rows in p.sentinels.items():
        yield 3, f"{number(value)} may stand for missing: {plural(rows, 'row')}"


def advised(a: Advice, width: int = WIDE) -> str:
    """The picture of the column that was asked about, with what each of the ranked losses would predict for it."""
    alone = [(found.usage, found.constant) for found in a.ranked if a.question.of_numbers]
    return target(a.profile, [Mark(c.value, usage) for usage, c in alone if c], width)


def _merged(marks: Sequence[Mark]) -> list[Mark]:
    """Marks at one place as one, from left to right."""
    found: dict[float, str] = {}
    for at, says in marks:
        at = float(f"{at:.4g}")
        found[at] = f"{found[at]}, {says}" if at in found else says
    return [Mark(at, says) for at, says in sorted(found.items())]


def _marks(frame: Frame, marks: Sequence[Mark]) -> Iterator[str]:
    for i, (at, says) in enumerate(marks):
        x, y = frame.x(at), LINE * i + 10
        text = f"{number(at)}: {says}"
        after, before = frame.right - x, x - frame.left
        left = after > min(len(text) * LETTER + 6, before)
        room = int(max(after if left else before, 24) / LETTER)
        yield line(x, y - 8, x, frame.bottom, stroke_dasharray="3 2", **colour(3, "stroke"))
        yield label(x + 5 if left else x - 5, y, cut(text, room), "start" if left else "end")
