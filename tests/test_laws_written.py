"""Every loss can be written down and read back, in each of its forms; and every loss says what it is."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from typing import get_args

import numpy as np
import pytest

import losses
from losses import catalogue, get
from losses.core import Answer, Functional
from losses.errors import InvalidParameter, LossesError, UnknownName

from .instances import ALL, KINDS, parts_of, readable, rng_of, sample

PARAMS = [(kind, param) for kind in KINDS for param in kind.params().values()]


def ids(item: object) -> str | None:
    return getattr(item, "__name__", getattr(item, "name", None))


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_a_loss_is_what_its_text_its_json_its_repr_and_its_pickle_say(loss):
    assert get(str(loss)) == loss
    assert get(json.loads(json.dumps(loss.to_json()))) == loss
    assert eval(repr(loss), {**vars(losses), "inf": math.inf}) == loss
    assert pickle.loads(pickle.dumps(loss)) == loss
    assert len({loss, get(str(loss)), get(loss)}) == 1


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_a_loss_is_made_from_its_defaults_by_id_alias_or_class(kind):
    assert get(kind.about.id) == kind() == getattr(losses, kind.__name__)()
    for alias in kind.about.aliases:
        assert get(alias) == get(alias.upper().replace("_", "-")) == kind()
    assert str(kind()) == repr(kind.about.id).strip("'") == kind().to_json()


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_a_class_is_its_id_in_camel_case(kind):
    assert kind.__name__.lower() == kind.about.id.replace("_", "")


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_a_loss_is_told_completely_and_in_the_vocabulary(kind):
    about = kind.about
    assert {about.convex, about.differentiable, about.robust} <= set(get_args(Answer))
    assert about.elicits in get_args(Functional)
    assert all([about.title, about.tasks, about.unit, about.inputs, about.formula, about.source, kind.__doc__])
    assert ">>>" in kind.__doc__
    assert all(param.says and param.allowed for param in kind.params().values())


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_a_loss_does_not_change(kind):
    loss = kind()
    for name in [*kind.params(), "new"]:
        with pytest.raises(FrozenInstanceError):
            setattr(loss, name, 1)
    assert hash(loss) == hash(kind())


@pytest.mark.parametrize(("kind", "param"), PARAMS, ids=ids)
def test_a_parameter_outside_its_range_is_refused_and_told(kind, param):
    wrong = [object(), "nonsense", float("nan"), [], {}, [["a"]], 1j]
    for bound, step in ((param.above, 0), (param.below, 0), (param.at_least, -1e-9), (param.at_most, 1e-9)):
        wrong += [] if bound is None else [bound + step]
    wrong += [] if bool in param.kinds else [True, np.True_]
    for value in wrong:
        with pytest.raises(InvalidParameter) as caught:
            kind(**{param.name: value})
        assert (caught.value.data["loss"], caught.value.data["field"]) == (kind.about.id, param.name)
        assert caught.value.data["allowed"] in param.allowed
        assert param.name in caught.value.detail


def misled_by_infinity() -> Iterator[str]:
    for kind, param in PARAMS:
        for value in (math.inf, -math.inf):
            if float in param.kinds and readable(param, value):
                loss = kind(**{param.name: value})
                y, z = sample(loss, rng_of(str(loss)))
                try:
                    found = [loss(y, z), *parts_of(loss.gradient(y, z)).values()]
                except LossesError:
                    found = [math.nan]
                if not all(np.isfinite(part).all() for part in found):
                    yield str(loss)


@pytest.mark.filterwarnings("ignore::losses.LossWarning")
def test_an_infinite_parameter_is_refused_or_has_a_finite_limit():
    assert list(misled_by_infinity()) == []


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_an_unknown_parameter_is_refused_and_the_known_ones_are_named(kind):
    for make in (lambda: kind(zzz=1), lambda: get(f"{kind.about.id}:zzz=1"), lambda: get(kind.about.id, zzz=1)):
        with pytest.raises(UnknownName) as caught:
            make()
        assert caught.value.data["loss"] == kind.about.id
        assert caught.value.data["field"] == "zzz"
        assert set(caught.value.data["allowed"]) == set(kind.params())


@pytest.mark.parametrize("kind", KINDS, ids=ids)
def test_the_catalogue_row_of_a_loss_is_json_and_says_what_the_loss_says(kind):
    (row,) = [r for r in catalogue() if r["id"] == kind.about.id]
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert row["title"] == kind.about.title
    assert set(row["parameters"]) == set(kind.params())
    assert set(row["inputs"]) == set(kind.about.inputs)


def test_ids_and_aliases_are_unique_and_there_are_sixty_losses():
    names = [name for kind in KINDS for name in (kind.about.id, *kind.about.aliases)]
    assert len(names) == len(set(names))
    assert len(KINDS) == 60
