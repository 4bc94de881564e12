"""Words of rows that are no sales of goods: totals, balances and trailers; tips, gift cards and shipping."""

import re
import tomllib
from functools import lru_cache
from importlib import resources

from tillstream.detection.words.dictionaries import footer_words_of_languages
from tillstream.detection.words.headers import normalise_name

_TOTALS = """total, totals, grand total, sum, subtotal, sub total, summe, gesamt, gesamtsumme, zwischensumme, somme,
    total général, sous-total, suma, total general, soma, total geral, totale, totale generale, subtotaal, totaal,
    eindtotaal, 合計, 総計, 小計, 総合計, rows, records, record count, row count, number of rows, number of records,
    total rows, total records, end of file, end of report, eof, anzahl datensätze, anzahl zeilen, datensätze, zeilen,
    nombre de lignes, lignes, número de registros, registros, 件数, 総件数"""
_BALANCES = """brought forward, carried forward, balance brought forward, balance carried forward, balance b/f,
    balance c/f, balance b/d, balance c/d, b/f, c/f, balance forward, opening balance, closing balance,
    saldovortrag, anfangsbestand, anfangssaldo, eröffnungssaldo, endsaldo, schlusssaldo, report à nouveau,
    solde initial, solde final, solde reporté, saldo inicial, saldo final, saldo anterior, saldo iniziale,
    saldo finale, saldo precedente, riporto, beginsaldo, eindsaldo, 前期繰越, 次期繰越, 前月繰越, 次月繰越,
    前日繰越, 次日繰越,
    ingående saldo, utgående saldo, saldo początkowe, saldo końcowe, bilans otwarcia, počáteční zůstatek,
    konečný zůstatek, açılış bakiyesi, devreden bakiye, начальное сальдо, конечное сальдо, 期初余额, 期末余额"""
_COMPOUNDED = ("summe", "total", "totaal", "summa")
"""Words that are the end of compounds, as in Tagessumme."""
_MAX_WORDS = 6
"""Number of words of a cell up to which it may be the label of a total."""
_SEARCHED_ROWS = 5
"""Number of last rows searched for totals."""
_TRAILING_COUNT = re.compile(r"[\s:=#]*[\d.,]*\s*$")

_VALUE_OF_CARD = re.compile(
    r"[€£$¥₹]?\s*\d+(?:[.,]\d+)?\s*(?:[€£$¥₹]|%|\b(?:eur|usd|gbp|chf|kr|sek|dkk|nok|zł|pln)\b)?", re.IGNORECASE
)


@lru_cache(maxsize=1)
def _total_words() -> frozenset[str]:
    lists = (_TOTALS, *(words for _, words in footer_words_of_languages()))
    return frozenset(normalise_name(word) for words in lists for word in words.split(","))


def is_total_word(cell: str) -> bool:
    """Whether a cell is a word such as Total or Grand total."""
    return bool(cell) and normalise_name(cell) in _total_words()


@lru_cache(maxsize=1)
def balance_words() -> frozenset[str]:
    """Words of a balance at the start or the end of a period, case-folded."""
    return frozenset(" ".join(word.split()).casefold() for word in _BALANCES.split(","))


@lru_cache(maxsize=10_000)
def total_word_in(cell: str) -> str:
    """The first or last words of a cell that mean a total, as in North Total or Total North; empty if there are none.

    A longer word that ends with one is a compound, such as Tagessumme.
    """
    words = cell.split()
    if len(words) > _MAX_WORDS:
        return ""
    parts = [" ".join(part) for size in range(len(words), 0, -1) for part in (words[:size], words[-size:])]
    if total := next((part for part in parts if is_total_word(part)), ""):
        return total
    is_compound = any(normalise_name(words[-1]).endswith(word) for word in _COMPOUNDED) if words else False
    return words[-1] if is_compound else ""


def total_rows_at_end(cells: list[list[str]]) -> tuple[set[int], tuple[str, ...]]:
    """Indices of the total rows, and their first words as in the file."""
    total_words: dict[int, str] = {}
    for index in range(max(0, len(cells) - _SEARCHED_ROWS), len(cells)):
        filled = [cell.strip() for cell in cells[index] if cell.strip()]
        if not filled or 2 * len(filled) > max(len(cells[index]), 2) + 1:
            continue
        word = _TRAILING_COUNT.sub("", filled[0])
        if normalise_name(word) in _total_words():
            total_words[index] = word
    return set(total_words), tuple(dict.fromkeys(total_words.values()))


@lru_cache(maxsize=10_000)
def not_goods_kind(cell: str) -> str:
    """`tips`, `gift_cards` or `shipping` for a cell such as Gratuity or Gift card 25 €; otherwise empty."""
    words = normalise_name(_VALUE_OF_CARD.sub("", cell))
    return next((kind for kind, names in _not_goods_words().items() if words in names), "")


@lru_cache(maxsize=1)
def _not_goods_words() -> dict[str, frozenset[str]]:
    text = resources.files("tillstream.detection.words").joinpath("not_goods.toml").read_text("utf-8")
    return {
        kind: frozenset(filter(None, map(normalise_name, names.split(","))))
        for kind, names in tomllib.loads(text).items()
    }
