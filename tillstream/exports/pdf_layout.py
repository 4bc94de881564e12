"""Widths of the columns of a table on a page: upright, else wide, else in smaller letters."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDE, UPRIGHT = 770.0, 523.0
"""Points between the margins of an A4 page on its side, and of an upright one."""
SIZE = 8
"""Size of letters in points that widths are measured with."""
SIZES = (8, 7, 6)
INSET = 8.0
"""Points between the texts of two columns."""
COMFORTABLE = 220.0
"""Width above which a text is broken rather than a page turned."""


@dataclass(frozen=True)
class Needed:
    """Points that a column needs: to show its head and each text on one line, each text, and at least."""

    whole: float
    text: float
    least: float


@dataclass(frozen=True)
class Layout:
    """widths: of columns, with their insets, in points. is_wide: whether the page is on its side."""

    widths: Sequence[float]
    size: int
    is_wide: bool


def layout(needed: Sequence[Needed]) -> Layout | None:
    """The largest letters that fit; None if the columns fit in no way."""
    for size in SIZES:
        scaled = [_scaled(one, size / SIZE) for one in needed]
        wholes, texts = [one.whole for one in scaled], [one.text for one in scaled]
        for space, is_wide in ((UPRIGHT, False), (WIDE, True)):
            if sum(texts) <= space:
                return Layout(_shared(texts, wholes, space), size, is_wide)
        least = [one.least for one in scaled]
        if sum(least) <= WIDE:
            return Layout(_shared(least, texts, WIDE), size, is_wide=True)
    return None


def _scaled(one: Needed, factor: float) -> Needed:
    least = one.least * factor + INSET
    text = max(min(one.text * factor + INSET, COMFORTABLE), least)
    return Needed(max(min(one.whole * factor + INSET, COMFORTABLE), text), text, least)


def _shared(lows: Sequence[float], highs: Sequence[float], space: float) -> list[float]:
    """The low widths, and the rest of the page in proportion to what each lacks; at most the high ones."""
    lacking = sum(highs) - sum(lows)
    share = min(1.0, (space - sum(lows)) / lacking) if lacking else 0.0
    return [low + share * (high - low) for low, high in zip(lows, highs, strict=True)]
