"""Sheets of OpenDocument workbooks (.ods), streamed row by row from the XML."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from tillstream.model.limits import LIMITS, Limits
from tillstream.pipeline.reading.archives import ArchiveMember
from tillstream.pipeline.reading.read_options import check_unpacked_size, unreadable
from tillstream.pipeline.reading.typed_cells import TypedCell
from tillstream.pipeline.reading.workbooks.sheet_reader import SheetRow, damaged_workbook, select_sheet
from tillstream.pipeline.reading.workbooks.workbook_xml import Element, ParseError, iterparse

_DURATION = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_PARAGRAPH = f"{_TEXT}p"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_MANIFEST = "META-INF/manifest.xml"
_MAX_ROWS, _MAX_COLUMNS = 1 << 20, 1 << 14
"""Limits per sheet; a single XML element may repeat a row or cell this often."""
_MAX_SPACES, _MAX_ROW_TEXT = 1_000, 16 << 20


class OdsRows:
    """A sheet; implements `SheetRows`."""

    def __init__(self, archive: zipfile.ZipFile, requested: str, limits: Limits) -> None:
        self._archive, self._limits = archive, limits
        if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
            raise unreadable("The workbook is protected with a password. Save it without a password.")
        self._info = archive.getinfo("content.xml")
        check_unpacked_size(self._info.file_size, self._info.compress_size, limits)
        visibility = dict(self._sheets())
        self.hidden = frozenset(name for name, is_visible in visibility.items() if not is_visible)
        self.sheets = sorted(visibility, key=lambda name: name in self.hidden)
        self.sheet = select_sheet(self.sheets, requested)

    def _sheets(self) -> Iterator[tuple[str, bool]]:
        """The name of each sheet, and whether its style shows it. The styles come before the sheets."""
        table, hidden = Element("none"), set[str]()
        for event, element in self._parse_events():
            if event == "start" and element.tag == f"{_TABLE}table":
                yield element.get(f"{_TABLE}name", ""), element.get(f"{_TABLE}style-name", "") not in hidden
                table = element
            elif event == "end" and element.tag == f"{_STYLE}style":
                if any(part.get(f"{_TABLE}display") == "false" for part in element):
                    hidden.add(element.get(f"{_STYLE}name", ""))
            elif event == "end" and element.tag == f"{_TABLE}table-row":
                table.clear()

    def _parse_events(self) -> Iterator[tuple[str, Element]]:
        try:
            yield from iterparse(ArchiveMember(self._archive, self._info, self._limits), ("start", "end"))
        except (ParseError, LookupError, ValueError) as error:
            raise damaged_workbook(error) from error

    def __iter__(self) -> Iterator[SheetRow]:
        in_sheet, table, number, pending_empty, text_bytes = False, Element("none"), 0, 0, 0
        for event, element in self._parse_events():
            if element.tag == f"{_TABLE}table":
                if event == "end" and in_sheet:
                    return
                in_sheet, table = event == "start" and element.get(f"{_TABLE}name", "") == self.sheet, element
            elif event == "end" and element.tag == f"{_TABLE}table-row":
                cells, uncached = _row(element) if in_sheet else ([], [])
                repeated = _repeated(element, "rows", _MAX_ROWS)
                table.clear()  # else every row stays in memory
                if not cells:
                    pending_empty += repeated
                    continue
                if number + pending_empty + repeated > _MAX_ROWS:
                    raise damaged_workbook(f"it has more than {_MAX_ROWS:,} rows")
                text_bytes += repeated * sum(len(cell) if isinstance(cell, str) else 8 for cell in cells)
                check_unpacked_size(text_bytes, self._info.compress_size, self._limits)
                yield from (SheetRow(number + offset, [], []) for offset in range(1, pending_empty + 1))
                number, pending_empty = number + pending_empty + repeated, 0
                yield from (SheetRow(number - repeated + offset, cells, uncached) for offset in range(1, repeated + 1))


def _row(element: Element) -> tuple[list[TypedCell], list[int]]:
    """Cells of a row without trailing empty ones, and the indices of formulas without a cached value."""
    cells: list[TypedCell] = []
    uncached: list[int] = []
    pending_empty = text_bytes = 0
    for child in element:
        if child.tag not in _CELLS:
            continue
        value = _value(child)
        text_bytes += len(value) if isinstance(value, str) else 0
        if text_bytes > _MAX_ROW_TEXT:
            raise damaged_workbook(f"a row has more than {_MAX_ROW_TEXT >> 20} megabytes of text")
        repeated = _repeated(child, "columns", _MAX_COLUMNS)
        if value == "":
            pending_empty += repeated
            continue
        if len(cells) + pending_empty + repeated > _MAX_COLUMNS:
            raise damaged_workbook(f"a row has more than {_MAX_COLUMNS:,} cells")
        cells += [""] * pending_empty
        pending_empty = 0
        if value is None:
            uncached += range(len(cells), len(cells) + repeated)
            value = ""
        cells += [value] * repeated
    return cells, uncached


def _repeated(element: Element, dimension: str, limit: int) -> int:
    return _count(element.get(f"{_TABLE}number-{dimension}-repeated", "1"), limit)


def _count(text: str, limit: int) -> int:
    if not text.isdecimal():
        raise damaged_workbook(f"“{text}” is not a count")
    return min(int(text[:9]), limit)


def _value(cell: Element) -> TypedCell | None:
    """The cell's value; None for a formula without a cached value."""
    value_type, value = cell.get(f"{_OFFICE}value-type", ""), cell.get(f"{_OFFICE}value", "")
    text = _text_of(cell)
    with suppress(ValueError):  # fall back to the cell's text
        if value_type in ("float", "percentage", "currency"):
            return float(value)
        if value_type == "boolean":
            return cell.get(f"{_OFFICE}boolean-value") == "true"
        if value_type == "date":
            return _date_or_datetime(cell.get(f"{_OFFICE}date-value", ""))
        if value_type == "time":
            return _time(cell.get(f"{_OFFICE}time-value", ""))
    if not value_type and not text and cell.get(f"{_TABLE}formula") is not None:
        return None
    return text or cell.get(f"{_OFFICE}string-value", "")


