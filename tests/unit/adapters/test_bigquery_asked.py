"""What is sent to BigQuery with a question, and what its errors are to us."""

from concurrent.futures import TimeoutError as TookTooLong
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from google.api_core import exceptions as told
from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

from tillstream.adapters.google.bigquery.dataset import Dataset, is_retryable
from tillstream.adapters.google.bigquery.query_values import bind_parameters
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
