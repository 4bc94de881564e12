"""What settlements changed: net over several of them, within a scope, before and after."""

from decimal import Decimal

import pytest
from duck import Duck
from sample_ledger import SAMPLE_LEDGER

from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import compose_query
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role


@pytest.fixture(scope="module")
def filled() -> Duck:
    duck = Duck()
    duck.fill(SAMPLE_LEDGER)
    return duck


def run_query(duck: Duck, name: str, scope: Scope = UNRESTRICTED, **params: object) -> list[dict[str, object]]:
    result: list[dict[str, object]] = duck.query(*compose_query(name, scope, Filters(), **params)).to_pylist()
    return result


def counts(row: dict[str, object]) -> tuple[object, object, object]:
    return row["added"], row["corrected"], row["removed"]


def test_a_correction_shows_the_amount_of_the_line_before_and_after(filled: Duck) -> None:
    (total,) = run_query(filled, "what-changed", after=2, through=3)
    assert counts(total) == (1, 1, 0)
    assert total["currency"] == "INR"
    assert (total["net_before"], total["net_after"]) == (Decimal("50.000000001"), Decimal("190.000000005"))


def test_what_came_and_was_changed_within_the_window_came_once(filled: Duck) -> None:
    (total,) = run_query(filled, "what-changed", after=0, through=3)
    assert counts(total) == (4, 0, 0)  # 11, 12 with its last content, 14 and 21


def test_a_settlement_without_a_change_log_is_counted_by_its_new_versions(filled: Duck) -> None:
    (total,) = run_query(filled, "what-changed", after=1, through=2)
    assert counts(total) == (1, 0, 0)


def test_a_user_sees_only_changes_of_lines_in_scope(filled: Duck) -> None:
    manager = Scope(Role.MANAGER, ("IN",), ("S1",))
    (total,) = run_query(filled, "what-changed", manager, after=2)
    assert counts(total) == (0, 1, 0)
    assert run_query(filled, "what-changed", Scope(Role.MANAGER, ())) == []
    assert {row["sale_id"] for row in run_query(filled, "changed-lines", manager)} == {"S1/1"}
    assert [row["settlement_no"] for row in run_query(filled, "settlements", Scope(Role.MANAGER, ("UK",)))] == [4]


def test_groups_add_up_to_the_total(filled: Duck) -> None:
    (total,) = run_query(filled, "what-changed")
    for by in ("currency", "region", "store", "day"):
        groups = run_query(filled, "what-changed", by=by)
        assert {row["all_groups"] for row in groups} == {len(groups)}
        for name in ("added", "corrected", "removed", "units_before", "units_after", "revenue_after"):
            assert sum(row[name] for row in groups) == total[name], (by, name)  # type: ignore[misc]


def test_one_query_returns_the_groups_of_all_ways_each_with_its_own_limit(filled: Duck) -> None:
    every = run_query(filled, "what-changed", by="each")
    for by in ("total", "currency", "region", "store", "day"):
        assert [row for row in every if row["grouped_by"] == by] == run_query(filled, "what-changed", by=by)
    first = run_query(filled, "what-changed", by="each", limit=1)
    assert [row["grouped_by"] for row in first] == ["currency", "day", "region", "store", "total"]
    second = run_query(filled, "what-changed", by="day", limit=1, offset=1)
    assert second == run_query(filled, "what-changed", by="day")[1:2] != []


def test_the_lines_of_a_kind_are_chosen_and_counted(filled: Duck) -> None:
    (line,) = run_query(filled, "changed-lines", after=2, through=3, kind="corrected", limit=1)
    assert (line["net_before"], line["net_after"]) == (Decimal("50.000000001"), Decimal("150.000000005"))
    assert (line["quantity_before"], line["quantity_after"], line["all_lines"]) == (1, 3, 1)
    (removed,) = run_query(filled, "changed-lines", after=3, kind="removed")
    assert (removed["sale_id"], removed["net_after"]) == ("U/5", None)


def test_new_files_and_undone_files_are_distinguished(filled: Duck) -> None:
    result = run_query(filled, "settlement-batches", after=2)
    assert [row["batch_id"] for row in result if row["is_undone"]] == ["b5"]
    assert "b5" in [row["batch_id"] for row in result if not row["is_undone"]]
