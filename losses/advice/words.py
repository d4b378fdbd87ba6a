"""The vocabulary of a question as data: for forms, and for programs that offer a choice."""

from __future__ import annotations

from typing import Any

from losses.advice import vocabulary as v


def words() -> dict[str, list[dict[str, Any]]]:
    """What may be asked for, with the meaning of each word and the tasks that it is for.

    >>> words()["metrics"][0]
    {'id': 'rmse', 'says': 'the root of squared error', 'functional': 'mean', 'tasks': ['regression'], 'level': ''}
    """
    from losses import frameworks

    return {
        "goals": [
            {"id": g.id, "says": g.says, "functional": g.functional, "for_classes": g.for_classes, "level": g.level}
            for g in v.GOALS
        ],
        "metrics": [
            {"id": m.id, "says": m.says, "functional": m.functional, "tasks": list(m.tasks), "level": m.level}
            for m in v.METRICS
        ],
        "kinds": [{"id": k.id, "says": k.says, "tasks": list(k.tasks)} for k in v.KINDS],
        "tasks": [{"id": t.id} for t in v.TASKS],
        "models": [{"id": m.id} for m in v.MODELS],
        "frameworks": [{"id": name, "model": frameworks.family(name)} for name in frameworks.in_order()],
        "requirements": [{"id": r.id} for r in v.REQUIREMENTS],
    }
