"""Damaged and hostile files end in sales, a question, or a rejection in words, and take no more than their budget."""

import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from app_factory import build
from hostile_files import HEADER, contract, json_line, mutants, samples
from sheet_files import WORKBOOKS, ods, ods_rows, xlsx

from tillstream.commands.ingest import ingest
from tillstream.commands.result import quiet
from tillstream.detection.evidence import DetectionLog
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS
from tillstream.pipeline.matching.match_contract import read_sample
from tillstream.pipeline.reading.open_reader import read_blocks, read_options
from tillstream.pipeline.rows.row_batch import Block
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.settings import Settings

HEAD, SALE = ",".join(HEADER).encode() + b"\n", b"R1,2024-03-01,Tea,2,1.50,3.00\n"
FEW = replace(LIMITS, irregular_rows=20)


def blocks(data: bytes, limits: Any = LIMITS) -> Iterator[Block]:
    return read_blocks(lambda: io.BytesIO(data), read_options(contract(), limits))


def read_all(data: bytes, limits: Any = LIMITS, **settings: Any) -> int:
    """settings: of the contract, besides its usual ones."""
    read_with = Contract.model_validate(contract().model_dump() | settings)
    source = RegionalFileSource(lambda: io.BytesIO(data), read_with, date(2026, 6, 1), limits, "sales.csv")
    return sum(batch.table.num_rows for batch in source.row_batches())


def table(**columns: list[Any]) -> bytes:
    out = io.BytesIO()
    length = len(next(iter(columns.values())))
    usual = {name: [cell] * length for name, cell in zip(HEADER, SALE.decode().strip().split(","), strict=True)}
    pq.write_table(pa.table(usual | columns), out)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        HEAD + SALE + b"a\n" * 30,
        HEAD + b'"\n' * 60,
        HEAD + b'"a\n' * 30,
        HEAD + b"a\0,2024-03-01,b,1,1,1\n" * 30,
        HEAD + b"\xff,2024-03-01,b,1,1,1\n" * 30,
        json_line() + b"x\n" * 30,
        json_line() + b"{}\n" * 30,
        table(Item=[b"\xff"] * 30),
        xlsx([HEADER, *([*HEADER, "beyond"] for _ in range(30))]),
    ],
    ids=["ragged", "blank", "open", "nul", "undecodable", "lines", "objects", "parquet", "sheet"],
)
def test_a_file_is_rejected_once_most_of_its_rows_are_irregular(data: bytes) -> None:
    with pytest.raises(Rejected, match=r"\d+ of the first \d+ rows cannot be imported") as rejection:
        list(blocks(data, FEW))
    assert rejection.value.code == "too-many-refused"


def test_rows_that_are_not_sales_are_counted_as_well() -> None:
    rows = b"R1,yesterday,Tea,2,1.50,3.00\n" * 30
    with pytest.raises(
        Rejected, match=r"30 of the first 31 rows .* Line 3: sale_date is “yesterday”, which is not a date"
    ):
        read_all(HEAD + SALE + rows, FEW)
    assert read_all(HEAD + SALE * 30 + rows, FEW) == 60, "no more than half of the rows"


@pytest.mark.parametrize(
    "row",
    [b'"R1,2024-03-01,""Tea"",2,1.50,3.00"\n', b'R1,2024-03-01,"Te\ra",2,1.50,3.00\n', b"Total,,,,3.00\n"],
    ids=["quoted as a whole", "with a return", "a total with a cell less"],
)
def test_rows_that_are_repaired_or_not_sales_do_not_count_as_rejected(row: bytes) -> None:
    assert read_all(HEAD + row * 30, FEW, file={"ignore": ["Total"]}) == (0 if row.startswith(b"Total") else 30)


def test_rows_that_the_contract_ignores_do_not_count_as_rejected() -> None:
    rows = b"R1,2024-03-01,Tea,2,1.50,3.00,paid\n" * 20 + b"R1,2024-03-01,Tea,,,,no sale\n" * 30
    columns = contract().columns | {"status": "State"}
    words = {"words": {"paid": "completed", "no sale": "ignore"}}
    head = HEAD.replace(b"\n", b",State\n")
    assert read_all(head + rows, FEW, columns=columns, status=words) == 20


def test_a_contract_can_allow_more_unreadable_rows_than_half() -> None:
    rows = HEAD + SALE * 10 + b"a\n" * 30
    assert read_all(rows, FEW, refused_threshold=0.8) == 10
    with pytest.raises(Rejected, match="30 of the first 40 rows"):
        read_all(rows, FEW, refused_threshold=0.7)


def test_more_unreadable_rows_than_a_person_can_decide_about_are_rejected_below_half() -> None:
    rows, few = HEAD + (SALE * 2 + b"a\n") * 60, replace(FEW, most_irregular_rows=40)
    assert read_all(rows, FEW) == 120
    with pytest.raises(Rejected, match="60 of the first 180 rows"):
        read_all(rows, few)
    assert read_all(rows, few, refused_threshold=0.4) == 120, "the contract allows them"


def test_a_file_that_is_rejected_so_is_kept_and_final(tmp_path: Path) -> None:
    app = build(Settings(home=tmp_path / "home", project="", samples=False, threads=1))
    app = replace(app, ports=replace(app.ports, limits=FEW))
    app.contracts.save(contract(), "test")
    path = tmp_path / "sales.csv"
    path.write_bytes(HEAD + b"a\n" * 30)
    receipt = ingest(app, quiet, files=[str(path)], contract="corner-shop").data
    assert receipt["status"] == "rejected"
    assert receipt["error"] == (
        "30 of the first 30 rows cannot be imported. Line 2: The row has 1 cells, but the header has 6. "
        "Nothing was imported, and the file is kept. "
        "Check that the data source fits the file, correct the file, and upload it again."
    )
    app.close()


