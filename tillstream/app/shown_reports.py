"""The composition root: the views that people's own reports read in a Google project, and whose rows they show."""

from collections.abc import Sequence
from contextlib import closing

from tillstream.adapters.google import migrating, reports
from tillstream.app.google import dataset_of
from tillstream.settings import Settings


def publish(settings: Settings, shown: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """What differed and was mended, in words. shown: the dataset of views; accounts: addresses of service accounts.

    Raises `Rejected`: a reader is written wrongly, or a table is missing; `Unavailable`, `Conflict`: run it again.
    """
    with closing(dataset_of(settings)) as dataset:
        return reports.publish(dataset, _shown(shown, readers, accounts))


def differences(settings: Settings, shown: str, readers: Sequence[str], accounts: Sequence[str]) -> list[str]:
    """What `publish` would change, each in words; its views are made anew with those of the tables."""
    with closing(dataset_of(settings)) as dataset:
        old = ["the tables and views behind it are not of this version"] if migrating.differences(dataset) else []
        return old + reports.differences(dataset, _shown(shown, readers, accounts))


def _shown(name: str, readers: Sequence[str], accounts: Sequence[str]) -> reports.Shown:
    return reports.Shown(name, readers, [f"serviceAccount:{address}" for address in accounts])
