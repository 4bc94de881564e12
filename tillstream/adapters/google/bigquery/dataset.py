"""One BigQuery dataset: its clients and their accounts, its queries, and the translation of its errors."""

from collections.abc import Iterator, Mapping
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import google.auth
from google.api_core import exceptions as api_errors
from google.api_core.client_options import ClientOptions
from google.api_core.retry import Retry, if_exception_type
from google.auth import impersonated_credentials
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY

import sql
from tillstream.adapters.google.api_retries import (
    NO_CREDENTIALS,
    RETRY,
    TIMEOUT,
    is_transient,
    translate_errors,
)
from tillstream.adapters.google.bigquery.query_values import bind_parameters
from tillstream.adapters.google.bigquery.tables import LABELS
from tillstream.model.errors import Conflict, NotFound, Rejected, TooLarge, Unavailable
from tillstream.ports.warehouse import Row

BIGQUERY_SCOPE = "https://www.googleapis.com/auth/bigquery"
"""Of the tokens of the other account: BigQuery and nothing else."""
PLATFORM_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
CALLER_HEADER = "X-Bqemu-Caller"

WITHIN = 300.0
"""Seconds that a job may take, including restarts of jobs that failed through no fault of their own."""
MOST_BYTES = 4 << 40
"""Maximum bytes billed per query: a guard against mistakes, far above legitimate queries. For clustered tables the
service overestimates, and it rejects by its estimate."""
BUSY = frozenset({"rateLimitExceeded", "jobRateLimitExceeded", "backendError", "jobBackendError", "internalError"})
"""Error reasons, in addition to the status, for which BigQuery recommends a retry."""
OVERTAKEN = ("due to concurrent update", "could not serialize access")
"""Message fragments of a transaction or statement that lost to a concurrent one."""

TOO_LARGE = frozenset({"resourcesExceeded", "bytesBilledLimitExceeded"})
"""Error reasons of a statement that would succeed with less data."""
TOO_LARGE_TEXTS = ("resources exceeded", "query is too large", "too many partitions", "script is too large")
"""Message fragments of the same, which have the reason `invalidQuery` or `invalid`."""

RETRY_CONFLICT = Retry(predicate=if_exception_type(Conflict), initial=1.0, maximum=15.0, timeout=120.0)
"""Retries statements that a concurrent one overtook, if their result does not depend on what was read before."""


def impersonated_caller(email: str) -> Any:
    """Short-lived credentials of a service account for which the process may create tokens."""
    source, _ = google.auth.default(scopes=[PLATFORM_SCOPE])
    return impersonated_credentials.Credentials(source, target_principal=email, target_scopes=[BIGQUERY_SCOPE])


class EmulatedCaller(AnonymousCredentials):  # type: ignore[no-untyped-call, misc, unused-ignore]
    """For the emulator, which checks no credentials, and applies row access policies to the caller that is named.

    email: of a service account; empty: nobody is named."""

    def __init__(self, email: str) -> None:
        super().__init__()
        self._email = email

    def before_request(self, _request: Any, _method: Any, _url: Any, headers: Any) -> None:
        if self._email:
            headers[CALLER_HEADER] = f"serviceAccount:{self._email}"


def is_retryable(error: BaseException) -> bool:
    reasons = {detail.get("reason") for detail in getattr(error, "errors", None) or () if isinstance(detail, dict)}
    return is_transient(error) or bool(reasons & BUSY)


CALLS = RETRY.with_predicate(is_retryable)


def is_too_large(error: api_errors.GoogleAPICallError) -> bool:
    """Whether less data could succeed."""
    reasons = {detail.get("reason") for detail in error.errors or () if isinstance(detail, dict)}
    return bool(reasons & TOO_LARGE) or any(words in str(error).lower() for words in TOO_LARGE_TEXTS)


