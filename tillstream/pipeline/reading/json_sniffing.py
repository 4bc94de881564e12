"""The pipeline room: whether a file is JSON lines, seen at its first bytes."""

import re

from tillstream.pipeline.reading.streams.decode import BOM, WIDE
from tillstream.pipeline.reading.streams.zip_archive import refused

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
