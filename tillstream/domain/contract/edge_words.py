"""The word that a text begins or ends with, of a few words that the contract lists (`made` with `word_of`)."""

import re
from collections.abc import Sequence

IDEOGRAPH = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
"""A letter of a script that writes no blanks between words."""


def edge_pattern(words: Sequence[str]) -> re.Pattern[str]:
    """A pattern whose `search` finds one of the words at the start or the end of a text, beside marks and digits.

    It matches CN of `CN-1001`, `CN1001` and `1001 (CN)`, but not of `CNC-1001`. Longer words come first.
    """
    either = "|".join(
        re.escape(word) if IDEOGRAPH.search(word) else rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])"
        for word in sorted(words, key=len, reverse=True)
    )
    return re.compile(rf"^[\W_]*(?P<first>{either})|(?P<last>{either})[\W_]*$", re.IGNORECASE)


def edge_words(texts: Sequence[str | None], words: Sequence[str]) -> list[str]:
    """The listed word that each text begins or else ends with; empty for a text with none of them."""
    pattern, listed = edge_pattern(words), {word.casefold(): word for word in words}
    matches = [pattern.search(text or "") for text in texts]
    return [listed.get((match["first"] or match["last"]).casefold(), "") if match else "" for match in matches]
