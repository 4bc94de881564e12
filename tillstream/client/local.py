"""A home folder as the source of a client: each call opens it for reading, or goes to the server that runs there."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tillstream.commands import dispatch
from tillstream.commands.result import quiet
from tillstream.model.errors import NotFound
from tillstream.settings import Settings

Texts = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class HomeSource:
    settings: Settings
    user: str

    @classmethod
    def open(cls, home: str | Path | None, user: str) -> "HomeSource":
        """Raises `NotFound` if the folder is not a home."""
        settings = Settings() if home is None else Settings(home=Path(home).expanduser().resolve())
        if not dispatch.has_ledger(settings):
            raise NotFound(f"There is no home of Tillstream in {settings.home}; `tillstream demo` creates one.")
        return cls(settings, user)

    def query(self, name: str, params: Texts, limit: int | None) -> pa.Table:
        return self._table("query", [name], params=dict(params), limit=limit or 0)

    def measures(self, names: Sequence[str], by: Sequence[str], filters: Texts) -> pa.Table:
        return self._table("measures", list(names), by=list(by), params=dict(filters))

    def sales(self, filters: Texts) -> pa.Table:
        return self._table("sales", [], params=dict(filters))

    def stock(self, params: Texts) -> pa.Table:
        return self._table("stock", [], params=dict(params))

    def goals(self, params: Texts) -> pa.Table:
        return self._table("goals", [], params=dict(params))

    def definitions(self) -> pa.Table:
        return self._table("definitions", [])

    def queries(self) -> pa.Table:
        return self._table("queries", [])

    def _table(self, kind: str, names: list[str], **arguments: Any) -> pa.Table:
        with tempfile.TemporaryDirectory(prefix="tillstream-") as folder:
            out = Path(folder) / "rows.arrow"
            values: dict[str, Any] = {"kind": kind, "names": names, "params": {}, "user": self.user, "out": str(out)}
            dispatch.execute(self.settings, "frame", values | arguments, quiet)
            with pa.OSFile(str(out)) as file:
                return pa.ipc.open_stream(file).read_all()
