"""Detect the encoding by BOM and byte patterns, or by the plausibility of the decoded letters."""

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.text.sample import Sample

SINGLE = ("cp1252", "cp850")
MIN_SCORE, MIN_LEAD = 0.6, 0.25
"""Minimum plausibility of the best encoding, and its minimum lead over the second best."""
_LATIN_LETTERS = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœßúùûüÿÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜ")
_SYMBOLS = frozenset("€£¥°²³½©®™«»“”„’‘–—…•§ºª¿¡·\u00a0´")
_UTF16_BOMS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_UTF8_LEAD_BYTES = re.compile(rb"[\xc0-\xff]")
"""Lead bytes of multi-byte UTF-8 characters."""
_SHOWN_WORDS = 2
_MAX_WORDS = 300
_MAX_LETTERS = 3_000
"""Maximum number of non-ASCII letters to check."""


@dataclass(frozen=True)
class DecodedSample:
    """The sample's pieces as text, without BOM."""

    encoding: str
    pieces: tuple[str, ...]


def decide(sample: Sample, log: DetectionLog) -> DecodedSample:
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


def _without_bom(sample: Sample, head: bytes, log: DetectionLog) -> str:
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
        return _by_plausibility(sample, log)
    return "utf-8"


def _codec_name(answer: str) -> str:
    try:
        return codecs.lookup(answer).name
    except LookupError:
        return "utf-8"


def _decode_sample(sample: Sample, encoding: str, *, codec: str = "") -> DecodedSample:
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


def _by_plausibility(sample: Sample, log: DetectionLog) -> str:
    japanese_score = _japanese_score(sample)
    scores = {encoding: _score(sample, encoding) for encoding in SINGLE}
    scores["cp932"] = japanese_score
    ranked = sorted(scores, key=lambda encoding: -scores[encoding][0])
    (best, words), (other, other_words) = scores[ranked[0]], scores[ranked[1]]
    evidence = f"in {ranked[0]} it reads {_quoted_words(words)}, in {ranked[1]} {_quoted_words(other_words)}"
    if best >= MIN_SCORE and best - other >= MIN_LEAD:
        log.add_finding("encoding", ranked[0], evidence, min(0.98, 0.75 + (best - other) / 3))
    else:
        log.add_question("encoding", "Which encoding does the file use?", (*ranked, "latin-1"), evidence)
    return ranked[0]


def _quoted_words(words: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in words[:3]) or "no plausible text"


def _score(sample: Sample, encoding: str) -> tuple[float, list[str]]:
    """Mean plausibility of the non-ASCII letters next to their neighbours, 0 to 1, and example words."""
    try:
        texts = [piece.decode(encoding) for piece in sample.pieces]
    except UnicodeDecodeError:
        return 0.0, []
    contexts: Counter[tuple[str, str, str]] = Counter()
    words: dict[str, None] = {}
    for text in texts:
        for position, letter in _non_ascii_letters(text):
            before, after = text[position - 1 : position], text[position + 1 : position + 2]
            contexts[before, letter, after] += 1
            if len(words) < _SHOWN_WORDS * 3:
                words.setdefault(_word(text, position))
    total = sum(contexts.values())
    score = sum(_plausibility(*context) * count for context, count in contexts.items()) / total if total else 0.0
    return score, list(words)


def non_ascii_words(text: DecodedSample) -> tuple[str, ...]:
    """Distinct words with non-ASCII letters."""
    words = {
        _word(piece, position): None for piece in text.pieces for position, _ in _non_ascii_letters(piece)[:_MAX_WORDS]
    }
    return tuple(words)


def _non_ascii_letters(text: str) -> list[tuple[int, str]]:
    return [(match.start(), match[0]) for match in islice(_NON_ASCII.finditer(text), _MAX_LETTERS)]


def _word(text: str, position: int) -> str:
    start = end = position
    while start > 0 and text[start - 1].isalpha() and position - start < 20:
        start -= 1
    while end < len(text) - 1 and text[end + 1].isalpha() and end - position < 20:
        end += 1
    return text[start : end + 1]


@lru_cache(maxsize=10_000)
def _plausibility(before: str, letter: str, after: str) -> float:
    """Plausibility of a character between its neighbours, 0 to 1."""
    if letter in _LATIN_LETTERS:
        return _letter_plausibility(before, letter, after)
    if letter in _SYMBOLS:
        inside = before.isalpha() and after.isalpha()
        if letter == "’":
            return 0.9 if inside else 0.5
        if letter in "ºª":
            return 0.2 if inside else 0.8
        return 0.05 if inside else 0.85
    return 0.25 if letter.isalpha() else 0.0


def _letter_plausibility(before: str, letter: str, after: str) -> float:
    """Plausibility of a Latin letter; rejects BergusvÄgen, a lone ß, and GRöSSE."""
    implausible = (
        (letter.isupper() and before.islower())
        or (letter.islower() and before.isupper() and after.isupper())
        or (letter == "ß" and not before.isalpha())
    )
    if implausible:
        return 0.1
    if before.isalpha() or after.isalpha():
        return 1.0 if letter.isupper() or before.islower() or after.islower() else 0.6
    return 0.5 if letter in "àéÀÉ" else 0.3


def _japanese_score(sample: Sample) -> tuple[float, list[str]]:
    """Share of cp932 characters that are wide and not isolated among Latin letters, and example words."""
    texts: list[str] = []
    for number, piece in enumerate(sample.pieces):
        decoder = codecs.getincrementaldecoder("cp932")()
        start = 0 if not number else max(piece.find(b"\n") + 1, 0)
        try:
            texts.append(decoder.decode(piece[start:], final=False))
        except UnicodeDecodeError:
            return 0.0, []
    plausible = total = 0
    words: dict[str, None] = {}
    for text in texts:
        for position, letter in _non_ascii_letters(text):
            total += 1
            neighbours = text[position - 1 : position] + text[position + 1 : position + 2]
            is_isolated = any(neighbour.isascii() and neighbour.isalpha() for neighbour in neighbours)
            is_wide = unicodedata.east_asian_width(letter) in {"W", "F"}
            plausible += is_wide and not is_isolated
            if len(words) < _SHOWN_WORDS * 3:
                words.setdefault(_word(text, position))
    return (plausible / total if total else 0.0), list(words)
