"""A permission that `tillstream/model/permissions.py` declares opens a page and its place in the menu to its roles."""

from collections.abc import Callable

import pytest
from flask import Flask
from visitor import Visitor

from portal import menu
from portal.access import allow
from tillstream.model.people import Scope
from tillstream.model.permissions import PERMISSIONS, Action, Role


def declare(patch: pytest.MonkeyPatch, name: str, value: str) -> Action:
    """The action, as if it had a line of its own in the class, until the patch is undone."""
    member = str.__new__(Action, value)
    member._name_, member._value_ = name, value
    patch.setitem(Action._value2member_map_, value, member)
    patch.setattr(Action, "_member_names_", [*Action._member_names_, name])
    patch.setitem(Action._member_map_, name, member)
    return member


def test_a_declared_permission_opens_its_page_to_its_roles(
    portal: Flask, person: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as added:
        weigh = declare(added, "WEIGH", "weigh parcels")
        for role in (Role.ADMIN, Role.ANALYST):
            added.setitem(PERMISSIONS, role, PERMISSIONS[role] | {weigh})
        added.setattr(menu, "AREAS", (*menu.AREAS, menu.Area("parcels.show", "Parcels", "Stock", "y", weigh)))
        portal.add_url_rule("/parcels", "parcels.show", allow(weigh)(lambda: "3 kg"))

        assert Action("weigh parcels") is weigh
        assert weigh in set(Action)
        for role, answer in ((Role.ADMIN, 200), (Role.ANALYST, 200), (Role.CLERK, 403)):
            visitor = person(role)
            assert visitor.get("/parcels").status_code == answer
            assert ('href="/parcels"' in visitor.get("/stock").text) == (answer == 200)
            assert Scope(role).may(weigh) == (answer == 200)
    assert "weigh parcels" not in set(Action)
