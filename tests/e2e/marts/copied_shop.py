"""A shop whose marts are copied to a database of a real PostgreSQL server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from connectors.rows.postgresql_server import PASSWORD, Shop, postgresql_server
from connectors.rows.postgresql_server import shop as database

from tests.e2e.marts.exported_shop import line, open_after, open_shop, sell
from tillstream.adapters.postgresql.address import parse_address
from tillstream.adapters.postgresql.read_copy import PostgreSQLReadCopy
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet

__all__ = ["Copies", "copies", "database", "postgresql_server"]
FIRST = [line(1, "03-05-2026"), line(2, "04-05-2026", 250), line(3, "10-06-2026", 40)]


@dataclass
class Copies:
    """folder: of the home. database: which the user `reader` may create a schema in."""

    folder: Path
    database: Shop
    app: App

    @property
    def url(self) -> str:
        return self.database.url.replace("//", "//reader@")

    @property
    def arguments(self) -> dict[str, Any]:
        return {"to": self.url, "password": "file:copy"}

    @property
    def superuser(self) -> str:
        """For psycopg."""
        server = self.database.server
        return f"host={server.folder} port={server.port} user=postgres dbname={self.database.name}"

    def target(self) -> PostgreSQLReadCopy:
        return PostgreSQLReadCopy(parse_address(self.url), "127.0.0.1", PASSWORD, "tillstream")

    def copy(self, **arguments: Any) -> dict[str, Any]:
        data: dict[str, Any] = COMMANDS["marts-copy"](self.app, quiet, **(self.arguments | arguments)).data
        return data

    def check(self) -> dict[str, Any]:
        return self.copy(check=True)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.connect() as connection:
            return connection.execute(query).fetchall()

    def count(self) -> int:
        (row,) = self.rows("SELECT COUNT(*) FROM tillstream.fact_sales")
        return int(row[0])

    def sell(self, *lines: str) -> None:
        sell(self.app, self.folder, *lines)

    def close_then(self, act: Callable[[], object]) -> None:
        """Act while the app is closed."""
        self.app.close()
        act()
        self.app = open_shop(self.folder, connect_private="127.0.0.1")


@pytest.fixture
def copies(tmp_path: Path, database: Shop) -> Iterator[Copies]:
    (tmp_path / "home" / "secrets").mkdir(parents=True)
    (tmp_path / "home" / "secrets" / "copy").write_text(PASSWORD)
    database.run(f"GRANT CREATE ON DATABASE {database.name} TO reader")
    shop = Copies(tmp_path, database, open_after(tmp_path, *FIRST, connect_private="127.0.0.1"))
    try:
        yield shop
    finally:
        shop.app.close()
