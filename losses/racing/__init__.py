"""The race: candidate losses trained on the user's own rows, measured on held-out ones, within a budget of seconds."""

from losses.racing.answer import Measured, Race, Raced
from losses.racing.run import race

__all__ = ["Measured", "Race", "Raced", "race"]
