"""Load rows into temporary tables, which expire after a day.

Small tables go through the Storage Write API, which costs money and holds the rows in memory. Large ones and objects go
through load jobs, each of which waits seconds for its slot.
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from google.api_core.exceptions import Conflict as JobExists
from google.cloud.bigquery import LoadJobConfig, SchemaField, SourceFormat, Table, WriteDisposition

from tillstream.adapters.google.bigquery.append import append
from tillstream.adapters.google.bigquery.dataset import CALLS, WITHIN, Dataset
from tillstream.adapters.google.bigquery.tables import LABELS, arrow_schema, transfer_schema
from tillstream.adapters.google.retries import TRY
from tillstream.domain.columns import Column
from tillstream.domain.tables import Field

FEW_BYTES = 16_000_000
"""Size in memory."""
EXPIRES_AFTER = timedelta(days=1)
"""Longer than any retry; a caller that is done drops its table at once."""


class TableLoader:
    """Loads rows into temporary tables.

    within: timeout of a load job, in seconds.
    """

    def __init__(self, dataset: Dataset, *, within: float = WITHIN) -> None:
        self._dataset, self._within = dataset, within

    def from_objects(self, name: str, columns: Sequence[Field | Column], addresses: Sequence[str]) -> str:
        """Load Parquet objects (gs://…) into the table `name`, replacing what an earlier attempt left there."""
        fields = transfer_schema(columns)
        self._create(name, fields)
        self._load(name, fields, addresses)
        return name

    def from_rows(self, kind: str, columns: Sequence[Field | Column], rows: pa.Table) -> str:
        """Load rows into a new table, so that attempts never collide, and return its name."""
        name = f"{kind}_{uuid4().hex}"
        present = [column for column in columns if column.name in rows.column_names]
        rows = rows.select([column.name for column in present]).cast(arrow_schema(present))
        fields = transfer_schema(present)
        self._create(name, fields)
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

    def _create(self, name: str, fields: Sequence[SchemaField]) -> None:
        table = Table(self._dataset.table(name), fields)
        table.labels, table.expires = LABELS, datetime.now(UTC) + EXPIRES_AFTER
        with self._dataset.errors(name):
            self._dataset.client.create_table(table, exists_ok=True, retry=CALLS, timeout=TRY)

    def _load(self, name: str, fields: Sequence[SchemaField], source: Sequence[str] | pa.Table) -> None:
        """Replace the content atomically, so that the job may be repeated."""
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
                except JobExists:  # the response of an earlier attempt was lost, but its job runs
                    job = client.get_job(job_id, retry=CALLS, timeout=TRY)
            job.result(retry=CALLS, timeout=self._within)
