"""The array machine, compiled from ``_machine.c``."""

from typing import Any

OPS: tuple[str, ...]  # the instructions, by their numbers
WIDEST: int  # elements a row may have
REGISTERS: int

def run(
    code: bytes,
    constants: bytes,
    scratch: int,
    inputs: tuple[tuple[Any, bool], ...],
    outputs: tuple[tuple[Any, bool], ...],
    sums: int,
    checks: int,
    rows: int,
    width: int,
    /,
) -> tuple[list[tuple[float, float, float, float]], bytes]:
    """Run a program on arrays of float64 or float32, each with whether it holds one number a row.

    Gives (sum, sum of mass times excess, of excess squared, centre) for each of the sums, and a byte for each check.
    """
