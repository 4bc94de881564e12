"""The file with the last generation of the object store. Damaged, it is written again from the stored generations."""

import os
import re
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

from tillstream.adapters.local.clock import EPOCH, MICROSECOND
from tillstream.adapters.local.numbering import LEAP, Numbers, from_stored, of_ahead, of_behind, tick_of
from tillstream.ports.clock import Clock
from tillstream.ports.finding import Finding

NAME = ".generation"
_FORM = re.compile(rb"([0-9]{20}) ([0-9]{20}) ([0-9]{20}) ([0-9a-f]{8})\n")
_EARLIER = re.compile(rb"[0-9]{20}")


class GenerationFile:
    """stored: returns every generation in the store. Call each method with the lock of the store."""

    def __init__(self, root: Path, clock: Clock, stored: Callable[[], Iterable[int]]) -> None:
        self._path, self._clock, self._stored = root / NAME, clock, stored
        self._findings: list[Finding] = []

    def next(self) -> int:
        """A generation greater than all before, unless these came from a clock that was ahead."""
        now = tick_of(self._clock)
        before = self._read(now)
        numbers, ahead = before.following(now)
        if ahead:
            self._findings.append(of_ahead(NAME, "files", ahead))
        self._write(numbers)
        return numbers.last

    def create(self) -> None:
        """Write the file of a store whose objects were copied without it."""
        self._write(from_stored(list(self._stored()), self._now()))

    def check(self) -> list[Finding]:
        """Read the file, and compare it with the clock; return what was found since the last call."""
        now = self._now()
        numbers = self._read(now)
        if numbers.is_ahead(now):
            numbers, ahead = numbers.following(now)
            self._write(numbers)
            self._findings += [of_ahead(NAME, "files", ahead)] if ahead else []
        noticed, self._findings = self._findings, []
        return noticed + of_behind(numbers.last, now)

    def _now(self) -> int:
        return (self._clock.now() - EPOCH) // MICROSECOND

    def _read(self, now: int) -> Numbers:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            content = b""
        if (match := _FORM.fullmatch(content)) and int(match[4], 16) == zlib.crc32(content[:62]):
            return Numbers(*(int(match[group]) for group in (1, 2, 3)))
        if _EARLIER.fullmatch(content) and int(content) <= now + LEAP:
            return Numbers(int(content))
        stored = list(self._stored())
        numbers = from_stored(stored, now)
        is_right = _EARLIER.fullmatch(content) and int(content) == numbers.last
        if (stored or content) and not is_right:
            self._findings.append(
                Finding(NAME, f"objects/{NAME} was missing or damaged and is written again from the stored files.")
            )
        self._write(numbers)
        return numbers

    def _write(self, numbers: Numbers) -> None:
        # Overwritten at a fixed width: a killed process leaves either the old number or the new.
        text = b"%020d %020d %020d" % (numbers.last, numbers.before, numbers.after)
        with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666), "r+b", 0) as file:
            file.write(b"%b %08x\n" % (text, zlib.crc32(text)))
            file.truncate()
