"""The texts that a workbook holds once and its cells refer to. Calamine copies the text into each of these cells."""

import re
from collections.abc import Callable

import numpy as np

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.errors import unreadable
from tillstream.pipeline.reading.streams.zip_archive import Member
from tillstream.pipeline.rows.types import Ints

_CHUNK, _TAGS = 1 << 20, len("<si><t></t></si>")
_OPENS, _ENDS_NAME = (np.isin(np.arange(256), np.frombuffer(signs, np.uint8)) for signs in (b"<:", b" \t\r\n/>"))
"""bool (256,): whether a byte is before the name of a tag, with or without a prefix, and after it."""
_REFERRING = re.compile(rb"""\st\s*=\s*["']s["']""")
_REFERENCE = re.compile(rb"""\st\s*=\s*["']s["'][^<]*<(?:[^\s<>/:]+:)?v>\s*([0-9]{1,9})\s*<""")


def check_repeated_texts(sheet: str, lengths: Ints, references: Ints, limits: Limits, unclear: int = 0) -> None:
    """Raise `UnreadableFile` if the cells of a sheet are too large for memory once each has its text.

    lengths: bytes of each text, at least one. references: places of the texts of the cells. unclear: cells with any of
    the texts.
    """
    total = int(lengths.take(references, mode="clip").sum()) + unclear * int(lengths.max())
    if total > _most(limits):
        raise unreadable(
            f"The texts of the cells of “{sheet}” take more than {_most(limits) >> 20:,} megabytes, as long "
            "texts are repeated. Remove the columns with them, or save the sheet as CSV UTF-8."
        )


def check_texts_in_xml(sheet: str, texts: Member, open_sheet: Callable[[], Member], cells: int, limits: Limits) -> None:
    """As `check_repeated_texts`, of the XML of a workbook. cells: at most so many are in the sheet, which is read only
    if that number of the longest text is too large."""
    lengths = _lengths_in_xml(texts)
    if len(lengths) and int(lengths.max()) * cells > _most(limits):
        references, unclear = _references_in_xml(open_sheet())
        check_repeated_texts(sheet, lengths, references, limits, unclear)


def _most(limits: Limits) -> int:
    """Largest text of the cells of a sheet, in bytes."""
    return 2 * limits.sheet_bytes


def _lengths_in_xml(texts: Member) -> Ints:
    """Bytes of the XML of each shared text, without its own tags."""
    starts, offset, rest = [np.empty(0, np.int64)], 0, b""
    while chunk := texts.read(_CHUNK):
        data = np.frombuffer(rest + chunk, np.uint8)
        before, letters, after = data[:-3], data[1:-2], data[3:]
        tags = np.flatnonzero((letters == ord("s")) & (data[2:-1] == ord("i")))
        tags = tags[_OPENS[before[tags]] & _ENDS_NAME[after[tags]]]
        starts.append(tags + offset)
        rest = bytes(data[-3:])
        offset += len(data) - len(rest)
    ends = np.append(np.concatenate(starts), offset)
    lengths: Ints = np.maximum(np.diff(ends) - _TAGS, 0)
    return lengths


def _references_in_xml(sheet: Member) -> tuple[Ints, int]:
    """Places of the shared texts of a sheet's cells, and how many more cells have one."""
    places, cells, rest = [np.empty(0, np.int64)], 0, b""
    while chunk := sheet.read(_CHUNK):
        data = rest + chunk
        end = max(data.rfind(b"</"), 0) if len(data) < 2 * _CHUNK else len(data)
        cells += len(_REFERRING.findall(data, 0, end))
        places.append(np.array(_REFERENCE.findall(data, 0, end + 1), np.int64))
        rest = data[end:]
    cells += len(_REFERRING.findall(rest))
    references = np.concatenate(places)
    return references, max(cells - len(references), 0)
