"""Texts whose letters look as if they had been read in another encoding on their way here.

A letter of two bytes in UTF-8, read as cp1252 or latin-1, begins with Ã or Â and goes on with a sign that hardly ever
follows them; other scripts come out as rows of such pairs, or as longer groups. Read as cp850 it begins with a frame.
"""

from collections.abc import Iterable

import pyarrow.compute as pc

from tillstream.pipeline.normalising.source_columns import Source
from tillstream.pipeline.rows.text_column import data_bytes, flags

_NEXT = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
"""What the second and later bytes of a letter become."""
_ODD = "[\u0080-\u009f\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf€‚ƒ„†‡ˆ‰Š‹ŒŽ™š›œžŸ]"
"""Those of them that do not follow a capital at the end of a word, as quotes and dashes do."""
_MOJIBAKE = f"\ufffd|[ÂÃ]{_NEXT}|[ÄÅ]{_ODD}|(?:[Ä-ß]{_NEXT}){{2}}|[à-ï]{_NEXT}{_NEXT}|ð{_NEXT}{{3}}|[┬├]\\S"


def flag_mojibake(source: Source, names: Iterable[str]) -> None:
    """Looks at the distinct texts that are not ASCII; the row counts and is flagged."""
    for name in names:
        if not source.maps(name):
            continue
        text = source.mapped(name)
        written = data_bytes(text.words)
        if not len(written) or written.max() < 128:
            continue
        wrong = flags(pc.match_substring_regex(text.words, _MOJIBAKE))
        if wrong.any():
            source.tell(wrong, "mojibake", name, text)
