"""What is sent to BigQuery: questions, the script that commits a settlement, and changes of single tables."""

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import TimeoutError as TookTooLong
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from google.api_core import exceptions as told
from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter
from unit.adapters.http_double import Answer, HTTPDouble, serve

from tillstream.adapters.google.bigquery.access import WRITER_ROLE, grant_writers, writer_differences
from tillstream.adapters.google.bigquery.dataset import Dataset, is_retryable
from tillstream.adapters.google.bigquery.query_values import bind_parameters
from tillstream.adapters.google.bigquery.settle_script import MOST_PARTITIONS, Commit, settlement_script
from tillstream.adapters.google.bigquery.settling import partition_days
from tillstream.model.errors import Conflict, NotFound, Rejected, TillstreamError, Unavailable

INSTANT = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "BOOL"),
        (1, "INT64"),
        ("1", "STRING"),
        (b"1", "BYTES"),
        (Decimal("1.5"), "NUMERIC"),
        (INSTANT, "TIMESTAMP"),
        (date(2024, 1, 1), "DATE"),
    ],
)
def test_a_value_is_sent_with_its_type(value: Any, kind: str) -> None:
    text, parameters = bind_parameters("SELECT @one, @many", {"one": value, "many": [value, value]})
    assert text == "SELECT @one, @many"
    assert parameters == [ScalarQueryParameter("one", kind, value), ArrayQueryParameter("many", kind, [value, value])]


def test_null_is_written_only_where_it_is_named() -> None:
    query = "SELECT @none, @nonesuch, '@none', \"@none\", `@none`, 'it\\'s @none' -- @none\nFROM t WHERE a = @none"
    text, parameters = bind_parameters(query, {"none": None, "nonesuch": 1})
    expected = "SELECT NULL, @nonesuch, '@none', \"@none\", `@none`, 'it\\'s @none' -- @none\nFROM t WHERE a = NULL"
    assert text == expected
    assert parameters == [ScalarQueryParameter("nonesuch", "INT64", 1)]


def test_an_empty_list_is_one_of_texts() -> None:
    assert bind_parameters("@a", {"a": []})[1] == [ArrayQueryParameter("a", "STRING", [])]


def test_a_value_that_no_query_takes_is_rejected() -> None:
    with pytest.raises(Rejected, match="cannot be a float"):
        bind_parameters("@a", {"a": 1.5})


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (told.BadRequest("Transaction is aborted due to concurrent update against table p.d.t"), Conflict),
        (told.BadRequest("Could not serialize access to table p:d.t due to concurrent update"), Conflict),
        (told.BadRequest("Unrecognized name: x"), Rejected),
        (told.NotFound("Not found: Table p:d.t"), NotFound),
        (told.Forbidden("rate limit", errors=[{"reason": "rateLimitExceeded"}]), Unavailable),
        (told.InternalServerError("x"), Unavailable),
        (TookTooLong(), Unavailable),
    ],
    ids=repr,
)
def test_an_error_of_bigquery_becomes_ours(theirs: Exception, ours: type[TillstreamError]) -> None:
    with pytest.raises(ours, match=r"^The warehouse ") as raised, Dataset("p", "d", "EU").errors("The warehouse"):
        raise theirs
    assert type(raised.value) is ours


def test_only_what_another_try_may_not_meet_is_tried_again() -> None:
    assert is_retryable(told.Forbidden("x", errors=[{"reason": "rateLimitExceeded"}]))
    assert is_retryable(told.ServiceUnavailable("x"))
    assert not is_retryable(told.Forbidden("x", errors=[{"reason": "accessDenied"}]))
    assert not is_retryable(told.BadRequest("x", errors=[{"reason": "invalidQuery"}]))


def inserts(days: list[date]) -> list[str]:
    commit = Commit(1, 2, 3, "token", datetime(2026, 1, 1, tzinfo=UTC), {"sightings": days, "settlements": []})
    return [
        text for text in settlement_script(commit, "ledger", keep=True).split(";\n") if text.startswith("INSERT INTO")
    ]


def test_a_table_is_filled_by_one_statement() -> None:
    assert len(inserts([date(2026, 1, 1)])) == 2


def test_a_statement_changes_no_more_days_than_it_may() -> None:
    days = [date(2000, 1, 1) + timedelta(days=number) for number in range(MOST_PARTITIONS + 1)]
    first, last, _ = inserts(days)
    assert f"sale_date BETWEEN DATE '{days[0]}' AND DATE '{days[-2]}'" in first
    assert f"sale_date BETWEEN DATE '{days[-1]}' AND DATE '{days[-1]}'" in last


def test_rejected_rows_without_a_day_need_none() -> None:
    """Their table is partitioned by the day of receipt."""
    rows = pa.table({"sale_date": pa.array([None, date(2026, 1, 1)], pa.date32())})
    assert partition_days("refusals", rows) == []
    assert partition_days("statements", rows.slice(1)) == [date(2026, 1, 1)]


PORTAL, OTHER = "serviceAccount:portal@demo.example", "serviceAccount:other@demo.example"
VIEWER = {"role": "roles/bigquery.dataViewer", "members": ["user:ann@example.com"]}


class Policies:
    """The policies of tables, as BigQuery keeps them."""

    def __init__(self) -> None:
        self.of_tables: dict[str, dict[str, Any]] = defaultdict(lambda: {"etag": "1", "bindings": []})

    def answer(self, _: str, path: str, body: Any) -> Answer:
        table, _, verb = path.rpartition("/tables/")[2].partition("?")[0].partition(":")
        if verb == "setIamPolicy":
            assert body["policy"]["etag"] == self.of_tables[table]["etag"]
            self.of_tables[table] = body["policy"]
        return 200, self.of_tables[table]


@pytest.fixture
def policies() -> Policies:
    return Policies()


@pytest.fixture
def server(policies: Policies) -> Iterator[HTTPDouble]:
    with serve(policies.answer) as double:
        yield double


@pytest.fixture
def dataset(server: HTTPDouble) -> Iterator[Dataset]:
    dataset = Dataset("demo", "ledger", "EU", api=server.address)
    yield dataset
    dataset.close()


def changes(server: HTTPDouble) -> list[str]:
    return [path for _, path, _ in server.requests if "setIamPolicy" in path]


def test_members_are_granted_and_revoked_table_by_table_once(
    dataset: Dataset, policies: Policies, server: HTTPDouble
) -> None:
    policies.of_tables["sightings"]["bindings"] = [{"role": WRITER_ROLE, "members": [PORTAL]}]
    policies.of_tables["stock_levels"]["bindings"] = [VIEWER]
    wanted = {"stock_levels": [PORTAL], "product_codes": [PORTAL, OTHER]}
    named = [
        "the writers of the table sightings are portal@demo.example, not none",
        "the writers of the table product_codes are none, not other@demo.example, portal@demo.example",
        "the writers of the table stock_levels are none, not portal@demo.example",
    ]
    assert writer_differences(dataset, wanted) == named
    assert changes(server) == []
    assert grant_writers(dataset, wanted) == named
    assert policies.of_tables["sightings"].get("bindings", []) == []
    bindings = policies.of_tables["stock_levels"]["bindings"]
    assert sorted(bindings, key=lambda each: str(each["role"])) == [{"role": WRITER_ROLE, "members": [PORTAL]}, VIEWER]
    assert len(changes(server)) == 3
    assert grant_writers(dataset, wanted) == []
    assert len(changes(server)) == 3, "a second run changes nothing"
