"""The dataset of views that people's own reports read, and whose rows they show.

See docs/adr/030-rows-by-who-asks.md. One list says what differs and what mends it, so that what is checked is what is
made. The tables and views of the ledger are there before.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from google.cloud.bigquery import Dataset as DatasetResource
from google.cloud.bigquery import Table

from sql import row_access
from tillstream.adapters.google.bigquery import access_lists
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.migrations import MADE_FROM
from tillstream.adapters.google.bigquery.tables import LABELS
from tillstream.adapters.google.retries import TRY
from tillstream.domain.errors import NotFound

POLICIES = "row-access"
"""The label of the dataset of views that holds the digest of the policies: nothing lists whom a policy grants rows."""
Mend = Callable[[], None]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Shown:
    """The dataset of views, in the project and at the place of that of the tables, and who sees rows through it."""

    name: str
    readers: Sequence[str]
    """Members among whom people are (`group:…`, `domain:…`): they may read the views, and see the own rows."""
    accounts: Sequence[str]
    """Service accounts (`serviceAccount:…`), which see every row of the tables."""


def publish(dataset: Dataset, shown: Shown) -> list[str]:
    """Bring policies, views and rights to what they should be; what differed before, in words. Repeatable.

    Raises `Rejected`: a member is written wrongly, or a table is missing; `Unavailable`, `Conflict`: run it again.
    """
    found = []
    with closing(dataset.beside(shown.name)) as views:
        for words, mend in _differing(dataset, views, shown):
            mend()
            found.append(words)
    return found


def differences(dataset: Dataset, shown: Shown) -> list[str]:
    """What `publish` would change, each in words."""
    with closing(dataset.beside(shown.name)) as views:
        return [words for words, _ in _differing(dataset, views, shown)]


def _differing(dataset: Dataset, views: Dataset, shown: Shown) -> Iterator[tuple[str, Mend]]:
    """In the order to mend it: rows are shut away before anybody may look. Each is asked for when its turn comes."""
    wanted = {access_lists.reader(member) for member in shown.readers}
    if _there(_resource, views) is None:
        yield f"the dataset {views.name} is missing", partial(_make, views)
    base = f"{dataset.project}.{dataset.name}"
    statements = row_access.policies(base, shown.readers, shown.accounts)
    digest = _digest(*statements, *(_made_at(_there(_table, dataset, name)) for name in row_access.PROTECTED))
    found = _there(_resource, views)
    if found is None or found.labels.get(POLICIES) != digest:
        mend = partial(_protect, dataset, views, statements, digest)
        yield f"the row access policies of {dataset.name} are missing or others", mend
    for view in row_access.REPORTS:
        origin, there = _there(_table, dataset, view), _there(_table, views, view)
        text = row_access.report(view, base)
        made_from = _digest(text, origin.labels.get(MADE_FROM, "") if origin else "")
        if there is None or there.labels.get(MADE_FROM) != made_from:
            mend = partial(_show, dataset, views, view, text, made_from)
            yield f"the view {view} of {views.name} is {'of another text' if there else 'missing'}", mend
    if not _there(access_lists.is_authorized, dataset, views.name):
        yield f"{views.name} is not authorized on {dataset.name}", partial(access_lists.authorize, dataset, views.name)
    held = _there(access_lists.readers, views) or set()
    if held != wanted:
        told = [f"{address} is missing" for _, address in sorted(wanted - held)]
        told += [f"{address} is one too many" for _, address in sorted(held - wanted)]
        yield f"of those who may read {views.name} {', '.join(told)}", partial(access_lists.admit, views, wanted)


# ---- what mends it --------------------------------------------------------------------------------------------------


def _make(views: Dataset) -> None:
    resource = DatasetResource(views.reference)
    resource.location, resource.labels = views.location, LABELS
    with views.errors(views.name):
        views.client.create_dataset(resource, exists_ok=True, retry=CALLS, timeout=TRY)


def _protect(dataset: Dataset, views: Dataset, statements: Sequence[str], digest: str) -> None:
    for name in row_access.PROTECTED:
        _table(dataset, name)  # or its error names it, which that of a statement would not
    for statement in statements:
        dataset.ask(statement, work="publish")
    found = _resource(views)
    found.labels = found.labels | {POLICIES: digest}  # last: what has it is whole
    with views.errors(views.name):
        views.client.update_dataset(found, ["labels"], retry=CALLS, timeout=TRY)


def _show(dataset: Dataset, views: Dataset, view: str, text: str, made_from: str) -> None:
    """Described as the view that it shows: BigQuery does not pass on what is said of a column."""
    dataset.ask(f"CREATE OR REPLACE VIEW `{views.project}.{views.name}.{view}` AS\n{text}", work="publish")
    told, made = _table(dataset, view), _table(views, view)
    made.description, made.schema = told.description, told.schema
    made.labels = LABELS | {MADE_FROM: made_from}
    with views.errors(view):
        views.client.update_table(made, ["description", "schema", "labels"], retry=CALLS, timeout=TRY)


# ---- what is there --------------------------------------------------------------------------------------------------


def _there(ask: Callable[..., Found], *given: object) -> Found | None:
    """None where it is not there."""
    try:
        return ask(*given)
    except NotFound:
        return None


def _resource(of: Dataset) -> DatasetResource:
    with of.errors(of.name):
        found: DatasetResource = of.client.get_dataset(of.reference, retry=CALLS, timeout=TRY)
        return found


def _table(of: Dataset, name: str) -> Table:
    with of.errors(name):
        return of.client.get_table(of.table(name), retry=CALLS, timeout=TRY)


def _made_at(table: Table | None) -> str:
    """A table that is made anew has no policies."""
    return str(table.created) if table else ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