class Dataset:
    """A BigQuery dataset. api, storage_api: addresses of emulators, which are used without credentials. caller: the
    service account as which it is used, if that is not the account of the process, which must be allowed to.

    Clients are created on first use. Its calls raise `Unavailable`, `Rejected`, `Conflict`.
    """

    def __init__(
        self, project: str, name: str, location: str, *, api: str = "", storage_api: str = "", caller: str = ""
    ) -> None:
        self.project, self.name, self.location = project, name, location
        self._api, self._storage_api, self._caller = api, storage_api, caller

    @property
    def is_emulated(self) -> bool:
        return bool(self._api)

    def of_caller(self, email: str) -> "Dataset":
        """The same dataset, used as a service account; only to run queries and to read their results."""
        return Dataset(self.project, self.name, self.location, api=self._api, caller=email)

    def sibling(self, name: str) -> "Dataset":
        """Another dataset of the project, in the same location."""
        return Dataset(self.project, name, self.location, api=self._api, storage_api=self._storage_api)

    @cached_property
    def loading(self) -> "Dataset":
        """The dataset of the temporary tables, which more accounts may write than the ledger."""
        return self.sibling(f"{self.name}_loading")

    @cached_property
    def client(self) -> bigquery.Client:
        if not self._api:
            try:
                credentials = impersonated_caller(self._caller) if self._caller else None
                return bigquery.Client(self.project, credentials, location=self.location)
            except DefaultCredentialsError as error:
                raise Rejected(NO_CREDENTIALS) from error
        options, credentials = ClientOptions(api_endpoint=self._api), EmulatedCaller(self._caller)
        return bigquery.Client(self.project, credentials, location=self.location, client_options=options)

    @cached_property
    def reader(self) -> Any:
        """Client of the Storage Read API."""
        from google.cloud.bigquery_storage_v1 import BigQueryReadClient  # slow to import, and rarely needed

        return self._storage(BigQueryReadClient)

    @cached_property
    def writer(self) -> Any:
        """Client of the Storage Write API."""
        from google.cloud.bigquery_storage_v1 import BigQueryWriteClient

        return self._storage(BigQueryWriteClient)

    def _storage(self, kind: Any) -> Any:
        if not self._storage_api:
            return kind()
        import grpc

        channel = grpc.insecure_channel(self._storage_api, [("grpc.max_receive_message_length", -1)])
        return kind(transport=kind.get_transport_class("grpc")(channel=channel))

    @property
    def reference(self) -> bigquery.DatasetReference:
        return bigquery.DatasetReference(self.project, self.name)

    def table(self, name: str) -> bigquery.TableReference:
        return self.reference.table(name)

    def ask(
        self,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        work: str = "query",
        within: float = WITHIN,
        page: int | None = None,
    ) -> Any:
        """Run one statement or script and return its rows (`RowIterator`).

        Names without a dataset refer to this one. work: label of the job, for the bill. page: rows of the first page;
        the rest is fetched on iteration.
        """
        text, values = bind_parameters(sql, params or {})
        config = bigquery.QueryJobConfig(
            default_dataset=self.reference,
            query_parameters=values,
            maximum_bytes_billed=MOST_BYTES,
            labels=LABELS | {"work": work},
        )
        restarts = DEFAULT_JOB_RETRY.with_timeout(within)
        with self.errors("The warehouse"):
            job = self.client.query(text, config, retry=CALLS, timeout=TIMEOUT, job_retry=restarts)
            try:
                return job.result(page_size=page, retry=CALLS, timeout=within, job_retry=restarts)
            except TookTooLong:
                job.cancel(retry=None, timeout=TIMEOUT)
                raise

    def answer(self, rows: Any) -> bigquery.TableReference:
        """The temporary table in which BigQuery keeps a query result for a day."""
        return self.client.get_job(rows.job_id, location=rows.location, retry=CALLS, timeout=TIMEOUT).destination

    @contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """As `translate_errors`, also for errors that BigQuery reports only in the message."""
        with translate_errors(what):
            try:
                yield
            except (api_errors.BadRequest, api_errors.NotFound) as error:
                if any(words in str(error).lower() for words in OVERTAKEN):
                    raise Conflict(f"{what} was changed by another process.") from error
                if isinstance(error, api_errors.NotFound):
                    raise
                if is_too_large(error):
                    raise TooLarge(f"{what} rejected so much data at once: {error.message}") from error
                raise Rejected(f"{what} rejected the request: {error.message}") from error
            except TookTooLong as error:
                raise Unavailable(f"{what} took too long.") from error

    def close(self) -> None:
        created = vars(self)
        if "client" in created:
            self.client.close()
        for name in {"reader", "writer"} & created.keys():
            created[name].transport.close()
        if "loading" in created:
            self.loading.close()


def job_costs(dataset: Dataset, days: int) -> list[Row]:
    """Jobs of the last days by work and account, the most expensive first: counts, seconds, bytes billed and USD.

    They are read from the view `bigquery_jobs`, which a deploy creates.
    Raises `Rejected` if the view is missing or the caller may not list the jobs of the project; `Unavailable`.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    try:
        rows = dataset.ask(sql.text("jobs/costs.bigquery"), {"since": since}, work="cost")
    except NotFound as error:
        raise Rejected(f"{dataset.name} has no view bigquery_jobs. Deploy this version first.") from error
    return [dict(row.items()) for row in rows]
