"""Regional files as blocks of text cells, each row with its number and its physical line."""

from collections import deque
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from tillstream.domain.contract.sections import FileStyle
from tillstream.pipeline.reading.delimited.header import Header, find_header, too_long
from tillstream.pipeline.reading.delimited.parse import Parsed, parse
from tillstream.pipeline.reading.delimited.records import Layout, plain_layout, quoted_layout, whole_lines
from tillstream.pipeline.reading.delimited.tokenizer import Rules
from tillstream.pipeline.reading.delimited.truncation import Ending
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.streams.decode import Text
from tillstream.pipeline.reading.streams.gzip import Bytes
from tillstream.pipeline.rows.block import Block, Refused

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
    wanted: Collection[str] = (),
    *,
    block_bytes: int = 16 << 20,
    max_record_bytes: int = 1 << 20,
) -> Iterator[Block]:
    """The file's rows in order; at least one block, so that the columns are known.

    wanted: names by which the header is known among titles. Every row after the header is in `cells`, in `refused` or
    counted in `blank` or `ignored`, exactly once. A file that seems cut off says so in a last block. Raises
    `UnreadableFile`, also after blocks were given: those must not be accepted then. A line longer than
    `max_record_bytes` makes the file unreadable; a quoted cell that makes a record longer is an unclosed quote.
    """
    text = Text(stream, style.encoding)
    header, rest, lines = find_header(text, style, wanted, min(block_bytes, _HEAD), max_record_bytes)
    rules = Rules(style.delimiter.encode(), header.width, max_record_bytes, style.quote.encode())
    place = _Place(text, header, rules, lines)
    waiting: deque[Future[tuple[_Piece, Layout, Parsed | None]]] = deque()
    given = False
    with ThreadPoolExecutor(_THREADS, "read") as threads:
        for piece in _pieces(text, rest, rules, block_bytes):
            waiting.append(threads.submit(_parsed, piece, header, rules, style.ignore))
            if len(waiting) >= _AHEAD:
                given = True
                yield place.block(*waiting.popleft().result())
        while waiting:
            given = True
            yield place.block(*waiting.popleft().result())
    if not given or place.ending.cut:
        nothing = _parsed(_Piece(b"", 0, None), header, rules, ())
        yield replace(place.block(*nothing), cut=place.ending.cut)


def header(stream: Bytes, style: FileStyle, wanted: Collection[str] = ()) -> list[str]:
    """The names of the columns. Raises `UnreadableFile`."""
    return find_header(Text(stream, style.encoding), style, wanted, _HEAD, 1 << 20)[0].names


def _pieces(text: Text, rest: bytes, rules: Rules, block_bytes: int) -> Iterator[_Piece]:
    """The rest of the file cut between records; what is cut off leads the next piece."""
    data, final = rest, False
    while not final:
        more = text.read(block_bytes - len(data) if len(data) < block_bytes else len(data))
        data, final = data + more, not more
        del more  # as large as the block, and this generator sleeps while others work
        if not data:
            return
        if not rules.quote or data.find(rules.quote) < 0:
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


def _parsed(
    piece: _Piece, header: Header, rules: Rules, ignore: tuple[str, ...]
) -> tuple[_Piece, Layout, Parsed | None]:
    """The cells of a piece; none where a record is too long."""
    layout = piece.layout or plain_layout(piece.data, piece.size)
    if layout.too_long(rules.longest) is not None:
        return piece, layout, None
    return piece, layout, parse(piece.data, layout, header, rules, ignore)


class _Place:
    """Where the next block stands in the file."""

    def __init__(self, text: Text, header: Header, rules: Rules, lines: int) -> None:
        self._text = text
        self._header = header
        self._rules = rules
        self._rows = 0
        self._lines = lines
        self.ending = Ending()

    def block(self, piece: _Piece, layout: Layout, parsed: Parsed | None) -> Block:
        if parsed is None:
            line = layout.too_long(self._rules.longest) or 0
            raise too_long(self._lines + line + 1, self._rules.longest)
        data, starts, ends = piece.data, layout.starts[parsed.accepted], layout.ends[parsed.accepted]
        block = Block(
            parsed.table,
            self._rows + 1 + parsed.accepted,
            self._lines + 1 + layout.lines[parsed.accepted],
            self._refused(data, layout, parsed),
            parsed.blank,
            lambda index: self._text.spelled(data[starts[index] : ends[index]]),
            parsed.ignored,
            flagged={"whole-row-quoted": parsed.unwrapped} if len(parsed.unwrapped) else {},
        )
        self.ending.add(data[: piece.size], layout, parsed, self._lines, self._rules)
        self._rows += len(layout.starts)
        self._lines += int(layout.line_count)
        return block

    def _refused(self, data: bytes, layout: Layout, parsed: Parsed) -> list[Refused]:
        encoding = self._text.encoding
        why = {int(index): ("unclosed-quote", "", "") for index in layout.unclosed}
        why |= dict.fromkeys(parsed.undecodable, ("undecodable-text", "", encoding))
        why |= dict.fromkeys(parsed.nuls, ("nul-bytes", "", ""))
        why |= {index: ("ragged-row", str(found), self._wanted(found)) for index, found in parsed.ragged.items()}
        return [
            Refused(
                self._rows + 1 + int(index),
                self._lines + 1 + int(layout.lines[index]),
                self._text.spelled(data[layout.starts[index] : layout.ends[index]]),
                *why[index],
            )
            for index in sorted(why)
        ]

    def _wanted(self, found: int) -> str:
        """How many cells a row has. One with more has a cell too many or an unquoted delimiter: nobody guesses."""
        names, width = len(self._header.names), self._header.width
        if width > names:
            return f"{names}, and its rows end with {width - names} more delimiters"
        return str(names) if found < names else f"{names}: a delimiter inside a cell may lack its quotes"
