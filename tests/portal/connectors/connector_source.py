"""A list that connectors of a shop read, and the schedule that runs what is due."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import listed_kind
from connectors.connector_acts import FIELDS, NEW
from shop_steps import Shop

from tillstream.app.source_access import source_access
from tillstream.connectors import due_runs


@dataclass(frozen=True)
class Source:
    """A list that the connectors of a shop read."""

    shop: Shop
    path: Path

    @property
    def fields(self) -> dict[str, str]:
        """The form of a connector to it."""
        return FIELDS | {"setting-list": str(self.path)}

    def offer(self, *entries: dict[str, Any]) -> None:
        listed_kind.write(self.path, list(entries))

    def fail(self, error: str) -> None:
        self.offer({"error": error})

    def add(self, **fields: str) -> None:
        """Add a connector in the portal."""
        answer = self.shop.boss.post(NEW, self.fields | fields)
        assert answer.status_code == 303, answer.text

    def run_due(self) -> None:
        """Run the connectors that are due, as the server does, and process what they bring."""
        app = self.shop.app
        due_runs.run_due_connectors(app.ports, app.contracts, source_access(app))
        self.shop.work()
