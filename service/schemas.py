"""Requests and replies: the options of each call, and what it answers with.

Arrays are no part of these models: they go from the body to NumPy (``transport``), and appear here only in words.
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
    form: Literal["shares", "labels", "distribution", "boxes", "masks"] | None = Field(
        default=None, description="of a target that is no column of single values"
    )
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


# ── replies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Answer(BaseModel):
    """A reply; later versions may add fields."""

    model_config = ConfigDict(title="")


class Notice(Answer):
    """Something to beware of."""

    code: str
    message: str
    severity: Literal["info", "warning", "error"] | None = None
    data: dict[str, Free] | None = None


class ParameterRow(Answer):
    """A parameter of a loss."""

    default: Free
    range: str
    says: str


class LossRow(Answer):
    """A row of the catalogue."""

    id: str
    title: str
    aliases: list[str]
    summary: str
    tasks: list[str]
    elicits: str
    convex: str
    differentiable: str
    robust: str
    unit: str
    domain: str | None
    inputs: dict[str, str]
    per: str
    reductions: list[str]
    parameters: dict[str, ParameterRow]
    formula: str
    source: str
    note: str
    differs: str
    frameworks: list[str]


class ResultRow(Answer):
    """One loss, evaluated; a number that JSON cannot hold is null, and a warning says which."""

    loss: Loss
    reduction: str
    value: Free
    standard_error: float | None
    unit: str
    n: int
    warnings: list[Notice]
    gradient: Free = None


class GroupRow(Answer):
    """The results for the rows of one group."""

    group: Free
    n: int
    results: list[ResultRow]
    warnings: list[Notice]


class EvaluationReply(Answer):
    """The results, in the order of the losses asked for."""

    n: int
    results: list[ResultRow]
    warnings: list[Notice]
    groups: list[GroupRow] | None = None


class ContrastRow(Answer):
    """One loss of two models: the first's mean less the second's, with its 95% interval."""

    loss: Loss
    values: dict[str, float | None]
    difference: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    better: str | None
    unit: str
    n: int


class ComparisonReply(Answer):
    """A row for each loss."""

    results: list[ContrastRow]


class LeftOutRow(Answer):
    """A loss that is not shown, and why."""

    loss: str
    reason: str


class ScoreRow(Answer):
    """A model under one loss; top_share is what the costliest 1% of rows make of it."""

    model: str
    value: float | None
    standard_error: float | None
    top_share: float | None


class LineRow(Answer):
    """One loss of all models, with the best and whether it is ahead, by differences row by row."""

    loss: str
    unit: str
    scores: list[ScoreRow]
    best: str
    ahead: bool
    says: str


class WorstRow(Answer):
    """A row that costs much, on average over the models."""

    row: int
    truth: float
    predictions: dict[str, float]
    cost: float | None


class AuditReply(Answer):
    """Losses as lines, models as scores; misses are quantiles of prediction − truth: 1, 5, 25, 50, 75, 95, 99%."""

    n: int
    truth: str
    models: list[str]
    columns: list[str]
    lines: list[LineRow]
    worst: list[WorstRow]
    misses: dict[str, list[float]]
    left_out: list[LeftOutRow]
    warnings: list[Notice]
    pictures: dict[str, str] | None = None


class KindRow(Answer):
    """One reading of a target, its share of belief, its rival, and the question that would settle between them."""

    id: str
    share: float
    evidence: list[str]
    rival: str | None
    question: str | None


class FactRow(Answer):
    """A thing to know of a column."""

    name: str
    says: str


class ProfileReply(Answer):
    """A profile, what kind of target it may be, its readings, and what to beware of."""

    profile: dict[str, Free]
    kinds: list[KindRow]
    readings: dict[str, Free]
    facts: list[FactRow]
    settling: str
    warnings: list[Notice]
    pictures: dict[str, str] | None = None


class ColumnsReply(Answer):
    """The profile of each column of a table, and which is likely the target."""

    columns: dict[str, ProfileReply]
    likely: str | None


class ConstantRow(Answer):
    """What a loss would predict if it knew nothing but this column."""

    value: float
    share_of_total: float | None
    over: float


class LayoutRow(Answer):
    """How the target stands: one value a row or another form, its classes by number, and how many there are."""

    form: Literal["shares", "labels", "distribution", "boxes", "masks"] | None
    levels: list[str | float] | None
    classes: int


class RankedRow(Answer):
    """A loss to train with."""

    loss: Loss
    id: str
    spec: str
    score: float
    reasons: list[str]
    warnings: list[Notice]
    evidence: str
    transform: str | None
    link: str | None
    layout: LayoutRow
    post: dict[str, Free]
    constant: ConstantRow | None
    code: dict[str, str]


class RuledOutRow(Answer):
    """A loss not to train with, and why."""

    loss: str
    reason: str


class ConfidenceRow(Answer):
    """How firmly the first loss stands; its lead is in points of weight."""

    level: Literal["firm", "close", "tie", "open", "weak", "default"]
    lead: float | None
    says: str


class FlipRow(Answer):
    """What, tried out on this column, would put another loss first."""

    id: str
    loss: str
    says: str


class RecommendationReply(Answer):
    """The losses to train with, best first, and those ruled out."""

    ranked: list[RankedRow]
    ruled_out: list[RuledOutRow]
    warnings: list[Notice]
    profile: dict[str, Free]
    answer: str
    functional: str
    kind: str
    task: str
    confidence: ConfidenceRow
    flips: list[FlipRow]
    would_change: list[str]
    pictures: dict[str, str] | None = None


class FindingRow(Answer):
    """One thing that is wrong with a loss here."""

    verdict: str
    says: str


class PriceRow(Answer):
    """What a loss costs in the metric, for a constant on this column."""

    metric: str
    best: float
    here: float
    excess: float | None


class CheckReply(Answer):
    """Whether a loss is the one to train with; if not, what is wrong, what it costs, and what to train instead."""

    loss: Loss
    verdict: str
    answer: str
    findings: list[FindingRow]
    price: PriceRow | None
    warnings: list[Notice]
    instead: RankedRow | None
    functional: str
    kind: str


class ChangeRow(Answer):
    """One thing that is not as it was, with the columns' own numbers."""

    id: str
    before: Free
    after: Free
    says: str


