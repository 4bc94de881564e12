"""Zip archives: a single file read as a stream, or a workbook; anything else is an error."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.errors import unreadable
from tillstream.pipeline.reading.limits import check_unpacked_size
from tillstream.pipeline.reading.signatures import ZIP_MAGIC, not_a_table
from tillstream.pipeline.reading.streams.gzip import Bytes

_EMPTY = b"PK\x05\x06"
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_ENCRYPTED = 1
_OTHER_DOCUMENTS = {
    "word/document.xml": "The file is a Word document. Export the sales as CSV or as a workbook (.xlsx).",
    "ppt/presentation.xml": "The file is a PowerPoint presentation. Export the sales as CSV or as a workbook (.xlsx).",
    "Index/Document.iwa": "The file is a document of Apple Numbers, Pages, or Keynote. Export the sales as CSV or as a "
    "workbook (.xlsx).",
}


def is_zip(head: bytes) -> bool:
    return head.startswith((ZIP_MAGIC, _EMPTY))


_DAMAGED = (KeyError, OSError, OverflowError, RuntimeError, UnicodeDecodeError, ValueError, struct.error)
"""Exceptions that zipfile raises, besides `BadZipFile`, for damaged offsets, sizes or names."""


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
    except _DAMAGED as error:
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
            if entry.read(len(_ODS) + 1).strip().startswith(_ODS):
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
    if infos[0].flag_bits & _ENCRYPTED:
        raise unreadable("The archive is protected with a password. Unpack it and upload the file that it contains.")
    return infos[0]


def _is_macos_metadata(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] == ".DS_Store"


class Member:
    """One file of an archive as a stream with size limits and checksum verification."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> None:
        self._stream: Bytes = archive.open(info)
        self._packed = info.compress_size
        self._limits = limits
        self._unpacked = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._unpacked += len(data)
        check_unpacked_size(self._unpacked, self._packed, self._limits)
        return data
