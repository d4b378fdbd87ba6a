"""What a column's name says about its kind: whole words only, so that "grid" holds no "id"."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from losses.profile.vocabulary import CALENDAR, DEGREES, NUMBER_OF, NUMBERED, RUNNING, SCALES, TOPICS

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|%")
_TOPICS_OF: dict[str, set[str]] = {"%": {"proportion", "hundred"}}
for _topic, _words in TOPICS.items():
    for _word in _words.split():
        _TOPICS_OF.setdefault(_word, set()).add(_topic)

_ENDS = {*_TOPICS_OF, *NUMBERED}
_UNMISTAKABLE = ("pct", "percent", "share", "year")  # at the end of any word; "pct" and "percent" at its beginning too


@lru_cache(maxsize=1024)
def topics(name: str | None) -> frozenset[str]:
    """The topics that the words of a name belong to.

    >>> sorted(topics("customerID") & {"identifier", "count"}), sorted(topics("grid_idle"))
    (['identifier'], [])
    >>> sorted(topics("numVisits")), sorted(topics("license_number") & {"identifier", "count"})
    (['count'], ['identifier'])
    >>> sorted(topics("PctForeign") & {"hundred"}), sorted(topics("Año"))
    (['hundred'], ['datetime'])
    """
    words = words_of(name or "")
    found = {topic for word in words for topic in _TOPICS_OF.get(word, ()) if word not in NUMBER_OF}
    if words and words[-1] in (NUMBERED if len(words) > 1 else RUNNING):
        return frozenset(found if "datetime" in found else (found - {"count"}) | {"identifier"})
    if words and (words[0] in NUMBER_OF or words[-1] in NUMBER_OF):
        found = (found - {"measure", "money", "identifier"} if len(words) > 1 else found) | {"count"}
    if words[-1:] == ["size"] and "unit" in found:  # of a household, a class: how many there are in it
        found = found - {"unit", "measure"} | {"count"}
    return frozenset(found)


def words_of(name: str) -> list[str]:
    """The words of a name in lower case and without accents, compounds of known words taken apart.

    >>> words_of("YrSold"), words_of("countyid"), words_of("nkids"), words_of("num_of_categories")
    (['yr', 'sold'], ['county', 'id'], ['n', 'kids'], ['num', 'of', 'category'])
    """
    plain = unicodedata.normalize("NFKD", name[:200].replace("ß", "ss"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [part for word in _WORD.findall(plain) for part in _parts(word.lower())]


def _parts(word: str) -> tuple[str, ...]:
    """A word as it is known, or the two known words that it is made of."""
    if known := _known(word):
        return (known,)
    for head, tail in ((word[:i], word[i:]) for i in range(1, len(word) - 1)):
        if _compound(head, tail):
            return ("percent" if head == "per" else _known(head) or head, _known(tail) or tail)
    return (word,)


def _compound(head: str, tail: str) -> bool:
    """Both halves are known; or one is unmistakable; or ``n`` and ``per`` stand before what can be counted."""
    if head in ("pct", "percent") or tail in _UNMISTAKABLE:
        return True
    if head in ("n", "per"):
        return not _about(tail).isdisjoint({"group"} if head == "per" else {"group", "count"})
    if tail in ("id", "ids"):
        return len(head) > 1 and bool(_known(head))
    return len(head) > 2 and bool(_known(head)) and (tail in _ENDS or (len(tail) > 3 and bool(_known(tail))))


def _about(word: str) -> set[str]:
    return _TOPICS_OF.get(_known(word) or "", set())


def _known(word: str) -> str | None:
    """The word, or its singular, where it is one of ours."""
    singulars = (word.removesuffix("ies") + "y", word.removesuffix("es"), word.removesuffix("s"))
    forms = (word, *singulars) if len(word) > 3 else (word,)
    return next((form for form in forms if form in _ENDS), None)


_STEPS = tuple({step: place for place, step in enumerate(scale.split("|"))} for scale in SCALES)
_BANDED = re.compile(
    r"[<>≤≥]\s?=?\s?\$?\d.*|\d[\d.,]*k?\s?(-|–|to)\s?\$?\d[\d.,]*k?.*"
    r"|\d+\s?\+|\d+\+? (year|yr|month|week|day|hour|minute)s?|(under|over|above|below) \$?\d.*",
    re.I,
)
_BY_DEGREE = re.compile(rf"({DEGREES}) .+")
_CODED = re.compile(r"(?=.*\d)(?=.*[a-z])\S+", re.I)


def ordered_share(words: list[str]) -> float:
    """The share of these category names that are steps of one scale, bands of numbers, or come by degrees.

    >>> ordered_share(["Low", "medium", "high"]), ordered_share(["18-25", "41+"]), ordered_share(["red", "green"])
    (1.0, 1.0, 0.0)
    >>> ordered_share(["very left", "left", "right", "very right"])
    1.0
    """
    plain = set(map(_plain, words))
    stepped = max(len(plain & scale.keys()) for scale in _STEPS)
    banded = sum(bool(_BANDED.fullmatch(word)) for word in plain)
    degrees = {word for word in plain if _BY_DEGREE.fullmatch(word)}
    bare = {word for word in plain if any(step.endswith(f" {word}") for step in degrees)}
    return max(stepped, banded, len(degrees | bare) if bare else 0) / max(len(plain), 1)


def in_order(words: list[str]) -> list[str] | None:
    """The steps of one scale, or bands of numbers, from the least to the greatest; None where the order is not known.

    >>> in_order(["High", "low", "medium"]), in_order([">60", "18-40", "40-60", "under 18"]), in_order(["red", "green"])
    (['low', 'medium', 'High'], ['under 18', '18-40', '40-60', '>60'], None)
    """
    plain = {word: _plain(word) for word in words}
    scale = next((scale for scale in _STEPS if scale.keys() >= set(plain.values())), None)
    if scale:
        return sorted(words, key=lambda word: scale[plain[word]])
    return sorted(words, key=_band) if all(map(_BANDED.fullmatch, plain.values())) else None


def _plain(word: str) -> str:
    return re.sub(r"[\s_.]+", " ", word.lower()).strip()


def _band(word: str) -> tuple[float, int]:
    """Where a band begins; one that only ends there comes before it, one that only begins there after."""
    start = re.search(r"\d[\d,.]*", word)
    low, high = (re.match(f"\\s*({words})", word, re.I) for words in ("[<≤]|under|below", "[>≥]|over|above"))
    side = -1 if low else 1 if high or word.rstrip().endswith("+") else 0
    number = float(start[0].replace(",", "").rstrip(".") or 0) if start else 0.0
    return number * (1000 if re.search(r"\dk", word, re.I) else 1), side


def calendar_words(words: list[str]) -> bool:
    """True where all are names of months, of days of the week, or of quarters.

    >>> calendar_words(["Mon", "Tues", "Sunday"]), calendar_words(["Mon", "May"])
    (True, False)
    """
    starts = {re.sub(r"^\W*", "", word.lower())[:3] for word in words}
    return len(starts) > 2 and any(starts <= names for names in CALENDAR) and all(len(word) < 12 for word in words)


def coded_share(words: list[str]) -> float:
    """The share of strings that are one word of letters and digits, as codes are.

    >>> coded_share(["N14228", "A-7", "two words", "plain"])
    0.5
    """
    return sum(bool(_CODED.fullmatch(word)) for word in words) / max(len(words), 1)
