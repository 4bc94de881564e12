"""Recognise pivot tables, which contain sums by label or month instead of sales."""

import re
from collections.abc import Sequence
from functools import cache

from tillstream.detection.words.headers import plain
from tillstream.domain import month_names

_LABELS = """row labels, column labels, zeilenbeschriftungen, spaltenbeschriftungen, étiquettes de lignes,
    étiquettes de colonnes, etiquetas de fila, etiquetas de columna, etichette di riga, etichette di colonna, rijlabels,
    kolomlabels, rótulos de linha, rótulos de coluna, etykiety wierszy, etykiety kolumn, radetiketter, kolumnetiketter,
    satır etiketleri, sütun etiketleri, 行ラベル, 列ラベル"""
_LABEL_WORDS = frozenset(plain(word) for word in _LABELS.split(","))
_SUM_OF = re.compile(
    r"(?:sum|average|max|min) of .+|(?:summe|mittelwert) von .+|(?:somme|moyenne) de .+|suma de .+|"
    r"(?:somma|media) di .+|som van .+|soma de .+|suma z .+|合計\s*/\s*.+",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"(?:19|20)[0-9]{2}(?:[-/. ](?:0?[1-9]|1[0-2]|[QT][1-4])(?:-01)?)?|(?:0?[1-9]|1[0-2])[-/.](?:19|20)[0-9]{2}|"
    r"[QT][1-4](?:[-/. ]?(?:19|20)?[0-9]{2})?|"
    r"[0-9]{1,2}(?P<separator>[./-])[0-9]{1,2}(?:(?P=separator)(?:(?:19|20)?[0-9]{2})?)?|(?:19|20)[0-9]{2}(?:-[0-9]{2}){2}"
)
"""A year, a month as digits, a quarter, or a day."""
_YEAR = re.compile(r"[\s'’./-]*(?:19|20)?[0-9]{2}$")
_MIN_PERIODS = 3


def pivot_words(names: Sequence[str], top: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the words by which a sheet is recognised as a pivot table; empty for other sheets.

    names: its header. top: its first rows as text.
    """
    cells = [cell.strip() for row in top for cell in row if cell.strip()]
    if labels := [cell for cell in cells if plain(cell) in _LABEL_WORDS]:
        return tuple(dict.fromkeys(labels))[:3]
    if sums := [name for name in names if _SUM_OF.fullmatch(name.strip())]:
        return tuple(sums[:3])
    return period_columns(names)[:3]


def period_columns(names: Sequence[str]) -> tuple[str, ...]:
    """The names that are years, quarters, months or days, if they are most names; otherwise none."""
    periods = tuple(name for name in names if _is_period(name.strip()))
    return periods if len(periods) >= _MIN_PERIODS and 2 * len(periods) > len(names) else ()


def _is_period(name: str) -> bool:
    return bool(_PERIOD.fullmatch(name)) or plain(_YEAR.sub("", name)) in _months()


@cache
def _months() -> frozenset[str]:
    return frozenset(
        plain(name) for language in month_names.LANGUAGES for name in month_names.names(language).months
    ) - {""}
