"""Sync of the home to the head office of its status, once or again and again."""

import threading
from dataclasses import dataclass

from tillstream.app.app import App
from tillstream.app.source_access import source_access
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.sync import exchange, home_identity, sync_status
from tillstream.sync.exchange import SyncResult
from tillstream.sync.http.remote_office import BUSY_SECONDS, RemoteOffice

NO_OFFICE_ADDRESS = "Enter the address of the head office: tillstream sync --to https://HEAD-OFFICE."
ONLY_HEAD_OFFICE = "A Google Cloud project can be a head office. It does not sync to another one."
SYNC_SECONDS, MAX_SYNC_SECONDS = 60.0, 900.0
"""Pause between two syncs, and the longest one while they fail."""


def sync_to_office(app: App, patience: float = BUSY_SECONDS) -> SyncResult:
    """Raises as `exchange.sync_home`, and `Rejected` without an address or in a project. patience: as of
    `RemoteOffice`."""
    if app.settings.project:
        raise Rejected(ONLY_HEAD_OFFICE)
    to = sync_status.get_status(app.ports).to
    if not to:
        raise Rejected(NO_OFFICE_ADDRESS)
    office = RemoteOffice(
        to, home_identity.get_identity(app.ports), app.ports.clock, source_access(app).check_host, patience
    )
    return exchange.sync_home(app.ports, app.contracts, office)


@dataclass
class BackgroundSync:
    """Syncs of the local server, if the home has a head office: one a minute, and fewer while they fail."""

    app: App
    pause: float = SYNC_SECONDS

    def turn(self, stopping: threading.Event) -> list[str]:
        """Wait for the pause, then sync; returns what failed, for the log. The status has it for people."""
        if stopping.wait(self.pause):
            return []
        now = sync_status.get_status(self.app.ports)
        if not now.to or now.is_stopped:
            self.pause = SYNC_SECONDS
            return []
        try:
            result = sync_to_office(self.app)
        except TillstreamError as error:
            self.pause = min(self.pause * 2, MAX_SYNC_SECONDS)
            return [str(error)]
        self.pause = SYNC_SECONDS
        of_stock = [f"the stock movements recorded on {day} differ" for day in result.differing_stock]
        return [f"the ledgers differ on {day}" for day in result.differing] + of_stock
