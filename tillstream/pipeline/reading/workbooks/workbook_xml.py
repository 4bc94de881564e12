"""The XML of workbooks, parsed without document types: a chain of their entities overflows the stack of expat.

Before expat 2.7 that ends the process; spreadsheets write no document type.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any, Protocol
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

__all__ = ["Element", "ParseError", "fromstring", "iterparse"]

_PIECE = 1 << 10
"""Bytes that are checked at a time. Expat parses a piece to its end even if a handler raises."""
_CHUNK, _LONGEST = 1 << 16, 4 << 20
"""Bytes that are parsed at a time, and those within which an element must begin or end: expat before 2.6 begins again
with each chunk of what is not complete, such as a comment."""


class _Stream(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _ElementsBegin(Exception):
    """The part where a document type can be is over."""


class _WithoutDocumentType:
    """A stream whose bytes have been checked; raises `ValueError` where a document type begins."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream
        self._checked = 0
        self._parser: expat.XMLParserType | None = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._end

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._check_prolog(data)
        return data

    def _check_prolog(self, data: bytes) -> None:
        for start in range(0, len(data), _PIECE):
            if self._parser is None:
                return
            self._checked += _PIECE
            if self._checked > _LONGEST >> 2:
                raise ValueError("its XML begins with more than a megabyte that is no element")
            try:
                self._parser.Parse(data[start : start + _PIECE], False)
            except (_ElementsBegin, expat.ExpatError):  # what expat refuses here, it refuses again when it is parsed
                self._parser = None

    def _refuse(self, *_: object) -> None:
        raise ValueError("its XML has a document type, which workbooks do not contain")

    def _end(self, *_: object) -> None:
        raise _ElementsBegin


def iterparse(stream: _Stream, events: Sequence[str]) -> Iterator[tuple[str, Element]]:
    """As that of ElementTree. Raises `ParseError`, `LookupError`, `ValueError`."""
    checked, silent = _WithoutDocumentType(stream), 0
    parser: Any = ET.XMLPullParser(events)  # type: ignore[arg-type]
    while data := checked.read(_CHUNK):
        parser.feed(data)
        silent += len(data)
        for event, element in parser.read_events():
            silent = 0
            yield event, element
        if silent > _LONGEST:
            raise ValueError(f"its XML has more than {_LONGEST >> 20} megabytes without an element")
    parser.close()
    yield from parser.read_events()


def fromstring(data: bytes) -> Element:
    """As that of ElementTree. Raises `ParseError`, `LookupError`, `ValueError`."""
    checked = _WithoutDocumentType(io.BytesIO(data))
    return ET.fromstring(checked.read())
