"""The pattern of a record and the scan of it cell by cell are one rule; a file cut inside its last cell is reported."""

from itertools import product

import pytest
from delimited_text import read_all

from tillstream.pipeline.reading.delimited.delimited_reader import compare_last_cell
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


AMOUNTS = [f"{n}.50" for n in range(1, 13)]
NUMBERS = [str(n * 7) for n in range(1, 13)]
DATES = [f"2026-03-{n:02}" for n in range(1, 13)]
WORDS = ["paid", "cancelled"] * 6


@pytest.mark.parametrize(
    ("above", "cell", "state"),
    [
        (AMOUNTS, "13.50", "whole"),
        (AMOUNTS, "13.5", "cut"),
        (AMOUNTS, "13", "cut"),
        (AMOUNTS, "", "cut"),
        (NUMBERS, "9", "unknown"),
        (NUMBERS, "", "cut"),
        (DATES, "2026-03-13", "whole"),
        (DATES, "2026-03-1", "cut"),
        (WORDS, "cancelled", "whole"),
        (WORDS, "cancel", "cut"),
        (WORDS, "returned", "unknown"),
        (["100", "200", "300"] * 4, "50", "unknown"),
        (["x", ""] * 6, "", "whole"),
        (["1.50"] * 3, "1.5", "unknown"),
    ],
)
def test_the_last_cell_is_compared_with_those_above(above: list[str], cell: str, state: str) -> None:
    assert compare_last_cell(cell, above) == state


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_row_that_may_be_incomplete_has_a_warning(end: str) -> None:
    text = end.join(["No,Net", *(f"{n},{n * 7}" for n in range(1, 14)), ""]) if end else ""
    text = text or "\n".join(["No,Net", *(f"{n},{n * 7}" for n in range(1, 14))])
    result = read_all(text)
    assert result.flagged == ([] if end else [(13, "no-final-line-break")])
    assert (result.cut, len(result.rows)) == ("", 13)


@pytest.mark.parametrize(("trailer", "is_cut"), [("Records;3", True), ("Records;2", False), ("Records: none", False)])
def test_a_trailer_that_counts_more_rows_is_reported(trailer: str, is_cut: bool) -> None:
    cut = read_all(f"No;Net\n1;2\n2;3\n{trailer}\n", delimiter=";", style={"ignore": ["Records"]}).cut
    assert bool(cut) == is_cut
    assert not is_cut or cut == "its last line, “Records;3”, counts 3 rows, and the file has 2"
