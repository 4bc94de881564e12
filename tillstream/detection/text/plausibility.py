"""How plausible a text is in an encoding: its letters beyond ASCII next to their neighbours, and their language."""

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from tillstream.detection.text.sample import ByteSample

_LOWER = {
    "German": "äöüß",
    "French": "àâæçéèêëîïôœùûüÿ",
    "Spanish": "áéíñóúü",
    "Portuguese": "áâãàçéêíóôõúü",
    "Italian": "àèéìîòù",
    "Dutch": "áéëíïóöúü",
    "Catalan": "àçèéíïòóúü",
    "Danish or Norwegian": "æøåéü",
    "Swedish or Finnish": "åäöéü",
    "Icelandic": "áæðéíóöþúý",
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Hungarian": "áéíóöőúüű",
    "Romanian": "ăâîşţșț",
    "Croatian or Slovenian": "čćđšž",
    "Turkish": "çğıöşüâîû",
    "Lithuanian": "ąčęėįšųūž",
    "Latvian": "āčēģīķļņōŗšūž",
    "Estonian": "äõöüšž",
}
_TURKISH_CAPITALS = "İ"
ALPHABETS = {
    name: frozenset(letters + letters.upper().replace("SS", "") + (_TURKISH_CAPITALS if name == "Turkish" else ""))
    for name, letters in _LOWER.items()
}
WESTERN = tuple(ALPHABETS)[:10]
_CENTRAL = ("Polish", "Czech", "Slovak", "Hungarian", "Romanian", "Croatian or Slovenian", "German")
_BALTIC = ("Lithuanian", "Latvian", "Estonian", "Polish")
LANGUAGES_BY_ENCODING = {
    "cp1252": WESTERN,
    "cp850": WESTERN,
    "mac-roman": WESTERN,
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp852": _CENTRAL,
    "mac-latin2": _CENTRAL,
    "cp1254": ("Turkish",),
    "cp857": ("Turkish",),
    "cp1257": _BALTIC,
}
WESTERN_LETTERS = frozenset().union(*(ALPHABETS[name] for name in WESTERN)) - frozenset("ðþýÐÞÝŸ")
LETTERS_BY_FREQUENCY = {
    "CYRILLIC": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "GREEK": "αοιετσνηυρπκμλςωγδχθφβξζψ",
    "HEBREW": "יוהלאמרתבשנכחדפםקעסגצטזןףךץ",
    "ARABIC": "اليمنورتبةعدسفهكقأحجشطصىخإذضغزثئظءؤآ",
}
"""Alphabets other than Latin, as Unicode names them, most frequent letter first."""

MIN_SCORE, MIN_LEAD = 0.6, 0.25
"""Minimum plausibility of the best encoding, and its minimum lead over the second best."""
_SYMBOLS = frozenset("€£¥°²³½©®™«»“”„’‘–—…•§ºª¿¡·\u00a0´")
_AFTER_INITIAL = ("'", "’", ".")
"""Characters after a capital letter by itself, as in Ó'Neill and É. Blanc."""
_BEFORE_CLOSING_QUOTE = (".", "!", "?", ")", "%")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
_MAX_WORDS = 60
_MAX_LETTERS = 3_000
"""Maximum number of non-ASCII letters to check."""


def language_share(letters: Mapping[str, int], languages: Iterable[str]) -> float:
    """Largest share of the letters that the alphabet of one language contains. letters: letter → count."""
    total = sum(letters.values())
    counts = (sum(n for letter, n in letters.items() if letter in ALPHABETS[name]) for name in languages)
    return max(counts) / total if total else 1.0


@dataclass(frozen=True)
class EncodingReading:
    """A sample in one encoding."""

    encoding: str
    score: float
    """Mean plausibility of the non-ASCII characters next to their neighbours, 0 to 1."""
    words: tuple[str, ...] = ()
    """Example words."""
    coverage: float = 1.0
    """Largest share of the letters that one language has, 0 to 1."""
    text: str = ""
    """The sampled text."""

    @property
    def plausibility(self) -> float:
        """Score of a text in one language."""
        return self.score * self.coverage


