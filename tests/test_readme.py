"""The README is true: its table is the catalogue's, its Python runs, its request gets its reply."""

from __future__ import annotations

import doctest
import json
import re
from typing import Any

from tests.readme import README, with_table
from tests.serving import Inside

TEXT = README.read_text()


def test_the_table_is_the_catalogue() -> None:
    assert with_table(TEXT) == TEXT, "run `make readme`"


def test_its_python_examples_run() -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testfile(str(README), module_relative=False, optionflags=flags)
    assert found.attempted > 5
    assert found.failed == 0


def test_its_request_gets_its_reply() -> None:

    body, reply = re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)[:2]
    got = Inside().post("/v1/recommendations", json=json.loads(body)).json()
    assert _within(json.loads(reply), got)


def _within(part: Any, whole: Any) -> bool:
    """Whether all that ``part`` says stands in ``whole``; lists may be cut short."""
    if isinstance(part, dict):
        return all(key in whole and _within(value, whole[key]) for key, value in part.items())
    if isinstance(part, list):
        return len(part) <= len(whole) and all(map(_within, part, whole))
    return bool(part == whole)


def test_the_set_up_stands_first_and_names_the_two_commands() -> None:
    first = re.search(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
    assert first is not None
    assert [line.split("#")[0].strip() for line in first.group(1).strip().splitlines()] == ["make demo", "make test"]
