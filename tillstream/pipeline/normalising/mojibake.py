"""Detect mojibake: text that an upstream system decoded with the wrong encoding.

A two-byte UTF-8 letter decoded as cp1252 or latin-1 starts with Ã or Â, followed by a character that rarely follows
them. Other scripts become sequences of such pairs or of longer groups. Decoded as cp850, a letter starts with a
box-drawing character.
"""

from collections.abc import Iterable

import pyarrow.compute as pc

from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.rows.text_column import data_bytes, to_bool_array

_NEXT = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
"""Characters to which the second and later bytes of a letter are decoded."""
_ODD = "[\u0080-\u009f\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf€‚ƒ„†‡ˆ‰Š‹ŒŽ™š›œžŸ]"
"""The subset of `_NEXT` that is unusual after a capital at the end of a word (excludes quotes and dashes)."""
_MOJIBAKE = f"\ufffd|[ÂÃ]{_NEXT}|[ÄÅ]{_ODD}|(?:[Ä-ß]{_NEXT}){{2}}|[à-ï]{_NEXT}{_NEXT}|ð{_NEXT}{{3}}|[┬├]\\S"


def flag_mojibake(source: SourceColumns, names: Iterable[str]) -> None:
    """Flag rows with mojibake in one of the named columns; the rows are still accepted."""
    for name in names:
        if not source.maps(name):
            continue
        text = source.mapped(name)
        data = data_bytes(text.words)
        if not len(data) or data.max() < 128:
            continue
        matches = to_bool_array(pc.match_substring_regex(text.words, _MOJIBAKE))
        if matches.any():
            source.flag(matches, "mojibake", name, text)
