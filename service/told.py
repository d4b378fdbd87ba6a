"""Replies: what each call answers with; arrays appear only in words."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .asked import Form, Free, Loss


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

    form: Form | None
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
