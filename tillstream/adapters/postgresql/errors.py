"""Errors of PostgreSQL as sentences with what to do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from tillstream.adapters.postgresql.address import Address
from tillstream.domain.errors import Rejected, Unavailable

_SIGN_IN: tuple[tuple[str, str], ...] = (
    (
        r"no encryption|SSL (connection )?is required|SSL required|requires (SSL|TLS)|encrypted connection",
        "The server requires TLS. Add ?sslmode=require to the URL.",
    ),
    (
        r"server does not support SSL",
        "The server has no TLS. Add ?sslmode=disable to the URL if the network between is yours.",
    ),
    (r"certificate|root\.crt", "Check sslrootcert and the name of the host."),
    (
        r"password authentication failed|no password supplied|Tenant or user not found|SASL authentication failed",
        "Check the user of the URL, and the credential of --password.",
    ),
    (r"database .* does not exist", "Check the database of the URL."),
    (r"role .* does not exist", "Check the user of the URL."),
    (r"no pg_hba\.conf entry", "The server does not allow this user from here. Add a line to its pg_hba.conf."),
)
"""What a failed connection reports → what to do; the server sends no code before a session begins."""
_CONNECTION = "Check the host, the port and the firewall."
_PERMANENT = ("0A", "22", "23", "25", "28", "2B", "3D", "3F", "42")
"""Classes of SQLSTATE that do not pass by themselves: data, a read-only server, sign-in, database, syntax, rights."""
_ADVICE = {
    "42501": "Grant the user the right to create: GRANT CREATE ON DATABASE … TO …, or, in a schema that exists, "
    "GRANT USAGE, CREATE ON SCHEMA … TO …; tables of an earlier copy belong to the user that copied them.",
    "2BP01": "The table changes with this version. Drop the views that depend on it, and create them again afterwards.",
    "25006": "The server only reads. Use the address of the primary.",
    "55P03": "Another session locks a table. Repeat the copy when it is finished.",
    "53100": "The disk of the server is full.",
}


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Raise `Rejected` or `Unavailable` for errors of the library."""
    try:
        yield
    except psycopg.Error as error:
        raise _translate(error, address) from error


def _translate(error: psycopg.Error, address: Address) -> Rejected | Unavailable:
    message = f"{address.name}: {_first_line(error)}"
    if error.sqlstate:
        advice = _ADVICE.get(error.sqlstate, "")
        kind = Rejected if error.sqlstate.startswith(_PERMANENT) else Unavailable
        return kind(f"{message} {advice}".rstrip())
    for pattern, advice in _SIGN_IN:
        if re.search(pattern, str(error), re.IGNORECASE):
            return Rejected(f"{message} {advice}")
    return Unavailable(f"{message} {_CONNECTION}")


def _first_line(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = lines[0].strip()[:500]
    return line if line.endswith((".", "!", "?")) else f"{line}."
