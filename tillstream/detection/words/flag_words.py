"""Columns that mark cancelled or returned rows: a header such as Void? with yes and no, 1 and 0, or a date."""

import re
from functools import lru_cache

from tillstream.detection.words.headers import match_header, plain
from tillstream.detection.words.status_words import status_of

_YES = "1 true t yes y x ja j wahr oui o vrai si s sim verdadero verdadeiro vero tak да 是 はい"
_NO = "0 false f no n nein falsch non faux nao falso nie нет 否 いいえ"
_OTHERS = "is was on at flag date day am le the"
"""Words beside the one that means cancelled or returned."""
_REVERSED = frozenset({"cancelled", "returned"})
_DAY = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T].*)?")


@lru_cache(maxsize=10_000)
def flagged_status(header: str) -> str:
    """The status of the rows that a column of this name marks: cancelled or returned; empty if it marks none."""
    words = [word for word in re.split(r"[\W_]+", header.casefold()) if word and word not in _OTHERS.split()]
    status = status_of(words[0]) if len(words) == 1 else ""
    return status if status in _REVERSED else ""


def flag_meaning(header: str, cell: str) -> str:
    """The status that a cell means under a header that marks cancelled or returned rows; empty if it is no mark."""
    status = flagged_status(header)
    if not status or _is_in(_NO, cell):
        return "completed" if status else ""
    return status if _is_in(_YES, cell) or _DAY.fullmatch(cell) else ""


@lru_cache(maxsize=10_000)
def reversed_column(header: str) -> str:
    """What a column contains of cancelled or returned sales: the rest of its name, such as Qty of Qty returned.

    `-` if the name has no other word, and empty if no word of it means cancelled or returned.
    """
    words = [word for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", header) if word]
    for place, word in enumerate(words):
        rest = "" if status_of(word) in _REVERSED else _after_reversed(word.casefold())
        if rest is not None:
            return " ".join([*words[:place], *filter(None, [rest]), *words[place + 1 :]]) or "-"
    return ""


def _after_reversed(word: str) -> str | None:
    """The end of a compound such as Retourmenge; None if it is not one."""
    for length in range(2, len(word)):
        rest = word[length:].removeprefix("s")
        if status_of(word[:length]) in _REVERSED and (match_header(rest) or rest in {"額", "数"}):
            return rest
    return None


def is_flag_word(cell: str) -> bool:
    """Whether a cell is a yes or a no."""
    return _is_in(_YES, cell) or _is_in(_NO, cell)


def _is_in(words: str, cell: str) -> bool:
    return plain(cell) in {plain(word) for word in words.split()}
