"""Recognise text files by their first bytes."""

import zlib
from codecs import BOM_UTF8
from contextlib import suppress

from tillstream.detection.text.sample import GZIP

ARCHIVE = b"PK"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_TYPED = (b"PAR1", _OLD_WORKBOOK, b"{", b"[", BOM_UTF8 + b"{", BOM_UTF8 + b"[")


def is_text(head: bytes) -> bool:
    """False for archives, workbooks, Parquet and possible JSON, gzipped or not."""
    if head.startswith(GZIP):
        with suppress(zlib.error):
            return not zlib.decompressobj(31).decompress(head, 8).startswith(_TYPED)
    return not head.startswith((ARCHIVE, *_TYPED))