class DistanceRow(Answer):
    """How far the distributions lie apart, and what chance alone would give; null where undefined."""

    psi: float | None
    psi_by_chance: float | None
    total_variation: float | None
    total_variation_by_chance: float | None
    ks: float | None
    ks_error: float | None
    ks_by_chance: float | None


class AdvisedRow(Answer):
    """The loss to train with before and after; null where none fits, for the reason that is said."""

    before: str | None
    after: str | None
    metric: str | None
    says: str
    changed: bool


class DriftReply(Answer):
    """What changed between two profiles, how far they lie apart, and what to train with now."""

    drifted: bool
    answer: str
    rows: dict[str, int]
    changes: list[ChangeRow]
    distances: DistanceRow
    advice: AdvisedRow


class SliderRow(Answer):
    """A parameter as a control: where it stands, and from where to where it may go."""

    name: str
    says: str
    value: float
    low: float
    high: float
    logs: bool


class CurveRow(Answer):
    """One loss: its value and gradient at each x, null where it has none; its parameters as controls."""

    loss: str
    value: list[float | None]
    gradient: list[float | None]
    sliders: list[SliderRow]


class CurvesReply(Answer):
    """Losses along one axis; relative where each is divided by its cost of a usual miss, as their units differ."""

    along: str
    relative: bool
    of: str
    x: list[float]
    curves: list[CurveRow]
    left_out: list[LeftOutRow]
    pictures: dict[str, str] | None = None


class CodeReply(Answer):
    """Lines that run, for each framework that can train with this loss."""

    loss: str
    code: dict[str, str]


class WordRow(Answer):
    """A word that a question may use."""

    id: str
    says: str = ""
    functional: str = ""
    for_classes: str = ""
    tasks: list[str] = []
    level: str = ""
    model: str | None = None


class WarningRow(Answer):
    """A warning: where it comes up, what it says, and what to do."""

    code: str
    severity: str
    places: list[str]
    says: list[str]
    remedy: str


class VocabularyReply(Answer):
    """The words by what they are: goals, metrics, kinds, tasks, models, frameworks, requirements."""

    goals: list[WordRow]
    metrics: list[WordRow]
    kinds: list[WordRow]
    tasks: list[WordRow]
    models: list[WordRow]
    frameworks: list[WordRow]
    requirements: list[WordRow]


class ClassWeightReply(Answer):
    """What each class should cost, in the order of the counts, or of ``classes``."""

    weights: list[float]
    classes: list[str] | None = None


class LimitRow(Answer):
    """A limit."""

    value: int
    says: str


class Event(Answer):
    """A line of a reply of events: rows read so far, at last the reply, or the members of a problem."""

    model_config = ConfigDict(extra="allow", title="")

    event: Literal["progress", "result", "problem"]
    rows: int | None = None
    reply: Free = None


class Problem(Answer):
    """Problem details (RFC 9457): what was wrong, with what was expected and what came."""

    model_config = ConfigDict(extra="allow", title="")

    type: str
    title: str
    status: int
    detail: str
