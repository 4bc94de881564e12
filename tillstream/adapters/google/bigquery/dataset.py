"""One dataset of BigQuery, the clients that reach it, how it is asked, what errors mean."""

from collections.abc import Iterator, Mapping
from concurrent.futures import TimeoutError as TookTooLong
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from google.api_core import exceptions as told
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY

from tillstream.adapters.google.bigquery.parameters import bound
from tillstream.adapters.google.bigquery.tables import LABELS
from tillstream.adapters.google.retries import RETRY, TRY, ours, passes
from tillstream.domain.errors import Conflict, Rejected, Unavailable

WITHIN = 300.0
"""Seconds that a job may take, and be begun again where the service says that it was not the job's fault."""
MOST_BYTES = 4 << 40
"""What one question may be billed for. A guard against a mistake, far above honest questions: of clustered tables the
service estimates too much, and refuses by its estimate."""
BUSY = frozenset({"rateLimitExceeded", "jobRateLimitExceeded", "backendError", "jobBackendError", "internalError"})
"""Reasons beside the status by which BigQuery says that another try may end better."""
OVERTAKEN = ("due to concurrent update", "could not serialize access")
"""What BigQuery says to a transaction or statement that another one overtook."""


def passing(error: BaseException) -> bool:
    reasons = {one.get("reason") for one in getattr(error, "errors", None) or () if isinstance(one, dict)}
    return passes(error) or bool(reasons & BUSY)


CALLS = RETRY.with_predicate(passing)


class Dataset:
    """`api` and `storage_api` are addresses of something that stands in for the service, without credentials.

    Nothing is reached before it is needed. Its calls raise `Unavailable`, `Rejected`, `Conflict`.
    """

    def __init__(self, project: str, name: str, location: str, *, api: str = "", storage_api: str = "") -> None:
        self.project, self.name, self.location = project, name, location
        self._api, self._storage_api = api, storage_api

    def beside(self, name: str) -> "Dataset":
        """Another dataset of the project, at the same place."""
        return Dataset(self.project, name, self.location, api=self._api, storage_api=self._storage_api)

    @cached_property
    def client(self) -> bigquery.Client:
        if not self._api:
            return bigquery.Client(self.project, location=self.location)
        options = ClientOptions(api_endpoint=self._api)
        return bigquery.Client(self.project, AnonymousCredentials(), location=self.location, client_options=options)

    @cached_property
    def reader(self) -> Any:
        """Of the Storage Read API."""
        from google.cloud.bigquery_storage_v1 import BigQueryReadClient  # takes its time, and few need it

        return self._storage(BigQueryReadClient)

    @cached_property
    def writer(self) -> Any:
        """Of the Storage Write API."""
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
        """The rows (`RowIterator`) of one statement or script; names without a dataset are this one's.

        work: what the bill calls it. page: rows that come at once, the others when they are read.
        """
        text, values = bound(sql, params or {})
        config = bigquery.QueryJobConfig(
            default_dataset=self.reference,
            query_parameters=values,
            maximum_bytes_billed=MOST_BYTES,
            labels=LABELS | {"work": work},
        )
        again = DEFAULT_JOB_RETRY.with_timeout(within)
        with self.errors("The warehouse"):
            job = self.client.query(text, config, retry=CALLS, timeout=TRY, job_retry=again)
            try:
                return job.result(page_size=page, retry=CALLS, timeout=within, job_retry=again)
            except TookTooLong:
                job.cancel(retry=None, timeout=TRY)
                raise

    def answer(self, rows: Any) -> bigquery.TableReference:
        """The table in which BigQuery keeps an answer for a day."""
        return self.client.get_job(rows.job_id, location=rows.location, retry=CALLS, timeout=TRY).destination

    @contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """As `ours`, with what BigQuery says in its own words."""
        with ours(what):
            try:
                yield
            except (told.BadRequest, told.NotFound) as error:
                if any(words in str(error).lower() for words in OVERTAKEN):
                    raise Conflict(f"{what} was changed meanwhile.") from error
                if isinstance(error, told.NotFound):
                    raise
                raise Rejected(f"{what} refused this: {error.message}") from error
            except TookTooLong as error:
                raise Unavailable(f"{what} took too long.") from error

    def close(self) -> None:
        made = vars(self)
        if "client" in made:
            self.client.close()
        for name in {"reader", "writer"} & made.keys():
            made[name].transport.close()
