"""Recognise a file by its first bytes: UTF-16, JSON lines, and what is no table, such as a picture or a PDF.

This is the only table of signatures. Documents in a zip archive or in a compound file are named where those are opened.
"""

import codecs
import re
import zlib
from contextlib import suppress

from tillstream.pipeline.reading.read_options import UnreadableFile, unreadable

SNIFFED_BYTES = 256
_MIN_UTF16_BYTES = 8
_MIN_NUL_SHARE, _MAX_NUL_SHARE = 0.3, 0.05

UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


UTF8_BOM = codecs.BOM_UTF8


_JSON_OBJECT = re.compile(rb'\s*\{\s*["}]')


_MULTILINE_JSON = re.compile(rb"\s*(?:\{[ \t]*\r?\n|\[\s*[\[{\]])")

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
PARQUET_MAGIC = b"PAR1"
COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0"
"""First bytes of formats that have readers; a compound file is the container of old workbooks and documents."""
HEAD_BYTES = 1 << 12
"""Number of bytes that the check needs; fewer are the whole file."""
_EXPORT = "Export the sales as CSV or as a workbook."
_EXTRACT = "Extract it and upload the file that it contains."
_SAVE_AS_WORKBOOK = "Open it in a spreadsheet program and save it as a workbook (.xlsx)."
_WEB_PAGE = (
    f"The file is a web page (HTML), as some shops export under the name .xls. {_SAVE_AS_WORKBOOK}",
    rb"\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]|"
    rb"<meta\s|<style[\s>]|<table(?:\s[^>]*)?>\s*<)",
)
_NOT_A_TABLE: tuple[tuple[str, bytes], ...] = (
    (f"The file is a PDF, from which sales cannot be read. {_EXPORT}", rb"\s*%PDF-"),
    (
        f"The file is a picture, from which sales cannot be read. {_EXPORT}",
        rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\*\0|MM\0\*|BM....\0\0\0\0|\0\0\x01\0[\x01-\x20]\0|"
        rb"8BPS\0\x01|....ftyp(?:hei|hev|mif1|msf1|avif)|"
        rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]",
    ),
    (
        f"The file is an audio or video recording, from which sales cannot be read. {_EXPORT}",
        rb"ID3[\x02-\x04]\0|\xff[\xfb\xf3\xf2][\x10-\xef][^\t\n,;|]|OggS\0|fLaC\0|RIFF....(?:WAVE|AVI )|....ftyp|"
        rb"\x1aE\xdf\xa3|FLV\x01|MThd\0|\0\0\x01[\xb3\xba]",
    ),
    (
        f"The file is a program, not a table. {_EXPORT}",
        rb"\x7fELF|MZ[^,;\t|\n]{0,58}\0|[\xce\xcf]\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]|\xca\xfe\xba\xbe|\0asm|#! ?/",
    ),
    (
        f"The file is a text document (RTF). {_EXPORT}",
        rb"\{\\rtf",
    ),
    (
        "The file is a database, not a table. Export the table with the sales as CSV.",
        rb"SQLite format 3\0|\0\x01\0\0Standard (?:ACE|Jet) DB",
    ),
    (f"The file is an archive (7-Zip, RAR, or the like). {_EXTRACT}",
     rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07|BZh[1-9]1AY&SY|\xfd7zXZ\0|\x28\xb5\x2f\xfd|MSCF\0|.{257}ustar[\0 ]"),
    (
        "The file has a format of data programs (Arrow, Avro, ORC, or HDF5). Save the table as Parquet or as CSV.",
        rb"ARROW1\0|Obj\x01|ORC[\x00-\x08]|\x89HDF\r\n",
    ),
    (f"The file is a PostScript document, from which sales cannot be read. {_EXPORT}", rb"%!PS"),
    (
        f"The file is an XML spreadsheet (of Excel 2003 or OpenDocument). {_SAVE_AS_WORKBOOK}",
        rb"\s*<\?xml.*?(?:urn:schemas-microsoft-com:office:spreadsheet|progid=.Excel\.Sheet|office:spreadsheet|"
        rb"oasis\.opendocument\.spreadsheet)",
    ),
    _WEB_PAGE,
    (f"The file is XML. {_EXPORT}", rb"\s*<\?xml[\s?]"),
)  # fmt: skip
"""Error message, and a regular expression for the first bytes; the first match counts."""
_PATTERNS = tuple(
    (message, re.compile(pattern, re.DOTALL | (re.IGNORECASE if message == _WEB_PAGE[0] else re.NOFLAG)))
    for message, pattern in _NOT_A_TABLE
)
_INSIDE = {
    ZIP_MAGIC: "The file is an archive or a workbook inside another archive. Extract it and upload it by itself, "
    "or save it as CSV UTF-8.",
    COMPOUND_MAGIC: "The file is an old Excel workbook (.xls) inside an archive. Extract it and upload it by "
    "itself, or save it as CSV UTF-8.",
    PARQUET_MAGIC: "The file is a Parquet file inside another archive. Extract it and upload it by itself.",
    GZIP_MAGIC: "The file is an archive inside another archive. Extract it and upload it by itself.",
}
"""Formats that have their own readers, but not inside an archive."""
_NUL_BYTES = "The file starts with NUL bytes only: it was not written completely. Export it again."
_BINARY = f"The file is not a table: its bytes are not text, and it has no known format. {_EXPORT}"
_EMPTY = "The file is empty. Export it again."
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x7f]")
_MIN_CONTROLS, _MIN_CONTROL_SHARE = 4, 0.02
"""Text has hardly any control characters, and not several kinds; of random bytes every tenth is one, of all kinds."""
_WIDE_SHARE = 0.5
"""Share of the two most frequent bytes among every second byte, from which on the bytes can be UTF-16."""


