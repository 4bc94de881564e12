"""Sheets of OpenDocument workbooks (.ods), row by row as their XML comes out of the archive."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from xml.etree.ElementTree import Element, ParseError, iterparse

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.errors import refused
from tillstream.pipeline.reading.limits import bounded
from tillstream.pipeline.reading.streams.zip_archive import Member
from tillstream.pipeline.reading.workbooks.cell_text import Cell
from tillstream.pipeline.reading.workbooks.sheet import Row, chosen, damaged

_SPAN = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_MANIFEST = "META-INF/manifest.xml"
_MOST_ROWS, _MOST_COLUMNS = 1 << 20, 1 << 14
"""Of a sheet; the same row or cell may be told as so many at once."""
_MOST_SPACES = 1_000


class OdsRows:
    """A sheet; see `Rows`."""

    def __init__(self, archive: zipfile.ZipFile, wanted: str, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
            raise refused("The workbook is locked with a password. Save it without one.")
        self._info = archive.getinfo("content.xml")
        bounded(self._info.file_size, self._info.compress_size, limits)
        self.sheets = list(self._names())
        self.sheet = chosen(self.sheets, wanted)

    def _names(self) -> Iterator[str]:
        table = Element("none")
        for event, element in self._parsed():
            if event == "start" and element.tag == f"{_TABLE}table":
                yield element.get(f"{_TABLE}name", "")
                table = element
            elif event == "end" and element.tag == f"{_TABLE}table-row":
                table.clear()

    def _parsed(self) -> Iterator[tuple[str, Element]]:
        try:
            yield from iterparse(Member(self._archive, self._info, self._limits), ("start", "end"))
        except (ParseError, LookupError, ValueError) as error:
            raise damaged(error) from error

    def __iter__(self) -> Iterator[Row]:
        inside, table, number, empty, given = False, Element("none"), 0, 0, 0
        for event, element in self._parsed():
            if element.tag == f"{_TABLE}table":
                if event == "end" and inside:
                    return
                inside, table = event == "start" and element.get(f"{_TABLE}name", "") == self.sheet, element
            elif event == "end" and element.tag == f"{_TABLE}table-row":
                cells, lacking = _row(element) if inside else ([], [])
                repeated = _repeated(element, "rows", _MOST_ROWS)
                table.clear()  # else every row stays in memory
                if not cells:
                    empty += repeated
                    continue
                if number + empty + repeated > _MOST_ROWS:
                    raise damaged(f"it has more than {_MOST_ROWS:,} rows")
                given += repeated * sum(len(cell) if isinstance(cell, str) else 8 for cell in cells)
                bounded(given, self._info.compress_size, self._limits)
                yield from (Row(number + place, [], []) for place in range(1, empty + 1))
                number, empty = number + empty + repeated, 0
                yield from (Row(number - repeated + place, cells, lacking) for place in range(1, repeated + 1))


def _row(element: Element) -> tuple[list[Cell], list[int]]:
    """Without the empty cells at its end."""
    cells: list[Cell] = []
    lacking: list[int] = []
    empty = 0
    for child in element:
        if child.tag not in _CELLS:
            continue
        value = _value(child)
        repeated = _repeated(child, "columns", _MOST_COLUMNS)
        if value == "":
            empty += repeated
            continue
        if len(cells) + empty + repeated > _MOST_COLUMNS:
            raise damaged(f"a row has more than {_MOST_COLUMNS:,} cells")
        cells += [""] * empty
        empty = 0
        if value is None:
            lacking += range(len(cells), len(cells) + repeated)
            value = ""
        cells += [value] * repeated
    return cells, lacking


def _repeated(element: Element, what: str, most: int) -> int:
    return _count(element.get(f"{_TABLE}number-{what}-repeated", "1"), most)


def _count(text: str, most: int) -> int:
    if not text.isdecimal():
        raise damaged(f"“{text}” is no count")
    return min(int(text[:9]), most)


def _value(cell: Element) -> Cell | None:
    """None for a formula without its value."""
    kind, value = cell.get(f"{_OFFICE}value-type", ""), cell.get(f"{_OFFICE}value", "")
    text = "\n".join(_letters(child) for child in cell if child.tag == f"{_TEXT}p")
    with suppress(ValueError):  # told in its text all the same
        if kind in ("float", "percentage", "currency"):
            return float(value)
        if kind == "boolean":
            return cell.get(f"{_OFFICE}boolean-value") == "true"
        if kind == "date":
            return _moment(cell.get(f"{_OFFICE}date-value", ""))
        if kind == "time":
            return _time(cell.get(f"{_OFFICE}time-value", ""))
    if not kind and not text and cell.get(f"{_TABLE}formula") is not None:
        return None
    return text or cell.get(f"{_OFFICE}string-value", "")


def _letters(element: Element) -> str:
    """Text with its formatting taken off; several spaces are told as a number."""
    spaces = " " * _count(element.get(f"{_TEXT}c", "1"), _MOST_SPACES)
    inside = {f"{_TEXT}s": spaces, f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
    text = inside.get(element.tag, element.text or "")
    return text + "".join(_letters(child) + (child.tail or "") for child in element)


def _moment(text: str) -> date:
    if "T" not in text:
        return date.fromisoformat(text)
    whole, _, fraction = text.partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}" if fraction else whole)


def _time(text: str) -> time | timedelta:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(text)
    sign, hours, minutes, seconds, fraction = found.groups()
    micros = int(f"{(fraction or '')[:6]:0<6}")
    span = timedelta(hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0), microseconds=micros)
    if sign or span >= timedelta(days=1):
        return -span if sign else span
    return (datetime.min + span).time()  # noqa: DTZ901 - wall clock
