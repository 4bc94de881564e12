"""Rows of a real PostgreSQL server: each is pulled once, whenever it is committed."""

import pytest
from connectors.open_access import OpenAccess
from connectors.rows.postgresql_server import PASSWORD, Shop, postgresql_server, shop
from connectors.rows.pulled import Connector, open_source, values

from tillstream.model.errors import Rejected, Unavailable

__all__ = ["postgresql_server", "shop"]
REFERENCE = "env:TILLSTREAM_SOURCE_SHOP"
SALES = "CREATE TABLE sales (id bigint, changed_at timestamptz, amount numeric(20, 6))"
HOURLY = (
    "INSERT INTO sales SELECT n, '2026-11-01Z'::timestamptz + n / {} * interval '1 h', n FROM generate_series(1, {}) n"
)
TYPES = """CREATE TABLE "Order" ("select" numeric, "Größe" text, day date, flag boolean, id uuid, data jsonb,
"from" timestamptz, at timestamp, n float8)"""


def access(password: str = PASSWORD) -> OpenAccess:
    return OpenAccess({REFERENCE: password})


def connector(shop: Shop, **settings: str) -> Connector:
    common = {"url": shop.url, "user": "reader", "password": REFERENCE, "query": "sales"}
    return Connector("sql", access(), **{**common, "cursor_column": "changed_at", **settings})


def test_new_and_changed_rows_come_once(shop: Shop) -> None:
    shop.run(SALES)
    shop.run(HOURLY.format(1, 95))
    sales = connector(shop, page_rows="10")
    assert values(sales.rows(), "id") == [str(n) for n in range(1, 96)]
    assert sales.behind == 0
    assert sales.run() == []
    shop.run("UPDATE sales SET amount = 7.5, changed_at = '2026-12-02Z' WHERE id = 3")
    shop.run("INSERT INTO sales VALUES (96, '2026-12-02Z', 1)")
    assert sorted((row["id"], row["amount"]) for row in sales.rows()) == [("3", "7.500000"), ("96", "1.000000")]
    assert sales.run() == []


def test_equal_values_are_never_cut_by_the_end_of_a_page(shop: Shop) -> None:
    shop.run(SALES)
    shop.run("INSERT INTO sales SELECT n, '2026-11-01 10:00Z', n FROM generate_series(1, 5000) n")
    shop.run("INSERT INTO sales SELECT 5000 + n, '2026-11-01 11:00Z', n FROM generate_series(1, 3) n")
    sales = connector(shop, page_rows="2", look_back="0")
    files = sales.run(stop_after=1)
    assert len(files[0].splitlines()) == 5001
    assert len(sales.rows()) == 3
    shop.run("INSERT INTO sales VALUES (6000, '2026-11-01 11:00Z', 9)")
    assert sorted(values(sales.rows(), "id")) == ["5001", "5002", "5003", "6000"]
    assert sales.run() == []


def test_rows_without_a_value_come_when_they_change(shop: Shop) -> None:
    shop.run(SALES)
    shop.run("INSERT INTO sales VALUES (1, NULL, 1), (2, NULL, 2), (3, '2026-11-01Z', 3)")
    sales = connector(shop)
    assert sorted(values(sales.rows(), "id")) == ["1", "2", "3"]
    assert sales.run() == []
    shop.run("UPDATE sales SET amount = 5 WHERE id = 1")
    assert values(sales.rows(), "amount") == ["2.000000", "5.000000"]
    shop.run("UPDATE sales SET amount = 1 WHERE id = 1")
    assert values(sales.rows(), "amount") == ["2.000000", "1.000000"], "the first values again are news too"
    assert sales.run() == []


def test_a_row_that_is_committed_late_is_pulled(shop: Shop) -> None:
    shop.run(SALES)
    with shop.connect() as slow, slow.transaction():
        slow.execute("INSERT INTO sales VALUES (1, '2026-11-01 10:00Z', 1)")
        shop.run("INSERT INTO sales VALUES (2, '2026-11-01 10:05Z', 2)")
        sales = connector(shop, look_back="600")
        assert values(sales.rows(), "id") == ["2"]
    assert "1" in values(sales.rows(), "id")
    assert sales.run() == []


