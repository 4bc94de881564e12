"""Who reads a dataset, which authorized datasets of views read it, and which accounts write single tables of it.

Writers and owners are left unchanged. Every call raises `NotFound`, `Unavailable`, and `Conflict` if the list changed
concurrently; retry then.

For accounts that write single tables, each role is one entry in the policy of a table, which is read and written back.
Other roles are left unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from google.api_core.iam import Policy
from google.cloud.bigquery import AccessEntry

from tillstream.adapters.google.api_retries import TIMEOUT
from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.tables import LAYOUTS
from tillstream.model.errors import Rejected

READER = "READER"
"""The name of roles/bigquery.dataViewer in an access list."""
MEMBER_KINDS = {"group": "groupByEmail", "domain": "domain", "user": "userByEmail", "serviceAccount": "userByEmail"}
"""Kind of member → its entity type in an access list."""
Reader = tuple[str, str]
"""Entity type in the access list, and address."""

WRITER_ROLE = "roles/bigquery.dataEditor"
AT_ONCE = 8

Writers = Mapping[str, Iterable[str]]
"""Table → the members that may write it, such as serviceAccount:ADDRESS."""


def parse_reader(member: str) -> Reader:
    """Parse a member such as `group:people@example.com`. Raises `Rejected` for any other form."""
    kind, _, address = member.partition(":")
    if kind not in MEMBER_KINDS or not address:
        raise Rejected(f"{member!r} is not a valid reader. Use group:ADDRESS, domain:NAME or user:ADDRESS.")
    return MEMBER_KINDS[kind], address.lower()


def dataset_readers(dataset: Dataset) -> set[Reader]:
    return {
        (str(entry.entity_type), str(entry.entity_id).lower())
        for entry in _access_entries(dataset)
        if _is_managed_reader(entry)
    }


def replace_readers(dataset: Dataset, wanted: Iterable[Reader]) -> None:
    """Replace the readers of the dataset."""
    others = [entry for entry in _access_entries(dataset) if not _is_managed_reader(entry)]
    _replace_entries(dataset, [*others, *(AccessEntry(READER, kind, address) for kind, address in sorted(wanted))])


def are_views_authorized(dataset: Dataset, views_name: str) -> bool:
    """Whether the views of the dataset `views_name` may read this one on behalf of any user."""
    return any(
        entry.entity_type == "dataset" and (entry.entity_id or {}).get("dataset") == _dataset_id(dataset, views_name)
        for entry in _access_entries(dataset)
    )


def authorize_views(dataset: Dataset, views_name: str) -> None:
    entry = AccessEntry(
        entity_type="dataset", entity_id={"dataset": _dataset_id(dataset, views_name), "targetTypes": ["VIEWS"]}
    )
    _replace_entries(dataset, [*_access_entries(dataset), entry])


def revoke_views(dataset: Dataset) -> None:
    """Revoke the authorization of every dataset of views."""
    entries = _access_entries(dataset)
    kept = [entry for entry in entries if entry.entity_type != "dataset"]
    if len(kept) < len(entries):
        _replace_entries(dataset, kept)


def _dataset_id(dataset: Dataset, views_name: str) -> dict[str, str]:
    return {"projectId": dataset.project, "datasetId": views_name}


def _is_managed_reader(entry: AccessEntry) -> bool:
    """Whether the entry is a reader that `replace_readers` manages; groups of the project, such as its viewers, are
    not."""
    return entry.role == READER and entry.entity_type in MEMBER_KINDS.values()


def _access_entries(dataset: Dataset) -> list[AccessEntry]:
    with dataset.errors(dataset.name):
        return list(dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TIMEOUT).access_entries)


def _replace_entries(dataset: Dataset, entries: list[AccessEntry]) -> None:
    with dataset.errors(dataset.name):
        resource = dataset.client.get_dataset(dataset.reference, retry=CALLS, timeout=TIMEOUT)
        resource.access_entries = entries
        dataset.client.update_dataset(resource, ["access_entries"], retry=CALLS, timeout=TIMEOUT)


def writer_differences(dataset: Dataset, wanted: Writers) -> list[str]:
    """Describe what `grant_writers` would change. Raises `Unavailable`, `Rejected`."""
    return [text for _, text, _ in _writer_changes(dataset, wanted)]


def grant_writers(dataset: Dataset, wanted: Writers) -> list[str]:
    """Let exactly these members write, and describe the changes. Idempotent.

    Raises `Conflict` if a policy changed concurrently, `Unavailable`, `Rejected` for a member that does not exist.
    """
    changes = list(_writer_changes(dataset, wanted))
    for table, _, policy in changes:
        with dataset.errors(table):
            dataset.client.set_iam_policy(dataset.table(table), policy, retry=CALLS, timeout=TIMEOUT)
    return [text for _, text, _ in changes]


def _writer_changes(dataset: Dataset, wanted: Writers) -> Iterator[tuple[str, str, Policy]]:
    """(table, difference in words, the policy that it should have) of each table with other writers than wanted."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        policies = dict(zip(LAYOUTS, threads.map(lambda table: _table_policy(dataset, table), LAYOUTS), strict=True))
    for table, policy in policies.items():
        actual = {member for each in policy.bindings if each["role"] == WRITER_ROLE for member in each["members"]}
        members = set(wanted.get(table, ()))
        if actual == members:
            continue
        others = [each for each in policy.bindings if each["role"] != WRITER_ROLE]
        policy.bindings = [*others, *([{"role": WRITER_ROLE, "members": members}] if members else [])]
        yield table, f"the writers of the table {table} are {_member_list(actual)}, not {_member_list(members)}", policy


def _table_policy(dataset: Dataset, table: str) -> Policy:
    with dataset.errors(table):
        return dataset.client.get_iam_policy(dataset.table(table), retry=CALLS, timeout=TIMEOUT)


def _member_list(members: Iterable[str]) -> str:
    return ", ".join(sorted(member.partition(":")[2] for member in members)) or "none"
