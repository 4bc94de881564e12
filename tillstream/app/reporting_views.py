"""Publish the reporting views of a Google Cloud project and their row-level access."""

from collections.abc import Sequence
from contextlib import closing

from tillstream.adapters.google.bigquery import migrations, reporting_views
from tillstream.app.google.dataset import dataset_of
from tillstream.settings import Settings


def publish(settings: Settings, shown: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """Publish the views and describe the changes. shown: dataset of the views; accounts: service account addresses.

    Raises `Rejected` for an invalid reader or a missing table, `Unavailable` or `Conflict` if it must be rerun.
    """
    with closing(dataset_of(settings)) as dataset:
        return reporting_views.publish(dataset, _shown(shown, readers, accounts))


def differences(settings: Settings, shown: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """Describe what `publish` would change; its views are recreated after a migration of the tables."""
    with closing(dataset_of(settings)) as dataset:
        old = (
            ["the underlying tables and views have another version"]
            if migrations.migration_differences(dataset)
            else []
        )
        return old + reporting_views.differences(dataset, _shown(shown, readers, accounts))


def _shown(name: str, readers: Sequence[str], accounts: Sequence[str]) -> reporting_views.ReportingDataset:
    return reporting_views.ReportingDataset(name, readers, [f"serviceAccount:{address}" for address in accounts])
