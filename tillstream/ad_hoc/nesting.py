"""How deeply a statement may nest, checked on its tokens before a parser reads them.

The parser and the generator are compiled and call themselves: a statement that nests too deeply ends the process
without an exception. A few forms are read twice at each level, and a handful of them would take hours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import Parser, TokenType
from sqlglot.tokens import Token

from tillstream.model.errors import Rejected

DEEPEST = 25
"""Brackets and CASEs within each other."""
LONGEST_CHAIN = 500
"""Operators and keywords around one place: NOT NOT …, a + b + …, a[0][0] …, SELECT … UNION ALL SELECT …."""
MOST_READ_TWICE = 6
"""Forms within each other that the parser reads twice."""
_OPEN = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSE = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
_READ_TWICE = frozenset({*Parser.TYPE_TOKENS, TokenType.LIMIT, TokenType.OFFSET})
"""What a bracket follows that is read twice: DATE(…), ARRAY[…], LIMIT (…); also any function after SAFE."""
_SIMPLE = frozenset({TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.RAW_STRING, TokenType.NUMBER})
_LISTED = _SIMPLE | {TokenType.L_PAREN, TokenType.COMMA, TokenType.SEMICOLON}
"""What makes no chain."""
_OPERAND_ENDS = _SIMPLE | _CLOSE | {TokenType.NULL, TokenType.TRUE, TokenType.FALSE, TokenType.END}
"""What comes before the END of a CASE."""
TOO_DEEP = "The statement is nested too deeply. Use a WITH for the inner parts."
_TOO_LONG = f"The statement has more than {LONGEST_CHAIN} operators and keywords in a row. Use IN, or several WITH."


@dataclass
class _Level:
    """An open bracket or CASE. chain: operators and keywords in it so far. joins: those whose ON has not come yet.
    is_read_twice: together with what comes before it."""

    is_case: bool = False
    is_read_twice: bool = False
    chain: int = 0
    joins: int = 0


def check(tokens: Sequence[Token]) -> None:
    """Raise `Rejected` for tokens that nest too deeply."""
    levels = [_Level()]
    before = (TokenType.SEMICOLON, TokenType.SEMICOLON)
    for token in tokens:
        kind = token.token_type
        if kind in _CLOSE:
            _close(levels)
        elif kind == TokenType.END and levels[-1].is_case and before[1] in _OPERAND_ENDS:
            _end(levels)
        elif kind not in _LISTED or (kind == TokenType.L_PAREN and before[1] in _CLOSE):
            level = levels[-1]
            level.chain += 1
            level.joins = _joins(level.joins, kind, before[1])
        if kind in _OPEN:
            is_read_twice = before[1] in _READ_TWICE or before[0] == TokenType.DOT
            levels.append(_Level(kind == TokenType.CASE, is_read_twice))
        if len(levels) > DEEPEST + 1 or sum(level.joins + level.is_read_twice for level in levels) > MOST_READ_TWICE:
            raise Rejected(TOO_DEEP)
        if sum(level.chain for level in levels) > LONGEST_CHAIN:
            raise Rejected(_TOO_LONG)
        before = (before[1], kind)


def _close(levels: list[_Level]) -> None:
    """Close the innermost bracket, with the CASEs in it that have no END."""
    brackets = [number for number, level in enumerate(levels) if number and not level.is_case]
    if brackets:
        del levels[brackets[-1] :]


def _end(levels: list[_Level]) -> None:
    """Close a CASE. Its length stays, as an END may also be a name."""
    case = levels.pop()
    levels[-1].chain += case.chain
    levels[-1].joins += case.joins


def _joins(joins: int, kind: TokenType, before: TokenType) -> int:
    """Joins without ON yet, after one more token. The parser tries to read the next join as part of each of them."""
    if kind == TokenType.JOIN:
        return joins if before == TokenType.CROSS else joins + 1
    return max(0, joins - 1) if kind in (TokenType.ON, TokenType.USING) else joins
