"""The notation of structural models as text: read with line and column, written back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from loyaltymodel.errors import ModelError

_MEASURES: dict[str, Literal["A", "B"]] = {"=~": "A", "<~": "B"}
_OPERATOR = {mode: operator for operator, mode in _MEASURES.items()}
_PLAIN_NAME = re.compile(r"[^\W\d][\w.]*")
_TOKEN = re.compile(
    r"""(?P<blank>[^\S\n]+|[#!][^\n]*)
      | (?P<end>[\n;])
      | (?P<operator>=~|<~|~~|~|:=|==|\+|\*)
      | (?P<quoted>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
      | (?P<name>[^\W\d][\w.]*)""",
    re.VERBOSE,
)
_ALLOWED = (
    "allowed are 'construct =~ item + item' (mode A), 'construct <~ item + item' (mode B) "
    "and 'target ~ source + source'"
)


class Statements(NamedTuple):
    """What a text says: blocks (name, mode, items) and equations (target, sources)."""

    blocks: tuple[tuple[str, Literal["A", "B"], tuple[str, ...]], ...]
    equations: tuple[tuple[str, tuple[str, ...]], ...]


class _Token(NamedTuple):
    kind: str
    text: str
    line: int
    column: int

    def place(self) -> str:
        return f"line {self.line}, column {self.column}"


def read(text: str) -> Statements:
    """Read a text; raise a ModelError with line and column where it cannot be read."""
    blocks = []
    equations = []
    for statement in _statements(text):
        name, operator, terms = _parse(statement)
        if operator == "~":
            equations.append((name, terms))
        else:
            blocks.append((name, _MEASURES[operator], terms))
    if not blocks:
        raise ModelError(f"the text defines no construct; {_ALLOWED}")
    return Statements(tuple(blocks), tuple(equations))


def write(statements: Statements) -> str:
    """Write the statements, blocks first, one a line."""
    blocks = [
        f"{_quote(name)} {_OPERATOR[mode]} {' + '.join(map(_quote, items))}"
        for name, mode, items in statements.blocks
    ]
    equations = [
        f"{_quote(target)} ~ {' + '.join(map(_quote, sources))}"
        for target, sources in statements.equations
    ]
    return "\n".join([*blocks, "", *equations])


def _quote(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        match = _TOKEN.match(text, position)
        if match is None:
            raise ModelError(
                f"line {line}, column {column}: cannot read {text[position : position + 12]!r}; "
                f"{_ALLOWED}. Names that are not plain words stand in double quotes"
            )
        kind = str(match.lastgroup)
        if kind != "blank":
            yield _Token(kind, match.group(), line, column)
        position = match.end()


def _statements(text: str) -> Iterator[list[_Token]]:
    """Part the tokens into statements; a line goes on after an operator and before a plus."""
    tokens = list(_tokens(text))
    statement: list[_Token] = []
    for i, token in enumerate(tokens):
        if token.kind != "end":
            statement.append(token)
            continue
        following = next((t for t in tokens[i:] if t.text != "\n"), None)
        goes_on = token.text == "\n" and (
            (statement and statement[-1].kind == "operator")
            or (following is not None and following.text == "+")
        )
        if statement and not goes_on:
            yield statement
            statement = []
    if statement:
        yield statement


def _parse(statement: list[_Token]) -> tuple[str, str, tuple[str, ...]]:
    name = _name(statement[0])
    operator = statement[1] if statement[1:] else None
    if operator is None or operator.kind != "operator":
        place = (operator or statement[0]).place()
        raise ModelError(f"{place}: an operator must follow {name!r}; {_ALLOWED}")
    if operator.text != "~" and operator.text not in _MEASURES:
        raise ModelError(
            f"{operator.place()}: {operator.text!r} has no meaning in a path model; {_ALLOWED}"
        )
    terms = []
    rest = statement[2:]
    if not rest:
        raise ModelError(f"{operator.place()}: nothing follows {operator.text!r}; {_ALLOWED}")
    for i, token in enumerate(rest):
        if i % 2 == 0:
            terms.append(_name(token))
        elif token.text != "+":
            raise ModelError(
                f"{token.place()}: expected '+' or the end of the statement before "
                f"{token.text!r}; fixed or labelled coefficients are not supported"
            )
    if len(rest) % 2 == 0:
        raise ModelError(f"{rest[-1].place()}: nothing follows the last '+'")
    return name, operator.text, tuple(terms)


def _name(token: _Token) -> str:
    if token.kind == "name":
        return token.text
    if token.kind == "quoted":
        return _unquote(token)
    raise ModelError(f"{token.place()}: expected a name, found {token.text!r}; {_ALLOWED}")


def _unquote(token: _Token) -> str:
    if token.text.startswith("'"):
        return token.text[1:-1]
    try:
        return str(json.loads(token.text, strict=False))
    except json.JSONDecodeError:
        raise ModelError(f"{token.place()}: cannot read the quoted name {token.text}") from None
