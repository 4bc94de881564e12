"""A file's bytes as UTF-8, gzip opened by its magic bytes, encodings transcoded chunk by chunk."""

import codecs
import re

from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.sniffing import BOM, LOOKED_AT, WIDE, nul_order
from tillstream.pipeline.reading.streams.gzip import GZIP_MAGIC, Bytes, Gunzip, filled

SHEETS = {
    b"PK\x03\x04": "This is an archive or a workbook inside another archive. "
    "Take it out and give it by itself, or save it as CSV UTF-8.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook (.xls), or one with a password. "
    "Open it and save it as a workbook (.xlsx) without a password, or as CSV UTF-8.",
    b"%PDF": "This is a PDF, which people read and programs cannot. Export the sales as CSV or as a workbook.",
    b"PAR1": "This is a Parquet file inside another archive. Take it out and give it by itself.",
}
"""First bytes of what is no text, with the way out; workbooks, archives and Parquet have readers of their own."""
_HEAD = 4
_MARKED = re.compile("[\udc00-\udcff]")
_MARK = 0xDC00


class Text:
    """The file as UTF-8 without its byte order mark. Bytes that are not of the encoding stay invalid UTF-8.

    Raises `UnreadableFile` for damaged gzip, for an encoding that is none of text, and for a UTF-8 mark in a file
    of another encoding, which would come out as other letters.
    """

    def __init__(self, stream: Bytes, encoding: str) -> None:
        head = filled(stream, _HEAD)
        _is_text(head, encoding)
        plain = Rejoined(head, stream)
        self._source: Bytes = Gunzip(plain) if head.startswith(GZIP_MAGIC) else plain
        self.encoding = encoding
        self._decoder = None if encoding in ("utf-8", "utf-8-sig") else _decoder(encoding)
        self._keeps_ascii = self._decoder is not None and _keeps_ascii(encoding)
        self._begun = False
        self._returns: Returns | None = None

    def read(self, size: int) -> bytes:
        """About `size` bytes of UTF-8; fewer are no sign of the end, none is."""
        data = self._read(size)
        if self._returns is None:
            return data
        while data and not (lines := self._returns.line_feeds(data, final=False)):
            data = self._read(size)
        return lines if data else self._returns.line_feeds(b"", final=True)

    def end_lines_by_returns(self, data: bytes, *, final: bool) -> bytes:
        """Carriage returns alone end the lines of this file: the data with line feeds, as all that is read later."""
        self._returns = self._returns or Returns()
        return self._returns.line_feeds(data, final=final)

    def _read(self, size: int) -> bytes:
        while raw := filled(self._source, size if self._begun else max(size, LOOKED_AT)):
            first, self._begun = not self._begun, True
            if first:
                self._told_by_nul_bytes(raw)
            if first and self._decoder and raw.startswith(BOM):
                raise UnreadableFile(
                    "unreadable-file",
                    f"The file begins with the mark of UTF-8, but its contract says {self.encoding}. "
                    f"Export it as {self.encoding}, or change the contract's encoding.",
                )
            text = self._transcoded(raw, final=False)
            if first:
                text = text.removeprefix(BOM)
            if text:
                return text
        return self._transcoded(b"", final=True)

    def _told_by_nul_bytes(self, raw: bytes) -> None:
        """Text of two bytes a letter without its mark would come out as rows full of NUL bytes."""
        order = nul_order(raw) if b"\0" in raw[:_HEAD] else ""
        wide = self.encoding.startswith(("utf-16", "utf-32"))
        if order == "nul":
            raise UnreadableFile(
                "unreadable-file",
                "The file begins with nothing but NUL bytes: it was never written to its end. Export it again.",
            )
        if order and not wide:
            raise UnreadableFile(
                "unreadable-file",
                f"The file is written in UTF-16 without its mark ({order}), but its contract says {self.encoding}. "
                f"Save it as {self.encoding}, or say {order} in the contract.",
            )
        if order and self.encoding == "utf-16" and not raw.startswith(WIDE):
            self._decoder = _decoder(order)

    def spelled(self, data: bytes) -> str:
        """Text for people; bytes that are not of the encoding become backslash escapes."""
        if self._decoder is None:
            return data.decode("utf-8", "backslashreplace")
        text = data.decode("utf-8", "surrogatepass")
        return _MARKED.sub(lambda mark: f"\\x{ord(mark[0]) - _MARK:02x}", text)

    def _transcoded(self, raw: bytes, *, final: bool) -> bytes:
        if self._decoder is None:
            return raw
        if self._keeps_ascii and raw.isascii() and not self._decoder.getstate()[0]:
            return raw
        try:
            return self._decoder.decode(raw, final).encode("utf-8", "surrogatepass")
        except UnicodeError as error:
            raise UnreadableFile("unreadable-file", f"The file is not {self.encoding}: {error}.") from error


def _is_text(head: bytes, encoding: str) -> None:
    if head in SHEETS:
        raise UnreadableFile("unreadable-file", SHEETS[head])
    if head.startswith(WIDE) and not encoding.casefold().startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
        raise UnreadableFile(
            "unreadable-file",
            f"The file is written in UTF-16 (Excel: Unicode text), but its contract says {encoding}. "
            f"Save it as {'CSV UTF-8' if encoding.startswith('utf-8') else encoding}.",
        )


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    codecs.register_error("tillstream-mark", _mark)
    try:
        "".encode(encoding)  # codecs from bytes to bytes, such as hex, say so only when used
        return codecs.getincrementaldecoder(encoding)("tillstream-mark")
    except (LookupError, UnicodeError, TypeError) as error:
        raise UnreadableFile("unreadable-file", f"{encoding} is not an encoding of text.") from error


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    # Low surrogates alone are invalid in UTF-8, so two bad bytes can never pass as one good letter later.
    return "".join(chr(_MARK + byte) for byte in error.object[error.start : error.end]), error.end


def _keeps_ascii(encoding: str) -> bool:
    ascii_bytes = bytes(range(128))
    try:
        return ascii_bytes.decode(encoding) == ascii_bytes.decode("ascii")
    except UnicodeError:
        return False


class Rejoined:
    """A stream whose first bytes were looked at."""

    def __init__(self, head: bytes, stream: Bytes) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int) -> bytes:
        if not self._head:
            return self._stream.read(size)
        data, self._head = self._head[:size], self._head[size:]
        return data


class Returns:
    """Carriage returns become line feeds, also inside quoted cells; one before a line feed is part of that line end."""

    def __init__(self) -> None:
        self._held = b""

    def line_feeds(self, data: bytes, *, final: bool) -> bytes:
        """A return at the end of the data waits for what follows it; so nothing may come out before the end."""
        data, self._held = self._held + data, b""
        if data.endswith(b"\r") and not final:
            data, self._held = data[:-1], b"\r"
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
