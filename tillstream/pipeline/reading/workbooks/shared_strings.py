"""Texts of old Excel workbooks (BIFF8), which can continue in the next record."""

import struct

from tillstream.pipeline.reading.workbooks.sheet import damaged_workbook

_WIDE, _EXTENDED, _RICH = 1, 4, 8


def read_text(data: bytes, length: int, flags: int) -> str:
    """Read a text that is within one record. Raises `UnreadableFile`."""
    wide = flags & _WIDE
    raw = data[: length << wide]
    if len(raw) < length << wide:
        raise damaged_workbook("a text is cut off")
    return raw.decode("utf-16-le", "replace") if wide else raw.decode("latin-1")


def read_strings(parts: list[bytes]) -> list[str]:
    """The shared texts of a workbook. parts: the record and those that continue it. Raises `UnreadableFile`."""
    if not parts:
        return []
    strings: list[str] = []
    count = 0
    try:
        reader = _Continued(parts)
        _, count = struct.unpack("<II", reader.take(8))
        while reader.has_more():
            strings.append(reader.string())
    except (struct.error, IndexError) as error:
        if len(strings) < count or not count:  # some programs write a wrong count, or padding after the last text
            raise damaged_workbook("its texts are cut off") from error
    return strings


class _Continued:
    """Reads texts from a record and the records that continue it."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = iter(parts)
        self._part, self._position = b"", 0

    def has_more(self) -> bool:
        while self._position >= len(self._part):
            part = next(self._parts, None)
            if part is None:
                return False
            self._part, self._position = part, 0
        return True

    def take(self, size: int) -> bytes:
        taken = bytearray(self._advance(size))
        while len(taken) < size:
            self._next()
            taken += self._advance(size - len(taken))
        return bytes(taken)

    def _advance(self, size: int) -> bytes:
        """Read at most `size` bytes, only from the current record."""
        raw = self._part[self._position : self._position + size]
        self._position += len(raw)
        return raw

    def _next(self) -> None:
        part = next(self._parts, None)
        if part is None:
            raise IndexError
        self._part, self._position = part, 0

    def string(self) -> str:
        length, flags = struct.unpack("<HB", self.take(3))
        runs = struct.unpack("<H", self.take(2))[0] if flags & _RICH else 0
        extension = struct.unpack("<I", self.take(4))[0] if flags & _EXTENDED else 0
        text = self._text(length, flags & _WIDE)
        self.take(4 * runs + extension)
        return text

    def _text(self, length: int, wide: int) -> str:
        encoded = b""
        while True:
            left = len(self._part) - self._position
            raw = self._advance(min(length, left >> wide) << wide)
            length -= len(raw) >> wide
            if not length and not encoded:
                return raw.decode("utf-16-le", "replace") if wide else raw.decode("latin-1")
            encoded += raw if wide else raw.decode("latin-1").encode("utf-16-le")
            if not length:
                return encoded.decode("utf-16-le", "replace")
            self._next()  # the rest of the text starts with its own flags
            wide, self._position = self._part[0] & _WIDE, 1
