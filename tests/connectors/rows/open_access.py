"""An access to everything on this machine, with credentials from a table."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tillstream.domain.errors import Rejected


class StillClock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 26, 12, tzinfo=UTC)
        self.slept = 0.0

    def now(self) -> datetime:
        return self._now

    def tick(self) -> int:
        return int(self._now.timestamp() * 1e6)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._now += timedelta(seconds=seconds)


class OpenAccess:
    """refused: hosts that no connection may be made to. hosts: what was checked."""

    def __init__(self, credentials: Mapping[str, str] | None = None, refused: frozenset[str] = frozenset()) -> None:
        self.clock = StillClock()
        self._credentials, self._refused = credentials or {}, refused
        self.hosts: list[tuple[str, int]] = []

    def credential(self, reference: str) -> str:
        if reference and reference not in self._credentials:
            raise Rejected(f"There is no credential {reference}.")
        return self._credentials.get(reference, "")

    def check_host(self, host: str, port: int) -> str:
        self.hosts.append((host, port))
        if host in self._refused:
            raise Rejected(f"{host} is an address of a private network.")
        return "127.0.0.1"

    def check_file(self, path: str) -> None:
        if "/forbidden/" in path:
            raise Rejected(f"{path} is in no folder that connectors may read.")
