"""Detect total lines at the end of a file."""

from tillstream.detection.words.headers import plain

_WORDS = """total, totals, grand total, sum, subtotal, sub total, summe, gesamt, gesamtsumme, zwischensumme, somme,
    total général, sous-total, suma, total general, soma, total geral, totale, totale generale, subtotaal, totaal,
    eindtotaal, 合計, 総計, 小計, 総合計"""
TOTAL_WORDS = frozenset(plain(word) for word in _WORDS.split(","))
_SEARCHED_ROWS = 5
"""Number of last rows searched for totals."""


def totals(cells: list[list[str]]) -> tuple[set[int], tuple[str, ...]]:
    """Indices of the total rows, and their first words as in the file."""
    total_words: dict[int, str] = {}
    for index in range(max(0, len(cells) - _SEARCHED_ROWS), len(cells)):
        filled = [cell.strip() for cell in cells[index] if cell.strip()]
        if filled and 2 * len(filled) <= len(cells[index]) + 1 and plain(filled[0].rstrip(":")) in TOTAL_WORDS:
            total_words[index] = filled[0]
    return set(total_words), tuple(dict.fromkeys(total_words.values()))
