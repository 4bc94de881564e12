"""The one rule for changes of what several people see."""

import pytest

from tillstream.model.people import COMPANY_EXTENT, UNRESTRICTED, Extent, Scope, extent_of, may_change, scope_of
from tillstream.model.permissions import Role

OF_REGION = scope_of(Role.MANAGER, ("IN",))
OF_STORE = scope_of(Role.MANAGER, ("IN",), ("MUM01",))
OF_TWO = scope_of(Role.MANAGER, ("IN", "UK"))
EVERYWHERE = scope_of(Role.ANALYST)


@pytest.mark.parametrize(
    ("of", "may"),
    [
        (COMPANY_EXTENT, [True, False, False, False, True]),
        (extent_of("IN"), [True, True, False, True, True]),
        (extent_of("UK"), [True, False, False, True, True]),
        (extent_of("IN", "MUM01"), [True, True, True, True, True]),
        (extent_of("IN", "MUM01", "PNQ1"), [True, True, False, True, True]),
        (extent_of("UK", "MUM01"), [True, False, False, True, True]),
        (Extent(("IN", "UK")), [True, False, False, True, True]),
        (Extent(("IN",), ("MUM01", None)), [True, True, False, True, True]),
        (Extent(("IN",), ()), [True, True, True, True, True]),
    ],
)
def test_who_sees_all_that_a_thing_concerns_may_change_it(of: Extent, may: list[bool]) -> None:
    assert [may_change(one, of) for one in (UNRESTRICTED, OF_REGION, OF_STORE, OF_TWO, EVERYWHERE)] == may


def test_an_own_thing_may_be_changed_whatever_it_concerns() -> None:
    assert may_change(OF_STORE, Extent(owner="asha"), "asha")
    assert not may_change(OF_STORE, Extent(owner="asha"), "ravi")
    assert not may_change(OF_STORE, Extent(owner=""), "")


def test_a_salesperson_sees_only_own_sales_and_changes_nothing_that_is_shared() -> None:
    seller: Scope = scope_of(Role.SALESPERSON, ("IN",), ("MUM01",), "S1")
    assert not may_change(seller, extent_of("IN", "MUM01"))
