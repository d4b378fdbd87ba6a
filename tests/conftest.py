"""Which frameworks are here, and how many pairs of a loss and a framework kept the contract: said after the tests."""

from __future__ import annotations

import importlib.util
import os
from collections import Counter
from typing import Any

from losses import frameworks

os.environ.setdefault("OMP_NUM_THREADS", "1")  # OpenMP spins on a busy machine; a few hundred rows need no threads
os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")  # LightGBM takes its number of threads from joblib's count of cores
os.environ.setdefault("KERAS_BACKEND", "torch" if importlib.util.find_spec("torch") else "jax")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The pairs that some test reached, less those that one failed."""
    found = {
        outcome: {pair for report in terminalreporter.stats.get(outcome, ()) for pair in _pairs(report)}
        for outcome in ("passed", "failed")
    }
    kept = found["passed"] - found["failed"]
    if not kept | found["failed"]:
        return
    counts = Counter(name for name, _ in kept)
    told = ", ".join(f"{name} {counts[name]}" for name in frameworks.NAMES if counts[name])
    terminalreporter.write_line(f"{len(kept)} pairs of a loss and a framework kept the contract: {told}")
    if found["failed"]:
        terminalreporter.write_line(f"broken: {sorted(found['failed'])}")
    absent = [name for name in frameworks.NAMES if importlib.util.find_spec(name) is None]
    if absent:
        terminalreporter.write_line(f"not installed, so skipped: {', '.join(absent)}")


def _pairs(report: Any) -> list[Any]:
    return [value for key, value in getattr(report, "user_properties", ()) if key == "pair"]
