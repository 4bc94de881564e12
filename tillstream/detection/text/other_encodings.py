"""Encodings of Central European, Turkish, Baltic and non-Latin text, for a file that is not plausible as Western text.

charset-normalizer recognises East Asian encodings. Among the encodings of other alphabets, the one with most of the
frequent letters of its language is chosen, which also works for a few words.
"""

import codecs
import unicodedata
from collections import Counter
from contextlib import suppress

from tillstream.detection.text.languages import LANGUAGES_BY_ENCODING, LETTERS_BY_FREQUENCY, WESTERN
from tillstream.detection.text.plausibility import MIN_LEAD, MIN_SCORE, Reading, non_ascii_letters, read, word_at
from tillstream.detection.text.sample import Sample

_LATIN = tuple(encoding for encoding, languages in LANGUAGES_BY_ENCODING.items() if languages != WESTERN)
_ALPHABETIC = (
    *("cp1251", "koi8-r", "cp866", "mac-cyrillic", "iso8859-5", "cp1253", "iso8859-7", "cp737", "cp1255", "cp862"),
    *("cp1256", "iso8859-6"),
)
"""In order of preference, for encodings in which a file reads the same."""
_EAST_ASIAN = ("cp932", "euc-jp", "gb18030", "big5", "cp950", "cp949", "cp874")
_SCRIPTS = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "HANGUL": "CJK"} | {
    name: name for name in ("CJK", "THAI", *LETTERS_BY_FREQUENCY)
}
_MIN_COVERAGE = 0.9
_COMPLETE = 0.98
_MIN_SCRIPT_SHARE = 0.7
"""The rest may be signs such as quotation marks; their share also lowers the frequency."""
_LENIENCE = 0.1
"""A Western text may mix languages, so that no alphabet contains all of its letters."""
_ASCII = bytes(range(128))
_MAX_BYTES = 20_000


def other_readings(sample: Sample, western: Reading) -> list[Reading]:
    """Readings in other encodings that are more plausible than the Western one, best first."""
    latin = [reading for encoding in _LATIN if (reading := read(sample, encoding)).score >= MIN_SCORE]
    best = max(latin, key=lambda reading: reading.plausibility, default=None)
    if best is not None and best.coverage >= _MIN_COVERAGE and best.text != western.text:
        is_complete = best.coverage >= _COMPLETE > western.coverage
        if is_complete or best.plausibility - western.plausibility >= MIN_LEAD:
            return [best]
    return _other_scripts(sample) if min(western.score, western.plausibility + _LENIENCE) < MIN_SCORE else []


def _other_scripts(sample: Sample) -> list[Reading]:
    """The sample in encodings of scripts other than Latin."""
    from charset_normalizer import from_bytes  # on demand: rarely needed

    data = _non_ascii_part(sample)
    match = from_bytes(data).best()
    if match is not None:
        text = str(match)
        script, share = _script(text)
        if script in {"CJK", "THAI"} and share >= _MIN_COVERAGE:
            return [_reading(_common_name(match.encoding, data, text), text, share)]
    readings = [reading for encoding in _ALPHABETIC if (reading := _alphabetic(data, encoding))]
    by_text = {reading.text: reading for reading in reversed(readings)}
    return sorted(by_text.values(), key=lambda reading: -reading.score)


def _non_ascii_part(sample: Sample) -> bytes:
    """Some lines of the sample, from the first one with non-ASCII bytes."""
    piece = next((piece for piece in sample.pieces if not piece.isascii()), b"")
    first = piece.rfind(b"\n", 0, len(piece) - len(piece.lstrip(_ASCII))) + 1
    part = piece[first : first + _MAX_BYTES]
    return part.rpartition(b"\n")[0] or part


def _alphabetic(data: bytes, encoding: str) -> Reading | None:
    """The text in an encoding, if its letters have one script, in words of this script, and start with the capitals."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    script, share = _script(text)
    letters = non_ascii_letters(text)
    mixed = sum(_is_mixed(text[at - 1 : at], letter, text[at + 1 : at + 2]) for at, letter in letters)
    if script not in LETTERS_BY_FREQUENCY or share < _MIN_SCRIPT_SHARE or mixed > (1 - _MIN_COVERAGE) * len(letters):
        return None
    frequency = _frequency(text)
    return _reading(encoding, text, frequency) if frequency >= MIN_SCORE else None


def _is_mixed(before: str, letter: str, after: str) -> bool:
    """Whether a letter is a capital after a small letter, or next to a letter of A to Z."""
    is_next_to_latin = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
    return letter.isalpha() and (is_next_to_latin or (before.islower() and letter.isupper()))


def _reading(encoding: str, text: str, score: float) -> Reading:
    words = dict.fromkeys(word_at(text, position) for position, _ in non_ascii_letters(text))
    return Reading(encoding, score, tuple(words), 1.0, text)


def _script(text: str) -> tuple[str, float]:
    """The most frequent script other than Latin, and its share of the non-ASCII characters; CJK: also kana, hangul."""
    names = (unicodedata.name(letter, "").partition(" ")[0] for letter in _letters(text))
    scripts = Counter(_SCRIPTS.get(name, "") for name in names)
    total = scripts.total()
    del scripts[""]
    script, count = max(scripts.items(), key=lambda item: item[1], default=("", 0))
    return script, count / total if total else 0.0


def _letters(text: str) -> list[str]:
    """The non-ASCII characters, except those after a digit: spaces in numbers are letters in other encodings."""
    return [
        letter
        for position, letter in non_ascii_letters(text)
        if not (position and text[position - 1].isascii() and text[position - 1].isdigit())
    ]


def _frequency(text: str) -> float:
    """Mean rank of the letters in the frequency order of their alphabet, from 1 (most frequent) to 0 (not in it).

    Each word counts once, because the sign of a currency may be in every row.
    """
    alphabet = LETTERS_BY_FREQUENCY[_script(text)[0]]
    words = dict.fromkeys(word_at(text, position) for position, _ in non_ascii_letters(text))
    letters = [unicodedata.normalize("NFD", letter.casefold())[0] for letter in _letters(" ".join(words))]
    ranks = {letter: 1 - index / len(alphabet) for index, letter in enumerate(alphabet)}
    return sum(ranks.get(letter, 0.0) for letter in letters) / (len(letters) or 1)


def _common_name(encoding: str, data: bytes, text: str) -> str:
    """The best known encoding in which the text reads the same."""
    for name in _EAST_ASIAN:
        with suppress(UnicodeDecodeError):
            if data.decode(name) == text:
                return name
    return codecs.lookup(encoding).name
