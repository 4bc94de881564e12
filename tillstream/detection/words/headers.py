"""Match header names to sale-line roles, without their words for the tax and for minor units."""

import re
import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from tillstream.detection.evidence import LIKELY
from tillstream.detection.words.dictionaries import HEADER_SYNONYMS, header_words_by_role

_MINOR_UNITS = """
    cent cents ct cts minor subunits pence pennies centime centimes céntimo céntimos centimo centimos centavo centavos
    centesimi centesimo øre öre rappen grosz grosze groszy haléř haléřů fillér filler kopecks paise paisa satang bani
    stotinki kuruş"""
_MINOR = frozenset(_MINOR_UNITS.split())
_PERCENT = frozenset(["per", "pour", "pro", "por"])
"""Words that make a percentage of a cent."""
_FILLERS = frozenset(["in", "en", "em", "im", "i", "w", "as", "of", "unit", "units"])
_MINOR_SIGN = re.compile(r"[(\[]\s*[pc]\s*[)\]]|¢|￠", re.IGNORECASE)
"""Signs of pence and cents: Price (p), Amount [c], Total ¢."""
_HEADER_PART = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿœšžčřěşğı]+|[A-ZÀ-Þ]+(?![a-zß-ÿ])|[^\W\d_]+|[0-9]+|[#%№]")

_TAX = (
    r"(?:value added tax|sales tax|tax|vat|gst|mwst|mehrwertsteuer|ust|umsatzsteuer|steuern?|tva|taxes?|iva|igv|"
    r"impuestos?|impostos?|imposte|btw|moms|mva|dph|pdv|ddv|kdv|ndv|alv)\.?"
)
_WITH = r"(?:incl|inc|including|included|inclusive|inkl|inklusive|einschl|einschließlich|with|mit|avec|con|com|met|med)"
_AFTER = (
    r"(?:incl|inc|included|inclusive|inkl|inclus|incluse|incluid[oa]s?|inclus[oa]|compris|comprise|comprises|dahil)"
)
_WITHOUT = (
    r"(?:excl|exc|ex|excluding|exclusive|without|w/o|before|less|ohne|zzgl|exkl|exklusive|hors|hts?|sans|sin|senza|sem|"
    r"zonder|uden|uten|utan|bez|eksl|ekskl)"
)
_GAP = r"(?:[.,]\s*|[\s_-]+)"
_LETTER = r"[^\W\d_]"
_GROSS_WORDS = re.compile(
    rf"(?<!{_LETTER})(?:{_WITH}{_GAP}(?:of\s+)?{_TAX}|{_TAX}{_GAP}{_AFTER}\.?|ttc|brutto|bruto|lordo|lorda|ivato)(?!{_LETTER})|"
    rf"(?<!{_LETTER})brutto(?=preis|betrag|summe|umsatz)|税込み?|含税|부가세\s*포함"
)
_NET_WORDS = re.compile(
    rf"(?<!{_LETTER})(?:{_WITHOUT}{_GAP}(?:of\s+)?{_TAX}|ht|netto|neto|netta)(?!{_LETTER})|"
    rf"(?<!{_LETTER})netto(?=preis|betrag|summe|umsatz)|税抜き?|税別|不含税|부가세\s*별도"
)
_EMPTY_BRACKETS = re.compile(r"[(\[（]\s*[)\]）]")

TaxWord = Literal["", "net", "gross"]

CLEAR, VAGUE, PARTIAL = 0.97, LIKELY, 0.7
_BRACKETS = re.compile(r"[(\[（].*?[)\]）]")
_WITH_TAX_WORDS = frozenset({"amount", "net_amount", "unit_price", "discount", "unit_cost", ""})
"""Roles of the headers that can have words such as incl. VAT."""
_RATE = re.compile(r"%|percent|prozent|rate\b|satz\b|率")


def is_minor_header(name: str) -> bool:
    """Whether the name shows that amounts are in a minor unit, such as cents."""
    words = set(_header_parts(name))
    return bool(words & _MINOR or _MINOR_SIGN.search(name)) and not words & _PERCENT


def without_minor_words(name: str) -> str:
    """The name without its minor unit, such as amount for amount_cents; unchanged if it has none."""
    if not is_minor_header(name):
        return name
    return " ".join(word for word in _header_parts(_MINOR_SIGN.sub("", name)) if word not in _MINOR | _FILLERS)


def _header_parts(name: str) -> list[str]:
    return [word.casefold() for word in _HEADER_PART.findall(name)]


@lru_cache(maxsize=10_000)
def split_tax_words(name: str) -> tuple[TaxWord, str]:
    """Whether the words of a header include the tax (gross) or exclude it (net), and the header without these words."""
    folded = name.casefold()
    without, excluding = _NET_WORDS.subn(" ", folded)
    rest, including = _GROSS_WORDS.subn(" ", folded)
    if bool(excluding) == bool(including):
        return "", name
    return ("net" if excluding else "gross"), _EMPTY_BRACKETS.sub(" ", without if excluding else rest).strip(" -_,.:/")


def tax_words(name: str) -> TaxWord:
    """`gross` for a header such as “Price incl. VAT” or “Prix TTC”, `net` for “Total ex VAT”; otherwise empty."""
    return split_tax_words(name)[0]


@dataclass(frozen=True)
class HeaderMatch:
    """A possible role of a header, with its clarity: CLEAR, VAGUE or PART."""

    role: str
    clarity: float
    synonym: str


def header_evidence(name: str, synonym: str) -> str:
    """Why a header has a role: what its name means, if that is another word."""
    return "its name is known" if normalise_name(name) == normalise_name(synonym) else f"its name means {synonym}"


def normalise_name(name: str) -> str:
    """Normalise a name to letters, digits, `%` and `#`, without case and accents."""
    normalised = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return "".join(letter for letter in normalised if letter.isalnum() or letter in "%#")


@lru_cache(maxsize=1)
def _matches_by_name() -> dict[str, tuple[HeaderMatch, ...]]:
    matches: dict[str, list[HeaderMatch]] = {}
    for role, text in (*HEADER_SYNONYMS.items(), *header_words_by_role()):
        clear, _, vague = text.partition("|")
        for names, clarity in ((clear, CLEAR), (vague, VAGUE)):
            for name in names.split(","):
                if key := normalise_name(name):
                    matches.setdefault(key, []).append(HeaderMatch(role, clarity, " ".join(name.split())))
    return {
        key: tuple({match.role: match for match in reversed(header_matches)}.values())
        for key, header_matches in matches.items()
    }


@lru_cache(maxsize=10_000)
def match_header(name: str) -> tuple[HeaderMatch, ...]:
    """Possible roles of a header; empty if unknown. Without a match, brackets, currency and rate are ignored."""
    table = _matches_by_name()
    if matches := table.get(normalise_name(name)):
        return matches
    if matches := _without_tax_words(name):
        return matches
    stripped = _BRACKETS.sub("", name)
    stripped = re.sub(r"[€£¥₹$]|\b(EUR|USD|GBP|INR|JPY|CHF|BRL)\b|\bin$", "", stripped).strip()
    if stripped != name and (matches := table.get(normalise_name(stripped))):
        return matches
    without_minor = without_minor_words(name)
    if without_minor != name and (matches := table.get(normalise_name(without_minor))):
        return matches
    without_rate = re.sub(r"\d+(?:[.,]\d+)?\s*%?", "", stripped).strip()
    if without_rate != stripped and (matches := table.get(normalise_name(without_rate))):
        return tuple(HeaderMatch(match.role, VAGUE, match.synonym) for match in matches)
    return ()


def _without_tax_words(name: str) -> tuple[HeaderMatch, ...]:
    """Roles of a header without its words for the tax, which decide between a net and a gross total."""
    word, rest = split_tax_words(name)
    matches = _matches_by_name().get(normalise_name(rest), ()) if word and normalise_name(rest) else ()
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
