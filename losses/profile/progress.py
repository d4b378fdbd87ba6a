"""A bar on a terminal, for reading that takes its time."""

from __future__ import annotations

import sys
import time
from typing import Self

PATIENCE = 1.0  # seconds before there is anything to see, and nothing is written where no one looks
PAUSE = 0.1
WIDTH = 30


class Progress:
    """How far reading has come, on one line of standard error that is gone when it is done."""

    def __enter__(self) -> Self:
        self._next = time.monotonic() + PATIENCE
        self._wide = 0
        return self

    def tell(self, share: float, what: str) -> None:
        """Draw the bar anew, if it is time to."""
        if time.monotonic() < self._next or not sys.stderr.isatty():
            return
        self._next = time.monotonic() + PAUSE
        line = f"[{'#' * round(WIDTH * share):{WIDTH}}] {share:4.0%}  {what}"
        self._wide = max(self._wide, len(line))
        print(f"\r{line}", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_: object) -> None:
        if self._wide:
            print(f"\r{' ' * self._wide}\r", end="", file=sys.stderr, flush=True)
