"""Extract errors, formulas without a cached value, and the used range from a sheet's XML. Regular
XML, as spreadsheets write it, is scanned without parsing it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tillstream.pipeline.reading.streams.zip_archive import Member
from tillstream.pipeline.reading.workbooks.sheet import damaged_workbook
from tillstream.pipeline.reading.workbooks.xml_parts import Element, ParseError, iterparse

Faults = dict[int, dict[int, str | None]]
"""0-based row → 0-based column → error text, or None for a formula without a cached value."""
_CHUNK = 1 << 20
_FAULT_MARKERS = (b"<f", b":f>", b":f ", b":f/", b"\nf", b'"e"', b"'e'")
"""XML with a formula or an error contains one of these; searching is a hundred times faster than parsing."""
_CELL = re.compile(rb"<(?:[^\s<>/:]+:)?c[\s/>]")
_REGULAR = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: [a-z]+="[0-9A-Za-z]*")*(/?)>')
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass
class SheetScan:
    """width, height: size of the smallest range from A1 that contains every non-empty cell."""

    width: int = 0
    height: int = 0
    faults: Faults = field(default_factory=dict)


def scan_sheet(stream: Member) -> SheetScan | None:
    """Scan a sheet without parsing; None if it must be parsed. Reads the whole part to verify its checksum."""
    scan, needs_parsing, remainder = SheetScan(), False, b""
    while chunk := stream.read(_CHUNK):
        data = remainder + chunk
        end = data.rfind(b">") + 1
        needs_parsing = needs_parsing or any(marker in data for marker in _FAULT_MARKERS) or b"\0" in chunk or not end
        remainder = data[end:] if not needs_parsing else b""
        if needs_parsing:
            continue
        cells = _REGULAR.findall(data, 0, end)
        needs_parsing = len(cells) != len(_CELL.findall(data, 0, end))
        filled = [(letters, number) for letters, number, empty in cells if not empty]
        if filled:
            scan.width = max(scan.width, *map(_column_number, {letters.decode() for letters, _ in filled}))
            scan.height = max(scan.height, *map(int, (number for _, number in filled)))
    return None if needs_parsing else scan


def parse_sheet(stream: Member) -> SheetScan:
    """Parse a sheet cell by cell, including its faults. Raises `UnreadableFile`."""
    scan, sheet_data, row = SheetScan(), Element("none"), -1
    try:
        for event, element in iterparse(stream, ("start", "end")):
            if event == "start":
                sheet_data = element if local_name(element) == "sheetData" else sheet_data
            elif local_name(element) == "row":
                row = _row_index(element.get("r"), row + 1)
                row_faults: dict[int, str | None] = {}
                for cell_row, column, is_fault, value in _cells(element, row):
                    scan.width, scan.height = max(scan.width, column + 1), max(scan.height, cell_row + 1)
                    if is_fault:
                        row_faults[column] = value
                if row_faults:
                    scan.faults[row] = row_faults
                sheet_data.clear()  # else every row stays in memory
    except (ParseError, LookupError, ValueError) as error:
        raise damaged_workbook(error) from error
    return scan


def _cells(row: Element, default_row: int) -> Iterator[tuple[int, int, bool, str | None]]:
    """(row, column, whether it is a fault, error text) of each non-empty cell."""
    column = -1
    for cell in row:
        if local_name(cell) != "c":
            continue
        reference = _REFERENCE.fullmatch(cell.get("r", ""))
        if reference is None and cell.get("r") is not None:
            raise ValueError(f"{cell.get('r')} is not a cell reference")
        column = _column_number(reference[1]) - 1 if reference else column + 1
        row_index = int(reference[2]) - 1 if reference else default_row
        children = {local_name(child): child.text or "" for child in cell}
        if cell.get("t") == "e":
            yield row_index, column, True, children.get("v") or "#ERROR"
        elif "f" in children and not children.get("v") and (cell.get("t") != "str" or "v" not in children):
            yield row_index, column, True, None
        elif children:
            yield row_index, column, False, None


def _row_index(reference: str | None, default: int) -> int:
    return default if reference is None else int(reference) - 1


def _column_number(letters: str) -> int:
    """1-based column number: A is 1."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def local_name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
