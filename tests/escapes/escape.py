"""A statement that tries to leave what its author may read, and what it would reach."""

from collections.abc import Sequence
from dataclasses import dataclass

REACHES = {
    "home": "the content of the secret file {home}",
    "file": "the content of the system file {file}",
    "names": "the name of {home} or of {file}, or that it exists",
    "write": "a new file beside {home}",
    "network": "a connection to the TCP port {port} of this machine",
    "environment": "a variable, a setting, or a secret of the process",
    "settings": "another value of a setting of the engine",
    "code": "an extension, a function or a process that the statement brings",
    "tables": "rows or names of a table that is not offered",
    "rows": "rows outside of the scope",
    "memory": "more memory or time than a query may take",
    "crash": "the end of the process",
}
"""What a statement reaches → what must not come back, or must not happen."""


@dataclass(frozen=True)
class Escape:
    """typed: what a person would write on the SQL page. duckdb: the same in DuckDB's own dialect, for the engine alone;
    empty: it is an attack on the parser or on BigQuery. harmless: why the list lets it pass; empty: it does not.
    {home}, {file}, {port}: a secret text file of the home (name.csv), a system file, a TCP port on loopback."""

    name: str
    reaches: str
    typed: str
    duckdb: str = ""
    harmless: str = ""

    def filled(self, text: str, home: str, file: str, port: int) -> str:
        """`typed` or `duckdb` with real paths; braces of SQL stay."""
        return text.replace("{home}", home).replace("{file}", file).replace("{port}", str(port))


def reaching(reaches: str, *rows: Sequence[str]) -> tuple[Escape, ...]:
    """Escapes of one kind: (name, what is typed, the same for DuckDB if it differs; empty: none)."""
    return tuple(Escape(name, reaches, typed, *(own or (typed,))) for name, typed, *own in rows)


def harmless(reaches: str, *rows: Sequence[str]) -> tuple[Escape, ...]:
    """What looks like an escape and is none: (name, what is typed, the reason)."""
    return tuple(Escape(name, reaches, typed, "", reason) for name, typed, reason in rows)