def _text_of(cell: Element) -> str:
    """The paragraphs of a cell without formatting, however deeply they are nested; repeated spaces are encoded as a
    count. Text beyond the largest cell is left out."""
    paragraphs = [child for child in cell if child.tag == _PARAGRAPH]
    if len(paragraphs) == 1 and not len(paragraphs[0]):
        return paragraphs[0].text or ""
    left: list[Element | str] = []
    for paragraph in reversed(paragraphs):
        left += ["\n", paragraph] if left else [paragraph]
    parts: list[str] = []
    size = 0
    while left and size <= LIMITS.record_bytes:
        part = left.pop()
        if isinstance(part, Element):
            spaces = " " * _count(part.get(f"{_TEXT}c", "1"), _MAX_SPACES)
            replacements = {f"{_TEXT}s": spaces, f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
            for child in reversed(part):
                left += [child.tail or "", child]
            part = replacements.get(part.tag, part.text or "")
        parts.append(part)
        size += len(part)
    return "".join(parts)


def _date_or_datetime(text: str) -> date:
    if "T" not in text:
        return date.fromisoformat(text)
    seconds, _, fraction = text.partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}" if fraction else seconds)


def _time(text: str) -> time | timedelta:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, hours, minutes, seconds, fraction = match.groups()
    micros = int(f"{(fraction or '')[:6]:0<6}")
    duration = timedelta(
        hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0), microseconds=micros
    )
    if sign or duration >= timedelta(days=1):
        return -duration if sign else duration
    return (datetime.min + duration).time()  # noqa: DTZ901 - wall clock
