"""Requests: the options of each call, and the data that go with them, in words.

Arrays are no part of these models: they go from the body to NumPy (``transport``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, TypeVar, get_origin

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from losses.pictures import LEAST_WIDE, MOST_WIDE

from .errors import InvalidRequest

Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[str, Field(max_length=200)]
Loss = Annotated[Any, WithJsonSchema({"title": "ref:Loss"})]
Numbers = Annotated[Any, WithJsonSchema({"title": "ref:Numbers"})]
Target = Annotated[Any, WithJsonSchema({"title": "ref:Target"})]
Free = Annotated[Any, WithJsonSchema({"title": "ref:Anything"})]

Form = Literal["shares", "labels", "distribution", "boxes", "masks"]
Counts = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "number"}},
                {"type": "object", "additionalProperties": {"type": "number"}},
            ]
        }
    ),
]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


Losses = Annotated[list[Loss], BeforeValidator(_listed), Field(max_length=1000)]
REQUIRED = "convex, differentiable, robust … or a unit"
IGNORED = "codes of warnings that you know of already"
DRAWN = "add pictures, so many pixels wide, as SVG"
Names = Annotated[list[Name], BeforeValidator(_listed), Field(max_length=100)]


class Options(BaseModel):
    """What a request asks for; a field that is not declared is refused."""

    model_config = ConfigDict(extra="forbid", title="")


Wide = Annotated[int, Field(ge=LEAST_WIDE, le=MOST_WIDE)]


class EvaluationOptions(Options):
    """Which losses, and how they are reduced."""

    losses: Losses = Field(
        default_factory=list,
        validation_alias=AliasChoices("losses", "loss"),
        description="ids, specs, or objects with parameters",
    )
    reduction: Name = Field(
        default="mean", description="mean, sum, none; for distributions batchmean and elementmean too"
    )
    missing: Literal["error", "drop"] = Field(default="error", description="what becomes of rows with a missing value")
    include: Names = Field(default_factory=list, description='"gradient" adds the slope of the reduced loss')
    groups: Name | None = Field(default=None, description="the column of a file by whose values to evaluate too")


class ComparisonOptions(Options):
    """By which losses two models are compared."""

    losses: Losses = Field(
        default_factory=list,
        validation_alias=AliasChoices("losses", "loss"),
        description="ids, specs, or objects with parameters",
    )
    missing: Literal["error", "drop"] = Field(default="error", description="what becomes of rows with a missing value")


class AuditOptions(Options):
    """Which column is the truth, which are predictions, and by which losses they are judged."""

    losses: Losses = Field(
        default_factory=list,
        validation_alias=AliasChoices("losses", "loss"),
        description="ids, specs, or objects; without any, those that suit this truth",
    )
    truth: Name | None = Field(default=None, description="the column of the truth; by default y_true, or the first")
    models: Names = Field(
        default_factory=list,
        validation_alias=AliasChoices("models", "model"),
        description="the columns of predictions, by default all other columns of numbers",
    )
    weight: Name | None = Field(default=None, description="the column that holds sample weights")
    missing: Literal["error", "drop"] = Field(default="error", description="what becomes of rows with a missing value")
    pictures: Wide | None = Field(default=None, description=DRAWN)


class ProfileOptions(Options):
    """What is known of a target beyond its values."""

    name: Name | None = Field(default=None, description="the column's name, which helps to tell a count from a code")
    task: Name | None = Field(default=None, description="what is to be predicted, where the values do not say")
    column: Name | None = Field(
        default=None, description="which column of a table; without it, target, or the only one"
    )
    weight: Name | None = Field(default=None, description="the column of a file that holds sample weights")
    private: bool = Field(default=False, description="leave out of the profile what could be one person's value")
    pictures: Wide | None = Field(default=None, description=DRAWN)


class Wishes(Options):
    """What the predictions are for."""

    metric: Name | None = Field(
        default=None, description="the metric you will be judged by: rmse, mae, pinball@0.9, roc_auc …"
    )
    goal: Name | None = Field(
        default=None, description="total, typical, quantile@0.9, probability, ranking, decision …"
    )
    costs: dict[Name, float] | None = Field(
        default=None, description="under and over, or false_negative and false_positive"
    )
    task: Name | None = Field(
        default=None, description="what is to be predicted: regression, classification, segmentation …"
    )
    model: Name | None = Field(default=None, description="boosting, linear or neural")
    framework: Name | None = Field(default=None, description="what you train with: lightgbm, torch …")


class TargetWishes(Wishes):
    """What the predictions are for, and what is known of the target."""

    profile: dict[str, Any] | None = Field(
        default=None, description="a profile that /v1/profiles wrote, instead of a target"
    )
    name: Name | None = Field(default=None, description="the column's name")
    column: Name | None = Field(
        default=None, description="which column of a table; without it, target, or the only one"
    )
    weight: Name | None = Field(default=None, description="the column of a file that holds sample weights")

    def wishes(self) -> dict[str, Any]:
        """What is asked of the losses, apart from the target."""
        return self.model_dump(exclude={"profile", "name", "column", "weight", "pictures"})


class RecommendationOptions(TargetWishes):
    """What the predictions are for, and what the losses must be like."""

    require: Names = Field(default_factory=list, description=REQUIRED)
    ignore: Names = Field(default_factory=list, description=IGNORED)
    n: int = Field(default=5, ge=1, le=1000, description="how many losses to rank")
    pictures: Wide | None = Field(default=None, description=DRAWN)


class CheckOptions(TargetWishes):
    """The loss in question, and what the predictions are for."""

    loss: Loss = Field(default=None, description="an id, a spec, or an object with parameters; it must be there")


class DriftOptions(Wishes):
    """Two profiles, and what the predictions are for."""

    require: Names = Field(default_factory=list, description=REQUIRED)
    ignore: Names = Field(default_factory=list, description=IGNORED)
    before: dict[str, Any] | None = Field(default=None, description="a profile that /v1/profiles wrote")
    after: dict[str, Any] | None = Field(default=None, description="one of the same column, later or elsewhere")

    def wishes(self) -> dict[str, Any]:
        """What is asked of the losses, apart from the profiles."""
        return self.model_dump(exclude={"before", "after"})


class ClassWeightOptions(Options):
    """How rare classes are made to count."""

    counts: Counts = Field(
        default=None, description="rows of each class, a list or an object by class; or send a target"
    )
    scheme: Name = Field(default="balanced", description="balanced or effective_number")
    beta: float = Field(default=0.999, description="how soon more rows of a class stop counting, for effective_number")
    column: Name | None = Field(
        default=None, description="which column of a table; without it, target, or the only one"
    )


class CatalogueFilters(Options):
    """Keeps the losses that have all of these."""

    task: Name | None = None
    convex: Name | None = None
    differentiable: Name | None = None
    robust: Name | None = None
    unit: Name | None = None
    elicits: Name | None = None
    framework: Name | None = None


class CurveOptions(Options):
    """Which losses, and the target that they are shown for."""

    loss: Losses = Field(default_factory=list, description="ids or specs")
    at: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        default=None, description="the truth, such as the median"
    )
    sigma: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=1.0, description="the size of a usual miss; four of them are shown either way"
    )
    classes: int = Field(default=2, ge=2, le=1000, description="how many classes a loss of classes is shown for")
    pictures: Wide | None = Field(default=None, description=DRAWN)


class CodeOptions(Options):
    """A loss, and what stands between it and the target."""

    loss: Name = Field(description="an id or a spec")
    link: Name | None = Field(default=None, description="log, where predictions are exponentials")
    transform: Name | None = Field(default=None, description="log1p, where the target is transformed before training")
    form: Form | None = Field(default=None, description="of a target that is no column of single values")
    levels: list[Name] = Field(default=[], description="the classes by number, where others stand; * for all there are")
    classes: int = Field(default=0, ge=0, description="how many classes there are")


def options_from_query(model: type[Model], query: Iterable[tuple[str, str]]) -> Model:
    """The options in a query string: repeated names make a list, ``costs.under=3`` an object.

    >>> options_from_query(RecommendationOptions, [("costs.under", "3"), ("costs.over", "1"), ("n", "2")]).costs
    {'under': 3.0, 'over': 1.0}
    """
    found: dict[str, Any] = {}
    lists = _lists(model)
    for name, text in once(query, lists):
        head, _, key = name.partition(".")
        if key and isinstance(found.setdefault(head, {}), dict):
            found[head][key] = text
        elif name in lists and isinstance(found.setdefault(name, []), list):
            found[name].append(text)
        else:
            found[name] = text
    return model.model_validate(found)


def once(query: Iterable[tuple[str, str]], lists: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """The pairs of a query string; refused where a name that makes no list stands twice."""
    seen: set[str] = set()
    for name, text in query:
        if name in seen and name not in lists:
            raise InvalidRequest(f"{name[:80]} stands twice in the query string", field=name[:80])
        seen.add(name)
        yield name, text


def _lists(model: type[BaseModel]) -> frozenset[str]:
    """The names under which a query string may say more than one thing."""
    lists = {name: field for name, field in model.model_fields.items() if get_origin(field.annotation) is list}
    aliases = (field.validation_alias for field in lists.values())
    more = {str(name) for alias in aliases if isinstance(alias, AliasChoices) for name in alias.choices}
    return frozenset(lists.keys() | more)


# ── data, in words ──────────────────────────────────────────────────────────────────────────────────────────────────


class EvaluationRequest(EvaluationOptions):
    """Predictions, and the losses to compute on them."""

    groups: Target = Field(default=None, description="the group of each row, to evaluate each group too")
    y_true: Numbers = Field(default=None, description="the truth; left out where a loss has none")
    y_pred: Numbers = Field(description="the predictions: an array, or an object of named arrays")
    sample_weight: Numbers = Field(default=None, description="what each row counts, 1 where left out")


class ComparisonRequest(ComparisonOptions):
    """Predictions of two models, and the losses to compare them by."""

    y_true: Numbers = Field(description="the truth")
    predictions: dict[str, Numbers] = Field(description="the predictions of two models, by their names")
    sample_weight: Numbers = Field(default=None, description="what each row counts, 1 where left out")


class ProfileRequest(ProfileOptions):
    """A target column, or a whole table."""

    target: Target = Field(default=None, description="the values: numbers, strings, booleans; null is missing")
    columns: dict[str, Target] | None = Field(default=None, description="several columns by name, instead of a target")
    sample_weight: Numbers = Field(default=None, description="what each row counts, 1 where left out")


class RecommendationRequest(RecommendationOptions):
    """A target or its profile, and what the predictions are for."""

    target: Target = Field(default=None, description="the values, instead of a profile")
    sample_weight: Numbers = Field(default=None, description="what each row counts, 1 where left out")


class AuditRequest(AuditOptions):
    """A table of the truth and of predictions, a column a model."""

    columns: dict[str, Numbers] = Field(description="the columns by name")


class CheckRequest(CheckOptions):
    """A loss, a target or its profile, and what the predictions are for."""

    target: Target = Field(default=None, description="the values, instead of a profile")
    sample_weight: Numbers = Field(default=None, description="what each row counts, 1 where left out")


class DriftRequest(DriftOptions):
    """Two profiles, and under which wishes the advice for them is compared."""

    before: dict[str, Any] = Field(description="a profile that /v1/profiles wrote")
    after: dict[str, Any] = Field(description="one of the same column, later or elsewhere")


class ClassWeightRequest(ClassWeightOptions):
    """Class counts, or the target to count."""

    target: Target = Field(default=None, description="the class of each row, instead of counts")
