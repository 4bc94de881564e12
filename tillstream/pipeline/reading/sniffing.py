"""Text of two bytes a letter, known by its NUL bytes where it has no mark."""

import codecs
import re

from tillstream.pipeline.reading.errors import refused

LOOKED_AT = 256
_LEAST = 8
_MUCH, _LITTLE = 0.3, 0.05


def nul_order(head: bytes) -> str:
    """utf-16-le or utf-16-be where the NUL bytes of a file's head prove it; `nul` where it holds nothing else."""
    looked = head[: min(LOOKED_AT, len(head) & ~1)]
    if len(looked) < _LEAST:
        return ""
    if not looked.strip(b"\0"):
        return "nul"
    even, odd = (part.count(0) / len(part) for part in (looked[::2], looked[1::2]))
    if odd >= _MUCH and even <= _LITTLE:
        return "utf-16-le"
    return "utf-16-be" if even >= _MUCH and odd <= _LITTLE else ""


WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


BOM = codecs.BOM_UTF8


_OBJECT = re.compile(rb'\s*\{\s*["}]')


_SPREAD = re.compile(rb"\s*(?:\{[ \t]*\r?\n|\[\s*[\[{\]])")


def is_json(head: bytes) -> bool:
    """Whether a file begins with an object. Raises `UnreadableFile` for JSON that is no JSON lines."""
    text = head.decode("utf-16", "ignore").encode() if head.startswith(WIDE) else head.removeprefix(BOM)
    if _SPREAD.match(text):
        raise refused(
            "This is JSON, but not one object a line. Export it as JSON lines (.jsonl, also called NDJSON), or as CSV."
        )
    return _OBJECT.match(text) is not None
