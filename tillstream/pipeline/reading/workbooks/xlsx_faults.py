"""What the XML of a sheet tells beside its values: errors, formulas without a value, and how far
apart its cells lie. Regular XML, as spreadsheets write it, is looked through without parsing it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError, iterparse

from tillstream.pipeline.reading.streams.zip_archive import Member
from tillstream.pipeline.reading.workbooks.sheet import damaged

Faults = dict[int, dict[int, str | None]]
"""Row and place, each from 0 → the error as text, or None for a formula without a value."""
_CHUNK = 1 << 20
_FAULTY = (b"<f", b":f>", b":f ", b":f/", b"\nf", b'"e"', b"'e'")
"""Where there is a formula or an error, one of these is in the XML; found a hundred times faster than by parsing."""
_CELL = re.compile(rb"<(?:[^\s<>/:]+:)?c[\s/>]")
_REGULAR = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: [a-z]+="[0-9A-Za-z]*")*(/?)>')
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass
class Told:
    """width, height: of the smallest sheet from A1 that holds every cell with something in it."""

    width: int = 0
    height: int = 0
    faults: Faults = field(default_factory=dict)


def look_through(stream: Member) -> Told | None:
    """The whole part is read, so that its checksum is verified. None where it must be parsed to be understood."""
    told, parse, rest = Told(), False, b""
    while chunk := stream.read(_CHUNK):
        data = rest + chunk
        end = data.rfind(b">") + 1
        parse = parse or any(sign in data for sign in _FAULTY) or b"\0" in chunk or not end
        rest = data[end:] if not parse else b""
        if parse:
            continue
        cells = _REGULAR.findall(data, 0, end)
        parse = len(cells) != len(_CELL.findall(data, 0, end))
        filled = [(letters, number) for letters, number, empty in cells if not empty]
        if filled:
            told.width = max(told.width, *map(_place, {letters.decode() for letters, _ in filled}))
            told.height = max(told.height, *map(int, (number for _, number in filled)))
    return None if parse else told


def parsed(stream: Member) -> Told:
    """The same and the faults, cell by cell. Raises `UnreadableFile`."""
    told, data, row = Told(), Element("none"), -1
    try:
        for event, element in iterparse(stream, ("start", "end")):
            if event == "start":
                data = element if name_of(element) == "sheetData" else data
            elif name_of(element) == "row":
                row = _number(element.get("r"), row + 1)
                found: dict[int, str | None] = {}
                for number, place, fault, value in _cells(element, row):
                    told.width, told.height = max(told.width, place + 1), max(told.height, number + 1)
                    if fault:
                        found[place] = value
                if found:
                    told.faults[row] = found
                data.clear()  # else every row stays in memory
    except (ParseError, LookupError, ValueError) as error:
        raise damaged(error) from error
    return told


def _cells(row: Element, number: int) -> Iterator[tuple[int, int, bool, str | None]]:
    """Row, place, whether it is a fault and its text, of every cell with something in it."""
    place = -1
    for cell in row:
        if name_of(cell) != "c":
            continue
        reference = _REFERENCE.fullmatch(cell.get("r", ""))
        if reference is None and cell.get("r") is not None:
            raise ValueError(f"{cell.get('r')} is no place of a cell")
        place = _place(reference[1]) - 1 if reference else place + 1
        line = int(reference[2]) - 1 if reference else number
        parts = {name_of(part): part.text or "" for part in cell}
        if cell.get("t") == "e":
            yield line, place, True, parts.get("v") or "#ERROR"
        elif "f" in parts and not parts.get("v") and (cell.get("t") != "str" or "v" not in parts):
            yield line, place, True, None
        elif parts:
            yield line, place, False, None


def _number(told: str | None, otherwise: int) -> int:
    return otherwise if told is None else int(told) - 1


def _place(letters: str) -> int:
    """A is 1."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place


def name_of(element: Element) -> str:
    return element.tag.rpartition("}")[2]
