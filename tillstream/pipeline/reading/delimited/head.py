"""The pipeline room: the first records of a text file, one after the other, read only as far as somebody asks."""

from tillstream.pipeline.reading.delimited.tokenizer import Rules, Scan, scan
from tillstream.pipeline.reading.streams.decode import Text
from tillstream.pipeline.reading.streams.gzip import UnreadableFile


class Head:
    """`data` are the bytes so far; `start` is where the next record begins."""

    def __init__(self, text: Text, rules: Rules, size: int) -> None:
        self.rules = rules
        self.data, self.start = b"", 0
        self._line_ends_known = False
        self._text, self._size, self._final = text, size, False

    @property
    def line(self) -> int:
        """Physical line of the next record, from 1."""
        return self.data.count(b"\n", 0, self.start) + 1

    def next(self) -> tuple[int, bytes | None] | None:
        """The next record's line, and its bytes or None where a quote is never closed; None at the end of the file.

        Raises `UnreadableFile` for a line that is too long.
        """
        while True:
            self._end_lines_by_returns()
            found = scan(self.data, self.start, self.rules, final=self._final)
            if self._final and self.start == len(self.data):
                return None
            self._line_ends_known = found is not Scan.MORE
            line, start, longest = self.line, self.start, self.rules.longest
            if isinstance(found, tuple):
                if found[0] - start > longest:
                    raise too_long(line, longest)
                self.start = found[1]
                return line, self.data[start : found[0]]
            stop = self.data.find(b"\n", start)
            if found is Scan.UNCLOSED and (stop >= 0 or self._final):
                self.start = stop + 1 if stop >= 0 else len(self.data)
                return line, None
            if found is Scan.UNCLOSED and len(self.data) - start > longest + 1:
                raise too_long(line, longest)
            more = self._text.read(max(self._size, len(self.data)))
            self.data, self._final = self.data + more, not more

    def _end_lines_by_returns(self) -> None:
        """Where the first record ends with a carriage return alone, as in files of old Macs, so does every line."""
        found = None if self._line_ends_known else self.rules.returned.match(self.data)
        if (
            found
            and found.end() - 1 <= self.rules.longest
            and found.end() < len(self.data)
            and self.data[found.end() : found.end() + 1] != b"\n"
        ):
            self.data = self._text.end_lines_by_returns(self.data, final=self._final)


def too_long(line: int, longest: int) -> UnreadableFile:
    return UnreadableFile(
        "unreadable-file", f"Line {line:,} is longer than {longest:,} bytes; no row is, so its line ends are missing."
    )
