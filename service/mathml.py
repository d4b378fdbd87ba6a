"""Formulas as they are declared, one line of text, typeset as MathML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

_TOKEN = re.compile(r"\s+|[A-Za-zá]+|[0-9]+|.")
_FUNCTIONS = frozenset(("log", "max", "min", "cos", "cosh", "atan"))
_RAISED = {"²": "<mn>2</mn>", "₊": "<mo>+</mo>", "₋": "<mo>−</mo>"}
_ENDS = {"(": ")", "{": "}"}


def mathml(formula: str) -> str:
    """The formula as an element; powers, indices and roots are set, all else stands in a row.

    >>> mathml("δ^2")
    '<math><mrow><msup><mi>δ</mi><mn>2</mn></msup></mrow></math>'
    >>> mathml("√(1 + e²)")
    '<math><mrow><msqrt><mrow><mn>1</mn><mo>+</mo><msup><mi>e</mi><mn>2</mn></msup></mrow></msqrt></mrow></math>'
    >>> mathml("|y|").count("<mo"), mathml("p(x|z)").count("<mo")
    (2, 3)
    """
    tokens = [match[0] for match in _TOKEN.finditer(formula)]
    return f"<math>{_row(iter(tokens), '')}</math>"


def _row(tokens: Iterator[str], end: str) -> str:
    """Atoms up to a token, which is taken too."""
    found: list[str] = []
    before = ""
    for token in tokens:
        last, before = before, token
        if token == end:
            break
        if token in _RAISED and found:
            kind = "msup" if token == "²" else "msub"
            found[-1] = f"<{kind}>{found[-1]}{_RAISED[token]}</{kind}>"
        elif token in ("^", "_") and found:
            kind = "msup" if token == "^" else "msub"
            found[-1] = f"<{kind}>{found[-1]}{_script(tokens)}</{kind}>"
        elif token == "|" and not last.isalpha():  # behind a name it is "given"
            found.append(_fenced("|", _row(tokens, "|"), "|"))
        elif not token.isspace():
            found.append(_atom(token, tokens))
    return f"<mrow>{''.join(found)}</mrow>"


def _fenced(left: str, inside: str, right: str) -> str:
    """In brackets as high as the line: what stands in them is never higher than a power."""
    return f'<mrow><mo stretchy="false">{left}</mo>{inside}<mo stretchy="false">{right}</mo></mrow>'


def _script(tokens: Iterator[str]) -> str:
    """What is raised or lowered: one atom, or what stands in brackets, without them."""
    token = next(tokens)
    return _row(tokens, _ENDS[token]) if token in _ENDS else _atom(token, tokens)


def _atom(token: str, tokens: Iterator[str]) -> str:
    if token == "√":
        return f"<msqrt>{_script(tokens)}</msqrt>"
    if token == "(":
        return _fenced("(", _row(tokens, ")"), ")")
    if token.isdigit() or token == "½":
        return f"<mn>{token}</mn>"
    if token.isalpha() and len(token) > 2 and token not in _FUNCTIONS and not token.isupper():
        return f"<mtext>&nbsp;{token}&nbsp;</mtext>"
    return f"<mi>{token}</mi>" if token.isalpha() else f"<mo>{escape(token)}</mo>"
