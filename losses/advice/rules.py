"""All that speaks for and against a loss, in one tuple."""

from __future__ import annotations

from losses.advice.for_classes import CLASSES
from losses.advice.for_means import MEANS
from losses.advice.for_numbers import NUMBERS
from losses.advice.for_structures import STRUCTURES
from losses.advice.rule import Rule
from losses.advice.vetoes import VETOES

RULES: tuple[Rule, ...] = (*VETOES, *MEANS, *NUMBERS, *CLASSES, *STRUCTURES)
