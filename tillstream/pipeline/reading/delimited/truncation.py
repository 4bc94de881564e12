"""Detect truncated text files from their last record."""

from tillstream.pipeline.reading.delimited.parse import Parsed
from tillstream.pipeline.reading.delimited.records import Layout
from tillstream.pipeline.reading.delimited.tokenizer import RecordSyntax


class TruncationCheck:
    """Receives each block in order; `reason` describes why the file looks truncated and is empty if it does not.

    A last line without a line ending is complete if it has all its cells. If rows follow an unclosed quote, only the
    line of the quote is wrong. If none follow and the file ends without a line ending, the rest of the cell is missing.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._open_quote_line = 0
        """Line of an unclosed quote with no readable row after it; 0 if none."""

    def add(self, data: bytes, layout: Layout, parsed: Parsed, lines: int, syntax: RecordSyntax) -> None:
        if not len(layout.starts):
            return
        last, line = len(layout.starts) - 1, lines + 1 + int(layout.lines[-1])
        self._track_open_quote(layout, parsed, lines)
        has_line_ending = data.endswith((b"\n", b"\r"))
        if has_line_ending:
            self.reason = ""
        elif self._open_quote_line:
            self.reason = (
                f"a quotation mark opens on line {self._open_quote_line:,} and the file ends before it is closed"
            )
        elif parsed.ragged.get(last, syntax.columns) < syntax.columns:
            self.reason = (
                f"line {line:,} ends after {parsed.ragged[last]} of {syntax.columns} cells, without a line break"
            )
        elif last in parsed.undecodable:
            self.reason = f"line {line:,} ends inside a character"
        elif last in parsed.nuls and not data[layout.starts[last] : layout.ends[last]].strip(b"\0"):
            self.reason = f"the file contains only NUL bytes from line {line:,}"
        else:
            self.reason = ""

    def _track_open_quote(self, layout: Layout, parsed: Parsed, lines: int) -> None:
        last_accepted = int(parsed.accepted[-1]) if len(parsed.accepted) else -1
        if last_accepted >= 0:
            self._open_quote_line = 0
        unclosed = layout.unclosed[layout.unclosed > last_accepted]
        if len(unclosed) and not self._open_quote_line:
            self._open_quote_line = lines + 1 + int(layout.lines[unclosed[0]])
