"""Detect the encoding by BOM and byte patterns, or by the plausibility of the decoded letters."""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.text.other_encodings import other_readings
from tillstream.detection.text.plausibility import MIN_LEAD, MIN_SCORE, Reading, non_ascii_letters, read, word_at
from tillstream.detection.text.sample import Sample

_MIN_FREQUENCY_LEAD = 0.05
"""Minimum lead of the encoding with more frequent letters over the second best."""
WESTERN_ENCODINGS = ("cp1252", "cp850", "mac-roman", "cp932")
_UTF16_BOMS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_UTF8_LEAD_BYTES = re.compile(rb"[\xc0-\xff]")
"""Lead bytes of multi-byte UTF-8 characters."""
_MAX_WORDS = 300
_MIN_WORDS = 3
"""Minimum number of words that prove an encoding other than the Western ones."""


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
    ranking = _rank_encodings(sample)
    best = ranking.encodings[0]
    if ranking.confidence:
        log.add_finding("encoding", best, ranking.evidence, ranking.confidence)
    else:
        choices = dict.fromkeys((*ranking.encodings, "latin-1"))
        log.add_question("encoding", "Which encoding does the file use?", tuple(choices), ranking.evidence)
    return best


@dataclass(frozen=True)
class _Ranking:
    """Encodings of a sample, the most plausible first; a confidence of 0 means that a person must choose."""

    encodings: tuple[str, ...]
    evidence: str
    confidence: float


@lru_cache(maxsize=1)  # each round of questions about a file reads the same sample
def _rank_encodings(sample: Sample) -> _Ranking:
    ranked = sorted(
        (read(sample, encoding) for encoding in WESTERN_ENCODINGS), key=lambda one: -one.score - one.plausibility
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
    return _Ranking(tuple(one.encoding for one in ranked), evidence, confidence)


def _quoted_words(reading: Reading, other: Reading) -> str:
    """The first words that the other encoding reads differently."""
    words = [word for word in reading.words if word not in other.words]
    return ", ".join(f"“{word}”" for word in words[:3]) or "no plausible text"


def non_ascii_words(text: DecodedSample) -> tuple[str, ...]:
    """Distinct words with non-ASCII letters."""
    words = {
        word_at(piece, position): None for piece in text.pieces for position, _ in non_ascii_letters(piece)[:_MAX_WORDS]
    }
    return tuple(words)
