"""Match header names to sale-line roles."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache

from tillstream.detection.evidence import LIKELY
from tillstream.detection.words.dictionaries import header_words
from tillstream.detection.words.minor_words import without_minor_words
from tillstream.detection.words.synonyms import COLUMNS
from tillstream.detection.words.tax_words import split_tax_words

CLEAR, VAGUE, PART = 0.97, LIKELY, 0.7
_BRACKETS = re.compile(r"[(\[（].*?[)\]）]")
_WITH_TAX_WORDS = frozenset({"amount", "net_amount", "unit_price", "discount", "unit_cost", ""})
"""Roles of the headers that can have words such as incl. VAT."""
_RATE = re.compile(r"%|percent|prozent|rate\b|satz\b|率")


@dataclass(frozen=True)
class HeaderMatch:
    """A possible role of a header, with its clarity: CLEAR, VAGUE or PART."""

    role: str
    clarity: float
    synonym: str


def evidence_of(name: str, synonym: str) -> str:
    """Why a header has a role: what its name means, if that is another word."""
    return "its name is known" if plain(name) == plain(synonym) else f"its name means {synonym}"


def plain(name: str) -> str:
    """Normalise a name to letters, digits, `%` and `#`, without case and accents."""
    normalised = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return "".join(letter for letter in normalised if letter.isalnum() or letter in "%#")


@lru_cache(maxsize=1)
def _matches_by_name() -> dict[str, tuple[HeaderMatch, ...]]:
    matches: dict[str, list[HeaderMatch]] = {}
    for role, text in (*COLUMNS.items(), *header_words()):
        clear, _, vague = text.partition("|")
        for names, clarity in ((clear, CLEAR), (vague, VAGUE)):
            for name in names.split(","):
                if key := plain(name):
                    matches.setdefault(key, []).append(HeaderMatch(role, clarity, " ".join(name.split())))
    return {
        key: tuple({match.role: match for match in reversed(header_matches)}.values())
        for key, header_matches in matches.items()
    }


@lru_cache(maxsize=10_000)
def match_header(name: str) -> tuple[HeaderMatch, ...]:
    """Possible roles of a header; empty if unknown. Without a match, brackets, currency and rate are ignored."""
    table = _matches_by_name()
    if matches := table.get(plain(name)):
        return matches
    if matches := _without_tax_words(name):
        return matches
    stripped = _BRACKETS.sub("", name)
    stripped = re.sub(r"[€£¥₹$]|\b(EUR|USD|GBP|INR|JPY|CHF|BRL)\b|\bin$", "", stripped).strip()
    if stripped != name and (matches := table.get(plain(stripped))):
        return matches
    without_minor = without_minor_words(name)
    if without_minor != name and (matches := table.get(plain(without_minor))):
        return matches
    without_rate = re.sub(r"\d+(?:[.,]\d+)?\s*%?", "", stripped).strip()
    if without_rate != stripped and (matches := table.get(plain(without_rate))):
        return tuple(HeaderMatch(match.role, VAGUE, match.synonym) for match in matches)
    return ()


def _without_tax_words(name: str) -> tuple[HeaderMatch, ...]:
    """Roles of a header without its words for the tax, which decide between a net and a gross total."""
    word, rest = split_tax_words(name)
    matches = _matches_by_name().get(plain(rest), ()) if word and plain(rest) else ()
    totals = dict.fromkeys(("amount", "net_amount"), f"{word}_amount")
    return tuple(
        replace(match, role=totals.get(match.role, match.role)) for match in matches if match.role in _WITH_TAX_WORDS
    )


def is_header_name(name: str) -> bool:
    return bool(name) and bool(match_header(name))


def is_irrelevant_header(name: str) -> bool:
    """Whether the name is known, and no column of a sale line has it."""
    matches = match_header(name)
    return bool(matches) and not any(match.role for match in matches)


def is_rate_header(name: str) -> bool:
    """Whether the name indicates a rate or percentage instead of an amount."""
    return bool(_RATE.search(name.casefold()))
