"""Rows of a copy that somebody changed are noticed by their totals, and copied again."""

import pytest
from click.testing import CliRunner

from examples import one_in
from tests.e2e.marts.copied_shop import Copies, copies, database, postgresql_server
from tests.e2e.marts.exported_shop import line
from tillstream.cli.main import main
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import FAILED, quiet
from tillstream.model.errors import Rejected

__all__ = ["copies", "database", "postgresql_server"]
CHANGES = {
    "UPDATE tillstream.fact_sales SET revenue = revenue + 1 WHERE net_amount = 250": ("2026-05", "revenue"),
    "DELETE FROM tillstream.fact_sales WHERE net_amount = 40": ("2026-06", "rows"),
    "UPDATE tillstream.fact_sales SET is_return = true WHERE net_amount = 40": ("2026-06", "is_return"),
    "UPDATE tillstream.fact_sales SET status = 'void' WHERE net_amount = 40": ("2026-06", "status"),
    "UPDATE tillstream.fact_sales SET sale_date = '2027-01-01' WHERE net_amount = 40": ("2027-01", "rows"),
    "UPDATE tillstream.dim_date SET week_start = week_start - 7 WHERE sale_date = '2026-05-03'": (None, "week_start"),
    "DELETE FROM tillstream.dim_product": (None, "rows"),
}


@pytest.mark.parametrize("change", one_in(3, list(CHANGES)))
def test_a_changed_total_is_found_and_repaired(copies: Copies, change: str) -> None:
    copies.copy()
    copies.database.run(change)
    checked = COMMANDS["marts-copy"](copies.app, quiet, **copies.arguments, check=True)
    assert checked.code == FAILED
    assert CHANGES[change] in {(each["month"], each["column"]) for each in checked.data["differences"]}
    assert copies.copy()["repaired"] == checked.data["differences"]
    assert copies.check()["differences"] == []
    assert copies.copy()["repaired"] == []


def test_what_the_ledger_changed_since_is_no_difference(copies: Copies) -> None:
    copies.copy()
    copies.sell(line(4, "12-06-2026"))
    checked = copies.check()
    assert (checked["settlement_no"], checked["ledger_settlement_no"]) == (1, 2)
    assert (checked["changed_months"], checked["differences"]) == (["2026-06"], [])
    copies.database.run("DELETE FROM tillstream.fact_sales WHERE net_amount = 40")
    assert {each["month"] for each in copies.check()["differences"]} == {"2026-06"}


def test_tables_that_were_dropped_are_copied_again(copies: Copies) -> None:
    copies.copy()
    copies.database.run("DROP TABLE tillstream.dim_store, tillstream.fact_sales")
    assert copies.check()["differences"]
    assert copies.copy()["written"] == 3
    assert copies.check()["differences"] == []


def test_a_lost_record_copies_everything_again(copies: Copies) -> None:
    copies.copy()
    copies.database.run("DROP TABLE tillstream.copied_state")
    with pytest.raises(Rejected, match="has no copy"):
        copies.check()
    copies.database.run("UPDATE tillstream.fact_sales SET sale_date = '2027-01-01' WHERE net_amount = 40")
    copies.copy()
    assert copies.check()["differences"] == []
    assert copies.count() == 3


def test_a_table_of_another_version_is_created_again(copies: Copies) -> None:
    copies.copy()
    copies.database.run("ALTER TABLE tillstream.dim_store DROP COLUMN name")
    copies.database.run("COMMENT ON COLUMN tillstream.fact_sales.revenue IS 'of an earlier version'")
    assert copies.copy()["written"] == 1
    assert copies.rows("SELECT COUNT(name) FROM tillstream.dim_store") == [(1,)]
    texts = "SELECT description FROM pg_description WHERE objoid = 'tillstream.fact_sales'::regclass"
    assert "of an earlier version" not in {row[0] for row in copies.rows(texts)}


def test_views_of_others_keep_a_table_from_being_created_again(copies: Copies) -> None:
    copies.copy()
    copies.database.run("ALTER TABLE tillstream.dim_store ADD COLUMN note text")
    copies.database.run("CREATE VIEW mine AS SELECT note FROM tillstream.dim_store")
    with pytest.raises(Rejected, match=r"Drop the views that depend on it"):
        copies.copy()
    assert copies.rows("SELECT COUNT(*) FROM mine") == [(1,)]


def test_tables_that_no_copy_created_are_never_touched(copies: Copies) -> None:
    copies.database.run("CREATE SCHEMA tillstream AUTHORIZATION reader")
    copies.database.run("CREATE TABLE tillstream.budget AS SELECT 7 AS amount")
    copies.copy()
    copies.database.run("DROP TABLE tillstream.dim_store")
    copies.database.run("CREATE TABLE tillstream.dim_store AS SELECT 7 AS amount")
    copies.sell(line(4, "12-06-2026"))
    with pytest.raises(Rejected, match="has a table dim_store that no copy created"):
        copies.copy()
    assert copies.rows("SELECT amount FROM tillstream.dim_store") == [(7,)]
    assert copies.rows("SELECT amount FROM tillstream.budget") == [(7,)]
    assert copies.count() == 3


def test_the_command_shows_what_it_did(copies: Copies, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_HOME", str(copies.folder / "home"))
    monkeypatch.setenv("TILLSTREAM_CONNECT_PRIVATE", "127.0.0.1")
    monkeypatch.setenv("TILLSTREAM_REPORTING_CURRENCY", "INR")
    command = ["marts", "copy", "--to", copies.url, "--password", "file:copy"]

    def use() -> None:
        copied = CliRunner().invoke(main, command)
        assert copied.exit_code == 0
        assert (
            ", schema tillstream has the marts of settlement 1: 9 tables or months written, 0 removed." in copied.output
        )
        copies.database.run("DELETE FROM tillstream.fact_sales WHERE net_amount = 40")
        checked = CliRunner().invoke(main, [*command, "--check"])
        assert checked.exit_code == 1
        assert "fact_sales of 2026-06: rows is 0 instead of 1." in checked.output
        assert "totals differ; copy again with --full." in checked.output
        repaired = CliRunner().invoke(main, command)
        assert "Copied again: fact_sales of 2026-06: rows is 0 instead of 1." in repaired.output
        assert "all totals agree." in CliRunner().invoke(main, [*command, "--check"]).output

    copies.close_then(use)
