"""Which loss to train with, why, with which parameters: rules as rows, read by one short fold."""

from losses.advice.answer import Advice, Recommendation
from losses.advice.check import Check, Finding, Price, check
from losses.advice.constants import Constant
from losses.advice.firmness import Confidence, Flip
from losses.advice.pitfall import Notice
from losses.advice.question import Question
from losses.advice.recommend import recommend

__all__ = [
    "Advice",
    "Check",
    "Confidence",
    "Constant",
    "Finding",
    "Flip",
    "Notice",
    "Price",
    "Question",
    "Recommendation",
    "check",
    "recommend",
]
