"""Damaged files of each format that is read, and what they are made of."""

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
from sheet_files import ods, ods_rows, xls, xlsb, xlsx

from tillstream.model.contract import Contract, parse_contract

HEADER = ("Receipt", "Day", "Item", "Units", "Price", "Total")
WIDTH, _ROWS = len(HEADER), 40
MEGABYTE = 1 << 20
SHOP = {
    "name": "corner-shop",
    "region": "Corner",
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "columns": dict(
        zip(("sale_id", "date", "product_name", "quantity", "unit_price", "net_amount"), HEADER, strict=True)
    ),
    "dates": {"formats": ["%Y-%m-%d"]},
}
"""The contract of the files, as plain data."""


def contract() -> Contract:
    return parse_contract(SHOP, "The contract")


File = tuple[str, bytes]
"""Name and content."""


@cache
def sample_rows() -> list[list[str]]:
    drawn = random.Random(7)
    rows = []
    for number in range(_ROWS):
        units, price = drawn.randint(1, 9), drawn.randint(50, 9_000)
        day, item = f"2024-03-{1 + number // 2:02}", drawn.choice(["Soap", "Café, ground", 'Board 4"', "Tea"])
        rows.append([f"R{1_000 + number}", day, item, str(units), f"{price / 100:.2f}", f"{units * price / 100:.2f}"])
    return rows


def csv_text(rows: list[list[str]]) -> bytes:
    quoted = ('"' + cell.replace('"', '""') + '"' if set(cell) & set(',"') else cell for row in rows for cell in row)
    return b"".join(",".join(next(quoted) for _ in row).encode() + b"\n" for row in rows)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def json_line(**cells: object) -> bytes:
    return json.dumps(dict(zip(HEADER, sample_rows()[0], strict=True)) | cells).encode() + b"\n"


@cache
def samples() -> dict[str, bytes]:
    """Name → content of a file of each format with the same sales."""
    table = [list(HEADER), *sample_rows()]
    plain = csv_text(table)
    lines = b"".join(json_line(**dict(zip(HEADER, row, strict=True))) for row in sample_rows())
    columns = {name: [row[place] for row in sample_rows()] for place, name in enumerate(HEADER)}
    return {
        "plain.csv": plain,
        "packed.csv.gz": gzip.compress(plain),
        "zipped.zip": zipped(**{"plain.csv": plain}),
        "wide.csv": plain.decode().encode("utf-16"),
        "book.xlsx": xlsx(table),
        "old.xls": xls(("Sales", table)),
        "binary.xlsb": xlsb(("Sales", table)),
        "open.ods": ods(("Sales", ods_rows(table))),
        "lines.jsonl": lines,
        "packed.jsonl.gz": gzip.compress(lines),
        "table.parquet": parquet(pa.table(columns)),
    }


def mutants(seed: int, first: int = 0) -> Iterator[File]:
    """Endless files: a sample whose bytes, or those inside its package, were damaged in several ways.

    first: the number of the first of them.
    """
    for number in count(first):
        chance = random.Random(f"{seed} {number}")
        name, content = chance.choice(list(samples().items()))
        yield f"{number}-{name}", _damaged_inside(name, content, chance)


def _damaged_inside(name: str, content: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return _damaged(content, chance)
    if name.endswith(".gz"):
        return gzip.compress(_damaged(gzip.decompress(content), chance))
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return _damaged(content, chance)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {one: archive.read(one) for one in archive.namelist()}
    for one in chance.sample(sorted(members), min(2, len(members))):
        members[one] = _damaged(members[one], chance)
    return zipped(**members)


def _damaged(content: bytes, chance: random.Random) -> bytes:
    for damage in chance.choices(_DAMAGES, k=chance.randint(1, 3)):
        at = chance.randrange(len(content) + 1)
        content = damage(content, at, chance)[: 8 * MEGABYTE]
    return content


def _repeated(content: bytes, at: int, chance: random.Random) -> bytes:
    piece = content[at : at + chance.choice([1, 40, 4_000])] or b"\n"
    return content[:at] + piece * (chance.choice([1_000, 2 * MEGABYTE]) // len(piece)) + content[at:]


def _flipped(content: bytes, at: int, chance: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 8, 60])):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


_SIGNS = (b'"', b'"\n', b'","', b",", b"\n", b"\r", b" \n", b"\0", b"\xff", b"x", b"9", b"[", b"{", b"<", b"-", b"1e9,")
_DAMAGES: tuple[Callable[[bytes, int, random.Random], bytes], ...] = (
    _flipped,
    _repeated,
    lambda content, at, chance: content[:at],
    lambda content, at, chance: content[:at] + content[at + chance.choice([1, 9, 300]) :],
    lambda content, at, chance: (
        content[:at] + chance.choice(_SIGNS) * chance.choice([1, 3, 5_000, MEGABYTE]) + content[at:]
    ),
    lambda content, at, chance: content.replace(chance.choice([b",", b"\n", b'"', b"1"]), chance.choice(_SIGNS)),
    lambda content, at, chance: content[at:] + content[:at],
)
