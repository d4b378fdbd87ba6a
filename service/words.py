"""What JSON calls its values, and the check that a loss in JSON has values of the right kind."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from losses import Loss, get
from losses.errors import InvalidInput, InvalidParameter
from losses.params import Param

NAMES = {
    "NoneType": "null", "bool": "a boolean", "str": "a string", "int": "a number", "float": "a number",
    "list": "an array", "dict": "an object",
}  # fmt: skip
_TOLD = re.compile(rf"\bgot ({'|'.join(NAMES)})$")


def name_of(value: Any) -> str:
    """What JSON calls a value.

    >>> name_of(None), name_of([1]), name_of({})
    ('null', 'an array', 'an object')
    """
    return NAMES[type(value).__name__]


def in_words(detail: str) -> str:
    """A sentence with the JSON name of a value where it ends on that of a Python type.

    >>> in_words("y_pred must be an array of numbers, got dict")
    'y_pred must be an array of numbers, got an object'
    """
    return _TOLD.sub(lambda match: f"got {NAMES[match[1]]}", detail)


def pointer_to(place: Iterable[int | str]) -> str:
    """A place in a JSON text, as RFC 6901 writes it.

    >>> pointer_to(("counts", "a/b", 2))
    '/counts/a~1b/2'
    """
    return "".join("/" + str(part)[:40].replace("~", "~0").replace("/", "~1") for part in place)


def checked(spec: Any) -> Any:
    """A loss as JSON says it; refused where a parameter is of another kind than it takes, as in ``"delta": "2"``.

    >>> checked({"loss": "huber", "delta": 2}), checked("huber:delta=2")
    ({'loss': 'huber', 'delta': 2}, 'huber:delta=2')
    """
    if not isinstance(spec, str | dict):
        raise InvalidInput(f"a loss is text or an object, got {name_of(spec)}", field="loss", got=name_of(spec))
    if isinstance(spec, dict) and isinstance(spec.get("loss"), str) and len(spec) > 1:
        made = get(spec["loss"])
        params = type(made).params() if isinstance(made, Loss) else {}
        for name in params.keys() & spec.keys():
            _check(params[name], spec[name], spec["loss"])
    return spec


def _check(param: Param, value: Any, loss: str) -> None:
    items = value if isinstance(value, list) and tuple in param.kinds else [value]
    strangers = [item for item in items if not _fits(param, item)]
    if strangers:
        got, allowed = name_of(strangers[0]), param.allowed
        detail = f"{param.name} must be {'in ' if {int, float} & param.kinds else ''}{allowed}, got {got}"
        raise InvalidParameter(detail, field=param.name, allowed=allowed, got=got, loss=loss[:80])


def _fits(param: Param, value: Any) -> bool:
    """Whether a value is of a kind that a parameter takes; infinity is a string, for JSON has no other."""
    if isinstance(value, str):
        return str in param.kinds or (param.infinite and value.lstrip("+-") in ("inf", "infinity"))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return bool({int, float, tuple} & param.kinds)
    return type(value) in param.kinds
