"""What a header's name says its column is."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from tillstream.detection.evidence import LIKELY
from tillstream.detection.words.synonyms import COLUMNS

CLEAR, VAGUE, PART = 0.97, LIKELY, 0.7
_BRACKETS = re.compile(r"[(\[（].*?[)\]）]")
_RATE = re.compile(r"%|percent|prozent|rate\b|satz\b|率")


@dataclass(frozen=True)
class Called:
    """A role that a name may mean, and how clearly: CLEAR, VAGUE or PART."""

    role: str
    clarity: float
    synonym: str


def plain(name: str) -> str:
    """Letters and digits alone, without case and accents; `%`, `#` and `°` stay, as they tell."""
    bare = unicodedata.normalize("NFKD", name.casefold().replace("ß", "ss"))
    return "".join(letter for letter in bare if letter.isalnum() or letter in "%#")


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[Called, ...]]:
    found: dict[str, list[Called]] = {}
    for role, text in COLUMNS.items():
        clear, _, vague = text.partition("|")
        for names, clarity in ((clear, CLEAR), (vague, VAGUE)):
            for name in names.split(","):
                if key := plain(name):
                    found.setdefault(key, []).append(Called(role, clarity, " ".join(name.split())))
    return {key: tuple({one.role: one for one in reversed(called)}.values()) for key, called in found.items()}


@lru_cache(maxsize=10_000)
def called(name: str) -> tuple[Called, ...]:
    """What the name may mean; nothing where it is unknown. A name in brackets behind another is not looked at."""
    table = _table()
    if found := table.get(plain(name)):
        return found
    bare = _BRACKETS.sub("", name)
    bare = re.sub(r"[€£¥₹$]|\b(EUR|USD|GBP|INR|JPY|CHF|BRL)\b|\bin$", "", bare).strip()
    if bare != name and (found := table.get(plain(bare))):
        return found
    without = re.sub(r"\d+(?:[.,]\d+)?\s*%?", "", bare).strip()
    if without != bare and (found := table.get(plain(without))):
        return tuple(Called(one.role, VAGUE, one.synonym) for one in found)
    return ()


def known(name: str) -> bool:
    return bool(name) and bool(called(name))


def tells_rate(name: str) -> bool:
    """Whether the name says that its numbers are parts of a hundred and no amounts."""
    return bool(_RATE.search(name.casefold()))
