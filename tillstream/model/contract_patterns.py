"""Texts of a contract that are patterns: dates in file names, IDs, ignored cells, first and last words, encodings."""

import codecs
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

FILE_DATE = "(date in the file name)"
"""Header of the column that a file gets if its contract has `file.date_in_name`."""
_CODE_DIGITS = {"Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "j": r"\d{3}", "B": r"[^\W\d_]+"}
_CODE_DIGITS["b"] = _CODE_DIGITS["B"]
_DATE_CODE = re.compile(r"%(.)")

_ID_PARTS = re.compile(r"([^0-9]*)([0-9]+)([^0-9]*)")
_ZEROS_BEHIND = re.compile(r"(?<=[0-9])[.,]0{1,2}$")
"""A decimal part that is not the last group of thousands."""
_BETWEEN_LETTERS = r"[^\pL\pN]*"

_ANY_TEXT = re.compile(r"(?<!\\)\*")
IDEOGRAPH = re.compile("[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
"""A letter of a script that writes no blanks between words."""


def canonical_encoding(name: str) -> str:
    """The encoding's canonical name. Raises `ValueError` if it is unknown."""
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError(f"unknown encoding {name!r}; examples are utf-8, cp1252, latin-1 and cp850") from error


def date_in_name(name: str, format_: str) -> date | None:
    """Return the first date of this format in a file name, or None. format_: with the codes %Y %y %m %d %j %b %B."""
    return next((day for _, day in days_in_name(name, format_)), None)


def days_in_name(name: str, format_: str) -> Iterator[tuple[str, date]]:
    """Yield the texts of a file name that are dates of this format, with their days."""
    for match in re.finditer(_date_pattern(format_), name):
        try:
            yield match[0], datetime.strptime(match[0], format_).date()  # noqa: DTZ007 - a day without a time
        except ValueError:
            continue


def date_format_error(format_: str) -> str:
    """Why a format does not identify a day; empty if it does."""
    codes = set(_DATE_CODE.findall(format_))
    unknown = codes - _CODE_DIGITS.keys()
    if unknown:
        return f"the codes of a date in a file name are %Y %y %m %d %j %b %B, not %{min(unknown)}"
    has_month = bool(codes & {"m", "b", "B"})
    if not codes & {"Y", "y"} or not ((has_month and "d" in codes) or "j" in codes):
        return "it must contain the year, the month and the day, such as %Y-%m-%d"
    return ""


def _date_pattern(format_: str) -> str:
    parts = re.split(r"(%.)", format_)
    has_separators = any(part and not part.startswith("%") for part in parts)
    body = "".join(
        (_CODE_DIGITS[part[1]] if has_separators else _CODE_DIGITS[part[1]].replace("{1,2}", "{2}"))
        if _DATE_CODE.fullmatch(part)
        else re.escape(part)
        for part in parts
    )
    return rf"(?<!\d){body}(?!\d)"


@dataclass(frozen=True)
class IdPattern:
    """How the IDs of a column are written."""

    prefix: str
    least_digits: int
    suffix: str

    @classmethod
    def parse(cls, text: str) -> "IdPattern":
        """Raises `ValueError` if the text is no pattern."""
        parts = _ID_PARTS.fullmatch(text)
        if not parts or parts[2].strip("0"):
            raise ValueError(f"the pattern {text!r} must contain zeros for the digits of the ID, and no other digits")
        return cls(parts[1], len(parts[2]), parts[3])

    @classmethod
    def common(cls, ids: Collection[str]) -> "IdPattern | None":
        """The pattern of all these IDs; None if they have none in common."""
        parts = [_ID_PARTS.fullmatch(text) for text in ids]
        around = {(one[1], one[3]) for one in parts if one}
        if len(around) != 1 or not all(parts):
            return None
        numbers = [one[2] for one in parts if one]
        with_zeros = any(number.startswith("0") and len(number) > 1 for number in numbers)
        ((prefix, suffix),) = around
        return cls(prefix, min(map(len, numbers)) if with_zeros else 1, suffix)

    @property
    def letters(self) -> tuple[str, str]:
        """What must precede and follow the digits of an ID in any spelling."""
        return _letters(self.prefix), _letters(self.suffix)

    @property
    def expression(self) -> str:
        """Regular expression of all spellings of an ID without spaces, in the dialect of RE2."""
        before, after = ("".join(f"{re.escape(letter)}{_BETWEEN_LETTERS}" for letter in one) for one in self.letters)
        return f"^(?i:{_BETWEEN_LETTERS}{before})0*(?P<digits>[0-9]+?)(?:[.,]0{{1,2}})?(?i:{_BETWEEN_LETTERS}{after})$"

    def __str__(self) -> str:
        return f"{self.prefix}{'0' * self.least_digits}{self.suffix}"


def common_id_patterns(ids: Collection[str], others: Collection[str]) -> tuple[str, ...]:
    """The patterns with which other spellings become these IDs; empty if there are none."""
    first = IdPattern.common(ids)
    second = IdPattern.common([_ZEROS_BEHIND.sub("", "".join(_narrow(text).split())) for text in others])
    if not (first and second):
        return ()
    same = tuple(map(str.casefold, first.letters)) == tuple(map(str.casefold, second.letters))
    return (str(first),) if same else (str(first), str(IdPattern(second.prefix, 1, second.suffix)))


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _letters(text: str) -> str:
    return "".join(letter for letter in _narrow(text) if letter.isalpha())


def ignored_cell_pattern(words: Sequence[str]) -> str:
    r"""A regular expression for trimmed cells that are one of the words. Ignore the case.

    `*` is any text, and `\*` an asterisk.
    """
    either = "|".join(
        ".*".join(re.escape(cell_of_word(part)) for part in _ANY_TEXT.split(word.strip())) for word in words
    )
    return rf"(?s)^(?:{either})$"


def word_of_cell(cell: str) -> str:
    """The word of exactly this cell."""
    return cell.replace("*", r"\*")


def cell_of_word(word: str) -> str:
    """The cell of a word without any text."""
    return word.replace(r"\*", "*")


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
