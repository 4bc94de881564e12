"""Words in a header that show whether an amount includes the tax."""

import re
from functools import lru_cache
from typing import Literal

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
_GROSS = re.compile(
    rf"(?<!{_LETTER})(?:{_WITH}{_GAP}(?:of\s+)?{_TAX}|{_TAX}{_GAP}{_AFTER}\.?|ttc|brutto|bruto|lordo|lorda|ivato)(?!{_LETTER})|"
    rf"(?<!{_LETTER})brutto(?=preis|betrag|summe|umsatz)|税込み?|含税|부가세\s*포함"
)
_NET = re.compile(
    rf"(?<!{_LETTER})(?:{_WITHOUT}{_GAP}(?:of\s+)?{_TAX}|ht|netto|neto|netta)(?!{_LETTER})|"
    rf"(?<!{_LETTER})netto(?=preis|betrag|summe|umsatz)|税抜き?|税別|不含税|부가세\s*별도"
)
_EMPTY_BRACKETS = re.compile(r"[(\[（]\s*[)\]）]")

TaxWord = Literal["", "net", "gross"]


@lru_cache(maxsize=10_000)
def split_tax_words(name: str) -> tuple[TaxWord, str]:
    """Whether the words of a header include the tax (gross) or exclude it (net), and the header without these words."""
    folded = name.casefold()
    without, excluding = _NET.subn(" ", folded)
    rest, including = _GROSS.subn(" ", folded)
    if bool(excluding) == bool(including):
        return "", name
    return ("net" if excluding else "gross"), _EMPTY_BRACKETS.sub(" ", without if excluding else rest).strip(" -_,.:/")


def tax_words(name: str) -> TaxWord:
    """`gross` for a header such as “Price incl. VAT” or “Prix TTC”, `net` for “Total ex VAT”; otherwise empty."""
    return split_tax_words(name)[0]
