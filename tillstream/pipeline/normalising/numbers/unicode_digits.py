"""Convert Unicode digits and signs to ASCII: full-width and Arabic digits, the minus sign.

Only unambiguous characters are converted. Superscripts, fractions and circled numbers are not digits.
"""

import unicodedata
from functools import cache

import pyarrow as pa

from tillstream.domain.contract.number_style import NumberStyle

_DASHES = dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\u25b3\u25b2", "-")
"""The minus sign, the hyphens and dashes that word processors use instead, and the triangles of Japanese accounts."""
_ZERO_WIDTH = dict.fromkeys("\u200b\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff", "")
"""Text direction marks and other zero-width characters."""
_SPACE = {"\u3000": " "}


def to_ascii(words: pa.Array, style: NumberStyle) -> pa.Array:
    """Convert texts to ASCII numbers: string (n,) without NULL. Slow (character by character), for few texts."""
    arabic = {"\u066b": style.decimal, "\u066c": style.thousands or "\u066c"}
    return pa.array(["".join(arabic.get(sign) or to_ascii_sign(sign) for sign in word) for word in words.to_pylist()])


@cache
def to_ascii_sign(sign: str) -> str:
    """Return the ASCII form of a digit, a minus or a full-width character; other characters unchanged."""
    replacement = _DASHES.get(sign, _ZERO_WIDTH.get(sign, _SPACE.get(sign)))
    if replacement is not None:
        return replacement
    if "\uff00" <= sign <= "\uffef":
        return unicodedata.normalize("NFKC", sign)
    digit = unicodedata.decimal(sign, None)
    return sign if digit is None else str(digit)
