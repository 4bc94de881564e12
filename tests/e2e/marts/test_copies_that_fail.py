"""A copy that fails or is killed leaves the one before, and reports what to do."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from waiting import wait_for

from tests.e2e.marts.copied_shop import Copies, copies, database, postgresql_server
from tests.e2e.marts.exported_shop import line
from tillstream.marts.copy import copy_to_database
from tillstream.model.errors import Rejected, Unavailable

__all__ = ["copies", "database", "postgresql_server"]
ROOT = Path(__file__).resolve().parents[3]
WAITING = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'tillstream' AND wait_event_type = 'Lock'"
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tillstream'"
BLOCKED = "LOCK TABLE tillstream.dim_salesperson IN EXCLUSIVE MODE"


def _until_blocked(copies: Copies, process: "subprocess.Popen[bytes]") -> None:
    wait_for(lambda: copies.rows(WAITING), "the copy at the locked table", is_running=lambda: process.poll() is None)


def _start(copies: Copies) -> "subprocess.Popen[bytes]":
    """The command in a process of its own."""
    program = [sys.executable, "-c", "from tillstream.cli.start import script; script()"]
    variables = {"TILLSTREAM_HOME": str(copies.folder / "home"), "TILLSTREAM_CONNECT_PRIVATE": "127.0.0.1"}
    return subprocess.Popen(
        [*program, "marts", "copy", "--to", copies.url, "--password", "file:copy"],
        cwd=ROOT,
        env=os.environ | variables | {"PYTHONPATH": str(ROOT), "TILLSTREAM_REPORTING_CURRENCY": "INR"},
        stdout=subprocess.DEVNULL,
    )


def test_a_killed_process_leaves_the_copy_before(copies: Copies) -> None:
    copies.copy()
    copies.sell(line(4, "12-06-2026"), line(5, "01-07-2026"))

    def kill() -> None:
        with psycopg.connect(copies.superuser) as lock:
            lock.execute(BLOCKED)
            process = _start(copies)
            try:
                _until_blocked(copies, process)  # the facts are copied, the transaction is open
                assert copies.count() == 3
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait(30)

    copies.close_then(kill)
    assert copies.count() == 3
    assert copies.check()["settlement_no"] == 1
    assert copies.copy()["settlement_no"] == 2
    assert copies.count() == 5
    assert copies.check()["differences"] == []


def test_a_lost_connection_leaves_the_copy_before(copies: Copies) -> None:
    copies.copy()
    copies.sell(line(4, "12-06-2026"))

    def cut(_: int) -> None:
        copies.database.run(TERMINATE)

    with pytest.raises(Unavailable, match=r"terminat|closed"):
        copy_to_database(copies.app.ports.warehouse, copies.target(), progress=cut)
    assert copies.count() == 3
    copies.copy()
    assert copies.count() == 4


def test_two_copies_at_once_are_refused(copies: Copies) -> None:
    with copies.target().transaction(), pytest.raises(Rejected, match=r"Another copy writes .*, schema tillstream"):
        copies.copy()
    copies.copy(schema="second")
    with copies.target().transaction():
        copies.copy(schema="second")


def test_a_session_that_locks_a_table_is_named_as_the_cause(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tillstream.adapters.postgresql.read_copy._SESSION", ("SET LOCAL lock_timeout = '50ms'",))
    copies.copy()
    copies.sell(line(4, "12-06-2026"))
    with psycopg.connect(copies.superuser) as lock:
        lock.execute(BLOCKED)
        with pytest.raises(Unavailable, match="Another session locks a table"):
            copies.copy()
    assert copies.count() == 3


def test_a_wrong_password_is_reported(copies: Copies) -> None:
    (copies.folder / "home" / "secrets" / "wrong").write_text("battery staple")
    with pytest.raises(Rejected, match=r"password authentication failed .*Check the user of the URL") as raised:
        copies.copy(password="file:wrong")
    assert "battery" not in str(raised.value)
    with pytest.raises(Rejected, match="Check the user"):
        copies.copy(password="")
    with pytest.raises(Rejected, match="entered by reference"):
        copies.copy(password="battery staple")


def test_a_missing_right_is_reported(copies: Copies) -> None:
    copies.database.run(f"REVOKE CREATE ON DATABASE {copies.database.name} FROM reader")
    with pytest.raises(Rejected, match=r"permission denied for database .*GRANT CREATE ON DATABASE"):
        copies.copy()
    copies.database.run("CREATE SCHEMA tillstream")
    with pytest.raises(Rejected, match=r"permission denied for schema tillstream.*GRANT USAGE, CREATE ON SCHEMA"):
        copies.copy()
    copies.database.run("GRANT USAGE, CREATE ON SCHEMA tillstream TO reader")
    assert copies.copy()["settlement_no"] == 1


def test_a_server_that_requires_tls_is_reported(copies: Copies) -> None:
    with pytest.raises(Rejected, match=r"requires TLS\. Add \?sslmode=require"):
        copies.copy(to=copies.url.replace("reader", "tls_only"))
    with pytest.raises(Rejected, match="The server has no TLS"):
        copies.copy(to=f"{copies.url}?sslmode=require")


def test_an_address_that_cannot_be_reached_is_reported(copies: Copies) -> None:
    with pytest.raises(Unavailable, match=r"refused.* Check the host, the port and the firewall"):
        copies.copy(to="postgresql://reader@127.0.0.1:1/sales")
    with pytest.raises(Unavailable, match="nowhere"):
        copies.copy(to="postgresql://reader@nowhere.invalid/sales")
    with pytest.raises(Rejected, match=r"does not exist.* Check the database"):
        copies.copy(to=f"{copies.url}s")
    with pytest.raises(Rejected, match="TILLSTREAM_CONNECT_PRIVATE"):
        copies.copy(to="postgresql://reader@192.168.7.7/sales")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://reader:secret@db.example.com/sales", "contains a password"),
        ("mysql://reader@db.example.com/sales", "such as postgresql://"),
        ("postgresql://db.example.com/sales", "has a user"),
        ("postgresql://reader@db.example.com/sales?service=x", "sets service"),
        ("postgresql://reader@db.example.com:port/sales", "wrong port"),
    ],
)
def test_a_url_that_cannot_be_used_is_rejected(copies: Copies, url: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason) as raised:
        copies.copy(to=url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("schema", ["pg_catalog", "information_schema", "", "my marts", "50%"])
def test_a_schema_that_cannot_have_a_copy_is_rejected(copies: Copies, schema: str) -> None:
    with pytest.raises(Rejected, match="name of the schema"):
        copies.copy(schema=schema)


def test_rows_that_the_database_changes_are_not_committed(copies: Copies) -> None:
    copies.copy()
    body = "BEGIN NEW.units := NEW.units + 1; RETURN NEW; END"
    copies.database.run(f"CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
    copies.database.run(
        "CREATE TRIGGER more BEFORE INSERT ON tillstream.fact_sales FOR EACH ROW EXECUTE FUNCTION more()"
    )
    copies.sell(line(4, "12-06-2026"))
    with pytest.raises(Unavailable, match=r"2026-06: units is 4[.]0* instead of 2[.]0*[.] The last copy is unchanged"):
        copies.copy()
    assert copies.count() == 3
