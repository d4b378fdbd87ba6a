"""Conditions are told as they are declared: of every row, with helpers written out and closures filled in."""

from __future__ import annotations

import pytest

from losses.advice import sources
from losses.advice.fits import FITS
from losses.advice.of_losses import LOSS
from losses.advice.of_questions import QUESTION
from losses.advice.parameters import ESTIMATES
from losses.advice.question import Question
from losses.advice.rules import RULES
from losses.conditions import condition, reads
from losses.profile import Profile

ROWS = [*RULES, *ESTIMATES, *QUESTION, *LOSS]
GROUNDS = {value for name, value in vars(sources).items() if name.isupper()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: getattr(row, "id", None) or row.code)
def test_every_row_says_when_it_speaks_by_readings_that_exist_and_names_its_ground(row):
    told = condition(row.when)
    assert told
    assert "lambda" not in told
    assert all(
        hasattr(Profile(), name) or name in Question.__dataclass_fields__ or hasattr(Question, name)
        for name in reads(row.when)
    )
    assert row.source in GROUNDS


def test_every_ground_is_cited():
    assert {row.source for row in [*ROWS, *FITS]} == GROUNDS


def test_a_condition_is_written_out_and_its_readings_are_those_of_its_helpers_too():
    rules = {row.id: row for row in RULES}
    assert condition(rules["twins"].when) == "always"
    assert condition(rules["overlap-and-pixels"].when) == "functional in ('overlap',)"
    assert condition(rules["outliers"].which) == "loss.traits has 'bend' or 'median'"
    assert condition(rules["log-link-for-trees"].when) == (
        "functional == 'mean' and model == 'boosting' and nonnegative and (kind != 'proportion')"
    )
    assert condition(rules["overconfident-on-few-rows"].when).endswith("stated and overconfident(q)")
    assert reads(rules["overconfident-on-few-rows"].when) == ("functional", "model", "n", "shares", "stated")
