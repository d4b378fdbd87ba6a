"""What the routes ask of the library: bodies in, the library's own objects out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
from fastapi import Response

from losses import Evaluation, Evaluator, Profile, audit, class_weights, compare, drift, evaluate, get, pictures
from losses.advice import check, recommend
from losses.advice.answer import code_of
from losses.advice.vocabulary import TASKS, lookup
from losses.core import Reduction
from losses.errors import EmptyInput, InvalidInput, InvalidShape, InvalidType, UnknownName
from losses.evaluate import plain
from losses.frameworks import Layout
from losses.page import described
from losses.profile.likely import likely
from losses.profile.read import weighty

from .asked import (
    AuditOptions,
    CheckOptions,
    ClassWeightOptions,
    CodeOptions,
    ComparisonOptions,
    CurveOptions,
    DriftOptions,
    EvaluationOptions,
    ProfileOptions,
    RecommendationOptions,
    TargetWishes,
)
from .errors import InvalidRequest, TooLarge, UnsupportedMediaType
from .files import as_file, offers
from .media import ARROW, EVENTS, JSON, NPY
from .nonfinite import marked
from .replies import negotiated
from .sources import INPUTS, JSONSource, Values, whole
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


def _losses(sent: Sent, asked: EvaluationOptions | ComparisonOptions | AuditOptions) -> list[Any]:
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
        return _shown(target(sent, asked), asked)
    most = sent.settings.max_columns
    if len(names) > most:
        raise TooLarge(f"{len(names)} columns; name one, or send {most}", field="max_columns", allowed=most)
    found = {name: Profile(name=name) for name in names}
    for batch in sent.batches(names):
        for name, values in batch.items():
            found[name] = found[name].update(values, task=_task(asked.task))
    return {
        "columns": {name: _shown(known, asked) for name, known in found.items()},
        "likely": likely(found),
    }


def _shown(found: Profile, asked: ProfileOptions) -> dict[str, Any]:
    told = described(found, asked.private)
    if asked.pictures is None:
        return told
    drawn = Profile.from_dict(told["profile"]) if asked.private else found
    return {**told, "pictures": {"target": pictures.target(drawn, width=asked.pictures)}}


def _sum(batches: Iterable[Values], name: str | None, task: str | None) -> Profile:
    """The profile of all batches: of lists and arrays, never of text, which would be the name of a file."""
    found, weighed = Profile(), False
    for values, weight in batches:
        found, weighed = found.update(values, sample_weight=weight, task=_task(task)), weighed or weight is not None
    return replace(weighty(found, weighed), name=name)


def _task(name: str | None) -> str | None:
    return None if name is None else lookup("task", name, TASKS).id


def audited(sent: Sent) -> dict[str, Any]:
    """The models of a table, each a column of predictions, under the losses asked for or those that suit."""
    asked = sent.options(AuditOptions, data=("columns",))
    specs, names = _losses(sent, asked), sent.source.columns
    if not names:
        raise InvalidRequest("send a table: the truth, and a column of predictions for each model", field="columns")
    truth = asked.truth or next((name for name in TRUTHS if name in names), names[0])
    for name in (truth, *asked.models, *filter(None, [asked.weight])):
        if name not in names:
            raise UnknownName.among("column", name, names)
    table = whole(sent.batches(names), sent.settings.max_body_bytes)
    columns = {name: found for name in names if (found := _numeric(table[name])) is not None}
    if truth not in columns:
        raise InvalidInput(f"the truth must be numbers, 0 and 1 for two classes; not so in {truth[:80]}", field="truth")
    models = asked.models or _predictions(columns, truth, asked.weight)
    predictions = {name: columns[name] for name in models if name in columns}
    weight = None if asked.weight is None else columns.get(asked.weight)
    found = audit(columns[truth], predictions, specs, weight, asked.missing)
    told = found.to_dict() | {"truth": truth, "models": list(predictions), "columns": list(columns)}
    if width := asked.pictures:
        told["pictures"] = {"scores": pictures.scores(found, width), "misses": pictures.misses(found, width)}
    return told


TRUTHS = ("y_true", "truth", "target", "actual", "y")


def _predictions(columns: dict[str, Any], truth: str, weight: str | None) -> list[str]:
    """The columns that may predict: all others but those that name rows, where the truth does not."""
    codes = [name for name, column in columns.items() if Profile.of(column, name=name).kind == "identifier"]
    others = [name for name in columns if name not in (truth, weight)]
    return [name for name in others if name not in codes or truth in codes] or others


def _numeric(column: Any) -> Any:
    """A column as numbers; None where it holds words or dates."""
    try:
        found = np.asarray(column)
        return None if found.dtype.kind in "Mm" else found.astype(float)
    except (TypeError, ValueError):
        return None


def target(sent: Sent, asked: ProfileOptions | TargetWishes) -> Profile:
    """The profile of the one column that was sent."""
    name, batches = sent.target(asked.column, asked.weight)
    found = _sum(batches, asked.name or name, asked.task)
    if not found.n:
        missing = f" ({found.missing_rows} are missing)" if found.missing_rows else ""
        raise EmptyInput(f"the target has no rows to look at{missing}", field="target", got=0)
    return found


def recommended(sent: Sent) -> dict[str, Any]:
    """The losses to train with, for a target, its profile, or a task alone."""
    asked = sent.options(RecommendationOptions, data=("target", "sample_weight"))
    found = recommend(_known(sent, asked), **asked.wishes())
    drawn = {"pictures": {"target": pictures.advised(found, asked.pictures)}} if asked.pictures else {}
    return found.to_dict() | drawn


def curved(asked: CurveOptions) -> dict[str, Any]:
    """Value and gradient of losses against the prediction, with a control for each parameter."""
    found = pictures.curves(asked.loss, asked.at, asked.sigma, asked.classes)
    told = {
        "along": found.along,
        "relative": found.relative,
        "of": found.of,
        "x": plain(found.x),
        "curves": [
            {
                "loss": str(curve.loss),
                "value": plain(curve.value),
                "gradient": plain(curve.gradient),
                "sliders": [slider._asdict() for slider in pictures.sliders(curve.loss, asked.sigma)],
            }
            for curve in found.curves
        ],
        "left_out": [{"loss": loss, "reason": reason} for loss, reason in found.left_out],
    }
    width = asked.pictures
    return told | ({"pictures": {"value": found.value(width), "gradient": found.gradient(width)}} if width else {})


def coded(asked: CodeOptions) -> dict[str, Any]:
    """Lines to paste, for each framework that can train with a loss."""
    loss = get(asked.loss)
    levels = () if asked.levels == ["*"] else tuple(map(_level, asked.levels)) or None
    layout = Layout(asked.form, levels, asked.classes)
    return {"loss": str(loss), "code": code_of(loss, asked.link, asked.transform, layout=layout)}


def _level(text: str) -> str | float:
    """A class as it stands in the column: a number where it spells one."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value if math.isfinite(value) else text


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
