"""A read copy in a schema of PostgreSQL: its tables, their statements, and the errors of the server as sentences."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from io import BytesIO
from typing import Any, LiteralString

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal
from pyarrow.csv import WriteOptions, write_csv

from tillstream.adapters.postgresql.address import Address
from tillstream.model.columns import ColumnKind
from tillstream.model.errors import Rejected, Unavailable
from tillstream.ports.warehouse import ROW_COUNT, CopyDays, CopyMark, CopyTable, CopyTotals

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

COMMENT_MARK = "Read copy of Tillstream. "
"""The comment of every table of a copy begins with it; no other table is changed."""
COLUMN_TYPES: dict[tuple[ColumnKind, int], LiteralString] = {
    (ColumnKind.STRING, 0): "text",
    (ColumnKind.DATE, 0): "date",
    (ColumnKind.INT64, 0): "bigint",
    (ColumnKind.BOOL, 0): "boolean",
    (ColumnKind.NUMERIC, 9): "numeric(38,9)",
    (ColumnKind.NUMERIC, 18): "numeric(38,18)",
}
"""Kind and decimals → the type, as `format_type` shows it."""
_SUMS: dict[ColumnKind, LiteralString] = {
    ColumnKind.STRING: "SUM(length({}) + 1)",
    ColumnKind.DATE: "SUM({} - DATE '1970-01-01')",
    ColumnKind.BOOL: "COUNT(*) FILTER (WHERE {})",
    ColumnKind.INT64: "SUM({})",
    ColumnKind.NUMERIC: "SUM({})",
}

STATE_TABLE = "copied_state"
_STATE_COMMENT = f"{COMMENT_MARK}The settlement to which the tables belong, and when they were copied."
_COLUMNS = """SELECT a.attname, format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = %s ORDER BY a.attnum"""
_TABLE = """SELECT c.oid, c.relkind, obj_description(c.oid, 'pg_class')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s"""
_HEADLESS = WriteOptions(include_header=False)
_NUL, _REPLACEMENT = "\x00", "\ufffd"

_SCHEMA = re.compile(r"(?!pg_|information_schema$)[A-Za-z][A-Za-z0-9_]{0,62}")
_CONNECT_SECONDS = 10
_LOCK_SECONDS = 60
_SESSION = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'",
    "SET LOCAL DateStyle = 'ISO'",
)
"""For a transaction: a hosted server ends statements after minutes, and the ledger is read between two of them."""


@contextmanager
def translated_errors(address: Address) -> Iterator[None]:
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


def create_statement(name: Identifier, table: CopyTable) -> Composed:
    columns = [
        SQL("{} {}{}").format(
            Identifier(column.name),
            SQL(COLUMN_TYPES[column.kind, column.decimals]),
            SQL(" NOT NULL" if column.name in table.key else ""),
        )
        for column in table.columns
    ]
    return SQL("CREATE TABLE {} ({})").format(name, SQL(", ").join(columns))


def comment_statements(schema: str, table: CopyTable) -> list[Composed]:
    on_table = SQL("COMMENT ON TABLE {} IS {}").format(Identifier(schema, table.name), Literal(table_comment(table)))
    on_columns = [
        SQL("COMMENT ON COLUMN {} IS {}").format(
            Identifier(schema, table.name, column.name), Literal(column.description)
        )
        for column in table.columns
    ]
    return [on_table, *on_columns]


def table_comment(table: CopyTable) -> str:
    return f"{COMMENT_MARK}{table.description}"


def index_statements(name: Identifier, table: CopyTable) -> list[Composed]:
    key = SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(name, _names(table.key))
    return [key, *(SQL("CREATE INDEX ON {} ({})").format(name, _names(columns)) for columns in table.indexes)]


def delete_statement(name: Identifier, table: CopyTable, *, is_month: bool) -> Composed:
    return SQL("DELETE FROM {}{}").format(name, _condition(table, is_month=is_month))


def copy_statement(name: Identifier, table: CopyTable) -> Composed:
    return SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(name, _names(column.name for column in table.columns))


def totals_query(name: Identifier, table: CopyTable, *, is_month: bool) -> Composed:
    """Month, number of rows, and the sum of each column."""
    month = SQL("to_char({}, 'YYYY-MM')").format(Identifier(table.month_of)) if table.month_of else SQL("''")
    sums = [SQL(_SUMS[column.kind]).format(Identifier(column.name)) for column in table.columns]
    return SQL("SELECT {} AS month, COUNT(*) AS {}, {} FROM {}{} GROUP BY 1").format(
        month, Identifier(ROW_COUNT), SQL(", ").join(sums), name, _condition(table, is_month=is_month)
    )


def _condition(table: CopyTable, *, is_month: bool) -> Composable:
    if not is_month:
        return SQL("")
    return SQL(" WHERE {0} >= %s AND {0} < %s").format(Identifier(table.month_of))


def _names(names: Iterable[str]) -> Composed:
    return SQL(", ").join(map(Identifier, names))


class SchemaTables:
    """The `CopyTransaction` of a connection whose transaction has begun."""

    def __init__(self, connection: "psycopg.Connection[Any]", schema: str) -> None:
        self._connection, self._schema = connection, schema
        self._new: list[CopyTable] = []
        self._changed: dict[str, CopyTable] = {}
        self._loaded: set[tuple[str, CopyDays | None]] = set()

    def record(self) -> str | None:
        if self._find(STATE_TABLE) is None:
            return None
        row = self._connection.execute(SQL("SELECT record FROM {}").format(self._name(STATE_TABLE))).fetchone()
        return row and str(row[0])

    def prepare(self, table: CopyTable) -> bool:
        name = self._name(table.name)
        oid = self._find(table.name)
        if oid is not None:
            columns = self._connection.execute(_COLUMNS, [oid]).fetchall()
            if [column[:2] for column in columns] == [
                (column.name, COLUMN_TYPES[column.kind, column.decimals]) for column in table.columns
            ]:
                if [column[2] or "" for column in columns] != [column.description for column in table.columns]:
                    self._run(*comment_statements(self._schema, table))
                return False
            self._run(SQL("DROP TABLE {}").format(name))
        self._run(create_statement(name, table), *comment_statements(self._schema, table))
        self._new.append(table)
        return True

    def replace(self, table: CopyTable, days: CopyDays | None, batches: Iterable[pa.RecordBatch]) -> None:
        name = self._name(table.name)
        self._changed[table.name] = table
        # a new table has no index yet, so that each search for rows of a month would read all
        is_empty = table in self._new and (table.name, days) not in self._loaded
        self._loaded.add((table.name, days))
        with self._connection.cursor() as cursor:
            if not is_empty:
                cursor.execute(delete_statement(name, table, is_month=days is not None), days)
            with cursor.copy(copy_statement(name, table)) as copy:
                for batch in batches:
                    copy.write(_csv(batch))

    def totals(self, table: CopyTable, days: CopyDays | None = None) -> Mapping[str, CopyTotals]:
        if self._find(table.name) is None:
            return {}
        text = totals_query(self._name(table.name), table, is_month=days is not None)
        names = [ROW_COUNT, *(column.name for column in table.columns)]
        rows = self._connection.execute(text, days).fetchall()
        return {
            month: {name: Decimal(value or 0) for name, value in zip(names, values, strict=True)}
            for month, *values in rows
            if values[0]
        }

    def finish(self, mark: CopyMark) -> None:
        for table in self._new:
            self._run(*index_statements(self._name(table.name), table))
        for name in self._changed:
            self._run(SQL("ANALYZE {}").format(self._name(name)))
        state = self._name(STATE_TABLE)
        if self._find(STATE_TABLE) is None:
            self._run(
                SQL(
                    "CREATE TABLE {} (settlement_no bigint NOT NULL, as_of timestamptz, copied_at timestamptz NOT NULL,"
                    " record text NOT NULL)"
                ).format(state),
                SQL("COMMENT ON TABLE {} IS {}").format(state, Literal(_STATE_COMMENT)),
            )
        self._run(SQL("DELETE FROM {}").format(state))
        text = SQL("INSERT INTO {} VALUES (%s, %s, now(), %s)").format(state)
        self._connection.execute(text, [mark.settlement_no, mark.as_of or None, mark.record])

    def _find(self, name: str) -> int | None:
        """The table of this name. Raises `Rejected` if no copy created it."""
        row = self._connection.execute(_TABLE, [self._schema, name]).fetchone()
        if row is None:
            return None
        oid, kind, comment = row
        if kind != "r" or not (comment or "").startswith(COMMENT_MARK):
            raise Rejected(
                f"The schema {self._schema} has a table {name} that no copy created. Choose another one: --schema NAME."
            )
        return int(oid)

    def _run(self, *texts: Any) -> None:
        for text in texts:
            self._connection.execute(text)

    def _name(self, name: str) -> Identifier:
        return Identifier(self._schema, name)


def _csv(batch: pa.RecordBatch) -> bytes:
    """NULL is an empty cell, an empty text one in quotation marks. PostgreSQL has no text with U+0000."""
    for index, column in enumerate(batch.columns):
        if pa.types.is_string(column.type) and pc.any(pc.match_substring(column, _NUL)).as_py():
            replaced = pc.replace_substring(column, _NUL, _REPLACEMENT)
            batch = batch.set_column(index, batch.schema.field(index), replaced)
    text = BytesIO()
    write_csv(batch, text, _HEADLESS)
    return text.getvalue()


class PostgreSQLReadCopy:
    """ip_address: to connect to, which was checked; the host is then not resolved again."""

    def __init__(self, address: Address, ip_address: str, password: str, schema: str) -> None:
        if not _SCHEMA.fullmatch(schema):
            raise Rejected(
                "The name of the schema has letters, digits and _ only, and begins with neither pg_ nor a digit."
            )
        self._address, self._ip_address, self._password, self._schema = address, ip_address, password, schema

    @property
    def name(self) -> str:
        return f"{self._address.name}, schema {self._schema}"

    @contextmanager
    def transaction(self) -> Iterator[SchemaTables]:
        with self._connect() as connection:
            for statement in _SESSION:
                connection.execute(statement)
            self._lock(connection)
            self._create_schema(connection)
            yield SchemaTables(connection, self._schema)
            connection.commit()

    @contextmanager
    def reading(self) -> Iterator[SchemaTables]:
        with self._connect() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            for statement in _SESSION:
                connection.execute(statement)
            yield SchemaTables(connection, self._schema)

    @contextmanager
    def _connect(self) -> Iterator["psycopg.Connection[Any]"]:
        with translated_errors(self._address):
            connection: psycopg.Connection[Any] = psycopg.connect(
                host=self._address.host,
                hostaddr=self._ip_address,
                port=self._address.port,
                dbname=self._address.database,
                user=self._address.user,
                password=self._password or None,
                connect_timeout=_CONNECT_SECONDS,
                tcp_user_timeout=60_000,
                client_encoding="UTF8",
                application_name="tillstream",
                prepare_threshold=None,  # connection poolers do not keep prepared statements
                sslmode=self._address.parameters.get("sslmode"),
                sslrootcert=self._address.parameters.get("sslrootcert"),
            )
            try:
                yield connection
            finally:
                connection.close()

    def _lock(self, connection: "psycopg.Connection[Any]") -> None:
        digest = hashlib.sha256(f"tillstream read copy {self._schema}".encode()).digest()
        number = int.from_bytes(digest[:8], signed=True)
        # of the transaction, not of the session: it ends with a lost connection, and also behind a pooler
        (is_free,) = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", [number]).fetchone() or (False,)
        if not is_free:
            raise Rejected(f"Another copy writes {self.name}. Repeat this one when it is finished.")

    def _create_schema(self, connection: "psycopg.Connection[Any]") -> None:
        exists = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [self._schema]).fetchone()
        if not exists:
            schema = Identifier(self._schema)
            connection.execute(SQL("CREATE SCHEMA {}").format(schema))
            comment = Literal("Read copies of the marts of Tillstream")
            connection.execute(SQL("COMMENT ON SCHEMA {} IS {}").format(schema, comment))
