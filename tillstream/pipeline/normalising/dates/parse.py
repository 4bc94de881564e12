"""Dates as a source writes them → local wall-clock time, by the contract's formats."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.sections import DateStyle
from tillstream.pipeline.normalising.dates.ambiguity import Evidence, decided, evidence, rivals
from tillstream.pipeline.normalising.dates.columns import DateColumn, column_of
from tillstream.pipeline.normalising.dates.formats import MISSING, written
from tillstream.pipeline.normalising.dates.iso_and_serial import EXCEL
from tillstream.pipeline.rows.text_column import flags

_SAMPLE = 2_000

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Read:
    """Each (n,), of no meaning where the wall is MISSING."""

    wall: Ints
    """Local microseconds since 1970, MISSING where unreadable or NULL."""
    offset: Ints
    """The text's own offset from UTC where it gives one, else MISSING."""
    timed: Mask
    """Whether the text tells a time."""
    second: Ints | None = None
    """Another reading that nothing rules out, MISSING where there is none."""


def read_dates(text: pa.Array, style: DateStyle, known: Evidence | None = None) -> Read:
    """text: string (n,), trimmed, NULL for missing. Formats are tried in order, each against the whole text, then
    ISO 8601, which every source may write.

    known: what the whole file says of formats that read the same texts differently; None: these texts alone say it.
    """
    words, index = _words(text)
    pairs = _rivals(style)
    wall, offset = np.full(len(words) + 1, MISSING), np.full(len(words) + 1, MISSING)
    timed = np.zeros(len(words) + 1, np.bool_)
    second = None
    left = np.arange(len(words))
    if pairs:
        second = np.full(len(words) + 1, MISSING)
        wall[left], offset[left], timed[left], second[left] = _read_rivals(words, style, pairs, known)
        left = left[wall[left] == MISSING]
    for one in (*(() if pairs else style.formats), "iso"):
        if not len(left):
            break
        some = words if len(left) == len(words) else words.take(pa.array(left))
        wall[left], offset[left], timed[left] = _column(one, style).read(some)
        left = left[wall[left] == MISSING]
    return Read(wall[index], offset[index], timed[index], None if second is None else second[index])


def read_times(text: pa.Array, style: DateStyle) -> tuple[Ints, Ints]:
    """text: string (n,) as for `read_dates`. Microseconds of the day and the offset, MISSING where there is none."""
    words, index = _words(text)
    wall, offset = np.full(len(words) + 1, MISSING), np.full(len(words) + 1, MISSING)
    left = np.arange(len(words))
    for one in style.time_formats:
        if not len(left):
            break
        column = column_of(one, style.language, style.two_digit_years_from, time_only=True)
        wall[left], offset[left], _ = column.read(words if len(left) == len(words) else words.take(pa.array(left)))
        left = left[wall[left] == MISSING]
    return wall[index], offset[index]


def may_be_in_doubt(style: DateStyle) -> bool:
    """Whether two of the formats can read one text to different times."""
    return bool(_rivals(style))


def evidence_of(text: pa.Array, style: DateStyle) -> Evidence:
    """What these texts say of formats that are rivals. The evidence of parts of a file adds up to that of the file."""
    words, _ = _words(text)
    walls = [_column(one, style).read(words)[0] for one in style.formats]
    return evidence(style.formats, walls, _rivals(style))


def readable(text: pa.Array, read: Read) -> Mask:
    """bool (n,): False where a text is there that no format reads."""
    known: Mask = read.wall != MISSING
    return np.logical_or(known, flags(pc.is_null(text)))


def example(formats: tuple[str, ...], language: str = "en") -> str:
    """The last minute of 2026 as the formats write it, for a person who has to write a date."""
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    return " or ".join(_serial(one) if one in EXCEL else written(moment, one, language) for one in formats)


def _serial(kind: str) -> str:
    return str((datetime(2026, 12, 31, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days + EXCEL[kind])


def _column(format: str, style: DateStyle) -> DateColumn:
    return column_of(format, style.language, style.two_digit_years_from)


def _rivals(style: DateStyle) -> tuple[tuple[str, str], ...]:
    if len(style.formats) == 1:
        return ()
    return rivals(style.formats, style.language, style.two_digit_years_from)


def _read_rivals(
    words: pa.Array, style: DateStyle, pairs: tuple[tuple[str, str], ...], known: Evidence | None
) -> tuple[Ints, Ints, Mask, Ints]:
    read = [_column(one, style).read(words) for one in style.formats]
    walls = [wall for wall, _, _ in read]
    said = evidence(style.formats, walls, pairs) if known is None else known
    chosen, second = decided(style.formats, walls, pairs, said)
    wall, offset, timed = (
        np.take_along_axis(np.stack(each), chosen[None], axis=0)[0] for each in zip(*read, strict=True)
    )
    return wall, offset, timed, second


def _words(text: pa.Array) -> tuple[pa.Array, Ints | slice]:
    """Texts to read and for each row its place among them, the place after the last for NULL."""
    sample = text[:_SAMPLE]
    if len(sample.unique()) > _SAMPLE // 2:
        # Nearly all differ: looking for equal ones would cost more than it saves.
        if not text.null_count:
            return text, slice(len(text))
        valid = flags(pc.is_valid(text))
        return text.drop_null(), np.where(valid, np.cumsum(valid) - 1, int(valid.sum()))
    encoded = text.dictionary_encode()
    return encoded.dictionary, pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy()
