"""A read copy in a schema of PostgreSQL."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from tillstream.adapters.postgresql.address import Address
from tillstream.adapters.postgresql.errors import translated
from tillstream.adapters.postgresql.tables import SchemaTables
from tillstream.domain.errors import Rejected

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
        with translated(self._address):
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
