"""Pictures as SVG text: what a target looks like, what losses cost, how models compare. Drawn here and nowhere else."""

from losses.pictures.curves import Curves, Slider, curves, sliders
from losses.pictures.models import evaluated, misses, scores
from losses.pictures.svg import LEAST_WIDE, MOST_WIDE, WIDE
from losses.pictures.target import Mark, advised, target

__all__ = [
    "LEAST_WIDE",
    "MOST_WIDE",
    "WIDE",
    "Curves",
    "Mark",
    "Slider",
    "advised",
    "curves",
    "evaluated",
    "misses",
    "scores",
    "sliders",
    "target",
]
