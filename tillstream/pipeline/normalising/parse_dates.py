"""Parse date and time columns to local wall-clock time by the contract's formats, and resolve ambiguous texts.

A value that parses under only one of two ambiguous formats is evidence for it. With evidence for exactly one format,
that format wins; otherwise values that parse under both are ambiguous and are not guessed. That is the rule for the
dates of a source with a contract; `detection.values.dates` has the rule for those of a new file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.contract_sections import DateStyle
from tillstream.model.date_words import ascii_digits, to_gregorian
from tillstream.pipeline.normalising.date_columns import EXCEL_EPOCHS, UNIX_UNITS, DateColumn, date_column
from tillstream.pipeline.normalising.date_formats import MISSING_TIME, format_datetime
from tillstream.pipeline.rows.text_columns import Ints, Mask, to_bool_array

FormatPair = tuple[str, str]
FormatEvidence = frozenset[FormatPair]
"""(format, other): at least one text parses under the format and not under the other."""

_SAMPLE_TIMES = [
    datetime(2000 + a, b, c, 10, 11, 12)  # noqa: DTZ001 - wall clock
    for a, b, c in (*permutations((1, 2, 3)), *permutations((10, 11, 12)))
]

_SAMPLE_TEXTS = 2_000
_OTHER_DIGITS = r"[٠-٩۰-۹०-९๐-๙০-৯]"


@lru_cache(maxsize=64)
def ambiguous_pairs(formats: tuple[str, ...], language: str, years_from: int) -> tuple[FormatPair, ...]:
    """Return pairs of formats that parse some text to different times; each pair in both orders."""
    pairs: set[FormatPair] = set()
    for pattern, other in permutations(dict.fromkeys(formats), 2):
        texts = pa.array(_sample_texts(pattern, language))
        times, other_times = (
            date_column(candidate, language, years_from).read(texts)[0] for candidate in (pattern, other)
        )
        if ((times != MISSING_TIME) & (other_times != MISSING_TIME) & (times != other_times)).any():
            pairs |= {(pattern, other), (other, pattern)}
    return tuple(sorted(pairs))


def _sample_texts(format: str, language: str) -> list[str]:
    if format in EXCEL_EPOCHS:
        return ["44000", "10203", "101112.5"]
    if format in UNIX_UNITS:
        return ["1700000000", "1700000000000"]
    return [format_datetime(moment, format, language) for moment in _SAMPLE_TIMES]


def find_format_evidence(formats: Sequence[str], walls: Sequence[Ints], pairs: Iterable[FormatPair]) -> FormatEvidence:
    """Return the pairs that the texts are evidence for. walls: for each format the times of the same texts."""
    parses = {pattern: wall != MISSING_TIME for pattern, wall in zip(formats, walls, strict=True)}
    return frozenset((pattern, other) for pattern, other in pairs if (parses[pattern] & ~parses[other]).any())


def resolve_ambiguous(
    formats: Sequence[str], walls: Sequence[Ints], pairs: Iterable[FormatPair], proven: FormatEvidence
) -> tuple[npt.NDArray[np.intp], Ints]:
    """Choose the format of each text.

    Returns the index of the format that parses it (the first if none or several do), and the time of another
    interpretation that the evidence does not rule out, MISSING_TIME if there is none.
    """
    stacked = np.stack(walls)
    parses = stacked != MISSING_TIME
    ruled_out = np.zeros_like(parses)
    index = {pattern: position for position, pattern in enumerate(formats)}
    for pattern, other in pairs:
        if (pattern, other) in proven and (other, pattern) not in proven:
            ruled_out[index[other]] |= parses[index[pattern]]
    is_candidate = parses & ~ruled_out
    chosen = np.where(is_candidate.any(axis=0), is_candidate.argmax(axis=0), parses.argmax(axis=0))
    first = np.take_along_axis(stacked, chosen[None], axis=0)[0]
    differs = is_candidate & (stacked != first)
    alternative = np.where(
        differs.any(axis=0), np.take_along_axis(stacked, differs.argmax(axis=0)[None], axis=0)[0], MISSING_TIME
    )
    return chosen, alternative


@dataclass(frozen=True)
class ParsedDates:
    """Arrays (n,); offset and timed are undefined where wall is MISSING_TIME."""

    wall: Ints
    """Local microseconds since 1970, MISSING_TIME where unreadable or NULL."""
    offset: Ints
    """Offset from UTC in the text, MISSING_TIME if none."""
    timed: Mask
    """Whether the text includes a time."""
    alternative: Ints | None = None
    """Local time of another possible interpretation, MISSING_TIME if none."""


def read_dates(text: pa.Array, style: DateStyle, file_evidence: FormatEvidence | None = None) -> ParsedDates:
    """Parse dates. text: string (n,), trimmed, NULL for missing.

    Formats are tried in order, each against the whole text, then ISO 8601, which is accepted from every source.
    file_evidence: evidence of the whole file for ambiguous formats; None: derive it from these texts.
    """
    words, index = _words(text)
    words = _in_common_calendar(words, style)
    pairs = _ambiguous_pairs_of_style(style)
    wall, offset = np.full(len(words) + 1, MISSING_TIME), np.full(len(words) + 1, MISSING_TIME)
    timed = np.zeros(len(words) + 1, np.bool_)
    alternative = None
    remaining = np.arange(len(words))
    if pairs:
        alternative = np.full(len(words) + 1, MISSING_TIME)
        wall[remaining], offset[remaining], timed[remaining], alternative[remaining] = _read_ambiguous(
            words, style, pairs, file_evidence
        )
        remaining = remaining[wall[remaining] == MISSING_TIME]
    for pattern in (*(() if pairs else style.formats), "iso"):
        if not len(remaining):
            break
        texts = words if len(remaining) == len(words) else words.take(pa.array(remaining))
        wall[remaining], offset[remaining], timed[remaining] = _column(pattern, style).read(texts)
        remaining = remaining[wall[remaining] == MISSING_TIME]
    return ParsedDates(wall[index], offset[index], timed[index], None if alternative is None else alternative[index])


def read_times(text: pa.Array, style: DateStyle) -> tuple[Ints, Ints]:
    """Parse times; return microseconds since midnight and offsets, MISSING_TIME if none. text: as for `read_dates`."""
    words, index = _words(text)
    wall, offset = np.full(len(words) + 1, MISSING_TIME), np.full(len(words) + 1, MISSING_TIME)
    remaining = np.arange(len(words))
    for pattern in style.time_formats:
        if not len(remaining):
            break
        column = date_column(pattern, style.language, style.two_digit_years_from, time_only=True)
        wall[remaining], offset[remaining], _ = column.read(
            words if len(remaining) == len(words) else words.take(pa.array(remaining))
        )
        remaining = remaining[wall[remaining] == MISSING_TIME]
    return wall[index], offset[index]


def has_ambiguous_formats(style: DateStyle) -> bool:
    """Return True if two of the formats can parse one text to different times."""
    return bool(_ambiguous_pairs_of_style(style))


def evidence_in_texts(text: pa.Array, style: DateStyle) -> FormatEvidence:
    """Return the evidence of these texts for ambiguous formats. The evidence of a file is the union over its blocks."""
    words = _in_common_calendar(_words(text)[0], style)
    walls = [_column(pattern, style).read(words)[0] for pattern in style.formats]
    return find_format_evidence(style.formats, walls, _ambiguous_pairs_of_style(style))


def is_readable_date(text: pa.Array, dates: ParsedDates) -> Mask:
    """bool (n,): False where no format parses a non-NULL text."""
    is_parsed: Mask = dates.wall != MISSING_TIME
    return np.logical_or(is_parsed, to_bool_array(pc.is_null(text)))


def example_date(formats: tuple[str, ...], language: str = "en") -> str:
    """Return the last minute of 2026 in each format, as an example for error messages."""
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    return " or ".join(
        _number(pattern) if pattern in {*EXCEL_EPOCHS, *UNIX_UNITS} else format_datetime(moment, pattern, language)
        for pattern in formats
    )


def _number(kind: str) -> str:
    if kind in UNIX_UNITS:
        return "1798761540" if kind == "unix" else "1798761540000"
    return str((datetime(2026, 12, 31, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days + EXCEL_EPOCHS[kind])


def _column(format: str, style: DateStyle) -> DateColumn:
    return date_column(format, style.language, style.two_digit_years_from)


def _ambiguous_pairs_of_style(style: DateStyle) -> tuple[tuple[str, str], ...]:
    if len(style.formats) == 1:
        return ()
    return ambiguous_pairs(style.formats, style.language, style.two_digit_years_from)


def _read_ambiguous(
    words: pa.Array, style: DateStyle, pairs: tuple[tuple[str, str], ...], file_evidence: FormatEvidence | None
) -> tuple[Ints, Ints, Mask, Ints]:
    parsed = [_column(pattern, style).read(words) for pattern in style.formats]
    walls = [wall for wall, _, _ in parsed]
    evidence = find_format_evidence(style.formats, walls, pairs) if file_evidence is None else file_evidence
    chosen, alternative = resolve_ambiguous(style.formats, walls, pairs, evidence)
    wall, offset, timed = (
        np.take_along_axis(np.stack(arrays), chosen[None], axis=0)[0] for arrays in zip(*parsed, strict=True)
    )
    return wall, offset, timed, alternative


def _in_common_calendar(words: pa.Array, style: DateStyle) -> pa.Array:
    """Convert digits of other scripts, and years of another era."""
    if not style.era and not pc.any(pc.match_substring_regex(words, _OTHER_DIGITS)).as_py():
        return words
    texts = (ascii_digits(word) for word in words.to_pylist())
    return pa.array([to_gregorian(text, style.era) for text in texts], pa.string())


def _words(text: pa.Array) -> tuple[pa.Array, Ints | slice]:
    """Return the texts to parse and, for each row, the index of its text; the index of NULL is one after the last."""
    sample = text[:_SAMPLE_TEXTS]
    if len(sample.unique()) > _SAMPLE_TEXTS // 2:
        # Mostly distinct texts: deduplicating costs more than it saves.
        if not text.null_count:
            return text, slice(len(text))
        valid = to_bool_array(pc.is_valid(text))
        return text.drop_null(), np.where(valid, np.cumsum(valid) - 1, int(valid.sum()))
    encoded = text.dictionary_encode()
    return encoded.dictionary, pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy()
