"""Data that lives in an engine of its own (Dask, Spark, Ray): the work goes there, and only states come back."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from .errors import NotSupported

ENGINES = ("dask", "pyspark", "ray")


def engine_of(*sources: Any) -> ModuleType | None:
    """The adapter for the engine that holds some of these; None where all are in this process."""
    parts = [part for s in sources for part in (s.values() if isinstance(s, Mapping) else [s])]
    names = {type(part).__module__.partition(".")[0] for part in parts}
    for name in ENGINES:
        if name in names:
            return _adapter(name)
    return None


def _adapter(name: str) -> ModuleType:
    try:
        return importlib.import_module(f"losses.clusters.on_{name}")
    except ModuleNotFoundError as error:
        raise NotSupported(f"data on {name} cannot be read", field="target") from error
