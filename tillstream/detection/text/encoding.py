"""Detect the encoding by BOM and byte patterns, or by the plausibility of the decoded letters.

charset-normalizer recognises East Asian encodings. Among the encodings of other alphabets, the one with most of the
frequent letters of its language is chosen, which also works for a few words.
"""

import codecs
import re
import unicodedata
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.text.plausibility import (
    LANGUAGES_BY_ENCODING,
    LETTERS_BY_FREQUENCY,
    MIN_LEAD,
    MIN_SCORE,
    WESTERN,
    EncodingReading,
    non_ascii_letters,
    read_encoding,
    word_at,
)
from tillstream.detection.text.sample import ByteSample

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

_MIN_FREQUENCY_LEAD = 0.05
"""Minimum lead of the encoding with more frequent letters over the second best."""
WESTERN_ENCODINGS = ("cp1252", "cp850", "mac-roman", "cp932")
_UTF16_BOMS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_UTF8_LEAD_BYTES = re.compile(rb"[\xc0-\xff]")
"""Lead bytes of multi-byte UTF-8 characters."""
_MAX_WORDS = 300
_MIN_WORDS = 3
"""Minimum number of words that prove an encoding other than the Western ones."""


def other_readings(sample: ByteSample, western: EncodingReading) -> list[EncodingReading]:
    """Readings in other encodings that are more plausible than the Western one, best first."""
    latin = [reading for encoding in _LATIN if (reading := read_encoding(sample, encoding)).score >= MIN_SCORE]
    best = max(latin, key=lambda reading: reading.plausibility, default=None)
    if best is not None and best.coverage >= _MIN_COVERAGE and best.text != western.text:
        is_complete = best.coverage >= _COMPLETE > western.coverage
        if is_complete or best.plausibility - western.plausibility >= MIN_LEAD:
            return [best]
    return _other_scripts(sample) if min(western.score, western.plausibility + _LENIENCE) < MIN_SCORE else []


def _other_scripts(sample: ByteSample) -> list[EncodingReading]:
    """The sample in encodings of scripts other than Latin."""
    from charset_normalizer import from_bytes  # on demand: rarely needed

    data = _non_ascii_part(sample)
    match = from_bytes(data).best()
    if match is not None:
        text = str(match)
        script, share = _script(text)
        if script in {"CJK", "THAI"} and share >= _MIN_COVERAGE:
            return [_reading_of(_common_name(match.encoding, data, text), text, share)]
    readings = [reading for encoding in _ALPHABETIC if (reading := _alphabetic(data, encoding))]
    by_text = {reading.text: reading for reading in reversed(readings)}
    return sorted(by_text.values(), key=lambda reading: -reading.score)


def _non_ascii_part(sample: ByteSample) -> bytes:
    """Some lines of the sample, from the first one with non-ASCII bytes."""
    piece = next((piece for piece in sample.pieces if not piece.isascii()), b"")
    first = piece.rfind(b"\n", 0, len(piece) - len(piece.lstrip(_ASCII))) + 1
    part = piece[first : first + _MAX_BYTES]
    return part.rpartition(b"\n")[0] or part


def _alphabetic(data: bytes, encoding: str) -> EncodingReading | None:
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
    return _reading_of(encoding, text, frequency) if frequency >= MIN_SCORE else None


def _is_mixed(before: str, letter: str, after: str) -> bool:
    """Whether a letter is a capital after a small letter, or next to a letter of A to Z."""
    is_next_to_latin = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
    return letter.isalpha() and (is_next_to_latin or (before.islower() and letter.isupper()))


def _reading_of(encoding: str, text: str, score: float) -> EncodingReading:
    words = dict.fromkeys(word_at(text, position) for position, _ in non_ascii_letters(text))
    return EncodingReading(encoding, score, tuple(words), 1.0, text)


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


@dataclass(frozen=True)
class DecodedSample:
    """The sample's pieces as text, without BOM."""

    encoding: str
    pieces: tuple[str, ...]


def detect_encoding(sample: ByteSample, log: DetectionLog) -> DecodedSample:
    """Decode the sample. Asks `encoding` if the best encoding is not clearly plausible, and uses it for now."""
    answer = log.answer("encoding")
    if answer:
        return _decode_sample(sample, _codec_name(answer))
    head = sample.pieces[0]
    for encoding, mark in _UTF16_BOMS.items():
        if head.startswith(mark):
            log.add_finding("encoding", "utf-16", "the file starts with the byte order mark of UTF-16", CERTAIN)
            return _decode_sample(sample, "utf-16", codec=encoding)
    return _decode_sample(sample, _without_bom(sample, head, log))


