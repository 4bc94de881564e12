"""The process of a connector to rows or messages is killed at each step of a run: every sale counts once."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from connectors.rows.http_server import Answer, serving
from connectors.rows.kafka_cluster import Topic, brokers, topic
from connectors.rows.postgresql_server import PASSWORD, Shop, postgresql_server, shop
from faults.connector_rig import PAGES, SALES, Rig, killed_at
from turns import in_turns
from unit.connectors.connector_steps import HEAD, REFERENCE, store_sale

from examples import in_long_proofs

__all__ = ["brokers", "postgresql_server", "shop", "topic"]
COLUMNS = HEAD.strip().split(",")
SALES_LINES = [(number, "A", "Cup", 1, "12/5/2011 9:02", "2.00", "1", "UK") for number in range(1, 7)]
ALLOWED = {"TILLSTREAM_CONNECT_PRIVATE": "127.0.0.1"}
BEFORE_CURSOR = ("documents.put connector_states", "before", 2)
"""The first item and its record are stored, and the cursor is not."""
EVERY = [(source, *step) for source, step in in_turns(3, ("sqlite", "postgresql", "api", "messages"), PAGES)]
"""Each source at a third of the steps, at another with each commit: the steps are those of a run, which all share."""


@pytest.fixture
def sqlite(tmp_path: Path) -> Rig:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE sales ({', '.join(COLUMNS)})")
        connection.executemany("INSERT INTO sales VALUES (?, ?, ?, ?, ?, ?, ?, ?)", SALES_LINES)
    query = {"url": f"sqlite:///{path}", "query": "sales", "cursor_column": "InvoiceNo", "page_rows": "2"}
    return Rig("sql", query, len(SALES_LINES), environment={"TILLSTREAM_CONNECT_FOLDERS": str(tmp_path)})


@pytest.fixture
def postgresql(shop: Shop) -> Rig:
    names = ", ".join(f'"{name}" {"int" if name == "InvoiceNo" else "text"}' for name in COLUMNS)
    shop.run(f"CREATE TABLE sales ({names})")
    with shop.connect() as connection:
        connection.cursor().executemany("INSERT INTO sales VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", SALES_LINES)
    query = {"url": shop.url, "query": "sales", "cursor_column": "InvoiceNo", "page_rows": "2"}
    sign_in = {"user": "reader", "password": REFERENCE}
    return Rig("sql", query | sign_in, len(SALES_LINES), environment={**ALLOWED, "TILLSTREAM_SOURCE_LIST": PASSWORD})


@pytest.fixture
def api() -> Iterator[Rig]:
    records = [dict(zip(COLUMNS, line, strict=True)) for line in SALES_LINES]
    pages = {str(number): records[2 * number - 2 : 2 * number] for number in range(1, 4)}
    with serving(lambda request: Answer(pages.get(request.query["page"], []))) as server:
        order = {"cursor_field": "InvoiceNo", "is_sorted": "yes", "look_back": "0", "paging": "page"}
        settings = {"url": server.url, "file_rows": "2", "columns": ",".join(COLUMNS), **order, "per_second": "100"}
        yield Rig("http_json", settings, len(SALES_LINES), environment=ALLOWED)


@pytest.fixture
def table() -> Iterator[Rig]:
    rows = "".join(f"<tr>{''.join(f'<td>{cell}' for cell in line)}" for line in (COLUMNS, *SALES_LINES))
    page = Answer(f"<table>{rows}</table>".encode(), headers={"Content-Type": "text/html"})
    with serving(lambda request: Answer(status=404) if "robots" in request.path else page) as server:
        yield Rig("html_table", {"url": server.url}, len(SALES_LINES), environment=ALLOWED)


def _kafka_settings(topic: Topic) -> dict[str, str]:
    return {"brokers": topic.brokers, "topic": topic.name, "security": "PLAINTEXT", "max_messages": "2"}


@pytest.fixture
def messages(topic: Topic) -> Rig:
    topic.send(*(json.dumps(dict(zip(COLUMNS, line, strict=True))).encode() for line in SALES_LINES))
    return Rig("kafka", _kafka_settings(topic), len(SALES_LINES), environment=ALLOWED)


@pytest.fixture
def store_sales(topic: Topic) -> Rig:
    topic.send(*(json.dumps(store_sale(str(number))).encode() for number in range(1, 7)))
    settings = _kafka_settings(topic) | {"format": "store-sales"}
    return Rig("kafka", settings, 6, contract="", environment=ALLOWED)


@pytest.mark.parametrize("source", ["api", *in_long_proofs("postgresql", "store_sales", "sqlite", "table", "messages")])
def test_sales_are_exact_after_a_kill_before_the_cursor_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, source: str
) -> None:
    killed_at(tmp_path, request.getfixturevalue(source), monkeypatch, *BEFORE_CURSOR)


@pytest.mark.long
@pytest.mark.parametrize(("source", "step", "when", "count"), EVERY)
def test_rows_are_exact_after_a_kill_at_any_step(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    source: str,
    step: str,
    when: str,
    count: int,
) -> None:
    killed_at(tmp_path, request.getfixturevalue(source), monkeypatch, step, when, count)


@pytest.mark.long
@pytest.mark.parametrize(("step", "when", "count"), SALES)
def test_store_sales_of_a_topic_are_exact_after_a_kill_at_any_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store_sales: Rig, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, store_sales, monkeypatch, step, when, count)