def test_another_format_of_the_dates_in_such_a_file_is_proposed(tmp_path: Path) -> None:
    app = build(Settings(home=tmp_path / "home", project="", samples=False, threads=1))
    app = replace(app, ports=replace(app.ports, limits=FEW))
    app.contracts.save(contract(), "test")
    path = tmp_path / "sales.csv"
    path.write_bytes(HEAD + b"".join(b"R%d,%d.03.2024,Tea,2,1.50,3.00\n" % (day, day) for day in range(1, 31)))
    receipt = ingest(app, quiet, files=[str(path)], contract="corner-shop").data
    assert [hold["code"] for hold in receipt["holds"]] == ["style-changed"]
    app.close()


@pytest.mark.parametrize("kind", ["xlsx", "xlsb"])
def test_long_texts_that_cells_of_a_workbook_repeat_are_rejected(kind: str) -> None:
    """The library that reads workbooks copies them into each cell; 18 GB ended the process."""
    rows = [list(HEADER), *(["R1", "2024-03-01", "x" * 30_000, "1", "1", str(number)] for number in range(200))]
    limits = replace(LIMITS, sheet_bytes=2 << 20, free_bytes=1 << 30)
    with pytest.raises(Rejected, match="The texts of the cells of “Sales” take more than 4 megabytes"):
        list(blocks(WORKBOOKS[kind](rows), limits))
    assert sum(block.rows for block in blocks(WORKBOOKS[kind](rows[:60]), limits)) == 59


def test_counted_spaces_of_ods_are_no_more_than_a_cell() -> None:
    spaces = '<text:s text:c="1000"/>' * 40_000
    cell = f'<table:table-cell office:value-type="string"><text:p>{spaces}</text:p></table:table-cell>'
    row = f"<table:table-row>{cell}</table:table-row>"
    with pytest.raises(Rejected, match="A cell of “Receipt” is longer"):
        list(blocks(ods(("Sales", ods_rows([HEADER]) + row)), replace(LIMITS, free_bytes=1 << 30)))


LONG = "x" * (LIMITS.record_bytes + 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (HEAD + SALE + LONG.encode() + b"\n", "Line 3 is longer than 1,048,576 bytes"),
        (HEAD + b'"' * 3_000_000, "Line 2 is longer than 1,048,576 bytes"),
        (json_line() + json_line(Item=LONG), "Line 2 is longer than 1,048,576 bytes"),
        (
            json_line() + json_line(Total=0).replace(b"0}", b"9" * 5_000_000 + b"}"),
            "Line 2 is longer than 1,048,576 bytes",
        ),
        (table(Item=["a", LONG]), "A cell of “Item” is longer than 1,048,576 bytes"),
        (ods(("Sales", ods_rows([HEADER, ["R1", "2024-03-01", LONG, 1, 1, 1]]))), "A cell of “Item” is longer"),
    ],
    ids=["line", "quotes", "json", "number", "parquet", "sheet"],
)
def test_rows_and_cells_have_a_largest_size_in_every_format(data: bytes, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        read_all(data)


def test_an_unreadable_line_of_json_may_be_longer_than_a_cell_of_csv() -> None:
    broken = b'{"a": "' + b"x" * 900_000
    assert read_all(json_line() + broken + b"\n" + json_line(Receipt="R2")) == 2
    undecodable = b'{"a": "' + b"\xff" * 900_000 + b'"}\n'
    assert read_all(json_line() + undecodable + json_line(Receipt="R2")) == 2


def test_blocks_have_a_largest_number_of_rows_and_quotation_marks() -> None:
    counts = [block.rows for block in blocks(HEAD + b"\n" * 300_000 + SALE)]
    assert sum(counts) == 300_001
    assert max(counts) <= 1 << 17
    counts = [block.rows for block in blocks(HEAD + b'"","",,,,\n' * 280_000)]
    assert sum(counts) == 280_000
    assert max(counts) <= 1 << 17


def test_empty_cells_of_sparse_lines_count_as_what_they_take() -> None:
    wide = json_line(**{f"k{number}": 1 for number in range(500)})
    with pytest.raises(Rejected, match="grows to more than 250 times its size"):
        list(blocks(wide + b"{}\n" * 20_000, replace(LIMITS, free_bytes=1 << 20)))


@pytest.mark.parametrize(
    "names",
    [["c"] * 100_000, pytest.param([f"c{place}" for place in range(100_000)], marks=pytest.mark.long)],
    ids=["same", "other"],
)
def test_many_columns_are_rejected(names: Sequence[str]) -> None:
    data = ",".join(names).encode() + b"\n" + b",".join([b"1"] * len(names)) + b"\n"
    with pytest.raises(Rejected, match="100,000 columns"):
        read_all(data)
    with pytest.raises(Rejected, match="100,000 columns"):
        read_sample(lambda: io.BytesIO(data), DetectionLog())


def test_damaged_files_are_read_or_rejected() -> None:
    """In words: what is raised is no other error."""
    for _, data in islice(mutants(3), 25):
        if len(data) < 100_000:
            with suppress(Rejected):
                read_all(data)
            with suppress(Rejected):
                read_sample(partial(io.BytesIO, data))


def test_the_samples_are_readable_in_every_format() -> None:
    assert {name: read_all(data) for name, data in samples().items() if name != "wide.csv"} == {
        name: 40 for name in samples() if name != "wide.csv"
    }
