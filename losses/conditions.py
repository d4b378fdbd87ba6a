"""What a row asks before it speaks, read off its own lambda, so that a page about it cannot be wrong."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

Test = Callable[..., Any]
Names = Mapping[str, Any]

SPOKEN: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (  # from Python to a reader of pages
    (r"^True$", "always"),
    (r"\bq\.(p\.)?", ""),
    (r"\bc\.(about\.)?", "loss."),
    (r"\b_(?=[a-z])", ""),
    (r"not (loss\.\w+)\.isdisjoint\(([({].*?,?[)}])\)", lambda found: f"{found[1]} has {_either(found[2])}"),
)


def condition(test: Test) -> str:
    """A test as one expression, its helpers written out; ``always`` where it asks nothing.

    >>> from losses.advice.rules import RULES
    >>> condition(next(rule for rule in RULES if rule.id == "log-link-hurts-nets").when)
    "functional == 'mean' and model == 'neural' and stated"
    """
    text = ast.unparse(_open(*_body(test)))
    for pattern, plain in SPOKEN:
        text = re.sub(pattern, plain, text)
    return text


def reads(test: Test) -> tuple[str, ...]:
    """The readings of a question and of its column that a test looks at, its helpers' included."""
    found = dict.fromkeys(name for node, _ in _reached(*_body(test)) for name in _reading(node))
    return tuple(sorted(found))


def _either(values: str) -> str:
    return " or ".join(map(repr, sorted(ast.literal_eval(values))))


def _reading(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr != "p":
        text = ast.unparse(node.value)
        if text in ("q", "q.p"):
            yield node.attr


def _reached(node: ast.AST, names: Names, seen: tuple[Test, ...] = ()) -> Iterator[tuple[ast.AST, Names]]:
    """Every part of a test and of the functions of the advice that it calls."""
    for part in ast.walk(node):
        yield part, names
        called = names.get(part.id) if isinstance(part, ast.Name) else None
        if inspect.isfunction(called) and called.__module__.startswith("losses.advice") and called not in seen:
            yield from _reached(*_body(called), (*seen, called))


class _Opened(ast.NodeTransformer):
    """Puts the expressions of helpers for their calls, and values for the names of a closure."""

    def __init__(self, names: Names) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = self.names.get(node.func.id) if isinstance(node.func, ast.Name) else None
        plain = all(isinstance(argument, ast.Name) for argument in node.args) and not node.keywords
        if inspect.isfunction(called) and plain:
            body, names = _body(called)
            if isinstance(body, ast.expr):
                return _open(body, names)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        value = self.names.get(node.id)
        plain = isinstance(value, str | int | float | tuple)
        return ast.parse(repr(value), mode="eval").body if plain else node


def _open(node: ast.AST, names: Names) -> ast.AST:
    """An expression with its helpers written out; a function of several lines stays a name."""
    return _Opened(names).visit(node) if isinstance(node, ast.expr) else ast.Name(_title(node))


def _title(node: ast.AST) -> str:
    return node.name.strip("_") if isinstance(node, ast.FunctionDef) else "always"


def _body(test: Test) -> tuple[ast.AST, Names]:
    """The expression of a lambda or of a function of one line, else the whole function; and what its names mean."""
    closed = inspect.getclosurevars(test)
    names = {**closed.globals, **closed.nonlocals}
    spots = [(line, column) for line, _, column, _ in test.__code__.co_positions() if line and column is not None]
    here = max(spots)
    for node in _functions(test.__module__):
        if isinstance(node, ast.FunctionDef) and node.name == test.__name__:
            last = node.body[-1]
            short = len([part for part in node.body if not isinstance(part, ast.Expr)]) == 1
            return _copy(last.value if short and isinstance(last, ast.Return) and last.value else node), names
        if isinstance(node, ast.Lambda) and test.__name__ == "<lambda>" and _holds(node.body, here):
            return _copy(node.body), names
    raise LookupError(f"{test.__module__}.{test.__name__} has no source")


def _holds(node: ast.expr, spot: tuple[int, int]) -> bool:
    end = node.end_lineno or 0, node.end_col_offset or 0
    return (node.lineno, node.col_offset) <= spot < end


def _copy(node: ast.AST) -> ast.AST:
    text = ast.unparse(node)
    return ast.parse(text).body[0] if isinstance(node, ast.FunctionDef) else ast.parse(text, mode="eval").body


@cache
def _functions(module: str) -> tuple[ast.Lambda | ast.FunctionDef, ...]:
    nodes = ast.walk(ast.parse(inspect.getsource(sys.modules[module])))
    return tuple(node for node in nodes if isinstance(node, ast.Lambda | ast.FunctionDef))
