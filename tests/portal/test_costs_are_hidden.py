"""A salesperson sees no cost and no margin: in every query, on every page, in every export and explanation."""

import io
import re
from typing import Any

import pyarrow.parquet as pq
import pytest
from flask import Flask
from routes import ENDLESS, addresses, routes_of
from sample_parameters import QUERY_PARAMETERS
from visitor import HEADER, People, Visitor, Work

from portal.access import FILES
from tillstream.analytics import queries
from tillstream.analytics.query_catalogue import describe_query, query_names
from tillstream.app import App
from tillstream.model.columns import COSTS
from tillstream.model.people import scope_of
from tillstream.model.permissions import PERMISSIONS, Action, Role
from tillstream.people import personal_tokens

PARAMETERS = QUERY_PARAMETERS | {"batch_id": "b", "settlement_no": 1, "store": "MUM01", "sale_id": "1", "personal": 1}
PARAMETERS_OF = {"known-values": {"column": "product"}}
"""Query → its own values of parameters whose names have another meaning elsewhere."""
COST, MARGIN = "61.37", "38.63"
"""The unit cost of the sold line, and its margin: amounts that nothing else has."""
ABOUT_COSTS = re.compile(
    rf"{re.escape(COST)}|{re.escape(MARGIN)}|\bmargins?\b|\bcosts?\b|unit_cost|cost_coverage", re.IGNORECASE
)
STYLES = re.compile(r'style="[^"]*"')
"""Inline styles, as in the report for e-mail, in which a margin is one of the page."""
WITHOUT_PAGES = ENDLESS | FILES | {"live.events", "live.sales"}
SELLERS = [role for role in Role if Action.SEE_COSTS not in PERMISSIONS[role]]

WITHOUT_FIGURES = ("/help", "/storybook", "/api/openapi", "/api/v1/openapi", "/api/docs")
DESCRIPTIONS = "/api/v1/queries"
"""Describes every query in words."""
SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    row = (
        "1,1,03-06-2026 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,1,100.00,0.00,100.00,18.00,118.00,"
    )
    admin.upload(f"{HEADER},Landed Cost\n{row},{COST}\n".encode())
    admin.upload(
        b"Sale,Sale Date,Store Code,Operator,Customer No,Customer,SKU,Description,Department,Channel,State,Country,"
        b"Units,Price,Cost,Discount,Net,VAT,Gross,Credit For\n"
        b"1,02/06/2026,LON1,S1,9,Ann Lee,P9,Tea,Food,store,,United Kingdom,1,100.00,61.37,0.00,100.00,20.00,120.00,\n",
        name="UK.csv",
        contract="UK",
    )
    work()


@pytest.fixture
def seller(sold: Visitor, person: People) -> Visitor:
    return person(Role.SALESPERSON, "UK", salesperson="S1")


def test_salespeople_alone_see_no_costs() -> None:
    assert SELLERS == [Role.SALESPERSON]


@pytest.mark.parametrize("name", query_names())
def test_no_query_gives_costs_to_a_salesperson(app: App, sold: Visitor, name: str) -> None:
    scope = scope_of(Role.SALESPERSON, ("UK",), (), "S1")
    taken = {p.name for p in describe_query(name).parameters}
    params = {key: value for key, value in (PARAMETERS | PARAMETERS_OF.get(name, {})).items() if key in taken}
    try:
        answer = queries.run_query(app.ports.warehouse, name, scope, **params)
    except queries.Forbidden:
        return
    assert not set(answer.column_names) & (COSTS | queries.COST_COLUMNS)
    assert not [column for column in answer.column_names if ABOUT_COSTS.search(column)]


def test_an_analyst_sees_costs_and_a_margin(app: App, sold: Visitor, person: People) -> None:
    assert "Margin" in person(Role.ANALYST, "UK").get("/dashboard/tiles/headline").text
    assert MARGIN in person(Role.CLERK, "UK").get("/why/margin").text
    assert COST in person(Role.MANAGER, "UK").get("/sale-lines?column=unit_cost").text


@pytest.mark.system
def test_no_page_shows_costs_to_a_salesperson(sold: Visitor, portal: Flask, seller: Visitor) -> None:
    read = 0
    for rule in routes_of(portal):
        if rule.endpoint in WITHOUT_PAGES or rule.rule.startswith(WITHOUT_FIGURES) or rule.rule == DESCRIPTIONS:
            continue
        for path in addresses(rule, batch_id="0" * 20):
            answer = seller.get(path)
            if answer.status_code == 200:
                read += 1
                page = STYLES.sub("", answer.data.decode(errors="replace"))
                assert not ABOUT_COSTS.search(page), path
    assert read > 40


@pytest.mark.parametrize("path", ["/sale-lines?column=unit_cost&column=extra", "/sales/1?region=UK", "/search?q=Tea"])
def test_pages_of_lines_hide_costs(seller: Visitor, path: str) -> None:
    answer = seller.get(path, follow_redirects=True)
    assert answer.status_code == 200
    page = re.sub(r"column(=|%3D)unit_cost", "", answer.text)  # the address itself
    assert not ABOUT_COSTS.search(page)


def test_exports_have_no_columns_of_costs(seller: Visitor) -> None:
    for path in ("/sale-lines/export?format=csv", "/sale-lines/export?format=jsonl", "/tables/headline?format=csv"):
        assert not ABOUT_COSTS.search(seller.get(path).text), path
    table = pq.read_table(io.BytesIO(seller.get("/sale-lines/export?format=parquet").data))
    assert not set(table.column_names) & COSTS


@pytest.mark.parametrize("figure", sorted(queries.COST_COLUMNS - COSTS))
def test_an_explanation_of_costs_is_forbidden(seller: Visitor, figure: str) -> None:
    assert seller.get(f"/why/{figure}").status_code == 403
    assert seller.get(f"/api/why/{figure}").status_code == 403
    assert not ABOUT_COSTS.search(seller.get("/api/why/nothing").text)


@pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 200), (Role.SALESPERSON, 403)])
def test_tokens_for_numbers_see_the_costs_of_their_owner(
    app: App, sold: Visitor, portal: Flask, person: People, role: Role, status: int
) -> None:
    person(role, "UK", login=f"owner-{role.value}")
    issued: Any = personal_tokens.issue_personal_token(
        app.ports, f"owner-{role.value}", "report", ["numbers"], by="owner"
    )
    secret = next(part for part in issued if isinstance(part, str) and part.startswith("tsp_"))
    answer = portal.test_client().get("/api/why/margin", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == status