def test_rows_that_change_between_two_pages_are_in_the_next_run(shop: Shop) -> None:
    shop.run(SALES)
    shop.run(HOURLY.format(1, 30))
    sales = connector(shop, page_rows="10")
    source = open_source("sql", sales.access, **sales.settings)
    items = source.pull({})
    cursor = next(items).cursor
    shop.run("UPDATE sales SET changed_at = '2026-12-01Z' WHERE id IN (2, 20)")
    shop.run("DELETE FROM sales WHERE id = 25")
    cursors = [cursor, *(item.cursor for item in items)]
    assert len(cursors) == 3
    sales.cursor = cursors[-1] or {}
    assert sorted(values(sales.rows(), "id")) == ["2", "20"]


def test_a_run_after_a_crash_or_a_restore_has_the_same_keys(shop: Shop) -> None:
    shop.run(SALES)
    shop.run(HOURLY.format(7, 99))
    sales = connector(shop, page_rows="20")
    first = sales.run(stop_after=1, loses_cursor=True)
    restored = sales.cursor
    rest = sales.run()
    assert len(rest) == 4
    assert len(first) == 1
    sales.cursor = restored
    assert sales.run() == []


def test_every_type_keeps_its_exact_value(shop: Shop) -> None:
    shop.run(TYPES)
    shop.run(
        """INSERT INTO "Order" VALUES (12345678901234567890.123456789, E'a,"b"\\nc', '2026-02-28', true,
        '00000000-0000-0000-0000-000000000001', '{"a": [1, null]}', '2026-11-01 10:00:00.123456+05:30',
        '2026-11-01 10:00:00.5', 1e-7)"""
    )
    [row] = connector(shop, query="Order", cursor_column="from").rows()
    assert row == {
        "select": "12345678901234567890.123456789",
        "Größe": 'a,"b"\nc',
        "day": "2026-02-28",
        "flag": "true",
        "id": "00000000-0000-0000-0000-000000000001",
        "data": '{"a":[1,null]}',
        "from": "2026-11-01T04:30:00.123456+00:00",
        "at": "2026-11-01T10:00:00.500000",
        "n": "0.0000001",
    }


@pytest.mark.parametrize(
    "type", ["smallint", "bigint", "numeric", "float8", "timestamp", "timestamptz", "date", "text"]
)
def test_columns_that_sort_as_rows_come(shop: Shop, type: str) -> None:
    is_number = type in {"smallint", "bigint", "numeric", "float8"}
    value = "n" if is_number else "('2026-01-01'::date + n)"
    shop.run(f"CREATE TABLE sales AS SELECT n, {value}::{type} AS changed_at FROM generate_series(1, 50) n")
    sales = connector(shop, page_rows="7", look_back="3")
    assert len(sales.rows()) == 50
    next_value = "51.5" if type in {"numeric", "float8"} else "51" if is_number else "'2026-03-01'"
    shop.run(f"INSERT INTO sales VALUES (51, {next_value})")
    assert values(sales.rows(), "n") == ["51"]
    assert sales.run() == []


@pytest.mark.parametrize(
    "value", ["gen_random_uuid()", "'S-' || n", "n > 5", "'{}'::jsonb", "decode('00', 'hex')", "'NaN'::float8"]
)
def test_columns_that_do_not_sort_as_rows_come_are_refused(shop: Shop, value: str) -> None:
    shop.run(f"CREATE TABLE sales AS SELECT n, {value} AS changed_at FROM generate_series(1, 9) n")
    sales = connector(shop)
    with pytest.raises(Rejected):
        open_source("sql", sales.access, **sales.settings).test()
    with pytest.raises(Rejected):
        sales.run()


