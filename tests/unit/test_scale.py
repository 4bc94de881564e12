"""The arithmetic of docs/scale.md holds against the tables, and its count of documents against a real upload."""

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app_factory import build

import sql
from docs.generate.scale_model import ABSENT, DAYS, MATCHING_COLUMNS, STATEMENTS, TEXT, WRITES_PER_UPLOAD, width
from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.batches import records
from tillstream.domain.tables import TABLES
from tillstream.ports.document_store import Document, Put
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream.workflows.intake import uploads


class Recording(SQLiteDocumentStore):
    """Writes as ever, and remembers the collection of each document written; `put` is `put_all` of one."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written: list[str] = []

    def put_all(self, puts: Sequence[Put]) -> list[Document]:
        self.written += [one.collection for one in puts]
        return super().put_all(puts)


def test_an_upload_writes_as_many_documents_as_the_page_counts(tmp_path: Path) -> None:
    app = build(Settings(home=tmp_path, samples=False, threads=1))
    documents = Recording(tmp_path / "documents.sqlite")
    app = replace(app, ports=replace(app.ports, documents=documents))
    contract = app.contracts.pin("classic-models")
    cells = {"ORDERNUMBER": "1", "ORDERLINENUMBER": "2", "QUANTITYORDERED": "3", "PRICEEACH": "4", "SALES": "12"}
    cells |= {"ORDERDATE": "2/24/2003 0:00", "STATUS": "Shipped"}
    names = list(contract.columns.values())
    text = ",".join(names) + "\n" + ",".join(cells.get(name, "x") for name in names) + "\n"
    documents.written.clear()
    upload = uploads.receive(app.ports, contract, "sales.csv", io.BytesIO(text.encode()), "emma")
    Worker(app).run_until_idle()
    assert records.get(app.ports, upload.batch_id).state.value == "announced"
    assert len(documents.written) == WRITES_PER_UPLOAD, documents.written
    documents.close()
    app.close()


def test_a_row_is_as_wide_as_its_columns() -> None:
    assert width("sale_versions", ("key", "content", "is_current")) == 18 + 8 + 1
    assert width("statements", ("scope", "whole")) == 8 + 2 + TEXT["whole"]
    assert width("sale_versions", ("unit_cost",)) == 0
    assert width("sale_versions") > 200


def test_every_column_of_the_arithmetic_is_one_of_the_tables() -> None:
    names = {field.name for fields in TABLES.values() for field in fields}
    assert set(TEXT) | ABSENT <= names
    assert set(MATCHING_COLUMNS) <= {field.name for field in TABLES["sale_versions"]}
    assert set(STATEMENTS) <= {field.name for field in TABLES["statements"]}


def always(script: str) -> list[str]:
    """The statements of a script outside any IF."""
    kept, depth = [], 0
    for line in re.sub(r"--[^\n]*", "", script).splitlines():
        opens = bool(re.match(r"\s*IF .* THEN$", line))
        depth += opens
        kept += [line] * (depth == 0)
        depth -= bool(re.match(r"\s*END IF;$", line))
    assert depth == 0
    return "\n".join(kept).split(";")


def reading(table: str) -> str:
    """The one statement with which each settlement reads it."""
    every = always(sql.text("ledger/settle.bigquery"))
    (statement_read,) = (statement for statement in every if re.search(rf"\b(FROM|JOIN|UPDATE) {table}\b", statement))
    return statement_read


def test_each_settlement_reads_those_columns_of_the_ledger_that_are_counted() -> None:
    lines = re.fullmatch(
        r"\s*CREATE OR REPLACE TEMP TABLE known_lines AS\s+SELECT (.+)\s+FROM sale_versions\s+WHERE (\w+) IN \(.+\)",
        reading("sale_versions"),
    )
    assert lines
    assert {*lines[1].split(", "), lines[2]} == set(MATCHING_COLUMNS)
    assert set(re.findall(r"\bt\.(\w+)", reading("statements"))) == set(STATEMENTS)


def test_ten_times_the_sales_cost_about_ten_times_as_much() -> None:
    small, large = (sum(day.costs.values()) for day in DAYS)
    assert 9 < large / small < 11
