"""Gzip and zip: the single file of an archive as a stream, or a workbook, within limits."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

from tillstream.model.limits import LIMITS, Limits
from tillstream.pipeline.reading.file_signatures import GZIP_MAGIC, ZIP_MAGIC, not_a_table
from tillstream.pipeline.reading.read_options import UnreadableFile, check_unpacked_size, unreadable

_GZIP_WINDOW = 31  # zlib's window bits for a gzip member with its checksum verified
_COMPRESSED_BYTES = 1 << 18

_EMPTY_ZIP = b"PK\x05\x06"
_ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
_ENCRYPTED_FLAG = 1
_OTHER_DOCUMENTS = {
    "word/document.xml": "The file is a Word document. Export the sales as CSV or as a workbook (.xlsx).",
    "ppt/presentation.xml": "The file is a PowerPoint presentation. Export the sales as CSV or as a workbook (.xlsx).",
    "Index/Document.iwa": "The file is a document of Apple Numbers, Pages, or Keynote. Export the sales as CSV or as a "
    "workbook (.xlsx).",
}

_DAMAGED_ZIP = (KeyError, OSError, OverflowError, RuntimeError, UnicodeDecodeError, ValueError, struct.error)
"""Exceptions that zipfile raises, besides `BadZipFile`, for damaged offsets, sizes or names."""


class ByteSource(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_exactly(source: ByteSource, size: int) -> bytes:
    """Read `size` bytes, fewer only at the end of the stream; sockets and pipes may return partial reads."""
    data = source.read(size)
    if not data or len(data) >= size:
        return data
    parts, remaining = [data], size - len(data)
    while remaining > 0 and (data := source.read(remaining)):
        parts.append(data)
        remaining -= len(data)
    return b"".join(parts)


class Gunzip:
    """All members of a gzip file as one stream, with checksums verified.

    Raises `UnreadableFile` for truncated or damaged data and for a file that expands beyond the limits.
    """

    def __init__(self, stream: ByteSource, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._stream = stream
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._buffered = b""
        self._packed = 0
        self._unpacked = 0

    def read(self, size: int) -> bytes:
        while True:
            if self._inflate.eof and not self._next_member():
                return b""
            data = self._inflate.unconsumed_tail or self._next_chunk()
            try:
                text = self._inflate.decompress(data, size)
            except zlib.error as error:
                raise self._damaged("is damaged") from error
            if text:
                self._unpacked += len(text)
                check_unpacked_size(self._unpacked, self._packed, self._limits)
                return text
            if not data and not self._inflate.eof:
                raise self._damaged("ends too early", " The file was cut off during transfer; upload it again.")

    def _next_member(self) -> bool:
        rest = self._inflate.unused_data.lstrip(b"\0")  # some programs pad a file with zeros
        while not rest and (chunk := self._next_chunk()):
            rest = chunk.lstrip(b"\0")
        if not rest:
            return False
        if len(rest) < len(GZIP_MAGIC):
            rest += self._next_chunk()
        if not rest.startswith(GZIP_MAGIC):
            raise self._damaged("is followed by other data")
        self._inflate, self._buffered = zlib.decompressobj(_GZIP_WINDOW), rest
        return True

    def _next_chunk(self) -> bytes:
        if self._buffered:
            data, self._buffered = self._buffered, b""
            return data
        data = self._stream.read(_COMPRESSED_BYTES)
        self._packed += len(data)
        return data

    def _damaged(self, what: str, advice: str = "") -> UnreadableFile:
        return UnreadableFile(
            "unreadable-file",
            f"The gzip data {what} near byte {self._packed:,} of the file, "
            f"after {self._unpacked:,} bytes of text.{advice}",
        )


def is_zip(head: bytes) -> bool:
    return head.startswith((ZIP_MAGIC, _EMPTY_ZIP))


class _Archive(zipfile.ZipFile):
    def __init__(self, stream: BinaryIO) -> None:
        with _as_bad_zip_file():
            super().__init__(stream)

    def open(self, *args: Any, **options: Any) -> Any:
        with _as_bad_zip_file():
            return super().open(*args, **options)


@contextmanager
def _as_bad_zip_file() -> Iterator[None]:
    try:
        yield
    except NotImplementedError:
        raise
    except _DAMAGED_ZIP as error:
        raise zipfile.BadZipFile(str(error)) from error


@contextmanager
def open_archive(stream: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Open an archive; errors while it is used are raised as `UnreadableFile`."""
    try:
        with _Archive(stream) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise unreadable(
            f"The archive is damaged or was cut off ({error}). Create it again, or upload it again."
        ) from error
    except NotImplementedError as error:
        raise unreadable(
            f"The compression of the archive is not supported ({error}). Create it again as a zip archive."
        ) from error


def workbook_format(archive: zipfile.ZipFile) -> str:
    """`xlsx`, `xlsb`, `ods`, or empty if the archive is not a workbook. Raises `UnreadableFile` for other documents."""
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "mimetype" in names and "content.xml" in names:
        with archive.open("mimetype") as entry:
            if entry.read(len(_ODS_TYPE) + 1).strip().startswith(_ODS_TYPE):
                return "ods"
        raise not_a_table("The file is a document without sheets. Export the sales as CSV or as a workbook (.ods).")
    for name, message in _OTHER_DOCUMENTS.items():
        if name in names:
            raise not_a_table(message)
    return ""


def only_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The only file in the archive, apart from macOS metadata. Raises `UnreadableFile`."""
    # not `is_dir`, which fails on an empty name
    files = (info for info in archive.infolist() if not info.filename.endswith("/"))
    infos = [info for info in files if not _is_macos_metadata(info.filename)]
    if not infos:
        raise not_a_table("The archive is empty. Create it again with the file that contains the sales.")
    if len(infos) > 1:
        listed = ", ".join(info.filename for info in infos[:5]) + (" and more" if len(infos) > 5 else "")
        raise unreadable(
            f"The archive contains {len(infos):,} files ({listed}). Upload each file by itself or in its own archive, "
            "so that each gets a receipt."
        )
    if infos[0].flag_bits & _ENCRYPTED_FLAG:
        raise unreadable("The archive is protected with a password. Unpack it and upload the file that it contains.")
    return infos[0]


def _is_macos_metadata(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] == ".DS_Store"


class ArchiveMember:
    """One file of an archive as a stream with size limits and checksum verification."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> None:
        self._stream: ByteSource = archive.open(info)
        self._packed = info.compress_size
        self._limits = limits
        self._unpacked = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._unpacked += len(data)
        check_unpacked_size(self._unpacked, self._packed, self._limits)
        return data
