"""Create, migrate and compare the tables and views of a Google Cloud project."""

from contextlib import closing
from dataclasses import asdict
from typing import Any

from tillstream.adapters.google.bigquery import migrations
from tillstream.app.google.dataset import dataset_of
from tillstream.settings import Settings


def migrate(settings: Settings) -> dict[str, Any]:
    """Migrate and return the changes. Raises `Rejected` if the schema is newer, `Unavailable` if it must be rerun."""
    with closing(dataset_of(settings)) as dataset:
        return asdict(migrations.migrate(dataset))


def differences(settings: Settings) -> list[str]:
    """Describe what `migrate` would change or cannot repair."""
    with closing(dataset_of(settings)) as dataset:
        return migrations.migration_differences(dataset)
