"""The composition root: the tables and views of a Google project, made, brought forward and compared."""

from contextlib import closing
from dataclasses import asdict
from typing import Any

from tillstream.adapters.google.bigquery import migrations
from tillstream.app.google.dataset import dataset_of
from tillstream.settings import Settings


def migrate(settings: Settings) -> dict[str, Any]:
    """What was made and changed. Raises `Rejected`: a newer Tillstream has been here; `Unavailable`: run it again."""
    with closing(dataset_of(settings)) as dataset:
        return asdict(migrations.migrate(dataset))


def differences(settings: Settings) -> list[str]:
    """What `migrate` would change or cannot mend, each in words."""
    with closing(dataset_of(settings)) as dataset:
        return migrations.differences(dataset)
