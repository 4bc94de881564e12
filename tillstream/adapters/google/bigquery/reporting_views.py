"""The dataset of reporting views, and the row access policies that decide which rows they return.

See docs/adr/030-rows-by-who-asks.md. One generator yields each difference with its repair, so that checking and
publishing cannot diverge. The tables and views of the ledger must exist.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from google.cloud.bigquery import Dataset as DatasetResource
from google.cloud.bigquery import Table

from sql import row_access
from tillstream.adapters.google.api_retries import TIMEOUT
from tillstream.adapters.google.bigquery import access
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.migrations import DIGEST_LABEL
from tillstream.adapters.google.bigquery.tables import LABELS
from tillstream.model.errors import NotFound
from tillstream.model.ids import short_hash

POLICIES = "row-access"
"""The label of the views' dataset that holds the digest of the policies: no API lists the grantees of a policy."""
Repair = Callable[[], None]
Resource = TypeVar("Resource")


@dataclass(frozen=True)
class ReportingDataset:
    """The dataset of reporting views and its readers; it is in the project and location of the ledger."""

    name: str
    readers: Sequence[str]
    """Members that include people (`group:…`, `domain:…`): they may query the views and see their own rows."""
    accounts: Sequence[str]
    """Service accounts (`serviceAccount:…`), which see every row of the tables."""


def publish(dataset: Dataset, shown: ReportingDataset) -> list[str]:
    """Bring policies, views and permissions to their declared state; describe what differed. Idempotent.

    Raises `Rejected` for an invalid member or a missing table; `Unavailable` or `Conflict` if the run must be repeated.
    """
    repaired = []
    with closing(dataset.sibling(shown.name)) as views:
        for difference, repair in _repairs(dataset, views, shown):
            repair()
            repaired.append(difference)
    return repaired


def differences(dataset: Dataset, shown: ReportingDataset) -> list[str]:
    """Describe each change that `publish` would make."""
    with closing(dataset.sibling(shown.name)) as views:
        return [difference for difference, _ in _repairs(dataset, views, shown)]


def _repairs(dataset: Dataset, views: Dataset, shown: ReportingDataset) -> Iterator[tuple[str, Repair]]:
    """Yield each difference with its repair; rows are protected before anybody may read them.

    Each state is fetched when its turn comes, after the repairs before it.
    """
    wanted = {access.parse_reader(member) for member in shown.readers}
    if _or_none(_get_dataset, views) is None:
        yield f"the dataset {views.name} is missing", partial(_create_dataset, views)
    base = f"{dataset.project}.{dataset.name}"
    statements = row_access.policies(base, shown.readers, shown.accounts)
    digest = short_hash(
        *statements, *(_created_at(_or_none(_get_table, dataset, name)) for name in row_access.PROTECTED), length=32
    )
    resource = _or_none(_get_dataset, views)
    if resource is None or resource.labels.get(POLICIES) != digest:
        repair = partial(_protect, dataset, views, statements, digest)
        yield f"the row access policies of {dataset.name} are missing or different", repair
    for view in row_access.REPORTS:
        source, actual = _or_none(_get_table, dataset, view), _or_none(_get_table, views, view)
        text = row_access.report(view, base)
        view_digest = short_hash(text, source.labels.get(DIGEST_LABEL, "") if source else "", length=32)
        if actual is None or actual.labels.get(DIGEST_LABEL) != view_digest:
            repair = partial(_replace_view, dataset, views, view, text, view_digest)
            yield f"the view {view} of {views.name} {'has a different query' if actual else 'is missing'}", repair
    if not _or_none(access.are_views_authorized, dataset, views.name):
        yield f"{views.name} is not authorized on {dataset.name}", partial(access.authorize_views, dataset, views.name)
    actual_readers = _or_none(access.dataset_readers, views) or set()
    if actual_readers != wanted:
        reported = [f"{address} is missing" for _, address in sorted(wanted - actual_readers)]
        reported += [f"{address} is not expected" for _, address in sorted(actual_readers - wanted)]
        yield f"readers of {views.name}: {', '.join(reported)}", partial(access.replace_readers, views, wanted)


# ---- repairs --------------------------------------------------------------------------------------------------------


def _create_dataset(views: Dataset) -> None:
    resource = DatasetResource(views.reference)
    resource.location, resource.labels = views.location, LABELS
    with views.errors(views.name):
        views.client.create_dataset(resource, exists_ok=True, retry=CALLS, timeout=TIMEOUT)


def _protect(dataset: Dataset, views: Dataset, statements: Sequence[str], digest: str) -> None:
    for name in row_access.PROTECTED:
        _get_table(dataset, name)  # raises an error that names the missing table, unlike the statement
    for statement in statements:
        dataset.ask(statement, work="publish")
    resource = _get_dataset(views)
    resource.labels = resource.labels | {POLICIES: digest}  # last: a dataset with this label is complete
    with views.errors(views.name):
        views.client.update_dataset(resource, ["labels"], retry=CALLS, timeout=TIMEOUT)


def _replace_view(dataset: Dataset, views: Dataset, view: str, text: str, view_digest: str) -> None:
    """Replace the view and copy the descriptions of its source: BigQuery does not inherit column descriptions."""
    dataset.ask(f"CREATE OR REPLACE VIEW `{views.project}.{views.name}.{view}` AS\n{text}", work="publish")
    source, created = _get_table(dataset, view), _get_table(views, view)
    created.description, created.schema = source.description, source.schema
    created.labels = LABELS | {DIGEST_LABEL: view_digest}
    with views.errors(view):
        views.client.update_table(created, ["description", "schema", "labels"], retry=CALLS, timeout=TIMEOUT)


# ---- existing state --------------------------------------------------------------------------------------------------


def _or_none(get: Callable[..., Resource], *args: object) -> Resource | None:
    """The result of `get`, or None if the resource does not exist."""
    try:
        return get(*args)
    except NotFound:
        return None


def _get_dataset(of: Dataset) -> DatasetResource:
    with of.errors(of.name):
        resource: DatasetResource = of.client.get_dataset(of.reference, retry=CALLS, timeout=TIMEOUT)
        return resource


def _get_table(of: Dataset, name: str) -> Table:
    with of.errors(name):
        return of.client.get_table(of.table(name), retry=CALLS, timeout=TIMEOUT)


def _created_at(table: Table | None) -> str:
    """The creation time: a table that was recreated has no policies."""
    return str(table.created) if table else ""
