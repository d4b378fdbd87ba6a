"""Which loss to train with, why, with which parameters: rules as rows, read by one short fold."""

from losses.advice.answer import Advice, Recommendation
from losses.advice.constants import Constant
from losses.advice.pitfall import Notice
from losses.advice.question import Question
from losses.advice.recommend import recommend

__all__ = ["Advice", "Constant", "Notice", "Question", "Recommendation", "recommend"]
