"""Read-only connections to SQL databases, and values of cursor columns; the only module that imports SQLAlchemy."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tillstream.connectors.source import ConnectionAccess
from tillstream.model.errors import Rejected, Unavailable
from tillstream.optional_packages import need_package

CursorValue = Any
"""Decimal, datetime, date, or ISO 8601 text."""
_DAY = 86_400

DRIVERS = {
    "postgresql": ("psycopg", 5432),
    "mysql": ("pymysql", 3306),
    "mariadb": ("pymysql", 3306),
    "mssql": ("pymssql", 1433),
    "oracle": ("oracledb", 1521),
}
"""Scheme of the URL: driver and usual port. SQLite is a file and needs neither."""
URL_PARAMETERS = frozenset({"sslmode", "sslrootcert", "charset"})
"""What a URL may set; others, such as `host` or `service`, would lead around the check of the address."""
_FETCH_ROWS = 1_000
_CONNECT_SECONDS = 10
_POSTGRESQL_TEXT = frozenset({25, 1042, 1043})
_PERMANENT = ("22", "25", "28", "3D", "42", "0A")
"""Classes of SQLSTATE that do not pass by themselves: data, read-only transaction, sign-in, database, syntax."""
_PERMANENT_TEXTS = re.compile(
    r"authentication failed|no password supplied|does not exist|no pg_hba|access denied|no such (table|column)"
    r"|syntax error|unrecognized token|unable to open database|not a database|incomplete input|certificate",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)

_PART = re.compile(r'"(?:[^"]|"")+"|[^\s."]+')
_NAME = re.compile(rf"(?:{_PART.pattern})(?:\.(?:{_PART.pattern}))*")
_SELECT = re.compile(r"(?:[\s(]|--[^\n]*\n|/\*.*?\*/)*(?:SELECT|WITH|VALUES|TABLE)\b", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class CursorType:
    """name: number, time, time with zone, date, or text."""

    name: str

    def encode(self, value: CursorValue) -> str:
        """A value as text for the cursor."""
        return value.isoformat() if isinstance(value, date) else str(value)

    def decode(self, text: str) -> CursorValue:
        match self.name:
            case "number":
                return Decimal(text)
            case "date":
                return date.fromisoformat(text)
            case "text":
                return text
        return datetime.fromisoformat(text)

    def is_within(self, value: CursorValue, newest: CursorValue, look_back: int) -> bool:
        """Whether a value is at most `look_back` before the newest: seconds of times, days of dates that are begun,
        and differences of numbers."""
        if self.name == "number":
            return bool(newest - value <= look_back)
        if self.name == "date":
            return bool((newest - value).days <= -(-look_back // _DAY))
        if self.name == "text":
            value, newest = _in_utc(value), _in_utc(newest)
        return bool((newest - value).total_seconds() <= look_back)


def normalise_value(column: str, value: object) -> tuple[CursorType, CursorValue]:
    """The type and the value to compare. Raises `Rejected` for a type in which new rows need not be the largest."""
    match value:
        case bool():
            pass
        case int() | Decimal() if Decimal(value).is_finite():
            return CursorType("number"), Decimal(value)
        case float() if Decimal(value).is_finite():
            return CursorType("number"), Decimal(repr(value))
        case datetime():
            return CursorType("time with zone" if value.tzinfo else "time"), value
        case date():
            return CursorType("date"), value
        case str() if _is_time(value):
            return CursorType("text"), value
    raise Rejected(
        f"New rows cannot be recognised by the column “{column}”, which contains {type(value).__name__} values. Select"
        " a column with a number that grows, or with the time of the last change, in ISO 8601 if it is text."
    )


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text[4:5] == "-"


def _in_utc(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def query_parameter(value: CursorValue) -> CursorValue:
    """A value as every database driver accepts it."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else value


def escaped_name(sql: str) -> str:
    """SQL without parameters, as part of a statement of SQLAlchemy."""
    return sql.replace(":", r"\:")


def as_subquery(query: str, quote: Callable[[str], str]) -> str:
    """A SELECT in parentheses, or the quoted name of a table. Raises `Rejected` for several or other statements."""
    query = query.strip().removesuffix(";").rstrip()
    if ";" in _QUOTED.sub("", query):
        raise Rejected("The query is one SELECT; remove the semicolon.")
    if _NAME.fullmatch(query):
        return ".".join(quote(_unquoted(part)) for part in _PART.findall(query))
    if not _SELECT.match(query):
        raise Rejected("The query begins with SELECT or WITH, or is a name; write one with spaces in quotation marks.")
    return f"(\n{escaped_name(query)}\n)"


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


