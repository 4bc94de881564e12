"""A second, slow reader of text files, character by character: the oracle for the tests of the real one."""

from typing import Any

from tillstream.pipeline.reading.file_signatures import utf16_byte_order
from tillstream.pipeline.reading.read_options import UnreadableFile

Row = tuple[str, int, int, Any]
"""The outcome of a row, its row number, its line number, and its raw text (with its cells if it has any)."""


def read_table(data: bytes, delimiter: str = ",", longest: int = 1 << 20) -> tuple[list[str], list[Row], int]:
    """The header, rows, and number of blank rows of UTF-8 text."""
    if b"\0" in data[:4] and utf16_byte_order(data):
        raise UnreadableFile("unreadable-file", "wide letters")
    lines = _with_line_feeds(data.decode("latin-1").removeprefix("\xef\xbb\xbf"), delimiter, longest).split("\n")
    ended = [(line[:-1], "\r\n") if line.endswith("\r") else (line, "\n") for line in lines[:-1]]
    if lines[-1]:
        last = lines[-1]
        ended.append((last[:-1], "\r") if last.endswith("\r") else (last, ""))
    header, at = _header(ended, delimiter, longest)
    width = _usual(header, ended, at, delimiter, longest)
    named = max(place for place, name in enumerate(header, 1) if name)
    names = [name or f"column {place}" for place, name in enumerate(header, 1)]
    names = names[:named] if width == named else names
    rows: list[Row] = []
    number = blank = 0
    while at < len(ended):
        number += 1
        line = at + 1
        record, at = _record(ended, at, delimiter, width, longest)
        raw, cells = record or (ended[line - 1][0], [])
        raw_bytes = raw.encode("latin-1")
        spelled = raw_bytes.decode("utf-8", "backslashreplace")
        if record is None:
            rows.append(("unclosed-quote", number, line, spelled))
        elif not _is_utf8(raw_bytes):
            rows.append(("undecodable-text", number, line, spelled))
        elif "\0" in raw:
            rows.append(("nul-bytes", number, line, spelled))
        elif (row := _row([_text(cell) for cell in cells], width, named, len(names), raw, delimiter)) is None:
            rows.append(("ragged-row", number, line, spelled))
        elif not "".join(row).strip() or [cell.strip() for cell in row] == header[: len(names)]:
            blank += 1
        else:
            rows.append(("read", number, line, (spelled, row)))
    return names, rows, blank


def _row(cells: list[str], width: int, named: int, names: int, raw: str, delimiter: str) -> list[str] | None:
    """The cells by name; None for another number of cells, unless it can only mean one row."""
    if not "".join(cells).strip():
        return [""]
    if len(cells) == 1 and len(cells) != width and raw.startswith('"') and "\n" not in raw:
        inside = cells[0].encode().decode("latin-1")
        record, _ = _record([(inside, "")], 0, delimiter, 1 << 60, 1 << 60) if inside else (None, 0)
        cells = [_text(cell) for cell in record[1]] if record and not inside.endswith("\r") else cells
        if len(cells) == width == len(cells) and not "".join(cells).strip():
            return [""]
    if len(cells) == named < width and cells[-1].strip():
        cells = cells + [""] * (width - named)
    return cells[:names] if len(cells) == width and not "".join(cells[names:]).strip() else None


def _with_line_feeds(text: str, delimiter: str, longest: int) -> str:
    """Where a carriage return alone ends the first record, line feeds for all."""
    state = "begin"
    for place, letter in enumerate(text[: longest + 1]):
        if state == "quoted":
            state = "closed" if letter == '"' else state
        elif letter == "\r":
            alone = text[place + 1 : place + 2] not in ("", "\n")
            return text.replace("\r\n", "\n").replace("\r", "\n") if alone else text
        elif letter == "\n":
            return text
        elif letter == delimiter:
            state = "begin"
        elif state in ("closed", "after") and letter in " \t":
            state = "after"
        elif state == "after" or (state == "closed" and letter != '"'):
            return text
        else:
            state = "quoted" if letter == '"' and state in ("begin", "closed") else "plain"
    return text


def _usual(header: list[str], ended: list[tuple[str, str]], at: int, delimiter: str, longest: int) -> int:
    """Cells of the first row with any text, if those beyond the names are empty."""
    for _ in range(100):
        if at == len(ended) or len(ended[at][0]) > longest:
            return len(header)
        record, at = _record(ended, at, delimiter, 1 << 60, longest)
        row = [cell.encode("latin-1").decode("utf-8", "replace").strip() for cell in record[1]] if record else []
        if any(row) and row[: len(header)] != header:
            named = max(place for place, name in enumerate(header, 1) if name)
            more = len(row) > len(header) and not any(row[len(header) :])
            return len(row) if more or len(row) == named else len(header)
    return len(header)


def _header(ended: list[tuple[str, str]], delimiter: str, longest: int) -> tuple[list[str], int]:
    at, names = 0, [""]
    while not any(names):
        if at == len(ended):
            raise UnreadableFile("empty-file", "")
        if len(ended[at][0]) > longest:
            raise UnreadableFile("unreadable-file", "too long")
        record, at = _record(ended, at, delimiter, 1 << 60, longest)
        if record is None:
            raise UnreadableFile("unreadable-file", "unclosed")
        names = [_text(cell).strip() for cell in record[1]]
    called = [name or f"column {place}" for place, name in enumerate(names, 1)]
    if len(set(called)) < len(called):
        raise UnreadableFile("repeated-header", "")
    return names, at


def _text(cell: str) -> str:
    try:
        return cell.encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise UnreadableFile("unreadable-file", "header") from error


def _record(  # noqa: C901 - one branch per state
    ended: list[tuple[str, str]], at: int, delimiter: str, columns: int, longest: int
) -> tuple[tuple[str, list[str]] | None, int]:
    """Raw text and cells, or None for a quote that is never closed; and the next line."""
    if len(ended[at][0]) > longest:
        raise UnreadableFile("unreadable-file", "too long")
    raw, cells, cell, state = "", [], "", "begin"
    for line in range(at, len(ended)):
        body, line_end = ended[line]
        for letter in body:
            if state == "begin" and letter == '"':
                state = "quoted"
            elif state in ("begin", "plain", "closed", "after") and letter == delimiter:
                cells.append(cell)
                cell, state = "", "begin"
            elif state == "quoted" and letter == '"':
                state = "closed"
            elif state == "closed" and letter == '"':
                cell, state = cell + letter, "quoted"
            elif state in ("closed", "after") and letter in " \t":
                cell, state = cell + letter, "after"
            elif state in ("closed", "after"):
                return None, at + 1
            else:
                cell += letter
                state = "plain" if state == "begin" else state
        raw += body
        if state != "quoted":
            cells.append(cell)
            good = line == at or (len(cells) <= columns and len(raw) <= longest)
            return ((raw, cells), line + 1) if good else (None, at + 1)
        raw += line_end
        cell += line_end
    return None, at + 1


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
