"""The pipeline room: a file's bytes as UTF-8, gzip opened by its magic bytes, encodings transcoded chunk by chunk."""

import codecs
import re
import zlib
from typing import BinaryIO, Protocol

from tillstream.domain.errors import Rejected

GZIP_MAGIC = b"\x1f\x8b"
SHEETS = {
    b"PK\x03\x04": "This is an Excel workbook or a zip archive, not a CSV file. Open it and save it as CSV UTF-8.",
    b"\xd0\xcf\x11\xe0": "This is an old Excel workbook, not a CSV file. Open it and save it as CSV UTF-8.",
    b"%PDF": "This is a PDF, which people read and programs cannot. Export the sales as CSV.",
}
"""First bytes of what people give instead of CSV, with the way out."""
WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
BOM = codecs.BOM_UTF8
_GZIP = 31  # zlib's window bits for a gzip member with its checksum verified
_COMPRESSED = 1 << 18
_HEAD = 4
_MARKED = re.compile("[\udc00-\udcff]")
_MARK = 0xDC00


class UnreadableFile(Rejected):
    """The whole file is refused; `code` is empty-file, repeated-header or unreadable-file of the catalogue."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Text:
    """The file as UTF-8 without its byte order mark. Bytes that are not of the encoding stay invalid UTF-8.

    Raises `UnreadableFile` for damaged gzip, for an encoding that is none of text, and for a UTF-8 mark in a file
    of another encoding, which would come out as other letters.
    """

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        head = _filled(stream, _HEAD)
        _is_text(head, encoding)
        plain = _Rejoined(head, stream)
        self._source: Bytes = _Gunzip(plain) if head.startswith(GZIP_MAGIC) else plain
        self.encoding = encoding
        self._decoder = None if encoding in ("utf-8", "utf-8-sig") else _decoder(encoding)
        self._keeps_ascii = self._decoder is not None and _keeps_ascii(encoding)
        self._begun = False

    def read(self, size: int) -> bytes:
        """About `size` bytes of UTF-8; fewer are no sign of the end, none is."""
        while raw := _filled(self._source, size if self._begun else max(size, len(BOM))):
            first, self._begun = not self._begun, True
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


def _filled(source: Bytes, size: int) -> bytes:
    """`size` bytes, fewer only at the end: sockets and pipes give what they have."""
    data = source.read(size)
    if not data or len(data) >= size:
        return data
    parts, missing = [data], size - len(data)
    while missing > 0 and (data := source.read(missing)):
        parts.append(data)
        missing -= len(data)
    return b"".join(parts)


class _Rejoined:
    """A stream whose first bytes were looked at."""

    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int) -> bytes:
        if not self._head:
            return self._stream.read(size)
        data, self._head = self._head[:size], self._head[size:]
        return data


class _Gunzip:
    """All members of a gzip file, checksums verified; a cut or damaged file raises and never just ends."""

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj(_GZIP)
        self._ahead = b""
        self._taken = 0
        self._given = 0

    def read(self, size: int) -> bytes:
        while True:
            if self._inflate.eof and not self._next_member():
                return b""
            data = self._inflate.unconsumed_tail or self._take()
            try:
                text = self._inflate.decompress(data, size)
            except zlib.error as error:
                raise self._damaged("is damaged") from error
            if text:
                self._given += len(text)
                return text
            if not data and not self._inflate.eof:
                raise self._damaged("ends too early")

    def _next_member(self) -> bool:
        rest = self._inflate.unused_data.lstrip(b"\0")  # archives on tape are padded with zeros
        while not rest and (more := self._take()):
            rest = more.lstrip(b"\0")
        if not rest:
            return False
        if len(rest) < len(GZIP_MAGIC):
            rest += self._take()
        if not rest.startswith(GZIP_MAGIC):
            raise self._damaged("is followed by something else")
        self._inflate, self._ahead = zlib.decompressobj(_GZIP), rest
        return True

    def _take(self) -> bytes:
        if self._ahead:
            data, self._ahead = self._ahead, b""
            return data
        data = self._stream.read(_COMPRESSED)
        self._taken += len(data)
        return data

    def _damaged(self, how: str) -> UnreadableFile:
        return UnreadableFile(
            "unreadable-file",
            f"The gzip data {how} near byte {self._taken:,} of the file, after {self._given:,} bytes of text.",
        )
