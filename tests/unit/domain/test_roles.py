"""The table of roles equals the design's table, cell by cell."""

import pytest

from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import PERMISSIONS, Action, Role

ROWS = """
what                                          admin  manager  clerk  salesperson  analyst
see numbers                                   yes    yes      yes    yes          yes
see personal columns                          yes    yes      yes    yes          -
see costs and margins                         yes    yes      yes    -            yes
upload, fix, replay                           yes    yes      yes    -            -
annotate days                                 yes    yes      yes    -            yes
confirm, reject, undo                         yes    yes      -      -            -
enter sales                                   yes    yes      -      yes          -
catalogue, stock, goals                       yes    yes      -      -            -
users, contracts, FX, alerts, pipeline        yes    -        -      -            -
see the pipeline                              yes    yes      -      -            -
see uploads                                   yes    yes      yes    -            -
see forecasts                                 yes    yes      yes    -            yes
see alerts                                    yes    yes      yes    -            yes
see data quality                              yes    yes      -      -            yes
run SQL on the marts                          yes    yes      -      -            yes
"""
TABLE = [line.rsplit(maxsplit=5) for line in ROWS.strip().splitlines()[1:]]
CELLS = [(row[0].strip(), role, cell == "yes") for row in TABLE for role, cell in zip(Role, row[1:], strict=True)]


def test_the_columns_are_the_roles_and_the_rows_all_the_actions() -> None:
    assert ROWS.split()[1:6] == [role.value for role in Role]
    assert {row[0].strip() for row in TABLE} == {action.value for action in Action}


@pytest.mark.parametrize(("what", "role", "may"), CELLS)
def test_a_role_has_the_permissions_of_the_table(what: str, role: Role, *, may: bool) -> None:
    assert (Action(what) in PERMISSIONS[role]) == may
    assert scope_of(role, ("IN",), (), "S1").may(Action(what)) == may


@pytest.mark.parametrize(
    ("role", "arguments", "sees"),
    [
        (Role.ADMIN, (), UNRESTRICTED),
        (Role.ADMIN, (("IN",), ("MUM01",), "S1"), UNRESTRICTED),
        (Role.MANAGER, (("IN",), ("MUM01",)), Scope(Role.MANAGER, ("IN",), ("MUM01",))),
        (Role.MANAGER, (("IN",),), Scope(Role.MANAGER, ("IN",))),
        (Role.MANAGER, (), Scope(Role.MANAGER, ())),
        (Role.CLERK, (("IN", "UK"),), Scope(Role.CLERK, ("IN", "UK"))),
        (Role.SALESPERSON, (("IN",), (), "S1"), Scope(Role.SALESPERSON, ("IN",), None, "S1")),
        (Role.SALESPERSON, (("IN",), ("MUM01",), "S1"), Scope(Role.SALESPERSON, ("IN",), ("MUM01",), "S1")),
        (Role.SALESPERSON, (("IN",),), Scope(Role.SALESPERSON, ("IN",), None, "")),
        (Role.ANALYST, (), Scope(Role.ANALYST)),
        (Role.ANALYST, (("IN",), ("MUM01",)), Scope(Role.ANALYST, ("IN",))),
    ],
)
def test_a_role_sees_all_or_what_is_given(role: Role, arguments: tuple[object, ...], sees: Scope) -> None:
    assert scope_of(role, *arguments) == sees  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("scope", "sale", "visible"),
    [
        (UNRESTRICTED, (None, None, None), True),
        (Scope(Role.MANAGER, ("UK",)), ("UK", "LON1", None), True),
        (Scope(Role.MANAGER, ("UK",)), ("IN", "LON1", None), False),
        (Scope(Role.MANAGER, ("UK",)), (None, "LON1", None), False),
        (Scope(Role.MANAGER, ("UK",), ("LON1",)), ("UK", "MAN1", None), False),
        (Scope(Role.SALESPERSON, ("UK",), None, "emma"), ("UK", "LON1", "emma"), True),
        (Scope(Role.SALESPERSON, ("UK",), None, "emma"), ("UK", "LON1", None), False),
        (Scope(Role.SALESPERSON, ("UK",), None, ""), ("UK", "LON1", "emma"), False),
    ],
)
def test_a_sale_is_visible_by_region_store_and_salesperson(
    scope: Scope, sale: tuple[str | None, str | None, str | None], *, visible: bool
) -> None:
    assert scope.covers_sale(*sale) == visible
