"""What a zip archive holds: one file, read as a stream, or a workbook, or words why neither."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from tillstream.domain.limits import Limits
from tillstream.pipeline.reading.errors import refused
from tillstream.pipeline.reading.limits import bounded
from tillstream.pipeline.reading.streams.gzip import Bytes

ZIP_MAGIC = b"PK\x03\x04"
_EMPTY = b"PK\x05\x06"
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_ENCRYPTED = 1
_OTHERS = {
    "xl/workbook.bin": "This is a binary Excel workbook (.xlsb). Open it and save it as a workbook (.xlsx).",
    "word/document.xml": "This is a Word document. Export the sales as CSV or as a workbook (.xlsx).",
    "ppt/presentation.xml": "This is a PowerPoint presentation. Export the sales as CSV or as a workbook (.xlsx).",
}


def is_zip(head: bytes) -> bool:
    return head.startswith((ZIP_MAGIC, _EMPTY))


_DAMAGED = (KeyError, OSError, OverflowError, RuntimeError, UnicodeDecodeError, ValueError, struct.error)
"""What zipfile raises besides its own error where places, sizes or names in an archive are damaged."""


class _Archive(zipfile.ZipFile):
    def __init__(self, stream: BinaryIO) -> None:
        with _said():
            super().__init__(stream)

    def open(self, *args: Any, **options: Any) -> Any:
        with _said():
            return super().open(*args, **options)


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except NotImplementedError:
        raise
    except _DAMAGED as error:
        raise zipfile.BadZipFile(str(error)) from error


@contextmanager
def opened(stream: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Whatever is found broken in the archive while it is used is said in words. Raises `UnreadableFile`."""
    try:
        with _Archive(stream) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise refused(f"The archive is damaged or was cut off ({error}). Make it again, or send it again.") from error
    except NotImplementedError as error:
        raise refused(f"The archive is packed in a way that is not known ({error}). Make it again as zip.") from error


def workbook(archive: zipfile.ZipFile) -> str:
    """xlsx, ods, or nothing for an archive that is no workbook. Raises `UnreadableFile` for other documents."""
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "mimetype" in names and "content.xml" in names:
        with archive.open("mimetype") as entry:
            if entry.read(len(_ODS) + 1).strip().startswith(_ODS):
                return "ods"
        raise refused("This is a document that is no sheet. Export the sales as CSV or as a workbook (.ods).")
    for name, words in _OTHERS.items():
        if name in names:
            raise refused(words)
    return ""


def one_file(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The only file in it, but for what a Mac adds. Raises `UnreadableFile`."""
    # not `is_dir`, which fails on a name of no letters
    files = (info for info in archive.infolist() if not info.filename.endswith("/"))
    infos = [info for info in files if not _added_by_mac(info.filename)]
    if not infos:
        raise refused("There is no file in the archive. Make it again with the file that holds the sales.")
    if len(infos) > 1:
        named = ", ".join(info.filename for info in infos[:5]) + (" and more" if len(infos) > 5 else "")
        raise refused(
            f"There are {len(infos):,} files in the archive ({named}). Give each file by itself, "
            "or in an archive of its own, so that each has a receipt."
        )
    if infos[0].flag_bits & _ENCRYPTED:
        raise refused("The archive is locked with a password. Unpack it and give the file that is in it.")
    return infos[0]


def _added_by_mac(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] == ".DS_Store"


class Member:
    """One file of an archive as a stream that grows no further than the limits. Its checksum is verified."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> None:
        self._stream: Bytes = archive.open(info)
        self._packed = info.compress_size
        self._limits = limits
        self._given = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._given += len(data)
        bounded(self._given, self._packed, self._limits)
        return data
