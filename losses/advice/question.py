"""The question, read once: what is known of the target, and what the user wants of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from losses.advice import vocabulary as v
from losses.advice.readable import check
from losses.errors import EmptyInput, InvalidParameter, NotSupported, UnknownName
from losses.profile import Profile

NUMBER_COSTS, CLASS_COSTS = frozenset({"under", "over"}), frozenset({"false_negative", "false_positive"})
LISTED = 30  # classes that are listed one by one
CUT = "…"  # in a word that the profile does not keep whole
COUNTS = ("count", "zero_inflated_count")


@dataclass(frozen=True)
class Question:
    """A profile with the wishes that go with it, every name looked up and every default filled in.

    ``stated`` says whether the functional was asked for, or is the kind's default; ``wishes`` are the names as given.
    """

    profile: Profile
    kind: str
    task: str
    functional: str
    stated: bool
    metric: v.Metric | None = None
    goal: v.Goal | None = None
    level: float | None = None
    costs: Mapping[str, float] = field(default_factory=dict)
    model: str | None = None
    framework: str | None = None
    require: tuple[str, ...] = ()
    ignore: frozenset[str] = frozenset()
    wishes: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def p(self) -> Profile:
        """The profile, for short in the sentences of rules."""
        return self.profile

    @property
    def wanted(self) -> str:
        """What was asked for, in words."""
        if self.costs:
            return "the costs given"
        return self.named or f"a target of kind {self.kind.replace('_', ' ')}"

    @property
    def named(self) -> str:
        """The metric or goal with its level, as in ``pinball@0.9``; empty where none was named."""
        row = self.metric or self.goal
        head = row.id.removesuffix("@k") if row else ""
        return f"{head}@{self.level:g}" if row and self.level is not None else head

    @property
    def own(self) -> tuple[str, ...]:
        """The losses that are the metric itself."""
        return self.metric.losses if self.metric else ()

    @property
    def of_classes(self) -> bool:
        """Whether the target is a class, a grade or a set of labels."""
        return self.task in v.ANY_CLASSES

    @property
    def of_numbers(self) -> bool:
        """Whether the target is a number, and was seen."""
        return self.task == "regression" and bool(self.p.moments.total)

    @property
    def counts(self) -> bool:
        """Whether the target counts things."""
        return self.kind in COUNTS

    @property
    def nonnegative(self) -> bool:
        """Whether no number lies below 0."""
        return self.of_numbers and self.p.nonnegative

    @property
    def skewed(self) -> bool:
        """Whether the right tail is long: skewness above 1."""
        return self.of_numbers and self.p.skewness > 1

    @cached_property
    def shares(self) -> tuple[float, ...]:
        """The share of each class, where there are classes and few enough to list."""
        counts = self.class_counts
        total = sum(counts)
        return tuple(count / total for count in counts) if total else ()

    @cached_property
    def class_counts(self) -> tuple[float, ...]:
        """The rows of each class, in the order of their names; shared out by weight where weights were given."""
        if not self.of_classes or self.p.structure:
            return ()
        counts = self.p.class_counts.values()
        return tuple(count * self.p.n / self.p.mass for count in counts) if self.p.weights else tuple(counts)

    @cached_property
    def levels(self) -> tuple[Any, ...]:
        """The classes in their order: as their names tell where the task asks for one, else as they sort.

        Empty where they cannot be listed as the column has them: too many, cut short, or of numbers and words.
        """
        words, numbers = list(self.p.class_rows), self.p.values.values.tolist()
        mixed = bool(words) and self.p.words.distinct > 0 and self.p.moments.total > 0
        if self.p.private or self.p.values.full or mixed or not 0 < len(words) <= LISTED:
            return ()
        if not self.p.words.distinct:
            return tuple(int(value) if value.is_integer() else value for value in numbers)
        ordered = self.p.steps if self.task == "ordinal" else None
        return () if any(CUT in word for word in words) else tuple(ordered or words)

    @cached_property
    def structure(self) -> Mapping[str, Any]:
        """What is known of a structured target: foreground share, empty masks, degenerate boxes."""
        return self.p.structure.reading() if self.p.structure else {}

    @property
    def foreground(self) -> float:
        """The share of foreground, one half where no mask was seen."""
        return float(self.structure.get("foreground_share", 0.5))

    @property
    def n_classes(self) -> int:
        """How many classes there are, 0 where no target was seen."""
        return self.p.n_classes if self.of_classes else 0

    @cached_property
    def tau(self) -> float:
        """The quantile asked for: the level, or the share that missing low costs; ½ where none is."""
        if self.costs.keys() == NUMBER_COSTS:
            return self.costs["under"] / (self.costs["under"] + self.costs["over"])
        return self.level if self.functional == "quantile" and self.level is not None else 0.5


def ask(
    profile: Profile,
    *,
    metric: str | None = None,
    goal: str | None = None,
    costs: Mapping[str, float] | None = None,
    task: str | None = None,
    model: str | None = None,
    framework: str | None = None,
    require: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Question:
    """The question in order; unknown names, and wishes that contradict each other, are refused.

    >>> q = ask(Profile.of([0.0, 0.0, 1.5, 12.25] * 20), costs={"under": 3, "over": 1})
    >>> q.functional, q.tau
    ('quantile', 0.75)
    """
    wishes = {
        "metric": metric, "goal": goal, "costs": costs, "task": task,
        "model": model, "framework": framework, "require": require, "ignore": ignore,
    }  # fmt: skip
    found_metric, metric_level = v.levelled("metric", metric, v.METRICS) if metric is not None else (None, None)
    found_goal, goal_level = v.levelled("goal", goal, v.GOALS) if goal is not None else (None, None)
    found_task = v.lookup("task", task, v.TASKS) if task is not None else None
    prices = _costs(costs)
    tasks = _tasks(found_metric, found_goal, found_task, prices)
    if not profile.n and not (found_task or found_metric or prices or found_goal):
        raise EmptyInput("there is no target to look at: give one, or name a task", field="target")
    if profile.n and tasks and (not found_task or _settled(profile, found_task, found_metric)):
        check(profile, tasks, *_wish(found_metric, found_goal, found_task))
    kind = _kind(profile, tasks, found_task)
    chosen = found_task.id if found_task else _task_of(kind, tasks)
    functional = _functional(kind, chosen, found_metric, found_goal, prices)
    return Question(
        profile,
        kind,
        chosen,
        functional,
        stated=bool(found_metric or found_goal or prices),
        metric=found_metric,
        goal=found_goal,
        level=metric_level if found_metric else goal_level,
        costs=prices,
        model=_model(model, framework),
        framework=_framework(framework),
        require=_requirements(require),
        ignore=frozenset(str(i) for i in ignore),
        wishes={name: wish for name, wish in wishes.items() if wish},
    )


def _costs(costs: Mapping[str, float] | None) -> dict[str, float]:
    if not costs:
        return {}
    if not isinstance(costs, Mapping) or frozenset(costs) not in (NUMBER_COSTS, CLASS_COSTS):
        allowed = ["under, over", "false_negative, false_positive"]
        detail = f"costs are of {allowed[0]} or of {allowed[1]}, got {str(list(costs))[:80]}"
        raise InvalidParameter(detail, field="costs", allowed=allowed)
    for name, cost in costs.items():
        if isinstance(cost, bool) or not isinstance(cost, int | float) or not 0 < cost < float("inf"):
            raise InvalidParameter(
                f"the cost {name} must be above 0, got {str(cost)[:40]}", field="costs", got=str(cost)[:40]
            )
    return {name: float(cost) for name, cost in costs.items()}


def _tasks(
    metric: v.Metric | None, goal: v.Goal | None, task: v.Task | None, costs: Mapping[str, float]
) -> tuple[str, ...]:
    """The tasks that the wishes leave open; those that contradict each other are refused."""
    wishes: list[tuple[str, tuple[str, ...]]] = [(f"task {task.id}", (task.id,))] if task else []
    if costs:
        wishes.append((f"costs of {', '.join(sorted(costs))}", v.REGRESSION if "under" in costs else v.ANY_CLASSES))
    if metric:
        extra = ("ordinal",) if metric.tasks == v.REGRESSION else ()
        wishes.append((f"metric {metric.id}", metric.tasks + extra))
    elif goal and not goal.for_classes:
        wishes.append((f"goal {goal.id}", (*v.REGRESSION, "ordinal")))
    for (one, mine), (other, theirs) in pairwise(wishes):
        if not set(mine) & set(theirs):
            allowed = [m.id for m in v.METRICS if set(m.tasks) & set(mine)]
            detail = f"{other} does not go with {one}: it is for {' or '.join(theirs)}"
            raise NotSupported(detail, field=other.split()[0], allowed=allowed)
    return wishes[-1][1] if wishes and not task else wishes[0][1] if wishes else ()


def _settled(profile: Profile, task: v.Task, metric: v.Metric | None) -> bool:
    """Whether a column can be held against a task that was named: words are no numbers, a metric needs its kind."""
    return not profile.structure and (metric is not None or task.id == "regression")


def _wish(metric: v.Metric | None, goal: v.Goal | None, task: v.Task | None) -> tuple[str, str, str | None]:
    """The wish that settles the task: in words, as a field, and by name."""
    named = [("metric", metric), ("task", task), ("goal", goal)]
    found = ((f"{field} {row.id}", field, row.id) for field, row in named if row)
    return next(found, ("a cost of that kind", "costs", None))


def _kind(profile: Profile, tasks: tuple[str, ...], task: v.Task | None) -> str:
    """The likeliest kind that the wishes leave open; the metric is evidence too."""
    kinds = {row.id: row for row in v.KINDS}
    seen = [kind.id for kind in profile.kinds if kind.id in kinds] if profile.n else []
    for kind in seen:
        if kinds[kind].tasks and (not tasks or set(kinds[kind].tasks) & set(tasks)):
            return kind
    if not tasks:
        return "multiclass" if profile.words.counts.size else "real"
    wanted = task.kind if task else next(row.kind for row in v.TASKS if row.id == tasks[0])
    return "binary" if wanted == "multiclass" and profile.n_classes == 2 else wanted


def _task_of(kind: str, tasks: tuple[str, ...]) -> str:
    own = next(row.tasks for row in v.KINDS if row.id == kind)
    return next((task for task in tasks if task in own), tasks[0] if tasks else own[0] if own else "regression")


def _functional(kind: str, task: str, metric: v.Metric | None, goal: v.Goal | None, costs: Mapping[str, float]) -> str:
    if costs:
        return "quantile" if "under" in costs else "cost_decision"
    if metric:
        return metric.functional
    if goal:
        return goal.of(task)
    own = next(row for row in v.KINDS if row.id == kind)
    if task in own.tasks[:1]:
        return own.functional
    return next(row.functional for row in v.TASKS if row.id == task)


def _framework(name: str | None) -> str | None:
    from losses import frameworks

    return frameworks.find(name) if name is not None else None


def _model(name: str | None, framework: str | None) -> str | None:
    """The family of models: named, or the one that the framework means."""
    if name is not None:
        return v.lookup("model", name, v.MODELS).id
    from losses import frameworks

    return frameworks.family(framework) if framework is not None else None


def _requirements(require: Sequence[str]) -> tuple[str, ...]:
    from losses.catalogue import LOSSES

    wanted = (require,) if isinstance(require, str) else tuple(require)
    known = [row.id for row in v.REQUIREMENTS] + sorted({loss.about.unit for loss in LOSSES.values()})
    for name in wanted:
        if name not in known:
            raise UnknownName.among("requirement", name, known)
    return wanted
