"""Characters that the font of the PDF has: others would become boxes without a warning."""

from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
RANGES = FONTS / "characters.txt"
"""First and last code point of each range that both weights of the font have, as hexadecimal numbers."""
MISSING = "?"


def replace_missing(text: str) -> str:
    """The text with a question mark for each character that the font lacks."""
    return "".join(one if ord(one) in _code_points() else MISSING for one in text)


@cache
def _code_points() -> frozenset[int]:
    points: set[int] = set()
    for line in RANGES.read_text().splitlines():
        first, last = (int(one, 16) for one in line.split("-"))
        points.update(range(first, last + 1))
    return frozenset(points)