def _without_bom(sample: ByteSample, head: bytes, log: DetectionLog) -> str:
    utf16 = _utf16_by_nul_bytes(head)
    if utf16:
        log.add_finding("encoding", utf16, "every second byte of the ASCII letters is NUL, as in UTF-16", CERTAIN)
        return utf16
    if head.startswith(codecs.BOM_UTF8):
        log.add_finding("encoding", "utf-8", "the file starts with the byte order mark of UTF-8", CERTAIN)
    elif all(piece.isascii() for piece in sample.pieces):
        log.add_finding("encoding", "utf-8", "all sampled bytes are ASCII, which is the same in UTF-8", LIKELY)
    elif all(_is_utf8(piece) for piece in sample.pieces):
        count = sum(len(_UTF8_LEAD_BYTES.findall(piece)) for piece in sample.pieces)
        log.add_finding("encoding", "utf-8", f"{count:,} non-ASCII characters are all valid UTF-8", CERTAIN)
    else:
        return _decode_by_plausibility(sample, log)
    return "utf-8"


def _codec_name(answer: str) -> str:
    try:
        return codecs.lookup(answer).name
    except LookupError:
        return "utf-8"


def _decode_sample(sample: ByteSample, encoding: str, *, codec: str = "") -> DecodedSample:
    texts = [piece.decode(codec or encoding, "replace") for piece in sample.pieces]
    texts[0] = texts[0].removeprefix("\ufeff")
    return DecodedSample(encoding, tuple(texts))


def _utf16_by_nul_bytes(head: bytes) -> str:
    """UTF-16 by NUL bytes: in Latin text, nearly every second byte is NUL."""
    prefix = head[:4096]
    odd, even = prefix[1::2].count(0), prefix[::2].count(0)
    half = len(prefix) // 2
    if half > 3 and max(odd, even) > 0.4 * half and min(odd, even) < 0.02 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _is_utf8(piece: bytes) -> bool:
    """Whether the piece is UTF-8, apart from characters cut at its ends."""
    start = next((i for i in range(min(4, len(piece))) if piece[i] & 0xC0 != 0x80), 0)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(piece[start:], final=False)
    except UnicodeDecodeError:
        return False
    return True


def _decode_by_plausibility(sample: ByteSample, log: DetectionLog) -> str:
    ranking = _rank_encodings(sample)
    best = ranking.encodings[0]
    if ranking.confidence:
        log.add_finding("encoding", best, ranking.evidence, ranking.confidence)
    else:
        choices = dict.fromkeys((*ranking.encodings, "latin-1"))
        log.add_question("encoding", "Which encoding does the file use?", tuple(choices), ranking.evidence)
    return best


@dataclass(frozen=True)
class _EncodingRanking:
    """Encodings of a sample, the most plausible first; a confidence of 0 means that a person must choose."""

    encodings: tuple[str, ...]
    evidence: str
    confidence: float


@lru_cache(maxsize=1)  # each round of questions about a file reads the same sample
def _rank_encodings(sample: ByteSample) -> _EncodingRanking:
    ranked = sorted(
        (read_encoding(sample, encoding) for encoding in WESTERN_ENCODINGS),
        key=lambda one: -one.score - one.plausibility,
    )
    others = other_readings(sample, ranked[0])
    ranked = [*others, *ranked]
    best, second = ranked[0], ranked[1]
    if len(others) > 1:
        is_proved = best.score - second.score >= _MIN_FREQUENCY_LEAD
        lead = MIN_LEAD
    else:
        is_proved = not others or len(best.words) >= _MIN_WORDS
        lead = best.plausibility - second.plausibility
        lead = lead if others else max(lead, best.score - second.score)
    evidence = (
        f"in {best.encoding} it reads {_quoted_words(best, second)}, in {second.encoding} {_quoted_words(second, best)}"
    )
    is_clear = best.score >= MIN_SCORE and lead >= MIN_LEAD and is_proved
    confidence = min(0.98, 0.75 + lead / 3) if is_clear else 0.0
    return _EncodingRanking(tuple(one.encoding for one in ranked), evidence, confidence)


def _quoted_words(reading: EncodingReading, other: EncodingReading) -> str:
    """The first words that the other encoding reads differently."""
    words = [word for word in reading.words if word not in other.words]
    return ", ".join(f"“{word}”" for word in words[:3]) or "no plausible text"


def non_ascii_words(text: DecodedSample) -> tuple[str, ...]:
    """Distinct words with non-ASCII letters."""
    words = {
        word_at(piece, position): None for piece in text.pieces for position, _ in non_ascii_letters(piece)[:_MAX_WORDS]
    }
    return tuple(words)
