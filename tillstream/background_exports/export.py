"""What an export in the background is: a table, a format, and how far its file is."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tillstream.model.people import Action, Scope
from tillstream.scheduled_exports.subscription import Subscription

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
OPEN = frozenset({WAITING, RUNNING})
FOLDER = "exports/"
"""Of the files, in the bucket for staging."""


@dataclass(frozen=True)
class BackgroundExport:
    """Instants are ISO 8601 text in UTC; empty: not yet.

    address: as of a subscription, such as /tables/sale-lines?region=IN. account: when the account of `login` was
    created, so that a later account of the same name inherits nothing. expected: rows at the time of the request; 0 if
    unknown. rows: written so far. scope: what the person could see when the file was written, as `scope_text`.
    try_at: when a worker is to look at it next: now, when a run counts as stopped, or when the file is removed.
    """

    id: str
    login: str
    account: str
    name: str
    address: str
    format: str
    expected: int
    created_at: str
    state: str = WAITING
    try_at: str = ""
    tries: int = 0
    rows: int = 0
    bytes: int = 0
    ended_at: str = ""
    error: str = ""
    scope: str = ""
    sha256: str = ""
    """Of the file; empty for one of an earlier version."""
    claim: str = ""
    """Of the last run, in the name of its file, so that two runs never share one; empty: none yet."""

    @property
    def data(self) -> dict[str, Any]:
        """The fields of its document."""
        return asdict(self)

    @property
    def object_name(self) -> str:
        return f"{FOLDER}{'-'.join(filter(None, (self.id, self.claim)))}.{self.format}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def as_subscription(self) -> Subscription:
        """What its table is read with."""
        return Subscription(self.name, self.address, self.format, "", "")


def parse(data: Mapping[str, Any]) -> BackgroundExport:
    """Read a document."""
    names = {one.name for one in fields(BackgroundExport)}
    return BackgroundExport(**{name: value for name, value in data.items() if name in names})


def scope_text(scope: Scope) -> str:
    """What a person can see of sale lines; the same text means the same rows and columns."""
    bounds = [None if one is None else sorted(one) for one in (scope.regions, scope.stores)]
    seen = [action.name for action in (Action.SEE_NUMBERS, Action.SEE_PERSONAL, Action.SEE_COSTS) if scope.may(action)]
    return json.dumps([*bounds, scope.salesperson, seen])
