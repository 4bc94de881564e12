"""The pattern of a record and the scan of it cell by cell are one rule, on each release of Python."""

from itertools import product

import pytest

from tillstream.pipeline.reading.delimited.text_records import RecordSyntax, scan_record

PIECES = (b'"', b",", b"\n", b"\r", b" ", b"a")


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_pattern_matches_the_records_that_a_scan_finds(columns: int) -> None:
    syntax = RecordSyntax(b",", columns, 100)
    for pieces in product(PIECES, repeat=5):
        data = b"".join(pieces)
        matched = syntax.record.match(data)
        scanned = scan_record(data, 0, syntax, final=True)
        if matched:
            assert isinstance(scanned, tuple), data
            assert scanned[1] == matched.end(), data
        elif isinstance(scanned, tuple) and data[: scanned[1]].endswith(b"\n"):
            assert data[: scanned[0]].count(b",") >= columns, data


def test_a_record_ends_at_a_carriage_return() -> None:
    for pieces in product(PIECES, repeat=5):
        data = b"".join(pieces)
        matched = RecordSyntax(b",", 3, 100).cr_record.match(data)
        assert (matched is None) == (_cr_end(data) is None), data
        assert not matched or matched.end() == _cr_end(data), data


def _cr_end(data: bytes) -> int | None:
    """The end of the first record of `data`, read one byte after another."""
    at = 0
    while True:
        if data[at : at + 1] == b'"':
            at += 1
            while data[at : at + 1] not in (b'"', b"") or data[at : at + 2] == b'""':
                at += 2 if data[at : at + 1] == b'"' else 1
            if at >= len(data):
                return None
            at += 1
            while data[at : at + 1] == b" ":
                at += 1
        else:
            while data[at : at + 1] not in (b",", b"\r", b"\n", b""):
                at += 1
        if data[at : at + 1] == b"\r":
            return at + 1
        if data[at : at + 1] != b",":
            return None
        at += 1
