"""Words of rows that are no goods, such as tips, gift cards and shipping."""

import re
import tomllib
from functools import lru_cache
from importlib import resources

from tillstream.detection.words.headers import plain

_VALUE = re.compile(
    r"[€£$¥₹]?\s*\d+(?:[.,]\d+)?\s*(?:[€£$¥₹]|%|\b(?:eur|usd|gbp|chf|kr|sek|dkk|nok|zł|pln)\b)?", re.IGNORECASE
)


@lru_cache(maxsize=10_000)
def kind_of(cell: str) -> str:
    """`tips`, `gift_cards` or `shipping` for a cell such as Gratuity or Gift card 25 €; otherwise empty."""
    words = plain(_VALUE.sub("", cell))
    return next((kind for kind, names in _kinds().items() if words in names), "")


@lru_cache(maxsize=1)
def _kinds() -> dict[str, frozenset[str]]:
    text = resources.files("tillstream.detection.words").joinpath("not_goods.toml").read_text("utf-8")
    return {kind: frozenset(filter(None, map(plain, names.split(",")))) for kind, names in tomllib.loads(text).items()}
