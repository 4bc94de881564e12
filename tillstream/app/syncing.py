"""Sync of the home to the head office of its status, once or again and again."""

import threading
from dataclasses import dataclass

from tillstream.app.app import App
from tillstream.app.source_access import source_access
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.sync import exchange, identity, status
from tillstream.sync.exchange import Result
from tillstream.sync.http.remote import BUSY_SECONDS, RemoteOffice

NO_ADDRESS = "Enter the address of the head office: tillstream sync --to https://HEAD-OFFICE."
ONLY_HEAD_OFFICE = "A Google Cloud project can be a head office. It does not sync to another one."
EVERY_SECONDS, LONGEST_SECONDS = 60.0, 900.0
"""Pause between two syncs, and the longest one while they fail."""


def sync(app: App, patience: float = BUSY_SECONDS) -> Result:
    """Raises as `exchange.run`, and `Rejected` without an address or in a project. patience: as of `RemoteOffice`."""
    if app.settings.project:
        raise Rejected(ONLY_HEAD_OFFICE)
    to = status.get(app.ports).to
    if not to:
        raise Rejected(NO_ADDRESS)
    office = RemoteOffice(to, identity.get(app.ports), app.ports.clock, source_access(app).check_host, patience)
    return exchange.run(app.ports, app.contracts, office)


@dataclass
class BackgroundSync:
    """Syncs of the local server, if the home has a head office: one a minute, and fewer while they fail."""

    app: App
    pause: float = EVERY_SECONDS

    def turn(self, stopping: threading.Event) -> list[str]:
        """Wait for the pause, then sync; returns what failed, for the log. The status has it for people."""
        if stopping.wait(self.pause):
            return []
        now = status.get(self.app.ports)
        if not now.to or now.is_stopped:
            self.pause = EVERY_SECONDS
            return []
        try:
            result = sync(self.app)
        except TillstreamError as error:
            self.pause = min(self.pause * 2, LONGEST_SECONDS)
            return [str(error)]
        self.pause = EVERY_SECONDS
        of_stock = [f"the stock movements recorded on {day} differ" for day in result.differing_stock]
        return [f"the ledgers differ on {day}" for day in result.differing] + of_stock
