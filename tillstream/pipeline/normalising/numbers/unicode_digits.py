"""Digits and signs of every script as those that are read: full-width, Arabic, a true minus.

Only what has one meaning is changed. Superscripts, fractions and numbers in circles are no digits.
"""

import unicodedata
from functools import cache

import pyarrow as pa

from tillstream.domain.contract.sections import NumberStyle

_DASHES = dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63", "-")
"""Minus, and the hyphens and dashes that word processors put in its place."""
_UNSEEN = dict.fromkeys("\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff", "")
"""Marks of the direction of writing, and others without width."""
_SPACE = {"\u3000": " "}


def ordinary(words: pa.Array, style: NumberStyle) -> pa.Array:
    """string (n,) without NULL. For few and rare words: each is looked at letter by letter."""
    arabic = {"\u066b": style.decimal, "\u066c": style.thousands or "\u066c"}
    return pa.array(["".join(arabic.get(sign) or plain_sign(sign) for sign in word) for word in words.to_pylist()])


@cache
def plain_sign(sign: str) -> str:
    """The same sign as ASCII writes it, where it is a digit, a minus or a full-width form; else itself."""
    known = _DASHES.get(sign, _UNSEEN.get(sign, _SPACE.get(sign)))
    if known is not None:
        return known
    if "\uff00" <= sign <= "\uffef":
        return unicodedata.normalize("NFKC", sign)
    digit = unicodedata.decimal(sign, None)
    return sign if digit is None else str(digit)
