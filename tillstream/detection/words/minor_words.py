"""Names of minor units in headers: amount_cents, Betrag in Cent, price (pence)."""

import re

_NAMES = """
    cent cents ct cts minor subunits pence pennies centime centimes céntimo céntimos centimo centimos centavo centavos
    centesimi centesimo øre öre rappen grosz grosze groszy haléř haléřů fillér filler kopecks paise paisa satang bani
    stotinki kuruş"""
_MINOR = frozenset(_NAMES.split())
_PERCENT = frozenset(["per", "pour", "pro", "por"])
"""Words that make a percentage of a cent."""
_FILLERS = frozenset(["in", "en", "em", "im", "i", "w", "as", "of", "unit", "units"])
_SIGN = re.compile(r"[(\[]\s*[pc]\s*[)\]]|¢|￠", re.IGNORECASE)
"""Signs of pence and cents: Price (p), Amount [c], Total ¢."""
_WORD = re.compile(r"[A-ZÀ-Þ]?[a-zß-ÿœšžčřěşğı]+|[A-ZÀ-Þ]+(?![a-zß-ÿ])|[^\W\d_]+|[0-9]+|[#%№]")


def is_minor_header(name: str) -> bool:
    """Whether the name shows that amounts are in a minor unit, such as cents."""
    words = set(_words(name))
    return bool(words & _MINOR or _SIGN.search(name)) and not words & _PERCENT


def without_minor_words(name: str) -> str:
    """The name without its minor unit, such as amount for amount_cents; unchanged if it has none."""
    if not is_minor_header(name):
        return name
    return " ".join(word for word in _words(_SIGN.sub("", name)) if word not in _MINOR | _FILLERS)


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(name)]
