"""Words after the numbers of a quantity column: 2 pcs, 3 Stk."""

import re

from tillstream.detection.sheet import Column
from tillstream.detection.values.numbers import looks_like_number

_WORDS = (
    "pcs pc pce pieces piece stk stück st nos no units unit ea each x szt ks db kpl uds ud un und u pz pzas pza pièces"
    " pièce pce шт ед 個 個入 点 件 个 개 adet tk gab vnt kom buc бр τεμ חבילות יח قطعة"
)
_PIECES = frozenset(_WORDS.split())
"""Words for one piece, which do not change the number."""
_NUMBER_AND_WORD = re.compile(r"^(?P<number>[-+−]?[\d.,]*\d)\s?(?P<word>[^\W\d_]{1,10}\.?)$")
_MIN_SHARE = 0.8


def unit_words(column: Column) -> tuple[str, ...]:
    """The words after the numbers of a column; empty if it has none, or words of different units such as kg and g."""
    words: dict[str, None] = {}
    counted = 0
    for cell, count in column.words.items():
        match = _NUMBER_AND_WORD.match(cell)
        if match and looks_like_number(match["number"]):
            words[match["word"]] = None
            counted += count
        elif looks_like_number(cell):
            counted += count
    units = {word.casefold().rstrip(".") for word in words} - _PIECES
    is_one_unit = not units or (len(units) == 1 and len(words) == 1)
    return tuple(sorted(words)) if is_one_unit and counted >= _MIN_SHARE * column.filled else ()