def utf16_byte_order(head: bytes) -> str:
    """`utf-16-le` or `utf-16-be` by the position of NUL bytes; `nul` if there are no other bytes; else empty."""
    prefix = head[: min(SNIFFED_BYTES, len(head) & ~1)]
    if len(prefix) < _MIN_UTF16_BYTES:
        return ""
    if not prefix.strip(b"\0"):
        return "nul"
    even, odd = (part.count(0) / len(part) for part in (prefix[::2], prefix[1::2]))
    if odd >= _MIN_NUL_SHARE and even <= _MAX_NUL_SHARE:
        return "utf-16-le"
    return "utf-16-be" if even >= _MIN_NUL_SHARE and odd <= _MAX_NUL_SHARE else ""


def is_json_lines(head: bytes) -> bool:
    """Whether a file starts with a JSON object. Raises `UnreadableFile` for JSON other than JSON lines."""
    text = head.decode("utf-16", "ignore").encode() if head.startswith(UTF16_BOMS) else head.removeprefix(UTF8_BOM)
    if _MULTILINE_JSON.match(text):
        raise unreadable(
            "The file is JSON, but not one object per line. Export it as JSON Lines (.jsonl, also called NDJSON) or "
            "as CSV."
        )
    return _JSON_OBJECT.match(text) is not None


class NotATable(UnreadableFile):
    """The file has no rows of sales, whatever the contract is."""


def not_a_table(message: str) -> NotATable:
    return NotATable("unreadable-file", message)


def check_first_bytes(head: bytes, encoding: str = "") -> None:
    """Raise `NotATable` for a file that is no table, gzipped or not.

    head: the first `HEAD_BYTES` bytes, or all bytes of a smaller file. encoding: that of the contract, if it is known.
    """
    if not head:
        raise NotATable("empty-file", _EMPTY)
    if head.startswith(GZIP_MAGIC):
        with suppress(zlib.error):  # damage is reported by the reader
            if content := zlib.decompressobj(31).decompress(head, HEAD_BYTES):
                _check(content, encoding, is_whole=False)
    elif not head.startswith(tuple(_INSIDE)):
        _check(head, encoding, is_whole=len(head) < HEAD_BYTES)


def check_content(head: bytes, encoding: str) -> None:
    """Raise `NotATable` as `check_first_bytes` does, for the first bytes of a file inside an archive."""
    _check(head, encoding, is_whole=len(head) < HEAD_BYTES)


def check_signatures(head: bytes) -> None:
    """Raise `NotATable` for formats that are named, and for those that cannot be read inside an archive."""
    for magic, message in _INSIDE.items():
        if head.startswith(magic):
            raise not_a_table(message)
    text, wide = head.removeprefix(UTF8_BOM), _utf16_as_ascii(head)
    for message, pattern in _PATTERNS:
        if pattern.match(text) or (wide and pattern.match(wide)):
            raise not_a_table(message)


def _check(head: bytes, encoding: str, *, is_whole: bool) -> None:
    if is_whole and not head.removeprefix(UTF8_BOM).strip():
        raise NotATable("empty-file", _EMPTY)
    if not head.strip(b"\0"):
        raise not_a_table(_NUL_BYTES)
    check_signatures(head)
    if not encoding.startswith(("utf-16", "utf-32")) and _is_binary(head):
        raise not_a_table(_BINARY)


def _utf16_as_ascii(head: bytes) -> bytes:
    """The text of UTF-16, which web pages and XML can have, as ASCII; empty for other files."""
    codec = "utf-16" if head.startswith(UTF16_BOMS) else utf16_byte_order(head)
    return head.decode(codec, "ignore").encode("ascii", "replace") if codec.startswith("utf") else b""


def _is_binary(head: bytes) -> bool:
    controls = _CONTROLS.findall(head)
    if len(set(controls)) < _MIN_CONTROLS or len(controls) < _MIN_CONTROL_SHARE * len(head):
        return False
    return not head.startswith(UTF16_BOMS) and not any(_is_high_byte(part) for part in (head[::2], head[1::2]))


def _is_high_byte(part: bytes) -> bool:
    """Whether these bytes, every second one, can be the high bytes of UTF-16 text."""
    most_frequent = sorted((part.count(byte) for byte in set(part)), reverse=True)[:2]
    return bool(part) and sum(most_frequent) >= _WIDE_SHARE * len(part)
