"""A dataset's access list, as far as it says who reads, and whose views read for others.

Whoever writes or owns a dataset is left as it is found. Everything raises `NotFound`, `Unavailable`, and `Conflict`:
somebody changed the list meanwhile; run it again.
"""

from collections.abc import Iterable

from google.cloud.bigquery import AccessEntry

from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.retries import TRY
from tillstream.domain.errors import Rejected

READER = "READER"
"""How an access list spells roles/bigquery.dataViewer."""
KINDS = {"group": "groupByEmail", "domain": "domain", "user": "userByEmail", "serviceAccount": "userByEmail"}
"""The kind of a member → how an access list spells it."""
Reader = tuple[str, str]
"""Kind, as an access list spells it, and address."""


def reader(member: str) -> Reader:
    """member: such as `group:people@example.com`. Raises `Rejected`: it is written otherwise."""
    kind, _, address = member.partition(":")
    if kind not in KINDS or not address:
        raise Rejected(f"{member!r} is no reader: write group:ADDRESS, domain:NAME or user:ADDRESS.")
    return KINDS[kind], address.lower()


def readers(dataset: Dataset) -> set[Reader]:
    return {(str(entry.entity_type), str(entry.entity_id).lower()) for entry in _entries(dataset) if _reads(entry)}


def admit(dataset: Dataset, wanted: Iterable[Reader]) -> None:
    """These and no others may read the dataset."""
    others = [entry for entry in _entries(dataset) if not _reads(entry)]
    _set(dataset, [*others, *(AccessEntry(READER, kind, address) for kind, address in sorted(wanted))])


def is_authorized(dataset: Dataset, shown: str) -> bool:
    """Whether the views of the dataset `shown` may read this one, whoever asks them."""
    return any(
        entry.entity_type == "dataset" and (entry.entity_id or {}).get("dataset") == _named(dataset, shown)
        for entry in _entries(dataset)
    )


def authorize(dataset: Dataset, shown: str) -> None:
    entry = AccessEntry(entity_type="dataset", entity_id={"dataset": _named(dataset, shown), "targetTypes": ["VIEWS"]})
    _set(dataset, [*_entries(dataset), entry])


def _named(dataset: Dataset, shown: str) -> dict[str, str]:
    return {"projectId": dataset.project, "datasetId": shown}


def _reads(entry: AccessEntry) -> bool:
    """Beside people there are groups of the project's own, such as its viewers: those are not ours."""
    return entry.role == READER and entry.entity_type in KINDS.values()


def _entries(dataset: Dataset) -> list[AccessEntry]:
    with dataset.errors(dataset.name):
        return list(dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TRY).access_entries)


def _set(dataset: Dataset, entries: list[AccessEntry]) -> None:
    with dataset.errors(dataset.name):
        found = dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TRY)
        found.access_entries = entries
        dataset.client.update_dataset(found, ["access_entries"], retry=CALLS, timeout=TRY)
