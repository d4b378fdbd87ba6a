"""Small changes of a module's functions, each as the code that a function would have had."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

Place = tuple[str, int]  # file and line: where a function begins


def both_ways(pairs: str) -> dict[str, str]:
    return {a: b for pair in map(str.split, pairs.split(", ")) for a, b in (pair, pair[::-1])}


OPPOSITE = both_ways("Add Sub, Mult Div, BitAnd BitOr, And Or, Eq NotEq, In NotIn, Is IsNot, Lt GtE, Gt LtE")
OPPOSITE |= {"Pow": "Mult"}
ENDS = both_ways("Lt LtE, Gt GtE")
NAMES = both_ways(
    "log log1p, exp expm1, sin cos, maximum minimum, max min, argmax argmin, zeros_like ones_like, all any"
)
NAMES |= both_ways("sqrt square, cumsum cumprod, sigmoid softplus, tanh sinh, sum max, copysign multiply")
NAMES |= {"abs": "positive", "sign": "positive", "hypot": "subtract", "arctan": "tanh", "times": "gap", "decay": "exp"}


def other(op: ast.AST, names: dict[str, str]) -> Iterator[Any]:
    if name := names.get(type(op).__name__):
        yield getattr(ast, name)()


def operations(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of an operation or a number."""
    match node:
        case ast.BinOp(left, op, right):
            yield from (ast.BinOp(left, new, right) for new in other(op, OPPOSITE))
        case ast.BoolOp(op, values):
            yield from (ast.BoolOp(new, values) for new in other(op, OPPOSITE))
        case ast.Compare(left, [op, *ops], rights):
            yield from (ast.Compare(left, [new, *ops], rights) for way in (OPPOSITE, ENDS) for new in other(op, way))
        case ast.UnaryOp(_, operand) if ast.unparse(node) != "-1":  # mostly the last axis, which is axis 1 as well
            yield operand
        case ast.Constant(bool(truth)):
            yield ast.Constant(not truth)
        case ast.Constant(int(number) | float(number)):
            yield ast.Constant(number + 1)


def choices(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a name, a condition or a statement."""
    match node:
        case ast.Attribute(of, name) if name in NAMES:
            yield ast.Attribute(of, NAMES[name], ast.Load())
        case ast.Name(name) if name in NAMES:
            yield ast.Name(NAMES[name], ast.Load())
        case ast.Call(ast.Attribute(_, "where") as where, [condition, a, b]):
            yield ast.Call(where, [condition, b, a], [])
        case ast.IfExp(test, a, b) if not isinstance(test, ast.Compare):
            yield ast.IfExp(test, b, a)
        case ast.If(test, body, rest) if not isinstance(test, ast.Compare):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, rest)
        case ast.Expr(ast.Call()) | ast.AugAssign():
            yield ast.Pass()


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a body, without errors, texts, and options that change no number."""
    for child in ast.iter_child_nodes(node):
        unseen = isinstance(child, ast.keyword) and child.arg in ("strict", "copy")
        if not unseen and not isinstance(child, ast.Raise | ast.JoinedStr | ast.arguments):
            yield child
            yield from inside(child)


class Put(ast.NodeTransformer):
    """One node in the place of another."""

    def __init__(self, new: ast.AST, old: ast.AST) -> None:
        self.new, self.old = new, old

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else self.generic_visit(node)


class Change(NamedTuple):
    """Another code for a function."""

    function: Any
    code: CodeType
    text: str


def codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        yield from codes(inner) if isinstance(inner, CodeType) else ()


def place(code: CodeType) -> Place:
    return code.co_filename, code.co_firstlineno


def changes(path: Path) -> Iterator[Change]:
    """Each change of each function of a module."""
    living = {place(f.__code__): f for f in gc.get_objects() if isinstance(f, FunctionType)}
    for top in ast.parse(path.read_text()).body:
        for node in [node for node in ast.walk(top) if isinstance(node, ast.FunctionDef)]:
            function = living[str(path), min([node.lineno, *(part.lineno for part in node.decorator_list)])]
            spots: list[Any] = [spot for statement in node.body for spot in (statement, *inside(statement))]
            for old, new in [(spot, new) for spot in spots for new in (*operations(spot), *choices(spot))]:
                if isinstance(new, ast.Name) and not {new.id} & {*function.__globals__, "min", "max"}:
                    continue
                Put(ast.copy_location(new, old), old).visit(node)
                whole = compile(ast.Module([ast.fix_missing_locations(top)], []), path, "exec")
                Put(old, new).visit(node)
                (code,) = (code for code in codes(whole) if place(code) == place(function.__code__))
                was, became = (ast.unparse(part).partition("\n")[0] for part in (old, new))
                yield Change(function, code, f"{path.stem}.py:{old.lineno} {code.co_qualname}: {was} → {became}")
