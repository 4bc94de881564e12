"""The address of a database: a URL without the password."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from tillstream.model.errors import Rejected

SCHEMES = ("postgresql", "postgres")
PORT = 5432
PARAMETERS = ("sslmode", "sslrootcert")
"""What a URL can set; others, such as `host` or `service`, would lead around the check of the address."""


@dataclass(frozen=True)
class Address:
    """parameters: of the connection, such as sslmode."""

    host: str
    port: int
    database: str
    user: str
    parameters: dict[str, str]

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


def parse_address(url: str) -> Address:
    """Raises `Rejected` for a URL with a password, an unknown parameter, or without a host, a database or a user."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORT
    except ValueError as error:
        raise Rejected("The URL has a wrong port or host.") from error
    database, user = unquote(parts.path.strip("/")), unquote(parts.username or "")
    if parts.password:
        raise Rejected("The URL contains a password. Remove it, and name it by reference: --password env:…")
    if parts.scheme not in SCHEMES or not host or not database or not user:
        raise Rejected("The URL has a user, a host and a database, such as postgresql://writer@db.example.com/sales.")
    parameters = dict(parse_qsl(parts.query))
    if other := sorted(parameters.keys() - set(PARAMETERS)):
        raise Rejected(f"The URL sets {', '.join(other)}. It can set: {', '.join(PARAMETERS)}.")
    return Address(host, port, database, user, parameters)