def read_encoding(sample: ByteSample, encoding: str) -> EncodingReading:
    """Read a sample in an encoding; the score is 0 if it cannot be decoded."""
    if encoding == "cp932":
        return _japanese(sample)
    try:
        texts = [piece.decode(encoding) for piece in sample.pieces]
    except UnicodeDecodeError:
        return EncodingReading(encoding, 0.0)
    letters = _letters_of(encoding)
    contexts: Counter[tuple[str, str, str]] = Counter()
    words: dict[str, None] = {}
    for text in texts:
        for position, letter in non_ascii_letters(text):
            before, after = text[position - 1 : position], text[position + 1 : position + 2]
            contexts[before, letter, after] += 1
            if len(words) < _MAX_WORDS:
                words.setdefault(word_at(text, position))
    total = sum(contexts.values())
    score = sum(_plausibility(*context, letters) * count for context, count in contexts.items()) / (total or 1)
    in_words: Counter[str] = Counter()
    for (before, letter, after), count in contexts.items():
        if letter in "ºª’":
            continue
        if letter.isalpha() or (before.isalpha() and after.isalpha()):
            in_words[letter] += count
    coverage = language_share(in_words, LANGUAGES_BY_ENCODING[encoding])
    return EncodingReading(encoding, score, tuple(words), coverage, "\n".join(texts))


def non_ascii_letters(text: str) -> list[tuple[int, str]]:
    """Positions of the first non-ASCII characters, each with its character."""
    return [(match.start(), match[0]) for match in islice(_NON_ASCII.finditer(text), _MAX_LETTERS)]


def word_at(text: str, position: int) -> str:
    """The word around a position, at most 20 letters to each side."""
    start = end = position
    while start > 0 and text[start - 1].isalpha() and position - start < 20:
        start -= 1
    while end < len(text) - 1 and text[end + 1].isalpha() and end - position < 20:
        end += 1
    return text[start : end + 1]


@lru_cache
def _letters_of(encoding: str) -> frozenset[str]:
    languages = LANGUAGES_BY_ENCODING[encoding]
    return WESTERN_LETTERS if languages == WESTERN else frozenset().union(*(ALPHABETS[name] for name in languages))


@lru_cache(maxsize=20_000)
def _plausibility(before: str, letter: str, after: str, letters: frozenset[str]) -> float:
    """Plausibility of a character between its neighbours, 0 to 1."""
    if letter in letters:
        return _letter_plausibility(before, letter, after)
    if letter in _SYMBOLS:
        inside = before.isalpha() and after.isalpha()
        if letter == "’":
            return 0.9 if inside else 0.5
        if letter in "ºª":
            return 0.2 if inside else 0.8
        if letter == "”" and not (before.isalnum() or before in _BEFORE_CLOSING_QUOTE):
            return 0.3
        return 0.05 if inside else 0.85
    return 0.25 if letter.isalpha() else 0.0


def _letter_plausibility(before: str, letter: str, after: str) -> float:
    """Plausibility of a Latin letter; rejects BergusvÄgen, a lone ß, GRöSSE, and a run of letters such as Ñòîë."""
    is_lone = letter == "ß" and not before.isalpha()
    is_in_run = before.isalpha() and after.isalpha() and not (before.isascii() or after.isascii())
    if is_lone or is_in_run or _has_wrong_case(before, letter, after):
        return 0.1
    if before.isalpha() or after.isalpha():
        return 1.0 if letter.isupper() or before.islower() or after.islower() else 0.6
    if letter.isupper() and after in _AFTER_INITIAL:
        return 1.0
    return 0.5 if letter in "àéÀÉÓ" else 0.3


def _has_wrong_case(before: str, letter: str, after: str) -> bool:
    """Whether a letter is a capital inside a word, or small among capitals."""
    if letter.isupper():
        return before.islower() or (before.isupper() and after.islower())
    return letter.islower() and before.isupper() and after.isupper()


def _japanese(sample: ByteSample) -> EncodingReading:
    """The sample in cp932; the score is the share of characters that are wide and not isolated among Latin letters."""
    texts: list[str] = []
    for number, piece in enumerate(sample.pieces):
        decoder = codecs.getincrementaldecoder("cp932")()
        start = 0 if not number else max(piece.find(b"\n") + 1, 0)
        try:
            texts.append(decoder.decode(piece[start:], final=False))
        except UnicodeDecodeError:
            return EncodingReading("cp932", 0.0)
    plausible = total = 0
    words: dict[str, None] = {}
    for text in texts:
        for position, letter in non_ascii_letters(text):
            total += 1
            neighbours = text[position - 1 : position] + text[position + 1 : position + 2]
            is_isolated = any(neighbour.isascii() and neighbour.isalpha() for neighbour in neighbours)
            is_wide = unicodedata.east_asian_width(letter) in {"W", "F"}
            plausible += is_wide and not is_isolated
            if len(words) < _MAX_WORDS:
                words.setdefault(word_at(text, position))
    return EncodingReading("cp932", plausible / total if total else 0.0, tuple(words), 1.0, "\n".join(texts))
