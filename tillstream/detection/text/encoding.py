"""How the bytes spell letters, proved by marks and patterns, or by which letters make words."""

import codecs
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from tillstream.detection.evidence import CERTAIN, LIKELY, Told
from tillstream.detection.text.sample import Sample

SINGLE = ("cp1252", "cp850")
GOOD, APART = 0.6, 0.25
"""How well letters must fit to be believed, and how much better than under any other encoding."""
_USUAL = frozenset("àâäáãåæçéèêëíìîïñóòôöõøœßúùûüÿÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕØŒÚÙÛÜ")
_SIGNS = frozenset("€£¥°²³½©®™«»“”„’‘–—…•§ºª¿¡·\u00a0´")
_WIDE = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_OUTSIDE = re.compile(r"[^\x00-\x7f]")
_LEADS = re.compile(rb"[\xc0-\xff]")
"""First bytes of letters of UTF-8."""
_AROUND = 2
_WORDS = 300
_ENOUGH = 3_000
"""Places of letters outside ASCII that are looked at."""


@dataclass(frozen=True)
class Text:
    """The sample's pieces as text, without a byte order mark."""

    encoding: str
    pieces: tuple[str, ...]


def decide(sample: Sample, told: Told) -> Text:
    """Asks `encoding` where two spellings make sense, or none does; then the first of them is used to go on."""
    given = told.answer("encoding")
    if given:
        return _text(sample, _named(given))
    head = sample.pieces[0]
    for encoding, mark in _WIDE.items():
        if head.startswith(mark):
            told.find("encoding", "utf-16", "the file begins with the mark of UTF-16", CERTAIN)
            return _text(sample, "utf-16", pieces_as=encoding)
    return _text(sample, _unmarked(sample, head, told))


def _unmarked(sample: Sample, head: bytes, told: Told) -> str:
    wide = _wide_by_nul(head)
    if wide:
        told.find("encoding", wide, "every second byte of the ASCII letters is NUL, as in UTF-16", CERTAIN)
        return wide
    if head.startswith(codecs.BOM_UTF8):
        told.find("encoding", "utf-8", "the file begins with the mark of UTF-8", CERTAIN)
    elif all(piece.isascii() for piece in sample.pieces):
        told.find("encoding", "utf-8", "every byte looked at is ASCII, which is the same in UTF-8", LIKELY)
    elif all(_is_utf8(piece) for piece in sample.pieces):
        count = sum(len(_LEADS.findall(piece)) for piece in sample.pieces)
        told.find("encoding", "utf-8", f"{count:,} letters outside ASCII are all valid UTF-8", CERTAIN)
    else:
        return _by_letters(sample, told)
    return "utf-8"


def _named(given: str) -> str:
    try:
        return codecs.lookup(given).name
    except LookupError:
        return "utf-8"


def _text(sample: Sample, encoding: str, *, pieces_as: str = "") -> Text:
    texts = [piece.decode(pieces_as or encoding, "replace") for piece in sample.pieces]
    texts[0] = texts[0].removeprefix("\ufeff")
    return Text(encoding, tuple(texts))


def _wide_by_nul(head: bytes) -> str:
    """Latin text in UTF-16 has a NUL beside nearly each letter, always on the same side."""
    some = head[:4096]
    odd, even = some[1::2].count(0), some[::2].count(0)
    half = len(some) // 2
    if half > 3 and max(odd, even) > 0.4 * half and min(odd, even) < 0.02 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _is_utf8(piece: bytes) -> bool:
    """A letter cut at either end of the piece does not count."""
    start = next((i for i in range(min(4, len(piece))) if piece[i] & 0xC0 != 0x80), 0)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(piece[start:], final=False)
    except UnicodeDecodeError:
        return False
    return True


