"""The API keeps to its schema, on what fits it and on what does not; every decoder reads or refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz import Decoder, asked, decoders, fuzzed
from tests.openapi import FILE, written
from tests.serving import running


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with running(access_log=False) as found:
        yield found.address


def test_the_schema_in_the_repository_is_the_one_that_is_served() -> None:
    assert FILE.read_text(encoding="utf-8") == written(), "make openapi, and look at what changed"


@pytest.mark.filterwarnings("ignore::Warning")
def test_the_running_service_keeps_to_its_schema(address: str) -> None:
    answers = asked(address, cases=250, seed=7)
    assert sum(answers.values()) >= 5000
    assert set(answers) <= {"200", "400", "404", "405", "406", "413", "415", "422"}


@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize("decoder", tuple(decoders()), ids=lambda decoder: decoder.name)
def test_decoders_read_or_refuse(decoder: Decoder) -> None:
    told = fuzzed(decoder, inputs=1500, seed=7)
    assert told["read"]
    assert told["refused"]
    assert told["MB more"] < 50
