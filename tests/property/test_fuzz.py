"""Any bytes at all: the file is refused in words, or every row of it is accounted for. Nothing else may happen.

`.venv/bin/pytest tests/property/test_fuzz.py -m long --fuzz-seconds 600` tries for ten minutes.
"""

import gzip
import io
import json
import random
import time
import zipfile
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generated_sales import read_file
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from sheet_files import ods, ods_rows, xls, xlsx

from tillstream.contracts import contract_files
from tillstream.model.contract import Contract

CONTRACTS = ("UK", "USA", "IN", "DE", "JP", "BR", "classic-models", "supermarket", "bakery-de")
WORKBOOKS = ("xlsx", "xls", "ods", "jsonl", "parquet")
QUICK = 1.0
BATCH = 50
PIECES = (
    *(b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r\n", b"\r", b'"\n', b'\n"', b"\n\n", b",,,,,,,,,,,,", b"'"),
    *(b"\0", b"\xff", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc3", b"\xc3\xa9", b"\x81", b"\xc2\xa0", b"\x1a"),
    *(b"12.50", b"-3", b"1.234,5", b"(7)", b"1e9", b"1E+400", b"NaN", b"inf", b"=1+1", b"9" * 40, b"0.0000000001"),
    *(b"2024-02-30", b"31/12/2023", b"12/31/2023 10:00 AM", b"30-11-2023 9:5", b"99999999", b"45000.5", b"0000-00-00"),
    *(b"Total", b"Completed", b"MUM01", b"store", b"C1", b"x", b" ", "売上".encode("cp932"), "é".encode("cp850")),
)


@cache
def contract(name: str) -> Contract:
    return contract_files.shipped_contracts()[name]


def near_csv(name: str) -> st.SearchStrategy[bytes]:
    """The header of a contract, or something like it, and then pieces that rows are made of."""
    rules = contract(name)
    head = rules.file.delimiter.join(rules.columns.values()).encode(rules.file.encoding)
    width = len(rules.columns)
    pieces = st.sampled_from(PIECES)
    row = st.lists(pieces, min_size=width, max_size=width).map(rules.file.delimiter.encode().join)
    body = st.lists(row | row | pieces | st.binary(max_size=5), max_size=12).map(b"\n".join) | st.lists(pieces).map(
        b"".join
    )
    heads = st.sampled_from(
        [head, head + b"\r", b"\xef\xbb\xbf" + head, b"Report\n\n" + head, head[:-1], head + head, b""]
    )
    return st.builds(lambda first, rest: first + b"\n" + rest, heads, body)


def packed(data: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(data)
    if how == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", data)
        return out.getvalue()
    if how == "utf-16":
        return data.decode("latin-1").encode("utf-16")
    return data


@cache
def workbook(name: str, kind: str) -> bytes:
    header = list(dict.fromkeys(contract(name).columns.values()))
    rows = [header, *([f"{number}.5" for number in range(len(header))] for _ in "ab")]
    if kind == "xlsx":
        return xlsx(rows)
    if kind == "xls":
        return xls(("Sales", rows))
    if kind == "ods":
        return ods(("Sales", ods_rows(rows)))
    if kind == "jsonl":
        return "".join(json.dumps(dict(zip(header, row, strict=True))) + "\n" for row in rows[1:]).encode()
    out = io.BytesIO()
    pq.write_table(pa.table({name: list(cells) for name, *cells in zip(*rows, strict=True)}), out)
    return out.getvalue()


def damaged(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, taken out or put in, or the end cut off."""
    content = bytearray(data)
    for _ in range(chance.randint(0, 4)):
        at = chance.randrange(len(content) + 1)
        content[at : at + chance.randint(0, 3)] = chance.choice([*PIECES, b"", bytes([chance.randrange(256)])])
    return bytes(content[: chance.randrange(len(content) + 1)] if chance.random() < 0.2 else content)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    name = draw(st.sampled_from(CONTRACTS))
    kind = draw(st.sampled_from(["plain", "plain", "plain", "gzip", "zip", "utf-16", *WORKBOOKS, "any"]))
    if kind == "any":
        return name, draw(st.binary(max_size=300))
    data = workbook(name, kind) if kind in WORKBOOKS else packed(draw(near_csv(name)), kind)
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    return name, damaged(data, chance) if draw(st.booleans()) or kind in WORKBOOKS else data


def never_surprised(file: tuple[str, bytes]) -> None:
    name, data = file
    result = read_file(data, contract(name))
    if not result.error:
        assert all(row["net_amount"] is not None and row["sale_date"] and row["sale_id"] for row in result.rows)
        assert result.codes or not result.refused


def fuzzed(seconds: float) -> None:
    until = time.monotonic() + seconds
    health = [HealthCheck.too_slow, HealthCheck.data_too_large]
    tries = settings(max_examples=BATCH, database=None, suppress_health_check=health)
    number = random.randrange(1 << 32)
    while time.monotonic() < until:
        seed(number)(tries(given(files())(never_surprised)))()
        number += 1


def test_any_bytes_are_refused_in_words_or_accounted_for_row_by_row() -> None:
    fuzzed(QUICK)


@pytest.mark.long
def test_any_bytes_are_refused_or_accounted_for_for_as_long_as_one_likes(pytestconfig: pytest.Config) -> None:
    fuzzed(pytestconfig.getoption("--fuzz-seconds"))
