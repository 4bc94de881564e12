"""Whether a text file seems to have been cut off, by what stands at its end."""

from tillstream.pipeline.reading.delimited.parse import Parsed
from tillstream.pipeline.reading.delimited.records import Layout
from tillstream.pipeline.reading.delimited.tokenizer import Rules


class Ending:
    """Told of each block in order; `cut` says in words why the file seems cut off, and is empty where it does not.

    A last line without a line end is whole if it has all its cells. A quote that is never closed is a slip of its own
    line where rows follow it; where none does, up to an end without a line end, the rest of its cell is missing.
    """

    def __init__(self) -> None:
        self.cut = ""
        self._open = 0
        """Line of a quote that is never closed, after which no row could be read."""

    def add(self, data: bytes, layout: Layout, parsed: Parsed, lines: int, rules: Rules) -> None:
        if not len(layout.starts):
            return
        last, line = len(layout.starts) - 1, lines + 1 + int(layout.lines[-1])
        self._follow(layout, parsed, lines)
        ended = data.endswith((b"\n", b"\r"))
        if ended:
            self.cut = ""
        elif self._open:
            self.cut = f"a quote opens on line {self._open:,} and the file ends before it is closed"
        elif parsed.ragged.get(last, rules.columns) < rules.columns:
            self.cut = (
                f"line {line:,} ends after {parsed.ragged[last]} of {rules.columns} cells, and without a line end"
            )
        elif last in parsed.undecodable:
            self.cut = f"line {line:,} ends inside a letter"
        elif last in parsed.nuls and not data[layout.starts[last] : layout.ends[last]].strip(b"\0"):
            self.cut = f"from line {line:,} on there are only NUL bytes"
        else:
            self.cut = ""

    def _follow(self, layout: Layout, parsed: Parsed, lines: int) -> None:
        newest = int(parsed.accepted[-1]) if len(parsed.accepted) else -1
        if newest >= 0:
            self._open = 0
        after = layout.unclosed[layout.unclosed > newest]
        if len(after) and not self._open:
            self._open = lines + 1 + int(layout.lines[after[0]])
