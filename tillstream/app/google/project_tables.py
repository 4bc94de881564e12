"""What deploys the warehouse of a Google Cloud project: tables, index of sales, writers, reporting views, costs."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict

from tillstream.adapters.google.bigquery import access, migrations, reporting_views
from tillstream.adapters.google.bigquery.access import Writers
from tillstream.adapters.google.bigquery.dataset import job_costs
from tillstream.adapters.google.bigquery.sale_index_rebuild import has_tables, last_settlement, rebuild_index
from tillstream.adapters.google.sale_index import FirestoreSaleIndex
from tillstream.app.google.lazy_warehouse import dataset_of
from tillstream.model.document_json import ActionFacts
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.warehouse import INDEX_INCOMPLETE, Row
from tillstream.settings import Settings


def warehouse_costs(settings: Settings, days: int) -> list[Row]:
    """As `job_costs`, of the project of the settings."""
    with closing(dataset_of(settings)) as dataset:
        return job_costs(dataset, days)


def rebuild_sale_index(settings: Settings) -> ActionFacts:
    """Rebuild the index; settlements fail meanwhile. Raises `Rejected`, `Unavailable`; run it again then."""
    with closing(dataset_of(settings)) as dataset, closing(FirestoreSaleIndex(settings.project)) as index:
        return {"settlement_no": rebuild_index(dataset, index)}


def invalidate_sale_index(settings: Settings) -> None:
    """Make settlements fail until the index is rebuilt."""
    with closing(FirestoreSaleIndex(settings.project)) as index:
        index.invalidate()


def sale_index_differences(settings: Settings) -> list[str]:
    """Describe why the index must be rebuilt; empty if it is complete."""
    with closing(dataset_of(settings)) as dataset, closing(FirestoreSaleIndex(settings.project)) as index:
        if not has_tables(dataset):
            return ["the tables of this version are missing"]
        last = last_settlement(dataset)
        try:
            index.check(last)
        except Unavailable as error:
            if str(error) != INDEX_INCOMPLETE:
                raise
            return [f"days of sales up to settlement {last} are missing"]
    return []


def migrate_tables(settings: Settings) -> ActionFacts:
    """Migrate and return the changes. Raises `Rejected` if the schema is newer, `Unavailable` if it must be rerun."""
    with closing(dataset_of(settings)) as dataset:
        return asdict(migrations.migrate(dataset))


def table_differences(settings: Settings) -> list[str]:
    """Describe what `migrate` would change or cannot repair."""
    with closing(dataset_of(settings)) as dataset:
        return migrations.migration_differences(dataset)


def grant_table_writers(settings: Settings, writers: Iterable[str]) -> list[str]:
    """Let these accounts write, no others, and describe the changes. writers: TABLE=ADDRESS.

    Raises `Rejected` for another form, `Conflict` or `Unavailable` if it must be rerun.
    """
    with closing(dataset_of(settings)) as dataset:
        return access.grant_writers(dataset, _writers_by_table(writers))


def table_writer_differences(settings: Settings, writers: Iterable[str]) -> list[str]:
    """Describe what `grant` would change."""
    with closing(dataset_of(settings)) as dataset:
        return access.writer_differences(dataset, _writers_by_table(writers))


def _writers_by_table(writers: Iterable[str]) -> Writers:
    members = defaultdict[str, set[str]](set)
    for writer in writers:
        table, _, address = writer.partition("=")
        if not table or not address:
            raise Rejected(f"{writer!r} is not a writer. Use TABLE=ADDRESS.")
        members[table].add(f"serviceAccount:{address}")
    return members


def publish_reporting_views(
    settings: Settings, shown: str, readers: Sequence[str], accounts: Sequence[str]
) -> list[str]:
    """Publish the views and describe the changes. shown: dataset of the views; accounts: service account addresses.

    Raises `Rejected` for an invalid reader or a missing table, `Unavailable` or `Conflict` if it must be rerun.
    """
    with closing(dataset_of(settings)) as dataset:
        return reporting_views.publish(dataset, _reporting_dataset(shown, readers, accounts))


def reporting_view_differences(
    settings: Settings, shown: str, readers: Sequence[str], accounts: Sequence[str]
) -> list[str]:
    """Describe what `publish` would change; its views are recreated after a migration of the tables."""
    with closing(dataset_of(settings)) as dataset:
        old = (
            ["the underlying tables and views have another version"]
            if migrations.migration_differences(dataset)
            else []
        )
        return old + reporting_views.differences(dataset, _reporting_dataset(shown, readers, accounts))


def _reporting_dataset(name: str, readers: Sequence[str], accounts: Sequence[str]) -> reporting_views.ReportingDataset:
    return reporting_views.ReportingDataset(name, readers, [f"serviceAccount:{address}" for address in accounts])