class SourceDatabase:
    """A database and a query in it. Raises `Rejected` for a URL that is not allowed; connects to nothing."""

    def __init__(self, url: str, user: str, password: str, timeout: int, access: ConnectionAccess) -> None:
        """password: a reference. timeout: seconds for each statement."""
        parts = urlsplit(url)
        self._scheme = parts.scheme.partition("+")[0]
        if parts.password:
            raise Rejected("The URL contains a password. Remove it, and enter a reference to the password instead.")
        self._access, self._timeout = access, timeout
        self._parts, self._user, self._password = parts, user or parts.username or "", password
        self._is_text = False
        if self._scheme == "sqlite":
            self.name = f"The database {parts.path.removeprefix('/')}"
            return
        if self._scheme not in DRIVERS:
            raise Rejected(f"The URL begins with sqlite:///, or with one of: {', '.join(DRIVERS)}, then ://.")
        if not parts.hostname or not parts.path.strip("/"):
            raise Rejected(f"The URL has a host and a database, such as {self._scheme}://db.example.com/shop.")
        other = {name for name, _ in parse_qsl(parts.query)} - URL_PARAMETERS
        if other:
            raise Rejected(f"The URL sets {', '.join(sorted(other))}. It can set: {', '.join(sorted(URL_PARAMETERS))}.")
        driver, port = DRIVERS[self._scheme]
        need_package(driver, f"A connector of {self._scheme}://")
        self._port = parts.port or port
        self.name = f"The database at {parts.hostname}:{self._port}"

    def _engine(self) -> Any:
        from sqlalchemy import NullPool, create_engine

        url, arguments = self._sqlite_url() if self._scheme == "sqlite" else self._server_url()
        return create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)

    def _sqlite_url(self) -> tuple[Any, dict[str, Any]]:
        from sqlalchemy.engine import URL

        path = self._parts.path.removeprefix("/")
        self._access.check_file(path)
        if not Path(path).is_file():
            raise Rejected(f"There is no file {path}.")
        url = URL.create("sqlite", database=Path(path).absolute().as_uri(), query={"mode": "ro", "uri": "true"})
        return url, {"timeout": _CONNECT_SECONDS}

    def _server_url(self) -> tuple[Any, dict[str, Any]]:
        from sqlalchemy.engine import URL

        host = self._parts.hostname or ""
        address = self._access.check_host(host, self._port)
        query = dict(parse_qsl(self._parts.query))
        if "sslrootcert" in query and query["sslrootcert"] != "system":
            self._access.check_file(query["sslrootcert"])
        is_postgresql = self._scheme == "postgresql"
        url = URL.create(
            f"{self._scheme}+{DRIVERS[self._scheme][0]}",
            username=self._user or None,
            password=self._access.credential(self._password) or None,
            host=host if is_postgresql else address,
            port=self._port,
            database=self._parts.path.strip("/"),
            query=query,
        )
        if not is_postgresql:
            return url, {}
        return url, {
            "hostaddr": address,  # the name is not resolved a second time, but its certificate is verified
            "connect_timeout": _CONNECT_SECONDS,
            "tcp_user_timeout": 60_000,
            "application_name": "tillstream",
            "prepare_threshold": None,  # connection poolers do not keep prepared statements
        }

    @contextmanager
    def connect(self) -> Iterator["SourceConnection"]:
        """A connection in a read-only transaction. Raises `Rejected` or `Unavailable`."""
        engine = self._engine()
        is_postgresql = self._scheme == "postgresql"
        with self._translated():
            connection = engine.connect()
        try:
            if is_postgresql:
                connection = connection.execution_options(postgresql_readonly=True)
            opened = SourceConnection(connection, self._scheme, self._translated)
            if is_postgresql:
                opened.run(f"SET LOCAL statement_timeout = {self._timeout * 1_000}")
                opened.run("SET LOCAL TimeZone = 'UTC'")
            yield opened
        finally:
            connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError, SQLAlchemyError

        try:
            yield
        except DBAPIError as error:
            message = f"{self.name}: {' '.join(str(error.orig).split())[:500]}"
            state = getattr(error.orig, "sqlstate", None) or ""
            if state == "57014":
                raise Unavailable(f"{message} Add an index on the cursor column, or set a longer timeout.") from error
            if state.startswith(_PERMANENT) or _PERMANENT_TEXTS.search(message):
                raise Rejected(message) from error
            raise Unavailable(message) from error
        except (SQLAlchemyError, ValueError, OverflowError) as error:
            raise Rejected(f"{self.name}: {str(error)[:500]}") from error


class SourceConnection:
    """Statements on one connection; each raises `Rejected` or `Unavailable`."""

    def __init__(self, connection: Any, scheme: str, translated: Any) -> None:
        self._connection, self._scheme, self._translated = connection, scheme, translated

    def quote(self, name: str) -> str:
        return escaped_name(self._connection.dialect.identifier_preparer.quote_identifier(name))

    def run(self, statement: str) -> None:
        with self._translated():
            self._connection.exec_driver_sql(statement)

    def columns(self, source: str) -> list[tuple[str, bool]]:
        """Name of each column of a subquery, and whether it is text that PostgreSQL sorts by a language."""
        with self._translated():
            result = self._select(f"SELECT * FROM {source} tillstream_rows WHERE 1 = 0", {})
            description = result.cursor.description or ()
            result.close()
        is_postgresql = self._scheme == "postgresql"
        return [(column[0], is_postgresql and column[1] in _POSTGRESQL_TEXT) for column in description]

    def rows(self, statement: str, value: CursorValue = None) -> Iterator[Sequence[Any]]:
        """Stream the rows of a SELECT. value: that of `:after`, if the statement has it."""
        with self._translated():
            result = self._select(statement, {} if value is None else {"after": self._parameter(value)})
        try:
            while True:
                with self._translated():
                    rows = result.fetchmany(_FETCH_ROWS)
                if not rows:
                    return
                yield from rows
        finally:
            with self._translated():
                result.close()

    def _parameter(self, value: CursorValue) -> CursorValue:
        value = query_parameter(value)
        return float(value) if isinstance(value, Decimal) and self._scheme == "sqlite" else value

    def _select(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        from sqlalchemy import text

        options = {"stream_results": True, "max_row_buffer": _FETCH_ROWS}
        return self._connection.execute(text(statement), parameters, execution_options=options)
