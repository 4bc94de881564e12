"""The pipeline room: regional files as blocks of text cells, each row with its number and its physical line."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from tillstream.domain.styles import FileStyle
from tillstream.pipeline.block import Block, Refused
from tillstream.pipeline.cells import Parsed, parse
from tillstream.pipeline.decode import Text
from tillstream.pipeline.gunzip import Bytes, UnreadableFile
from tillstream.pipeline.records import (
    NOWHERE,
    Layout,
    Rules,
    Scan,
    cells,
    plain_layout,
    quoted_layout,
    scan,
    whole_lines,
)

__all__ = ["Block", "Refused", "UnreadableFile", "header", "read"]

_THREADS = 2
_AHEAD = 5
"""Pieces on their way: a reader that waits for its caller has work to do while other threads load libraries."""
_HEAD = 1 << 16


@dataclass(frozen=True)
class _Piece:
    """Whole records of the file; `layout` is made beside the reading where there are no quotes."""

    data: bytes
    size: int
    layout: Layout | None


def read(
    stream: Bytes,
    style: FileStyle,
    *,
    block_bytes: int = 16 << 20,
    max_record_bytes: int = 1 << 20,
) -> Iterator[Block]:
    """The file's rows in order; at least one block, so that the columns are known.

    Every row after the header is in `cells`, in `refused` or counted in `blank`, exactly once. Raises
    `UnreadableFile`, also after blocks were given: those must not be accepted then. A line longer than
    `max_record_bytes` makes the file unreadable; a quoted cell that makes a record longer is an unclosed quote.
    """
    text = Text(stream, style.encoding)
    names, rest, lines = _header(text, style, min(block_bytes, _HEAD), max_record_bytes)
    rules = Rules(style.delimiter.encode(), len(names), max_record_bytes)
    place = _Place(text, rules, lines)
    waiting: deque[Future[tuple[_Piece, Layout, Parsed | None]]] = deque()
    given = False
    with ThreadPoolExecutor(_THREADS, "read") as threads:
        for piece in _pieces(text, rest, rules, block_bytes):
            waiting.append(threads.submit(_parsed, piece, names, rules))
            if len(waiting) >= _AHEAD:
                given = True
                yield place.block(*waiting.popleft().result())
        while waiting:
            given = True
            yield place.block(*waiting.popleft().result())
    if not given:
        yield place.block(*_parsed(_Piece(b"", 0, None), names, rules))


def header(stream: Bytes, style: FileStyle) -> list[str]:
    """The names of the columns. Raises `UnreadableFile`."""
    return _header(Text(stream, style.encoding), style, _HEAD, 1 << 20)[0]


def _header(text: Text, style: FileStyle, size: int, longest: int) -> tuple[list[str], bytes, int]:
    """Names, the bytes after the header, and the lines up to its end. Blank lines before it are passed over."""
    rules = Rules(style.delimiter.encode(), NOWHERE, longest)
    data, start, final = b"", 0, False
    while True:
        outcome = scan(data, start, rules, final=final)
        if final and start == len(data):
            raise UnreadableFile("empty-file", "There is nothing in the file. Export it again.")
        line = data.count(b"\n", 0, start) + 1
        if isinstance(outcome, tuple):
            end, following = outcome
            if end - start > longest:
                raise _too_long(line, longest)
            names = _names(data[start:end], text.encoding, rules.delimiter, line)
            if any(names):
                lines = data.count(b"\n", 0, following)
                return names, data[following:], lines
            start = following
        elif outcome is Scan.MORE:
            more = text.read(max(size, len(data)))
            data, final = data + more, not more
        elif data.find(b"\n", start) < 0 and len(data) - start > longest + 1:
            raise _too_long(line, longest)
        else:
            raise UnreadableFile("unreadable-file", f"A quote opens in the header (line {line}) and is never closed.")


def _names(record: bytes, encoding: str, delimiter: bytes, line: int) -> list[str]:
    try:
        found = [cell.decode() for cell in cells(record, delimiter)]
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            "unreadable-file",
            f"The header (line {line}) holds bytes that are not {encoding}. "
            "Save the file in that encoding, or choose the contract that fits.",
        ) from error
    if b"\r" in record and b'"' not in record:
        raise UnreadableFile(
            "unreadable-file", f"Line {line} holds carriage returns without line feeds; save it with LF or CRLF."
        )
    names = [name.strip() for name in found]
    if any(names) and len(set(names)) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise UnreadableFile(
            "repeated-header",
            f"The header names {', '.join(name or 'an empty name' for name in repeated)} more than once.",
        )
    return names


def _too_long(line: int, longest: int) -> UnreadableFile:
    return UnreadableFile(
        "unreadable-file", f"Line {line:,} is longer than {longest:,} bytes; no row is, so its line ends are missing."
    )


def _pieces(text: Text, rest: bytes, rules: Rules, block_bytes: int) -> Iterator[_Piece]:
    """The rest of the file cut between records; what is cut off leads the next piece."""
    data, final = rest, False
    while not final:
        more = text.read(block_bytes - len(data) if len(data) < block_bytes else len(data))
        data, final = data + more, not more
        del more  # as large as the block, and this generator sleeps while others work
        if not data:
            return
        if data.find(b'"') < 0:
            piece = _Piece(data, whole_lines(data, final=final), None)
        else:
            layout = quoted_layout(data, rules, final=final)
            piece = _Piece(data, layout.size, layout)
        if piece.size:
            yield piece
        data = data[piece.size :]
        if not final and len(data) > rules.longest + 1 and data.find(b"\n") < 0:
            yield _Piece(data, len(data), None)  # too long whatever follows; refused with its line number
            return


def _parsed(piece: _Piece, names: list[str], rules: Rules) -> tuple[_Piece, Layout, Parsed | None]:
    """The cells of a piece; none where a record is too long."""
    layout = piece.layout or plain_layout(piece.data, piece.size)
    if layout.too_long(rules.longest) is not None:
        return piece, layout, None
    return piece, layout, parse(piece.data, layout, names, rules.delimiter)


class _Place:
    """Where the next block stands in the file."""

    def __init__(self, text: Text, rules: Rules, lines: int) -> None:
        self._text = text
        self._rules = rules
        self._rows = 0
        self._lines = lines

    def block(self, piece: _Piece, layout: Layout, parsed: Parsed | None) -> Block:
        if parsed is None:
            line = layout.too_long(self._rules.longest) or 0
            raise _too_long(self._lines + line + 1, self._rules.longest)
        data, starts, ends = piece.data, layout.starts[parsed.accepted], layout.ends[parsed.accepted]
        block = Block(
            parsed.table,
            self._rows + 1 + parsed.accepted,
            self._lines + 1 + layout.lines[parsed.accepted],
            self._refused(data, layout, parsed),
            parsed.blank,
            lambda index: self._text.spelled(data[starts[index] : ends[index]]),
        )
        self._rows += len(layout.starts)
        self._lines += int(layout.line_count)
        return block

    def _refused(self, data: bytes, layout: Layout, parsed: Parsed) -> list[Refused]:
        columns, encoding = str(self._rules.columns), self._text.encoding
        why = {int(index): ("unclosed-quote", "", "") for index in layout.unclosed}
        why |= dict.fromkeys(parsed.undecodable, ("undecodable-text", "", encoding))
        why |= {index: ("ragged-row", str(found), columns) for index, found in parsed.ragged.items()}
        return [
            Refused(
                self._rows + 1 + int(index),
                self._lines + 1 + int(layout.lines[index]),
                self._text.spelled(data[layout.starts[index] : layout.ends[index]]),
                *why[index],
            )
            for index in sorted(why)
        ]
