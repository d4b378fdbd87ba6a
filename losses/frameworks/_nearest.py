"""The loss nearest to one that a framework refuses, by what the catalogue says of both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core import Loss


def nearest(loss: Loss, usable: Iterable[str]) -> str:
    """Of the losses that share a task with it: the same functional first, then the same inputs, then most tasks.

    Empty where none shares a task.
    """
    from ..catalogue import LOSSES

    tasks = set(loss.about.tasks)

    def likeness(other: Any) -> tuple[bool, bool, int]:
        about = other.about
        return about.elicits == loss.about.elicits, about.inputs == loss.about.inputs, len(tasks & set(about.tasks))

    near = [LOSSES[name] for name in usable if tasks & set(LOSSES[name].about.tasks)]
    return max(near, key=likeness).about.id if near else ""
