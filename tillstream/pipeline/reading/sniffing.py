"""Sniffing of UTF-16 without a byte order mark, and of JSON lines."""

import codecs
import re

from tillstream.pipeline.reading.errors import unreadable

SNIFFED_BYTES = 256
_MIN_BYTES = 8
_MIN_NUL_SHARE, _MAX_NUL_SHARE = 0.3, 0.05


def utf16_byte_order(head: bytes) -> str:
    """`utf-16-le` or `utf-16-be` by the position of NUL bytes; `nul` if there are no other bytes; else empty."""
    prefix = head[: min(SNIFFED_BYTES, len(head) & ~1)]
    if len(prefix) < _MIN_BYTES:
        return ""
    if not prefix.strip(b"\0"):
        return "nul"
    even, odd = (part.count(0) / len(part) for part in (prefix[::2], prefix[1::2]))
    if odd >= _MIN_NUL_SHARE and even <= _MAX_NUL_SHARE:
        return "utf-16-le"
    return "utf-16-be" if even >= _MIN_NUL_SHARE and odd <= _MAX_NUL_SHARE else ""


UTF16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


UTF8_BOM = codecs.BOM_UTF8


_OBJECT = re.compile(rb'\s*\{\s*["}]')


_MULTILINE_JSON = re.compile(rb"\s*(?:\{[ \t]*\r?\n|\[\s*[\[{\]])")


def is_json(head: bytes) -> bool:
    """Whether a file starts with a JSON object. Raises `UnreadableFile` for JSON other than JSON lines."""
    text = head.decode("utf-16", "ignore").encode() if head.startswith(UTF16_BOMS) else head.removeprefix(UTF8_BOM)
    if _MULTILINE_JSON.match(text):
        raise unreadable(
            "The file is JSON, but not one object per line. Export it as JSON Lines (.jsonl, also called NDJSON) or "
            "as CSV."
        )
    return _OBJECT.match(text) is not None
