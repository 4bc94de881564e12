"""Read a file as UTF-8: gzip is detected by its magic bytes, other encodings are transcoded chunk by chunk."""

import codecs
import re

from tillstream.pipeline.reading.archives import ByteSource, Gunzip, read_exactly
from tillstream.pipeline.reading.file_signatures import (
    GZIP_MAGIC,
    SNIFFED_BYTES,
    UTF8_BOM,
    UTF16_BOMS,
    check_signatures,
    utf16_byte_order,
)
from tillstream.pipeline.reading.read_options import UnreadableFile

_HEAD = 1 << 10
_NUL_BYTES = 4
_ESCAPED = re.compile("[\udc00-\udcff]")
_ESCAPE_BASE = 0xDC00


class Utf8Stream:
    """The file as UTF-8 without its byte order mark. Undecodable bytes stay invalid UTF-8.

    Raises `UnreadableFile` for damaged gzip, for a codec that is not a text encoding, and for a UTF-8 BOM in a file
    of another encoding, which would decode to wrong characters.
    """

    def __init__(self, stream: ByteSource, encoding: str) -> None:
        head = read_exactly(stream, _HEAD)
        _check_text(head, encoding)
        plain = PeekedStream(head, stream)
        self._source: ByteSource = Gunzip(plain) if head.startswith(GZIP_MAGIC) else plain
        self.encoding = encoding
        self._decoder = None if encoding in ("utf-8", "utf-8-sig") else _decoder(encoding)
        self._is_ascii_superset = self._decoder is not None and _is_ascii_superset(encoding)
        self._letters = NonAsciiLetters() if self._is_ascii_superset else None
        self._started = False
        self._newlines: NewlineConverter | None = None

    def read(self, size: int) -> bytes:
        """Read about `size` bytes of UTF-8; only an empty result means the end of the file."""
        data = self._read(size)
        if self._newlines is None:
            return data
        while data and not (lines := self._newlines.line_feeds(data, final=False)):
            data = self._read(size)
        return lines if data else self._newlines.line_feeds(b"", final=True)

    @property
    def letters(self) -> str:
        """For an encoding other than UTF-8 or UTF-16, once all is read: `utf-8` if all bytes are valid UTF-8 with
        letters beyond ASCII, `other` if there are other letters beyond ASCII, else empty."""
        return self._letters.encoding if self._letters else ""

    def convert_cr_line_endings(self, data: bytes, *, final: bool) -> bytes:
        """Treat CR as the line ending from here on; returns `data` with line feeds."""
        self._newlines = self._newlines or NewlineConverter()
        return self._newlines.line_feeds(data, final=final)

    def _read(self, size: int) -> bytes:
        while raw := read_exactly(self._source, size if self._started else max(size, SNIFFED_BYTES)):
            first, self._started = not self._started, True
            if first:
                self._check_nul_bytes(raw)
            if first and self._decoder and raw.startswith(UTF8_BOM):
                raise UnreadableFile(
                    "unreadable-file",
                    "The file starts with a UTF-8 byte order mark, but the encoding of the data source is "
                    f"{self.encoding}. Export it as {self.encoding}, or change the encoding of the data source.",
                )
            text = self._transcoded(raw, final=False)
            if first:
                text = text.removeprefix(UTF8_BOM)
            if text:
                return text
        return self._transcoded(b"", final=True)

    def _check_nul_bytes(self, raw: bytes) -> None:
        """Detect UTF-16 without a BOM, which would decode to rows full of NUL bytes."""
        order = utf16_byte_order(raw) if b"\0" in raw[:_NUL_BYTES] else ""
        is_wide = self.encoding.startswith(("utf-16", "utf-32"))
        if order == "nul":
            raise UnreadableFile(
                "unreadable-file",
                "The file starts with NUL bytes only: it was not written completely. Export it again.",
            )
        if order and not is_wide:
            raise UnreadableFile(
                "unreadable-file",
                f"The file is UTF-16 without a byte order mark ({order}), but the encoding of the data source is "
                f"{self.encoding}. Save it as {self.encoding}, or set the encoding of the data source to {order}.",
            )
        if order and self.encoding == "utf-16" and not raw.startswith(UTF16_BOMS):
            self._decoder = _decoder(order)

    def display_text(self, data: bytes) -> str:
        """Text for display; undecodable bytes become backslash escapes."""
        if self._decoder is None:
            return data.decode("utf-8", "backslashreplace")
        text = data.decode("utf-8", "surrogatepass")
        return _ESCAPED.sub(lambda mark: f"\\x{ord(mark[0]) - _ESCAPE_BASE:02x}", text)

    def _transcoded(self, raw: bytes, *, final: bool) -> bytes:
        if self._decoder is None:
            return raw
        if self._letters:
            self._letters.add(raw, final=final)
        if self._is_ascii_superset and raw.isascii() and not self._decoder.getstate()[0]:
            return raw
        try:
            return self._decoder.decode(raw, final).encode("utf-8", "surrogatepass")
        except UnicodeError as error:
            raise UnreadableFile("unreadable-file", f"The file is not {self.encoding}: {error}.") from error


