"""A chart on the dashboard is its tile, its template, its place for a role and, if it is drawn anew, its kind.

That a new kind is drawn by the page is tested in `tests/browser/test_charts.py`.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from visitor import Visitor, indian_file, indian_sale

from portal import figures
from portal.dashboard.request_filters import DashboardFilters
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from portal.dashboard.tiles import TILES, DashboardTile
from tillstream.model.permissions import Action, Role

TEMPLATE = (
    """{% from "dashboard/parts.html" import figure_of %}{{ figure_of('parcels', figure, 'Parcels of each store.') }}"""
)


def load_parcels(selection: DashboardFilters) -> dict[str, object]:
    rows = figures.ask("sales-by-dimension-compared", selection.filters, dimension="store").to_pylist()
    labels, values = [row["item"] for row in rows], [float(row["units"]) for row in rows]
    return {"figure": {"kind": "dots", "labels": [*labels, "UNKNOWN"], "values": [*values, None], "currency": ""}}


def test_a_declared_chart_is_on_the_dashboard_of_its_role(
    portal: Flask, person: Callable[..., Visitor], work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, seller = person(Role.ADMIN), person(Role.SALESPERSON, "IN", stores=("MUM01",))
    admin.upload(indian_file(indian_sale("1"), indian_sale("2")))
    work()
    with monkeypatch.context() as added:
        loader = portal.jinja_env.loader
        added.setattr(
            portal.jinja_env, "loader", ChoiceLoader([loader, DictLoader({"dashboard/tiles/parcels.html": TEMPLATE})])
        )
        added.setitem(
            TILES, "parcels", DashboardTile("Parcels", "parcels", load_parcels, chart=True, needs=Action.SEE_COSTS)
        )
        for role in Role:
            layout = ROLE_LAYOUTS[role]
            added.setitem(ROLE_LAYOUTS, role, replace(layout, details=(*layout.details, "parcels")))

        for page in ("/dashboard", "/dashboard?whole=1"):
            assert 'data-tile="/dashboard/tiles/parcels' in admin.get(page).text
            assert "parcels" not in seller.get(page).text
        tile = admin.get("/dashboard/tiles/parcels").text
        assert '"kind": "dots", "labels": ["MUM01", "UNKNOWN"], "values": [2.0, null]' in tile
        assert 'data-chart="parcels"' in admin.get("/dashboard?whole=1").text
        assert seller.get("/dashboard/tiles/parcels").status_code == 404
    assert "parcels" not in admin.get("/dashboard").text
    assert admin.get("/dashboard/tiles/parcels").status_code == 404
