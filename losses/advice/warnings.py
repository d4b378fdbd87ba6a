"""The warnings that a question and a loss call for; each stands once, on the advice or on its loss."""

from __future__ import annotations

from losses.advice.candidates import Candidate
from losses.advice.of_losses import LOSS
from losses.advice.of_questions import QUESTION
from losses.advice.pitfall import Notice
from losses.advice.question import Question


def of_question(q: Question) -> list[Notice]:
    """The warnings that the target and the wish call for, whatever the loss."""
    return [row.warn(q) for row in QUESTION if row.code not in q.ignore and row.when(q)]


def of_loss(q: Question, c: Candidate) -> list[Notice]:
    """The warnings that one loss calls for on this target."""
    rows = [row for row in LOSS if row.code not in q.ignore and row.when(q)]
    return [row.warn(q, c) for row in rows if row.which and row.which(q, c)]
