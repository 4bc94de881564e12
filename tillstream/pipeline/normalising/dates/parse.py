"""Parse date and time columns to local wall-clock time, by the contract's formats."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.sections import DateStyle
from tillstream.domain.dates.eras import ascii_digits, gregorian
from tillstream.pipeline.normalising.dates.ambiguity import Evidence, ambiguous_pairs, find_evidence, resolve
from tillstream.pipeline.normalising.dates.columns import DateColumn, column_of
from tillstream.pipeline.normalising.dates.formats import MISSING, format_datetime
from tillstream.pipeline.normalising.dates.iso_and_serial import EXCEL, UNIX
from tillstream.pipeline.rows.text_column import to_bool_array
from tillstream.pipeline.rows.types import Ints, Mask

_SAMPLE = 2_000
_OTHER_DIGITS = r"[٠-٩۰-۹०-९๐-๙০-৯]"


@dataclass(frozen=True)
class ParsedDates:
    """Arrays (n,); offset and timed are undefined where wall is MISSING."""

    wall: Ints
    """Local microseconds since 1970, MISSING where unreadable or NULL."""
    offset: Ints
    """Offset from UTC in the text, MISSING if none."""
    timed: Mask
    """Whether the text includes a time."""
    alternative: Ints | None = None
    """Local time of another possible interpretation, MISSING if none."""


def read_dates(text: pa.Array, style: DateStyle, file_evidence: Evidence | None = None) -> ParsedDates:
    """Parse dates. text: string (n,), trimmed, NULL for missing.

    Formats are tried in order, each against the whole text, then ISO 8601, which is accepted from every source.
    file_evidence: evidence of the whole file for ambiguous formats; None: derive it from these texts.
    """
    words, index = _words(text)
    words = _in_common_calendar(words, style)
    pairs = _ambiguous_pairs(style)
    wall, offset = np.full(len(words) + 1, MISSING), np.full(len(words) + 1, MISSING)
    timed = np.zeros(len(words) + 1, np.bool_)
    alternative = None
    remaining = np.arange(len(words))
    if pairs:
        alternative = np.full(len(words) + 1, MISSING)
        wall[remaining], offset[remaining], timed[remaining], alternative[remaining] = _read_ambiguous(
            words, style, pairs, file_evidence
        )
        remaining = remaining[wall[remaining] == MISSING]
    for pattern in (*(() if pairs else style.formats), "iso"):
        if not len(remaining):
            break
        texts = words if len(remaining) == len(words) else words.take(pa.array(remaining))
        wall[remaining], offset[remaining], timed[remaining] = _column(pattern, style).read(texts)
        remaining = remaining[wall[remaining] == MISSING]
    return ParsedDates(wall[index], offset[index], timed[index], None if alternative is None else alternative[index])


def read_times(text: pa.Array, style: DateStyle) -> tuple[Ints, Ints]:
    """Parse times. text: as for `read_dates`. Returns microseconds since midnight and offsets, MISSING where none."""
    words, index = _words(text)
    wall, offset = np.full(len(words) + 1, MISSING), np.full(len(words) + 1, MISSING)
    remaining = np.arange(len(words))
    for pattern in style.time_formats:
        if not len(remaining):
            break
        column = column_of(pattern, style.language, style.two_digit_years_from, time_only=True)
        wall[remaining], offset[remaining], _ = column.read(
            words if len(remaining) == len(words) else words.take(pa.array(remaining))
        )
        remaining = remaining[wall[remaining] == MISSING]
    return wall[index], offset[index]


def has_ambiguous_formats(style: DateStyle) -> bool:
    """Return True if two of the formats can parse one text to different times."""
    return bool(_ambiguous_pairs(style))


def evidence_of(text: pa.Array, style: DateStyle) -> Evidence:
    """Return the evidence of these texts for ambiguous formats. The evidence of a file is the union over its blocks."""
    words = _in_common_calendar(_words(text)[0], style)
    walls = [_column(pattern, style).read(words)[0] for pattern in style.formats]
    return find_evidence(style.formats, walls, _ambiguous_pairs(style))


def is_readable(text: pa.Array, dates: ParsedDates) -> Mask:
    """bool (n,): False where no format parses a non-NULL text."""
    is_parsed: Mask = dates.wall != MISSING
    return np.logical_or(is_parsed, to_bool_array(pc.is_null(text)))


def example(formats: tuple[str, ...], language: str = "en") -> str:
    """Return the last minute of 2026 in each format, as an example for error messages."""
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    return " or ".join(
        _number(pattern) if pattern in {*EXCEL, *UNIX} else format_datetime(moment, pattern, language)
        for pattern in formats
    )


def _number(kind: str) -> str:
    if kind in UNIX:
        return "1798761540" if kind == "unix" else "1798761540000"
    return str((datetime(2026, 12, 31, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days + EXCEL[kind])


def _column(format: str, style: DateStyle) -> DateColumn:
    return column_of(format, style.language, style.two_digit_years_from)


def _ambiguous_pairs(style: DateStyle) -> tuple[tuple[str, str], ...]:
    if len(style.formats) == 1:
        return ()
    return ambiguous_pairs(style.formats, style.language, style.two_digit_years_from)


def _read_ambiguous(
    words: pa.Array, style: DateStyle, pairs: tuple[tuple[str, str], ...], file_evidence: Evidence | None
) -> tuple[Ints, Ints, Mask, Ints]:
    parsed = [_column(pattern, style).read(words) for pattern in style.formats]
    walls = [wall for wall, _, _ in parsed]
    evidence = find_evidence(style.formats, walls, pairs) if file_evidence is None else file_evidence
    chosen, alternative = resolve(style.formats, walls, pairs, evidence)
    wall, offset, timed = (
        np.take_along_axis(np.stack(arrays), chosen[None], axis=0)[0] for arrays in zip(*parsed, strict=True)
    )
    return wall, offset, timed, alternative


def _in_common_calendar(words: pa.Array, style: DateStyle) -> pa.Array:
    """Convert digits of other scripts, and years of another era."""
    if not style.era and not pc.any(pc.match_substring_regex(words, _OTHER_DIGITS)).as_py():
        return words
    texts = (ascii_digits(word) for word in words.to_pylist())
    return pa.array([gregorian(text, style.era) for text in texts], pa.string())


def _words(text: pa.Array) -> tuple[pa.Array, Ints | slice]:
    """Return the texts to parse and, for each row, the index of its text; the index of NULL is one after the last."""
    sample = text[:_SAMPLE]
    if len(sample.unique()) > _SAMPLE // 2:
        # Mostly distinct texts: deduplicating costs more than it saves.
        if not text.null_count:
            return text, slice(len(text))
        valid = to_bool_array(pc.is_valid(text))
        return text.drop_null(), np.where(valid, np.cumsum(valid) - 1, int(valid.sum()))
    encoded = text.dictionary_encode()
    return encoded.dictionary, pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy()
