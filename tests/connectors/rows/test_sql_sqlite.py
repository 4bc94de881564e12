"""Rows of a SQLite file, and the windows in which rows are compared again."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from connectors.rows.pulled import Connector, open_source, values

from tillstream.connectors.kinds.sql import MAX_SPANS
from tillstream.model.errors import Rejected

Run = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop of two.db"


@pytest.fixture
def run(path: Path) -> Run:
    def execute(statement: str, *rows: tuple[object, ...]) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executemany(statement, rows or [()])

    execute("CREATE TABLE sales (id INTEGER, changed_at, amount)")
    return execute


def connector(path: Path, **settings: str) -> Connector:
    return Connector("sql", **{"url": f"sqlite:///{path}", "query": "sales", "cursor_column": "changed_at", **settings})


def test_times_as_text_and_numbers_of_both_kinds(path: Path, run: Run) -> None:
    run("INSERT INTO sales VALUES (?, ?, 1)", (1, "2026-11-01 10:00:00"), (2, "2026-11-01 10:00:01Z"))
    sales = connector(path)
    assert values(sales.rows(), "id") == ["1", "2"]
    run("INSERT INTO sales VALUES (3, '2026-11-02 10:00:00', 1)")
    assert values(sales.rows(), "id") == ["3"]
    assert sales.run() == []
    run("UPDATE sales SET changed_at = id + CASE id WHEN 2 THEN 0 ELSE 0.5 END")
    numbers = connector(path)
    assert values(numbers.rows(), "changed_at") == ["1.5", "2", "3.5"]
    run("INSERT INTO sales VALUES (4, 3.75, 1)")
    assert values(numbers.rows(), "id") == ["4"]


@pytest.mark.parametrize("name", ['"the old ""sales"', 'main."the old ""sales"', '(SELECT * FROM "the old ""sales")'])
def test_a_name_with_spaces_is_written_in_quotation_marks(path: Path, run: Run, name: str) -> None:
    run('CREATE TABLE "the old ""sales" (id INTEGER, changed_at)')
    run('INSERT INTO "the old ""sales" VALUES (1, 1)')
    assert values(connector(path, query=name).rows(), "id") == ["1"]
    with pytest.raises(Rejected, match="or is a name; write one with spaces in quotation marks"):
        connector(path, query="the old sales").run()


def test_a_column_of_several_types_is_refused(path: Path, run: Run) -> None:
    run("INSERT INTO sales VALUES (?, ?, 1)", (1, 5), (2, "2026-11-01"))
    with pytest.raises(Rejected, match="contains a text and a number"):
        connector(path).run()


def test_the_file_is_only_read(path: Path, run: Run) -> None:
    run("INSERT INTO sales VALUES (1, 1, 1)")
    path.chmod(0o444)
    assert len(connector(path).rows()) == 1
    with pytest.raises(Rejected):
        connector(path, query="SELECT * FROM (DELETE FROM sales RETURNING *)").run()


@pytest.mark.parametrize("missing", ["/nowhere/shop.db", "/forbidden/shop.db"])
def test_a_file_that_cannot_be_read(missing: str) -> None:
    with pytest.raises(Rejected, match=missing):
        connector(Path(missing)).run()
    assert not Path(missing).exists()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://reader:secret@db.example.com/shop", "contains a password"),
        ("postgresql://db.example.com/shop?host=/tmp", "sets host"),
        ("postgresql:///shop", "has a host"),
        ("duckdb:////data/shop.db", "begins with"),
        ("oracle://db.example.com/shop", "pip install oracledb"),
    ],
)
def test_urls_that_are_refused(url: str, message: str) -> None:
    with pytest.raises(Rejected, match=message) as error:
        open_source("sql", url=url, query="sales", cursor_column="id")
    assert "secret" not in str(error.value)


def test_a_window_of_many_values_stays_small_and_notices_each_late_row(path: Path, run: Run) -> None:
    run("INSERT INTO sales VALUES (?, ?, 1)", *((n, 2 * n) for n in range(3 * MAX_SPANS)))
    sales = connector(path, look_back=str(10 * MAX_SPANS))
    assert len(sales.rows()) == 3 * MAX_SPANS
    assert len(sales.cursor["window"]["spans"]) <= MAX_SPANS
    run("INSERT INTO sales VALUES (?, ?, 1)", (9_000, 1), (9_001, 2 * MAX_SPANS + 1), (9_002, 6 * MAX_SPANS))
    assert {"9000", "9001", "9002"} <= set(values(sales.rows(), "id"))
    assert sales.run() == []


@pytest.mark.parametrize("seed", range(25))
def test_any_history_of_a_table_arrives(path: Path, run: Run, seed: int) -> None:
    """Rows are inserted, changed and committed late within the window; runs end early, and old cursors are restored."""
    chance = random.Random(seed)
    sales = connector(path, page_rows=str(chance.randint(1, 6)), look_back="5")
    delivered: dict[str, set[str]] = {}
    now, restored = 0, sales.cursor
    for step in range(60):
        now += chance.choice([0, 0, 1, 3])
        for n in range(chance.choice([0, 1, 1, 5])):
            run("INSERT INTO sales VALUES (?, ?, 0)", (step * 10 + n, chance.choice([now, now, now - 4, None])))
        if chance.random() < 0.3:
            run("UPDATE sales SET amount = amount + 1, changed_at = ? WHERE id % 7 = ?", (now, chance.randrange(7)))
        if chance.random() < 0.1:
            restored = sales.cursor
        if chance.random() < 0.05:
            sales.cursor = restored
        stop = chance.choice([None, None, 1, 2])
        for row in sales.rows(stop_after=stop, loses_cursor=chance.random() < 0.2):
            delivered.setdefault(row["id"], set()).add(row["amount"])
    for row in sales.rows():
        delivered.setdefault(row["id"], set()).add(row["amount"])
    assert sales.run() == []
    with closing(sqlite3.connect(path)) as connection:
        expected = connection.execute("SELECT id, amount FROM sales").fetchall()
    assert len(expected) > 30
    assert [row for row, amount in expected if str(amount) not in delivered.get(str(row), ())] == []
