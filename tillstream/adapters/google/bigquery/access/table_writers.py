"""Which accounts may write which single tables of a dataset; for accounts that may only read the dataset as a whole.

Each role is one entry in the policy of a table, which is read and written back. Other roles are left unchanged.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from google.api_core.iam import Policy

from tillstream.adapters.google.bigquery.dataset import CALLS, Dataset
from tillstream.adapters.google.bigquery.tables import LAYOUTS
from tillstream.adapters.google.retries import TRY

ROLE = "roles/bigquery.dataEditor"
AT_ONCE = 8

Writers = Mapping[str, Iterable[str]]
"""Table → the members that may write it, such as serviceAccount:ADDRESS."""


def differences(dataset: Dataset, wanted: Writers) -> list[str]:
    """Describe what `grant` would change. Raises `Unavailable`, `Rejected`."""
    return [text for _, text, _ in _changes(dataset, wanted)]


def grant(dataset: Dataset, wanted: Writers) -> list[str]:
    """Let exactly these members write, and describe the changes. Idempotent.

    Raises `Conflict` if a policy changed concurrently, `Unavailable`, `Rejected` for a member that does not exist.
    """
    changes = list(_changes(dataset, wanted))
    for table, _, policy in changes:
        with dataset.errors(table):
            dataset.client.set_iam_policy(dataset.table(table), policy, retry=CALLS, timeout=TRY)
    return [text for _, text, _ in changes]


def _changes(dataset: Dataset, wanted: Writers) -> Iterator[tuple[str, str, Policy]]:
    """(table, difference in words, the policy that it should have) of each table with other writers than wanted."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        policies = dict(zip(LAYOUTS, threads.map(lambda table: _policy(dataset, table), LAYOUTS), strict=True))
    for table, policy in policies.items():
        actual = {member for each in policy.bindings if each["role"] == ROLE for member in each["members"]}
        members = set(wanted.get(table, ()))
        if actual == members:
            continue
        others = [each for each in policy.bindings if each["role"] != ROLE]
        policy.bindings = [*others, *([{"role": ROLE, "members": members}] if members else [])]
        yield table, f"the writers of the table {table} are {_list(actual)}, not {_list(members)}", policy


def _policy(dataset: Dataset, table: str) -> Policy:
    with dataset.errors(table):
        return dataset.client.get_iam_policy(dataset.table(table), retry=CALLS, timeout=TRY)


def _list(members: Iterable[str]) -> str:
    return ", ".join(sorted(member.partition(":")[2] for member in members)) or "none"
