"""What an evaluation takes beside its data, and the import beside NumPy's: each in a fresh process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import Row, Target

STATUS = Path("/proc/self/status")
MB = 1e6
FEW = 100
IMPORT = "import time, numpy; start = time.perf_counter(); import losses; print(time.perf_counter() - start)"


def memory(title: str, source: str, rows: int, specs: Sequence[str], target: Target) -> list[Row]:
    """The extra peak of an evaluation: what Python and NumPy allocate, and what is resident."""
    printed = _fresh("-m", "benchmarks.footprint", source, str(rows), *specs).split()
    traced, resident = (None if word == "None" else float(word) for word in printed)
    return [Row(f"{title}, traced", traced, target), Row(f"{title}, resident", resident, target)]


def imports(target: Target) -> list[Row]:
    """The import, beyond NumPy's."""
    took = statistics.median(float(_fresh("-c", IMPORT)) for _ in range(7))
    return [Row("import losses beyond import numpy", took, target)]


def _fresh(*arguments: str) -> str:
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.check_output([sys.executable, *arguments], env=compiled, text=True)


def _most_resident() -> float | None:
    """The peak resident size of this process so far, in bytes, where the system tells it."""
    if not STATUS.exists():
        return None
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) * 1024


def _extra(work: Callable[[], Any]) -> tuple[float, float | None]:
    """By how much a first run raises the peak resident size, and what a second one allocates, in MB."""
    before = _most_resident()
    work()
    after = _most_resident()
    tracemalloc.start()
    work()
    _, traced = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return traced / MB, None if before is None or after is None else (after - before) / MB


def main(source: str, rows: str, *specs: str) -> None:
    """Evaluate these losses on data of this name, made without temporaries, and print both numbers."""
    import losses
    from benchmarks import data

    y, z = getattr(data, source)(int(rows))
    losses.evaluate(specs, *getattr(data, source)(FEW))  # loads what code it takes
    print(*_extra(lambda: losses.evaluate(specs, y, z)))


if __name__ == "__main__":
    main(*sys.argv[1:])
