"""Which column of a table is the one to be predicted: a guess from names, kinds and places."""

from __future__ import annotations

from collections.abc import Mapping

from losses.profile.names import words_of
from losses.profile.state import Profile

NAMED = frozenset(("y", "target", "label", "class", "outcome", "response", "dependent", "actual", "truth"))
WANTED = frozenset(
    (
        *("price", "cost", "sale", "revenue", "amount", "value", "income", "wage", "salary", "demand", "quantity"),
        *("visit", "claim", "count", "consumption", "rating", "score", "grade", "sold", "clicked", "converted"),
        *("churn", "default", "fraud", "survived", "died", "approved"),
    )
)
NO_TARGETS = frozenset(("identifier", "datetime", "constant"))


def likely(columns: Mapping[str, Profile]) -> str | None:
    """The column that is most likely the target; None where none can be one.

    >>> likely({"id": Profile.of(range(50)), "price": Profile.of([2.5, 3.1, 9.7] * 9), "rooms": Profile.of([1, 2] * 9)})
    'price'
    """
    usable = [name for name, p in columns.items() if p.n and p.kind not in NO_TARGETS]
    places = {name: place for place, name in enumerate(usable)}
    return max(usable, key=lambda name: (_hint(name), places[name]), default=None)


def _hint(name: str) -> int:
    words = set(words_of(name))
    return 2 * bool(words & NAMED) + bool(words & WANTED)
