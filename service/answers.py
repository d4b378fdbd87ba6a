"""What the routes ask of the library: bodies in, the library's own objects out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from fastapi import Response

from losses import Evaluation, Evaluator, Profile, class_weights, compare, drift, evaluate, profile
from losses.advice import check, recommend
from losses.advice.vocabulary import TASKS, lookup
from losses.core import Reduction
from losses.errors import EmptyInput, InvalidInput, InvalidShape, InvalidType
from losses.page import described

from .errors import InvalidRequest, TooLarge, UnsupportedMediaType
from .files import as_file, offers
from .media import ARROW, EVENTS, JSON, NPY
from .nonfinite import marked
from .replies import negotiated
from .schemas import (
    CheckOptions,
    ClassWeightOptions,
    ComparisonOptions,
    DriftOptions,
    EvaluationOptions,
    ProfileOptions,
    RecommendationOptions,
    TargetWishes,
)
from .sources import INPUTS, JSONSource, whole
from .transport import Sent
from .words import checked, name_of, pointer_to


def evaluated(sent: Sent) -> dict[str, Any] | Response:
    """The losses that were asked for, each under the JSON form it was asked in; or their rows as a file."""
    asked = sent.options(EvaluationOptions, data=(*INPUTS, "groups"))
    run = Evaluator(_losses(sent, asked), cast(Reduction, asked.reduction), asked.missing)
    files = offers(len(run.losses), run.reduction == "none", asked.include)
    media = negotiated(sent.accept, (JSON, EVENTS, *files))
    evaluation = _evaluation(sent, asked, run)
    if media in (NPY, ARROW):
        return as_file(evaluation, media)
    found = evaluation.to_dict()
    for told, part in zip([found, *found.get("groups", ())], [evaluation, *evaluation.groups.values()], strict=True):
        rows = zip(told["results"], asked.losses, part.results, strict=True)
        told["results"] = [_spoken(marked(row, result), spoken) for row, spoken, result in rows]
    return found


def _losses(sent: Sent, asked: EvaluationOptions | ComparisonOptions) -> list[Any]:
    most = sent.settings.max_losses
    if len(asked.losses) > most:
        raise TooLarge(f"more than {most} losses in one evaluation", field="max_losses", allowed=most)
    return [checked(loss) for loss in asked.losses]


def _spoken(row: dict[str, Any], loss: Any) -> dict[str, Any]:
    return {**row, "loss": loss} if isinstance(loss, dict) else row


def contrasted(sent: Sent) -> dict[str, Any]:
    """Two models, compared by the losses that were asked for."""
    names = ("y_true", "predictions", "sample_weight")
    asked = sent.options(ComparisonOptions, data=names)
    given = whole(sent.inputs(names, None, asked.missing == "drop"), sent.settings.max_body_bytes)
    y_true, predictions, weights = (given.get(name) for name in names)
    found = compare(_losses(sent, asked), y_true, cast(Any, predictions), weights, asked.missing).to_dict()
    rows = zip(found["results"], asked.losses, strict=True)
    return {"results": [_spoken(row, loss) for row, loss in rows]}


def _evaluation(sent: Sent, asked: EvaluationOptions, run: Evaluator) -> Evaluation:
    """Batch by batch; but all at once where a result has rows, and where a batch is one sample."""
    batches = sent.inputs(INPUTS, asked.groups, asked.missing == "drop")
    if not run.per_row or run.reduction == "none" or asked.include or asked.groups:
        batches = iter([whole(batches, sent.settings.max_body_bytes)])
    first, second = next(batches, {}), next(batches, None)
    if second is None:
        options: dict[str, Any] = {"reduction": run.reduction, "missing": run.missing, "include": asked.include}
        return evaluate(run.losses, **_complete(first), **options)
    for batch in (first, second):
        run.update(**_complete(batch))
    for batch in batches:
        run.update(**_complete(batch))
    return run.result()


def _complete(given: Mapping[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(INPUTS), **given}


def profiled(sent: Sent) -> dict[str, Any]:
    """The profile of one column, or of each column of a table."""
    asked = sent.options(ProfileOptions, data=("target", "columns", "sample_weight"))
    names = sent.source.names if asked.column is None else ()
    if not names:
        return described(target(sent, asked), asked.private)
    most = sent.settings.max_columns
    if len(names) > most:
        raise TooLarge(f"{len(names)} columns; name one, or send {most}", field="max_columns", allowed=most)
    found = {name: Profile(name=name) for name in names}
    for batch in sent.batches(names):
        for name, values in batch.items():
            found[name] += _part(values, None, asked.task)
    return {"columns": {name: described(known, asked.private) for name, known in found.items()}}


def _part(values: Any, weight: Any, task: str | None) -> Profile:
    """The profile of some rows: of lists and arrays, never of text, which would be the name of a file."""
    return profile(values, sample_weight=weight, task=None if task is None else lookup("task", task, TASKS).id)


def target(sent: Sent, asked: ProfileOptions | TargetWishes) -> Profile:
    """The profile of the one column that was sent."""
    name, batches = sent.target(asked.column, asked.weight)
    parts = (_part(values, weight, asked.task) for values, weight in batches)
    found = replace(sum(parts, Profile()), name=asked.name or name)
    if not found.n:
        missing = f" ({found.missing_rows} are missing)" if found.missing_rows else ""
        raise EmptyInput(f"the target has no rows to look at{missing}", field="target", got=0)
    return found


def recommended(sent: Sent) -> dict[str, Any]:
    """The losses to train with, for a target, its profile, or a task alone."""
    asked = sent.options(RecommendationOptions, data=("target", "sample_weight"))
    return recommend(_known(sent, asked), **asked.wishes()).to_dict()


def judged(sent: Sent) -> dict[str, Any]:
    """Whether a loss is the one to train with."""
    asked = sent.options(CheckOptions, data=("target", "sample_weight"))
    wishes = asked.wishes()
    return check(checked(wishes.pop("loss")), target=_known(sent, asked), **wishes).to_dict()


def _known(sent: Sent, asked: TargetWishes) -> Profile | None:
    if asked.profile is not None and sent.source.has_target:
        raise InvalidRequest("send a target or its profile, not both", field="profile")
    if asked.profile is not None:
        return Profile.from_dict(asked.profile)
    return target(sent, asked) if sent.source.has_target else None


def drifted(sent: Sent) -> dict[str, Any]:
    """What changed from one profile to another."""
    if not isinstance(sent.source, JSONSource):
        raise UnsupportedMediaType("two profiles do not fit into one file; send application/json", allowed=[JSON])
    asked = sent.options(DriftOptions, data=())
    for name, document in (("before", asked.before), ("after", asked.after)):
        if document is None:
            raise InvalidRequest(f"send two profiles, before and after; there is no {name}", field=name)
    return drift(asked.before, asked.after, **asked.wishes()).to_dict()


def weighed(sent: Sent) -> dict[str, Any]:
    """The weights of classes, from their counts or from a target."""
    asked = sent.options(ClassWeightOptions, data=("target",))
    if (asked.counts is None) != sent.source.has_target:
        raise InvalidRequest("send counts, one a class, or a target to count", field="counts")
    counts = asked.counts if asked.counts is not None else _counted(sent, asked)
    weights = class_weights(_numbered(counts), asked.scheme, asked.beta)
    return {"weights": weights, "classes": list(counts)} if isinstance(counts, dict) else {"weights": weights}


def _numbered(counts: Any) -> list[int | float]:
    """The numbers of a list or an object that holds nothing else."""
    if not isinstance(counts, list | dict):
        raise InvalidType(f"counts must be an array or an object, got {name_of(counts)}", field="counts")
    named = counts if isinstance(counts, dict) else dict(enumerate(counts))
    for name, count in named.items():
        if type(count) not in (int, float):
            kind = InvalidShape if type(count) is list else InvalidType
            pointer, got = pointer_to(("counts", name)), name_of(count)
            raise kind(f"counts must hold one number a class, got {got} at {pointer}", field="counts", got=got)
    return list(named.values())


def _counted(sent: Sent, asked: ClassWeightOptions) -> dict[str, int]:
    found = target(sent, ProfileOptions(column=asked.column))
    if not found.class_counts:
        raise InvalidInput(f"the target has {found.n_classes} different values: no classes to weigh", field="target")
    return found.class_counts
