"""Every page, endpoint and export answers a person who sees no sales, and in a home without any."""

from typing import Any

import pytest
from flask import Flask
from routes import ENDLESS, addresses, routes_of
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.dashboard.compare_sides import NO_SALES
from tillstream.model.permissions import Role

SHARED = True
READERS: dict[str, tuple[Role, tuple[str, ...], dict[str, Any]]] = {
    "salesperson": (Role.SALESPERSON, ("IN",), {"salesperson": "S9"}),
    "manager": (Role.MANAGER, ("UK",), {}),
    "manager of a store": (Role.MANAGER, ("IN",), {"stores": ("DEL01",)}),
    "clerk": (Role.CLERK, ("UK",), {}),
    "analyst": (Role.ANALYST, ("UK",), {}),
}
QUICK = frozenset({"salesperson"})
"""Readers of the system tests: the only role whose region can have sales that it does not see."""


def sell(visitor: Visitor, work: Work) -> None:
    visitor.upload(indian_file(indian_sale("1"), indian_sale("2", date="04-06-2026 10:15")))
    work()


def faults(portal: Flask, visitor: Visitor) -> list[str]:
    return [
        path
        for rule in routes_of(portal)
        if rule.endpoint not in ENDLESS
        for path in addresses(rule)
        if visitor.get(path).status_code == 500
    ]


@pytest.mark.parametrize(
    "reader", [pytest.param(one, marks=pytest.mark.system if one in QUICK else pytest.mark.long) for one in READERS]
)
@pytest.mark.usefixtures("sold")
def test_a_reader_who_sees_no_sales_meets_no_fault(portal: Flask, person: People, reader: str) -> None:
    role, regions, bounds = READERS[reader]
    assert faults(portal, person(role, *regions, login=f"reader-{role}-{len(bounds)}", **bounds)) == []


@pytest.mark.parametrize("role", [pytest.param(one, marks=pytest.mark.long) for one in Role])
def test_a_home_without_sales_has_no_fault(portal: Flask, person: People, role: Role) -> None:
    assert faults(portal, person(role)) == []


def test_a_salesperson_without_sales_has_nothing_to_compare(sold: Visitor, person: People) -> None:
    seller = person(Role.SALESPERSON, "IN", salesperson="S9")
    page = seller.get("/compare")
    assert (page.status_code, NO_SALES in page.text) == (200, True)
    assert seller.get("/compare?by=store").status_code == 200
    assert NO_SALES not in sold.get("/compare").text
