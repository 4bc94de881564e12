"""Rows on their way into the warehouse, in tables of their own that a day removes.

Few rows go by the Storage Write API, many by a load job: a load job waits seconds for its turn, and a project has
100,000 of them a day, which tills alone would use up; what goes by the Write API is held in memory, and costs.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from google.api_core.exceptions import Conflict as Begun
from google.cloud.bigquery import LoadJobConfig, SchemaField, SourceFormat, Table, WriteDisposition

from tillstream.adapters.google.bigquery.append import append
from tillstream.adapters.google.bigquery.dataset import CALLS, WITHIN, Dataset
from tillstream.adapters.google.bigquery.tables import LABELS, arrow_schema, passing_schema
from tillstream.adapters.google.retries import RETRY, TRY
from tillstream.domain.columns import Column
from tillstream.domain.tables import Field

FEW_ROWS = 5_000
FEW_BYTES = 16_000_000
"""In memory."""
KEPT = timedelta(days=1)
"""Longer than anything that is retried; whoever is done drops its table at once."""


class Filling:
    """objects: a client of Cloud Storage, by which few rows are read; None: every object goes by a load job.

    within: seconds that a load job may take.
    """

    def __init__(self, dataset: Dataset, objects: Any = None, *, within: float = WITHIN) -> None:
        self._dataset, self._objects, self._within = dataset, objects, within

    def from_objects(
        self, name: str, columns: Sequence[Field | Column], addresses: Sequence[str], *, rows: int | None = None
    ) -> str:
        """Parquet objects (gs://…) of so many rows, where it is known, into a table. The table's name.

        By a load job it is `name`, whatever a try before left there.
        """
        if self._objects is not None and rows is not None and rows <= FEW_ROWS:
            return self.from_rows(name, columns, pa.concat_tables(map(self._fetched, addresses)))
        fields = passing_schema(columns)
        self._make(name, fields)
        self._load(name, fields, addresses)
        return name

    def _fetched(self, address: str) -> pa.Table:
        from google.cloud.storage import Blob  # takes its time, and few need it

        with self._dataset.errors(address):
            content = Blob.from_uri(address, self._objects).download_as_bytes(retry=RETRY, timeout=TRY)
        return pq.read_table(pa.BufferReader(content))

    def from_rows(self, kind: str, columns: Sequence[Field | Column], rows: pa.Table) -> str:
        """Rows into a new table, so that no try meets another's. The table's name."""
        name = f"{kind}_{uuid4().hex}"
        wanted = [column for column in columns if column.name in rows.column_names]
        rows = rows.select([column.name for column in wanted]).cast(arrow_schema(wanted))
        fields = passing_schema(wanted)
        self._make(name, fields)
        if rows.nbytes <= FEW_BYTES:
            with self._dataset.errors(name):
                append(self._dataset.writer, self._dataset.table(name), rows)
        else:
            self._load(name, fields, rows)
        return name

    def drop(self, *names: str) -> None:
        for name in names:
            with self._dataset.errors(name):
                self._dataset.client.delete_table(
                    self._dataset.table(name), not_found_ok=True, retry=CALLS, timeout=TRY
                )

    def _make(self, name: str, fields: Sequence[SchemaField]) -> None:
        table = Table(self._dataset.table(name), fields)
        table.labels, table.expires = LABELS, datetime.now(UTC) + KEPT
        with self._dataset.errors(name):
            self._dataset.client.create_table(table, exists_ok=True, retry=CALLS, timeout=TRY)

    def _load(self, name: str, fields: Sequence[SchemaField], source: Sequence[str] | pa.Table) -> None:
        """In place of what is there, at once; so a job may be done twice."""
        config = LoadJobConfig(
            schema=fields,
            source_format=SourceFormat.PARQUET,
            write_disposition=WriteDisposition.WRITE_TRUNCATE,
            labels=LABELS | {"work": "load"},
        )
        client, table, job_id = self._dataset.client, self._dataset.table(name), f"load-{uuid4().hex}"
        with self._dataset.errors(name):
            if isinstance(source, pa.Table):
                file = io.BytesIO()
                pq.write_table(source, file)
                job = client.load_table_from_file(
                    file, table, rewind=True, num_retries=3, job_id=job_id, job_config=config, timeout=TRY
                )
            else:
                try:
                    job = client.load_table_from_uri(
                        list(source), table, job_id=job_id, job_config=config, retry=CALLS, timeout=TRY
                    )
                except Begun:  # the answer to a try was lost, and not the job
                    job = client.get_job(job_id, retry=CALLS, timeout=TRY)
            job.result(retry=CALLS, timeout=self._within)
