"""Who imports whom: each room of ``losses`` stands on those below it, and the library on NumPy alone."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "losses"
FLOORS = (
    *("errors", "words", "pool", "remote", "tracing", "machine", "special", "domains", "sphere", "params", "arrays"),
    *("tally", "blocks", "plain", "fused", "engine", "core", "layouts", "sums"),
    *("regression", "counts", "uncertainty", "classification", "imbalance", "ordinal", "divergence"),
    *("segmentation", "boxes", "embedding", "frameworks", "catalogue", "evaluate", "compare", "profile", "advice"),
    *(
        "racing",
        "drift",
        "audit",
        "page",
        "pictures",
        "report",
        "remedies",
        "warned",
        "conditions",
        "ruled",
        "clusters",
        "advisor",
    ),
    *("__init__", "cli", "__main__"),
)
READS = {  # rooms that stand on less than all below them
    "frameworks": {"errors", "core"},
    "profile": {"errors", "words", "pool", "remote"},
    "advice": {"errors", "words", "domains", "core", "layouts", "sums", "frameworks", "catalogue", "profile"},
}
LATE = {"advisor": {"sklearn"}}  # rooms that are only read on first use, and what they may bring along
FILES = {str(file.relative_to(ROOT)): file for file in sorted(ROOT.rglob("*.py"))}


def room(path: str) -> str:
    """The room that a file, or a module seen from ``losses``, stands in: profile.state is in profile."""
    name = path.removesuffix(".py").replace("/", ".").split(".")[0]
    return name if name in FLOORS else "__init__"


def imported(file: Path, at_once: bool = True) -> Iterator[str]:
    """The modules that a file imports, by their full names; with ``at_once`` not those inside functions."""
    package = (ROOT.name, *file.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import) and not (at_once and node.col_offset):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and not (at_once and node.col_offset):
            module = [*(package[: len(package) + 1 - node.level] if node.level else ()), *filter(None, [node.module])]
            yield from (".".join([*module, alias.name]) for alias in node.names)


@pytest.mark.parametrize("path", FILES)
def test_a_room_stands_on_the_rooms_below_it_and_on_numpy(path):
    own = room(path)
    below = READS.get(own, set(FLOORS[: FLOORS.index(own)])) | {own}
    for module in imported(FILES[path]):
        first, _, rest = module.partition(".")
        assert (
            room(rest) in below
            if first == "losses"
            else first in {"numpy", *sys.stdlib_module_names} | LATE.get(own, set())
        ), module


@pytest.mark.parametrize("path", FILES)
def test_the_library_does_not_know_the_service_nor_the_web(path):
    web = {"service", "fastapi", "starlette", "pydantic", "uvicorn", "httpx", "msgspec"}
    assert not web & {module.partition(".")[0] for module in imported(FILES[path], at_once=False)}


def test_every_room_has_its_floor():
    assert {path.removesuffix(".py").partition("/")[0] for path in FILES} == set(FLOORS)
