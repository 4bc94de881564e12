"""Lines that are no sales: totals at the end, and the header again."""

from tillstream.detection.words.headers import plain

_WRITTEN = """total, totals, grand total, sum, subtotal, sub total, summe, gesamt, gesamtsumme, zwischensumme, somme,
    total général, sous-total, suma, total general, soma, total geral, totale, totale generale, subtotaal, totaal,
    eindtotaal, 合計, 総計, 小計, 総合計"""
WORDS = frozenset(plain(word) for word in _WRITTEN.split(","))
_NEAR_END = 5
"""A total stands among so many last rows."""


def totals(cells: list[list[str]]) -> tuple[set[int], tuple[str, ...]]:
    """The places of the total lines among the rows, and the words they begin with, as the file writes them."""
    found: dict[int, str] = {}
    for place in range(max(0, len(cells) - _NEAR_END), len(cells)):
        filled = [cell.strip() for cell in cells[place] if cell.strip()]
        if filled and 2 * len(filled) <= len(cells[place]) + 1 and plain(filled[0].rstrip(":")) in WORDS:
            found[place] = filled[0]
    return set(found), tuple(dict.fromkeys(found.values()))
