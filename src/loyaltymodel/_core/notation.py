"""The notation of structural models as text: read with line and column, written back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Literal, NamedTuple
from unicodedata import category

from loyaltymodel._core.options import visible
from loyaltymodel.errors import ModelError

_MEASURES: dict[str, Literal["A", "B"]] = {"=~": "A", "<~": "B"}
_OPERATOR = {mode: operator for operator, mode in _MEASURES.items()}
# Accents and vowel signs, which Python counts to no word, and the joiners of some scripts.
_MARKS = "".join(chr(code) for code in range(0x300, 0x1F000) if category(chr(code)).startswith("M"))
_WORD = rf"[^\W\d][\w.\u200c\u200d{_MARKS}]*"
_PLAIN_NAME = re.compile(_WORD)
_TOKEN = re.compile(
    rf"""(?P<blank>[^\S\n]+|[#!][^\n]*)
      | (?P<end>[\n;])
      | (?P<operator>=~|<~|~~|~|:=|==|\+|\*|:)
      | (?P<quoted>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
      | (?P<name>{_WORD})""",
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
    for statement in _statements(text.removeprefix("\ufeff")):
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
    position, line, before = 0, 1, -1  # the place of the last end of a line
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            excerpt = visible(text[position : position + 12])
            raise ModelError(
                f"line {line}, column {position - before}: cannot read {excerpt!r}; "
                f"{_ALLOWED}. Names that are not plain words stand in double quotes"
            )
        kind = str(match.lastgroup)
        if kind != "blank":
            yield _Token(kind, match.group(), line, position - before)
        if match.group() == "\n":
            line, before = line + 1, position
        position = match.end()


def _statements(text: str) -> Iterator[list[_Token]]:
    """Part the tokens into statements; a line goes on after an operator and before a plus."""
    statement: list[_Token] = []
    line_ended = False
    for token in _tokens(text):
        if token.text == "\n":
            line_ended = True
            continue
        goes_on = token.text == "+" or (statement and statement[-1].kind == "operator")
        if token.kind == "end" or (line_ended and not goes_on):
            if statement:
                yield statement
            statement = []
        if token.kind != "end":
            statement.append(token)
        line_ended = False
    if statement:
        yield statement


def _parse(statement: list[_Token]) -> tuple[str, str, tuple[str, ...]]:
    name = _name(statement[0])
    operator = statement[1] if statement[1:] else None
    if operator is None or operator.kind != "operator":
        place = (operator or statement[0]).place()
        raise ModelError(
            f"{place}: an operator must follow {name!r}{_in_quotes(statement[:2])}; {_ALLOWED}"
        )
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
            said = _in_quotes(rest[i - 1 : i + 1])
            said = said or (
                "; fixed or labelled coefficients are not supported, nor are interactions of "
                "constructs (moderation)"
            )
            raise ModelError(
                f"{token.place()}: expected '+' or the end of the statement before "
                f"{token.text!r}{said}"
            )
    if len(rest) % 2 == 0:
        raise ModelError(f"{rest[-1].place()}: nothing follows the last '+'")
    return name, operator.text, tuple(terms)


def _in_quotes(tokens: list[_Token]) -> str:
    """Say how to write a name of two words, where two stand side by side."""
    if any(token.kind != "name" for token in tokens) or len(tokens) == 1:
        return ""
    return f', or a name with a blank in double quotes: "{" ".join(t.text for t in tokens)}"'


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
