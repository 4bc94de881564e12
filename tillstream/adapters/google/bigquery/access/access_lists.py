"""The access list of a dataset: who reads it, and which authorized datasets of views may read it.

Writers and owners are left unchanged. Every call raises `NotFound`, `Unavailable`, and `Conflict` if the list changed
concurrently; retry then.
"""

from collections.abc import Iterable

from google.cloud.bigquery import AccessEntry

from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.retries import TRY
from tillstream.domain.errors import Rejected

READER = "READER"
"""The name of roles/bigquery.dataViewer in an access list."""
KINDS = {"group": "groupByEmail", "domain": "domain", "user": "userByEmail", "serviceAccount": "userByEmail"}
"""Kind of member → its entity type in an access list."""
Reader = tuple[str, str]
"""Entity type in the access list, and address."""


def reader(member: str) -> Reader:
    """Parse a member such as `group:people@example.com`. Raises `Rejected` for any other form."""
    kind, _, address = member.partition(":")
    if kind not in KINDS or not address:
        raise Rejected(f"{member!r} is not a valid reader. Use group:ADDRESS, domain:NAME or user:ADDRESS.")
    return KINDS[kind], address.lower()


def readers(dataset: Dataset) -> set[Reader]:
    return {
        (str(entry.entity_type), str(entry.entity_id).lower())
        for entry in _entries(dataset)
        if _is_managed_reader(entry)
    }


def admit(dataset: Dataset, wanted: Iterable[Reader]) -> None:
    """Replace the readers of the dataset."""
    others = [entry for entry in _entries(dataset) if not _is_managed_reader(entry)]
    _replace_entries(dataset, [*others, *(AccessEntry(READER, kind, address) for kind, address in sorted(wanted))])


def is_authorized(dataset: Dataset, views_name: str) -> bool:
    """Whether the views of the dataset `views_name` may read this one on behalf of any user."""
    return any(
        entry.entity_type == "dataset" and (entry.entity_id or {}).get("dataset") == _dataset_id(dataset, views_name)
        for entry in _entries(dataset)
    )


def authorize(dataset: Dataset, views_name: str) -> None:
    entry = AccessEntry(
        entity_type="dataset", entity_id={"dataset": _dataset_id(dataset, views_name), "targetTypes": ["VIEWS"]}
    )
    _replace_entries(dataset, [*_entries(dataset), entry])


def revoke_views(dataset: Dataset) -> None:
    """Revoke the authorization of every dataset of views."""
    entries = _entries(dataset)
    kept = [entry for entry in entries if entry.entity_type != "dataset"]
    if len(kept) < len(entries):
        _replace_entries(dataset, kept)


def _dataset_id(dataset: Dataset, views_name: str) -> dict[str, str]:
    return {"projectId": dataset.project, "datasetId": views_name}


def _is_managed_reader(entry: AccessEntry) -> bool:
    """Whether the entry is a reader that `admit` manages; groups of the project, such as its viewers, are not."""
    return entry.role == READER and entry.entity_type in KINDS.values()


def _entries(dataset: Dataset) -> list[AccessEntry]:
    with dataset.errors(dataset.name):
        return list(dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TRY).access_entries)


def _replace_entries(dataset: Dataset, entries: list[AccessEntry]) -> None:
    with dataset.errors(dataset.name):
        resource = dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TRY)
        resource.access_entries = entries
        dataset.client.update_dataset(resource, ["access_entries"], retry=CALLS, timeout=TRY)
