"""The composition root: the views that people's own reports read in a Google project, and whose rows they show."""

from collections.abc import Sequence
from contextlib import closing

from tillstream.adapters.google.bigquery import migrations, reporting_views
from tillstream.app.google.dataset import dataset_of
from tillstream.settings import Settings


def publish(settings: Settings, shown: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """What differed and was mended, in words. shown: the dataset of views; accounts: addresses of service accounts.

    Raises `Rejected`: a reader is written wrongly, or a table is missing; `Unavailable`, `Conflict`: run it again.
    """
    with closing(dataset_of(settings)) as dataset:
        return reporting_views.publish(dataset, _shown(shown, readers, accounts))


def differences(settings: Settings, shown: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """What `publish` would change, each in words; its views are made anew with those of the tables."""
    with closing(dataset_of(settings)) as dataset:
        old = ["the tables and views behind it are not of this version"] if migrations.differences(dataset) else []
        return old + reporting_views.differences(dataset, _shown(shown, readers, accounts))


def _shown(name: str, readers: Sequence[str], accounts: Sequence[str]) -> reporting_views.Shown:
    return reporting_views.Shown(name, readers, [f"serviceAccount:{address}" for address in accounts])
