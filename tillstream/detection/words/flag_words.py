"""Columns that mark rows which do not count: a header such as Void? or Valid with yes and no, 1 and 0, or a date."""

import re
import tomllib
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from importlib import resources
from typing import Any

from tillstream.detection.words.headers import match_header, plain
from tillstream.detection.words.status_words import status_of

ASK = "ask"
"""Meaning of a no that a person must confirm, as under Paid."""
_OTHERS = "is was on at flag date day am le the"
"""Words beside the one that means cancelled or returned."""
_REVERSED = frozenset({"cancelled", "returned"})
_DAY = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T].*)?")
_SIGNS = frozenset("+-−–")
_NUMBERS = frozenset({"quantity", "unit_price", "discount", "tax", "amount", "net_amount", "gross_amount"})
_MAX_WORDS = 3
"""Words of a name such as credit note."""


@lru_cache(maxsize=10_000)
def flagged_status(header: str) -> str:
    """The status of the rows that a yes marks under this header, or `ignore`; empty if it marks none."""
    words = _main_words(header)
    status = status_of(words[0]) if len(words) == 1 else ""
    return status if status in _REVERSED else _names("marked").get(plain("".join(words)), "")


@lru_cache(maxsize=10_000)
def unflagged_status(header: str) -> str:
    """The status of the rows that a no marks under this header, or `ASK`; empty if it marks none."""
    words = _main_words(header)
    return _names("unmarked").get(plain("".join(words)), "")


def flag_meaning(header: str, cell: str) -> str:
    """The status that a cell means under a header that marks rows; empty if it is no mark, or must be asked."""
    marked, unmarked = flagged_status(header), unflagged_status(header)
    if not marked and not unmarked:
        return ""
    if _is_in("no", cell):
        return "completed" if marked else unmarked.replace(ASK, "")
    return (marked or "completed") if _is_in("yes", cell) or _DAY.fullmatch(cell) else ""


def is_flag(header: str, words: Collection[str]) -> bool:
    """Whether a column of these distinct words marks rows that do not count."""
    if unflagged_status(header) == ASK and not flagged_status(header):
        return all(map(is_flag_word, words)) and any(_is_in("no", word) for word in words)
    return bool(words) and all(flag_meaning(header, word) for word in words)


def is_harmless_flag(header: str) -> bool:
    """Whether the name is that of a property that does not decide whether a sale counts, such as Gift wrap."""
    name = plain(header)
    return any(word in name for word in _plain_words("harmless"))


@lru_cache(maxsize=10_000)
def is_kind_header(header: str, *, vague: bool = False) -> bool:
    """Whether the name is that of a column of kinds of documents. vague: also a name such as Type."""
    return plain(header) in _plain_words("kinds") or (vague and plain(header) in _plain_words("vague_kinds"))


@lru_cache(maxsize=10_000)
def reversed_column(header: str) -> str:
    """What a column contains of cancelled or returned sales: the rest of its name, such as Qty of Qty returned.

    `-` if the name has no other word, and empty if no word of it means cancelled or returned.
    """
    words = [word for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", header) if word]
    for place, word in enumerate(words):
        is_reversed = status_of(word) in _REVERSED or status_of(word.removesuffix("s")) in _REVERSED
        rest = "" if is_reversed else _after_reversed(word.casefold())
        if rest is not None:
            return " ".join([*words[:place], *filter(None, [rest]), *words[place + 1 :]]) or "-"
    return ""


def reverses_if_filled(header: str) -> bool:
    """Whether a cell under this header shows that a sale was cancelled or returned, such as Refund reason or Voided by.

    Not if the name is that of an amount or a quantity.
    """
    words = [word for word in re.split(r"[\W_]+", header) if word]
    for first in range(len(words)):
        for last in range(first + 1, min(first + _MAX_WORDS, len(words)) + 1):
            if status_of(" ".join(words[first:last])) in _REVERSED:
                rest = " ".join(words[:first] + words[last:])
                return bool(rest) and not any(match.role in _NUMBERS for match in match_header(rest))
    return False


def _after_reversed(word: str) -> str | None:
    """The end of a compound such as Retourmenge; None if it is not one."""
    for length in range(2, len(word)):
        rest = word[length:].removeprefix("s")
        if status_of(word[:length]) in _REVERSED and (match_header(rest) or rest in {"額", "数"}):
            return rest
    return None


def is_flag_word(cell: str) -> bool:
    """Whether a cell is a yes or a no."""
    return _is_in("yes", cell) or _is_in("no", cell)


def is_no(cell: str) -> bool:
    return _is_in("no", cell)


def is_day(cell: str) -> bool:
    return bool(_DAY.fullmatch(cell))


def are_signs(words: Collection[str]) -> bool:
    """Whether the words are a plus and a minus, or words such as debit and credit."""
    if len(words) == 2 and "+" in words and _SIGNS.issuperset(words):
        return True
    return frozenset(map(plain, words)) in _pairs_of_signs()


def is_document_word(letters: str, *, among_numbers: bool, among: str = "") -> bool:
    """Whether letters in a number may be those of a credit note, a quote or another document that is no sale.

    among_numbers: other documents have numbers without letters. among: the letters of most documents.
    """
    if status_of(letters) in _REVERSED or _is_in("documents", letters):
        return True
    if among != letters and _is_in("sale_letters", among):
        return _is_in("other_letters", letters)
    return among_numbers and _is_in("document_letters", letters)


def is_cash_movement(product: str) -> bool:
    """Whether a product is no good but cash that is put into a till or taken out of it."""
    return _is_in("cash", product)


def _is_in(list_: str, cell: str) -> bool:
    return plain(cell) in _plain_words(list_)


def _main_words(header: str) -> list[str]:
    letters = unicodedata.normalize("NFKD", header.casefold())
    simple = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return [word for word in re.split(r"[\W_]+", simple) if word and word not in _OTHERS.split()]


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files("tillstream.detection.words").joinpath("flags.toml").read_text("utf-8"))


@lru_cache(maxsize=16)
def _plain_words(list_: str) -> frozenset[str]:
    return frozenset(filter(None, map(plain, _data()[list_].split(","))))


@lru_cache(maxsize=1)
def _pairs_of_signs() -> frozenset[frozenset[str]]:
    return frozenset(frozenset(map(plain, pair.split())) for pair in _data()["signs"].split(","))


@lru_cache(maxsize=2)
def _names(section: str) -> dict[str, str]:
    """Plain header → status."""
    return {plain(name): status for status, names in _data()[section].items() for name in names.split(",")}
