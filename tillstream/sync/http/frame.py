"""Content of a request: one line of JSON, then bytes, together compressed with gzip."""

import gzip
import json
import zlib
from typing import Any

from tillstream.model import json_text
from tillstream.model.errors import Rejected, TooLarge

MAX_SENT = 32 << 20
"""Maximum bytes of a request as it is sent."""
MAX_BYTES = 64 << 20
"""Maximum bytes of its content."""
ENCODING = "gzip"
_LEVEL = 6


def pack(head: Any, data: bytes = b"") -> bytes:
    """Compress a JSON value and the bytes that follow it."""
    return gzip.compress(json.dumps(head, separators=(",", ":")).encode() + b"\n" + data, _LEVEL, mtime=0)


def unpack(packed: bytes) -> tuple[Any, bytes]:
    """The JSON value and the bytes of a request. Raises `Rejected`, and `TooLarge` without unpacking all of it."""
    line, _, data = decompress(packed).partition(b"\n")
    try:
        return json_text.decode_json(line), data
    except ValueError as error:
        raise Rejected("The content does not begin with a line of JSON.") from error


def decompress(packed: bytes) -> bytes:
    """Raises as `unpack`."""
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # the format of gzip
    try:
        content = unpacking.decompress(packed, MAX_BYTES + 1)
    except zlib.error as error:
        raise Rejected("The content is not gzip data.") from error
    if len(content) > MAX_BYTES:
        raise TooLarge(f"The content has more than {MAX_BYTES >> 20} MB.")
    if not unpacking.eof:
        raise Rejected("The content is not complete gzip data. Send it again.")
    return content
