"""What the portal and the process that runs a statement send each other: frames of JSON and of Arrow.

A frame is its kind (a byte), its length (four bytes, big-endian), and its content. The portal trusts nothing that it
reads: a frame has a limit, JSON is read by its names only, and Arrow is validated.
"""

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

from tillstream.model.document_json import JsonObject
from tillstream.ports.machine import BrokenFrame

JSON, ARROW = b"j", b"a"
LONGEST = 64 << 20
"""Bytes of a frame."""
_HEAD = struct.Struct(">cI")


class Sink:
    """A file whose writes are Arrow frames."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        content = memoryview(data)
        for start in range(0, content.nbytes, LONGEST):
            _write(self._stream, ARROW, content[start : start + LONGEST])
        return content.nbytes

    def flush(self) -> None:
        self._stream.flush()

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def _write(stream: BinaryIO, kind: bytes, content: "bytes | memoryview") -> None:
    stream.write(_HEAD.pack(kind, len(content)))
    stream.write(content)
    stream.flush()


def write_json(stream: BinaryIO, value: Mapping[str, Any]) -> None:
    _write(stream, JSON, json.dumps(value).encode())


def read(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """The kind and content of the next frame; None at the end. Raises `BrokenFrame`."""
    head = stream.read(_HEAD.size)
    if not head:
        return None
    if len(head) < _HEAD.size:
        raise BrokenFrame("The head of a frame is cut off.")
    kind, length = _HEAD.unpack(head)
    if kind not in (JSON, ARROW) or length > LONGEST:
        raise BrokenFrame("A frame has no known kind, or is too long.")
    content = stream.read(length)
    if len(content) < length:
        raise BrokenFrame("A frame is cut off.")
    return kind, content


def read_json(stream: BinaryIO) -> JsonObject | None:
    """The next frame, which has to be JSON; None at the end. Raises `BrokenFrame`."""
    frame = read(stream)
    return None if frame is None else to_json(frame)


def to_json(frame: tuple[bytes, bytes]) -> JsonObject:
    """Raises `BrokenFrame` unless the frame is a JSON object."""
    kind, content = frame
    if kind != JSON:
        raise BrokenFrame("JSON was expected.")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BrokenFrame("A frame is no JSON.") from error
    if not isinstance(value, dict):
        raise BrokenFrame("A frame is no JSON object.")
    return value
