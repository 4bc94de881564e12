"""Staged rows reach a table of their own, by a load job or by the Storage Write API, however often it is tried."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from emulator_fixtures import dataset_of
from google.api_core.exceptions import ServiceUnavailable

from devtools import emulators
from devtools.emulators import Emulator
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.row_transfer import FEW_BYTES, TableLoader, append_parts
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.pipeline.staging.write_rows import parquet_writer

COLUMNS = TABLES["reporting_rates"]
BUCKET = "staged"


def rates(rows: int, factor: str = "0.000000001") -> pa.Table:
    return pa.table(
        {
            "factor": pa.array([Decimal(factor)] * rows, pa.decimal128(38, 9)),
            "currency": pa.array(["INR", None] * rows)[:rows].dictionary_encode(),
            "sale_date": pa.array(range(rows), pa.int32()).cast(pa.date32()),
        }
    )


@pytest.fixture(scope="module")
def dataset(bigquery: Emulator) -> Iterator[Dataset]:
    dataset = dataset_of(bigquery, "filled")
    dataset.client.create_dataset(dataset.name)
    yield dataset
    dataset.close()


def summary_of(dataset: Dataset, table: str) -> tuple[Any, ...]:
    (row,) = dataset.ask(f"SELECT COUNT(*), COUNT(currency), MAX(factor), MAX(sale_date) FROM {table}")
    return row.values()


def staged(folder: Path, name: str, rows: pa.Table) -> str:
    """As stage writes it, where both emulators find it; in the table's order, as BigQuery's reads by place."""
    rows = rows.select([column.name for column in COLUMNS])
    path = emulators.objects(folder) / BUCKET / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with parquet_writer(path, rows.schema) as writer:
        writer.write_table(rows)
    return f"gs://{BUCKET}/{name}"


def test_objects_are_loaded_in_place_of_what_a_try_before_left(dataset: Dataset, emulated_folder: Path) -> None:
    addresses = [staged(emulated_folder, f"{n}.parquet", rates(3, f"{n}")) for n in (1, 2)]
    filling = TableLoader(dataset)
    assert filling.from_objects("batch", COLUMNS, addresses[:1]) == "batch"
    assert filling.from_objects("batch", COLUMNS, addresses) == "batch"
    assert summary_of(dataset, "batch")[:3] == (6, 4, Decimal(2))
    assert [field.field_type for field in dataset.client.get_table(dataset.table("batch")).schema] == [
        "DATE",
        "STRING",
        "NUMERIC",
    ]
    filling.drop("batch")
    filling.drop("batch")


def test_rows_that_take_more_than_the_write_api_is_for_are_loaded(dataset: Dataset) -> None:
    rows = rates(FEW_BYTES // 16)
    assert rows.nbytes > FEW_BYTES
    table = TableLoader(dataset).from_rows("large", COLUMNS, rows)
    assert summary_of(dataset, table)[0] == rows.num_rows


def test_an_append_with_a_lost_response_adds_its_rows_once(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tillstream.adapters.google.bigquery.row_transfer.APPEND_BYTES", 100)  # several appends
    table = TableLoader(dataset).from_rows("lost", COLUMNS, rates(0))
    writer, lost = dataset.writer, []
    send = writer.append_rows

    def append_rows(*arguments: Any, **more: Any) -> Any:
        answers = list(send(*arguments, **more))
        if len(lost) < 2:
            lost.append(answers)
            raise ServiceUnavailable("the answer was lost")
        return answers

    monkeypatch.setattr(writer, "append_rows", append_rows)
    rows = rates(9).select(["sale_date", "currency", "factor"])
    append_parts(
        writer, dataset.table(table), rows.cast(pa.schema([*rows.schema]).set(1, pa.field("currency", pa.string())))
    )
    assert len(lost) == 2
    assert summary_of(dataset, table)[0] == 9


def test_a_commit_with_a_lost_response_adds_its_rows_once(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    table = TableLoader(dataset).from_rows("committed", COLUMNS, rates(0))
    writer, answers = dataset.writer, []
    commit = writer.batch_commit_write_streams

    def commit_twice(*arguments: Any, **more: Any) -> Any:
        answers.extend(commit(*arguments, **more) for _ in range(2))
        return answers[-1]

    monkeypatch.setattr(writer, "batch_commit_write_streams", commit_twice)
    append_parts(writer, dataset.table(table), rates(3).drop(["currency"]), rates(4).drop(["currency"]))
    assert [len(answer.stream_errors) for answer in answers] == [0, 2]
    assert summary_of(dataset, table)[0] == 7


def test_rows_of_a_stream_that_was_not_committed_are_not_seen(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = TableLoader(dataset).from_rows("broken", COLUMNS, rates(0))

    def finalize(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dataset.writer, "finalize_write_stream", finalize)
    with pytest.raises(KeyboardInterrupt):
        append_parts(dataset.writer, dataset.table(table), rates(3).drop(["currency"]))
    assert summary_of(dataset, table)[0] == 0


def test_staged_rows_are_packed_as_bigquery_takes_them(tmp_path: Path) -> None:
    path = tmp_path / "staged.parquet"
    with parquet_writer(path, rates(3).schema) as writer:
        writer.write_table(rates(3))
    group = pq.read_metadata(path).row_group(0)
    assert {group.column(n).compression for n in range(group.num_columns)} == {"SNAPPY"}
