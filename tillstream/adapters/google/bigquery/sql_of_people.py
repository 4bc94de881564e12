"""Queries of people on BigQuery: limited in rows, bytes and time, and cancelled while they run.

Each runs as an account that reads only the views for reports, with the rows and columns of its person
(`people.warehouse_scopes`).
"""

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pyarrow as pa
from google.api_core import exceptions as api_errors
from google.cloud import bigquery

from tillstream.adapters.google.api_retries import TIMEOUT
from tillstream.adapters.google.bigquery.dataset import CALLS, MOST_BYTES, Dataset
from tillstream.adapters.google.bigquery.query_values import bind_parameters
from tillstream.adapters.google.bigquery.tables import LABELS
from tillstream.model.errors import NotFound, Rejected
from tillstream.people.warehouse_scopes import SqlAccounts
from tillstream.ports import Clock, DocumentStore
from tillstream.ports.warehouse import ANSWER_TOO_LARGE, MAX_AD_HOC_BYTES, VALUE_NOT_COMPUTED, AdHocQuery, Warehouse

LOOK_EVERY = 0.3
"""Seconds between looks at the job."""
ENDING = 30.0
"""Seconds after the time limit, after which BigQuery ends a job whose process died."""
NO_ACCOUNTS = (
    "SQL is not available, because this project has no accounts that run it. Deploy it again, or set "
    "TILLSTREAM_SQL_ACCOUNTS."
)
_BEGINNINGS = (
    *("Unrecognized name", "Function not found", "No matching signature", "Syntax error", "Column name", "SELECT list"),
    *("Aggregate", "Aggregation", "Name ", "Star expansion", "ORDER BY", "GROUP BY", "Window", "Query"),
)
_OF_THE_STATEMENT = re.compile(rf"(?:\d+ )?(?:INVALID_ARGUMENT: )?(?P<reason>(?:{'|'.join(_BEGINNINGS)})[^\[;]*)")
"""Beginnings of the messages about names, types and clauses, which depend on no row; their places are those of the
rewritten statement, and left out."""


class SqlOfPeople:
    """views: the dataset of the views for reports; emails: the accounts that run SQL. Without accounts, only an
    emulator runs it, on the tables."""

    def __init__(self, views: Dataset, emails: Sequence[str], documents: DocumentStore, clock: Clock) -> None:
        self._views = views
        self._accounts = SqlAccounts(tuple(emails), documents, clock, self._is_running)
        self._datasets = {email: views.of_caller(email) for email in emails}

    def run(self, warehouse: Warehouse, tables: Dataset, query: AdHocQuery) -> pa.Table:
        """Read the first rows of a query. tables: the dataset of an emulator without accounts.

        Raises `Rejected`, also if it was stopped or cancelled, `Conflict` and `Unavailable`.
        """
        job = f"tillstream-sql-{uuid4().hex}"
        if not self._datasets and tables.is_emulated:
            return _Query(tables, query, job).rows()
        if not self._datasets or query.scope is None:
            raise Rejected(NO_ACCOUNTS)
        email = self._accounts.bind(warehouse, query.scope, job, query.seconds + ENDING)
        running = _Query(self._datasets[email], query, job)
        try:
            return running.rows()
        finally:
            if running.has_ended:
                self._accounts.release(email, job)

    def close(self) -> None:
        for dataset in (self._views, *self._datasets.values()):
            dataset.close()

    def _is_running(self, email: str, job: str) -> bool:
        dataset = self._datasets[email]
        try:
            with dataset.errors("The warehouse"):
                state = dataset.client.get_job(job, location=dataset.location, retry=CALLS, timeout=TIMEOUT).state
        except NotFound:
            return False
        return bool(state != "DONE")


class _Query:
    """One job. has_ended: whether it certainly runs no more; otherwise its account keeps its scope for a while."""

    def __init__(self, dataset: Dataset, query: AdHocQuery, id_: str) -> None:
        self._dataset, self._query, self._id = dataset, query, id_
        self.has_ended = False

    def rows(self) -> pa.Table:
        query, started = self._query, time.monotonic()
        with self._dataset.errors("The warehouse"), _explained():
            job = self._start()
            while not (problem := query.problem(time.monotonic() - started)):
                self.has_ended = job.done(retry=CALLS, timeout=TIMEOUT)
                if self.has_ended:
                    break
                time.sleep(LOOK_EVERY)
            if problem:
                job.cancel(retry=None, timeout=TIMEOUT)
                self.has_ended = job.done(retry=CALLS, timeout=TIMEOUT)
                raise Rejected(problem)
            return _read(job.result(max_results=query.rows, retry=CALLS, timeout=TIMEOUT))

    def _start(self) -> Any:
        text, values = bind_parameters(self._query.sql, self._query.params)
        config = bigquery.QueryJobConfig(
            default_dataset=self._dataset.reference,
            query_parameters=values,
            maximum_bytes_billed=MOST_BYTES,
            use_query_cache=False,  # an answer of the account's scope before must not come back
            job_timeout_ms=round((self._query.seconds + ENDING) * 1000),
            labels=LABELS | {"work": "sql"},
        )
        client, calls = self._dataset.client, {"retry": CALLS, "timeout": TIMEOUT}
        try:
            return client.query(text, config, job_id=self._id, job_retry=None, **calls)
        except api_errors.Conflict:  # it was started, and the answer was lost
            return client.get_job(self._id, location=self._dataset.location, **calls)
        except api_errors.BadRequest:
            self.has_ended = True  # it was not started
            raise


def _read(rows: Any) -> pa.Table:
    batches, size = list[pa.RecordBatch](), 0
    for batch in rows.to_arrow_iterable():
        batches.append(batch)
        size += batch.nbytes
        if size > MAX_AD_HOC_BYTES:
            raise Rejected(ANSWER_TOO_LARGE)
    return pa.Table.from_batches(batches) if batches else rows.to_arrow(create_bqstorage_client=False)


@contextmanager
def _explained() -> Iterator[None]:
    """Raise `Rejected` with the reason; values of rows are in no message."""
    try:
        yield
    except api_errors.BadRequest as error:
        match = _OF_THE_STATEMENT.match(str(error.message))
        raise Rejected(match["reason"].removesuffix(" at ").strip() if match else VALUE_NOT_COMPUTED) from error
