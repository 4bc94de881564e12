"""The accounts that may write single tables of a Google Cloud project."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing

from tillstream.adapters.google.bigquery import access
from tillstream.adapters.google.bigquery.access import Writers
from tillstream.app.google.dataset import dataset_of
from tillstream.model.errors import Rejected
from tillstream.settings import Settings


def grant(settings: Settings, writers: Iterable[str]) -> list[str]:
    """Let these accounts write, no others, and describe the changes. writers: TABLE=ADDRESS.

    Raises `Rejected` for another form, `Conflict` or `Unavailable` if it must be rerun.
    """
    with closing(dataset_of(settings)) as dataset:
        return access.grant_writers(dataset, _by_table(writers))


def differences(settings: Settings, writers: Iterable[str]) -> list[str]:
    """Describe what `grant` would change."""
    with closing(dataset_of(settings)) as dataset:
        return access.writer_differences(dataset, _by_table(writers))


def _by_table(writers: Iterable[str]) -> Writers:
    members = defaultdict[str, set[str]](set)
    for writer in writers:
        table, _, address = writer.partition("=")
        if not table or not address:
            raise Rejected(f"{writer!r} is not a writer. Use TABLE=ADDRESS.")
        members[table].add(f"serviceAccount:{address}")
    return members