class NonAsciiLetters:
    """Checks whether a file in another encoding is UTF-8 throughout; text of one is hardly ever valid in the other."""

    def __init__(self) -> None:
        self.encoding = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, raw: bytes, *, final: bool) -> None:
        """Add the next bytes of the file."""
        if self.encoding == "other" or (raw.isascii() and not self._decoder.getstate()[0]):
            return
        try:
            self._decoder.decode(raw, final)
            self.encoding = "utf-8"
        except UnicodeDecodeError:
            self.encoding = "other"


def _check_text(head: bytes, encoding: str) -> None:
    if not head.startswith(GZIP_MAGIC):
        check_signatures(head)
    if head.startswith(UTF16_BOMS) and not encoding.casefold().startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
        raise UnreadableFile(
            "unreadable-file",
            f"The file is UTF-16 (in Excel: Unicode text), but the encoding of the data source is {encoding}. "
            f"Save it as {'CSV UTF-8' if encoding.startswith('utf-8') else encoding}.",
        )


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    codecs.register_error("tillstream-mark", _escape_invalid)
    try:
        "".encode(encoding)  # bytes-to-bytes codecs, such as hex, fail only when used
        return codecs.getincrementaldecoder(encoding)("tillstream-mark")
    except (LookupError, UnicodeError, TypeError) as error:
        raise UnreadableFile("unreadable-file", f"{encoding} is not a text encoding.") from error


def _escape_invalid(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    # Lone low surrogates are invalid in UTF-8, so two bad bytes can never form one valid character later.
    return "".join(chr(_ESCAPE_BASE + byte) for byte in error.object[error.start : error.end]), error.end


def _is_ascii_superset(encoding: str) -> bool:
    ascii_bytes = bytes(range(128))
    try:
        return ascii_bytes.decode(encoding) == ascii_bytes.decode("ascii")
    except UnicodeError:
        return False


class PeekedStream:
    """A stream whose first bytes were read already; it returns them again."""

    def __init__(self, head: bytes, stream: ByteSource) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int) -> bytes:
        if not self._head:
            return self._stream.read(size)
        data, self._head = self._head[:size], self._head[size:]
        return data


class NewlineConverter:
    """Converts CR and CRLF to LF, also inside quoted cells."""

    def __init__(self) -> None:
        self._pending = b""

    def line_feeds(self, data: bytes, *, final: bool) -> bytes:
        """Convert `data`. A trailing CR is held back until the next call, so the result may be empty before the end."""
        data, self._pending = self._pending + data, b""
        if data.endswith(b"\r") and not final:
            data, self._pending = data[:-1], b"\r"
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