def _by_letters(sample: Sample, told: Told) -> str:
    japanese = _japanese(sample)
    fits = {encoding: _fit(sample, encoding) for encoding in SINGLE}
    fits["cp932"] = japanese
    ranked = sorted(fits, key=lambda encoding: -fits[encoding][0])
    (best, words), (other, strange) = fits[ranked[0]], fits[ranked[1]]
    evidence = f"in {ranked[0]} it reads {_shown(words)}, in {ranked[1]} {_shown(strange)}"
    if best >= GOOD and best - other >= APART:
        told.find("encoding", ranked[0], evidence, min(0.98, 0.75 + (best - other) / 3))
    else:
        told.ask("encoding", "How does the file spell its letters?", (*ranked, "latin-1"), evidence)
    return ranked[0]


def _shown(words: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in words[:3]) or "nothing that makes sense"


def _fit(sample: Sample, encoding: str) -> tuple[float, list[str]]:
    """How well the letters outside ASCII fit among those beside them, 0 to 1; and words with them."""
    try:
        texts = [piece.decode(encoding) for piece in sample.pieces]
    except UnicodeDecodeError:
        return 0.0, []
    places: Counter[tuple[str, str, str]] = Counter()
    words: dict[str, None] = {}
    for text in texts:
        for at, letter in _foreign(text):
            before, after = text[at - 1 : at], text[at + 1 : at + 2]
            places[before, letter, after] += 1
            if len(words) < _AROUND * 3:
                words.setdefault(_word(text, at))
    total = sum(places.values())
    score = sum(_believable(*place) * count for place, count in places.items()) / total if total else 0.0
    return score, list(words)


def foreign(text: Text) -> tuple[str, ...]:
    """Different words with letters outside ASCII."""
    found = {_word(piece, at): None for piece in text.pieces for at, _ in _foreign(piece)[:_WORDS]}
    return tuple(found)


def _foreign(text: str) -> list[tuple[int, str]]:
    return [(found.start(), found[0]) for found in islice(_OUTSIDE.finditer(text), _ENOUGH)]


def _word(text: str, at: int) -> str:
    start = end = at
    while start > 0 and text[start - 1].isalpha() and at - start < 20:
        start -= 1
    while end < len(text) - 1 and text[end + 1].isalpha() and end - at < 20:
        end += 1
    return text[start : end + 1]


@lru_cache(maxsize=10_000)
def _believable(before: str, letter: str, after: str) -> float:
    """How well a letter stands between its neighbours, 0 to 1."""
    if letter in _USUAL:
        return _letter(before, letter, after)
    if letter in _SIGNS:
        inside = before.isalpha() and after.isalpha()
        if letter == "’":
            return 0.9 if inside else 0.5
        if letter in "ºª":
            return 0.2 if inside else 0.8
        return 0.05 if inside else 0.85
    return 0.25 if letter.isalpha() else 0.0


def _letter(before: str, letter: str, after: str) -> float:
    """Nobody writes BergusvÄgen, nor a lone ß, nor GRöSSE."""
    odd = (
        (letter.isupper() and before.islower())
        or (letter.islower() and before.isupper() and after.isupper())
        or (letter == "ß" and not before.isalpha())
    )
    if odd:
        return 0.1
    if before.isalpha() or after.isalpha():
        return 1.0 if letter.isupper() or before.islower() or after.islower() else 0.6
    return 0.5 if letter in "àéÀÉ" else 0.3


def _japanese(sample: Sample) -> tuple[float, list[str]]:
    """How much the double bytes of cp932 read as runs of kana and kanji; one alone among Latin letters does not."""
    texts: list[str] = []
    for number, piece in enumerate(sample.pieces):
        decoder = codecs.getincrementaldecoder("cp932")()
        start = 0 if not number else max(piece.find(b"\n") + 1, 0)
        try:
            texts.append(decoder.decode(piece[start:], final=False))
        except UnicodeDecodeError:
            return 0.0, []
    good = total = 0
    words: dict[str, None] = {}
    for text in texts:
        for at, letter in _foreign(text):
            total += 1
            beside = text[at - 1 : at] + text[at + 1 : at + 2]
            alone = any(one.isascii() and one.isalpha() for one in beside)
            wide = unicodedata.east_asian_width(letter) in {"W", "F"}
            good += wide and not alone
            if len(words) < _AROUND * 3:
                words.setdefault(_word(text, at))
    return (good / total if total else 0.0), list(words)