def test_binary_columns_are_refused_with_their_name(shop: Shop) -> None:
    shop.run("CREATE TABLE sales AS SELECT 1 AS changed_at, decode('00', 'hex') AS photo")
    with pytest.raises(Rejected, match="“photo” has the type bytes"):
        connector(shop).run()


def test_an_empty_table_and_a_select(shop: Shop) -> None:
    shop.run(SALES)
    assert connector(shop).run() == []
    query = "SELECT id AS \"Nr\", changed_at, '10:30'::text || ' :after 100%' AS note FROM sales -- all of them"
    sales = connector(shop, query=query)
    assert "no rows" in open_source("sql", sales.access, **sales.settings).test()
    shop.run("INSERT INTO sales VALUES (1, '2026-11-01Z', 1)")
    assert [(row["Nr"], row["note"]) for row in sales.rows()] == [("1", "10:30 :after 100%")]
    shop.run("INSERT INTO sales VALUES (2, '2026-11-02Z', 1)")
    assert [(row["Nr"], row["note"]) for row in sales.rows()] == [("2", "10:30 :after 100%")]
    assert "2026-11-02" in open_source("sql", sales.access, **sales.settings).test()


def test_a_name_with_spaces(shop: Shop) -> None:
    shop.run('CREATE TABLE "Sale lines" AS SELECT 7 AS id, 1 AS changed_at; GRANT SELECT ON "Sale lines" TO reader')
    assert values(connector(shop, query='public."Sale lines"').rows(), "id") == ["7"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"query": "DELETE FROM sales RETURNING *"}, "begins with SELECT or WITH"),
        ({"query": "SELECT 1; DROP TABLE sales"}, "semicolon"),
        ({"query": "SELECT setval('numbers', 5) AS changed_at"}, "read-only"),
        ({"query": "nothing"}, "does not exist"),
        ({"query": "SELECT 1 AS a, 2 AS a"}, "several columns “a”"),
        ({"cursor_column": "sold_at"}, "no column “sold_at”"),
        ({"user": "owner"}, "authentication failed"),
        ({"password": ""}, "no password"),
    ],
)
def test_what_a_person_must_correct(shop: Shop, settings: dict[str, str], message: str) -> None:
    shop.run(SALES)
    shop.run("CREATE SEQUENCE numbers; GRANT ALL ON numbers TO reader")
    source = open_source("sql", access(), **(connector(shop).settings | settings))
    with pytest.raises(Rejected, match=message) as error:
        source.test()
    assert PASSWORD not in str(error.value)
    with pytest.raises(Rejected, match=message):
        list(source.pull({}))


def test_a_connection_that_ends_in_a_page_loses_nothing(shop: Shop) -> None:
    shop.run(SALES)
    shop.run(HOURLY.format(1, 20000))
    sales = connector(shop, page_rows="1500")
    source = open_source("sql", sales.access, **sales.settings)
    items = source.pull({})
    sales.cursor = next(items).cursor or {}
    with shop.connect() as owner:
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'")
    with pytest.raises(Unavailable):
        sales.cursor = [item.cursor for item in items][-1] or {}
    assert len(sales.rows()) == 20_000 - 1_500


def test_a_statement_that_takes_too_long_is_tried_later(shop: Shop) -> None:
    shop.run("CREATE TABLE sales AS SELECT 1 AS changed_at")
    slow = connector(shop, query="SELECT changed_at, pg_sleep(5) FROM sales", timeout="1")
    with pytest.raises(Unavailable, match="index"):
        slow.run()


def test_the_connection_goes_to_the_address_that_was_checked(shop: Shop) -> None:
    shop.run(SALES)
    settings = connector(shop, url=shop.url.replace("127.0.0.1", "db.shop.example")).settings
    allowed = access()
    open_source("sql", allowed, **settings).test()
    assert allowed.hosts == [("db.shop.example", shop.server.port)]
    refusing = OpenAccess({REFERENCE: PASSWORD}, refused=frozenset({"db.shop.example"}))
    with pytest.raises(Rejected, match="private network"):
        open_source("sql", refusing, **settings).test()
