"""A rebuild of the ledger has the costs of the catalogue in its totals, too."""

from datetime import date
from decimal import Decimal

from visitor import People, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.model.permissions import Role
from tillstream.model.product_catalogue import DatedAmount, Product
from tillstream.operations import rebuild


def test_totals_with_costs_of_the_catalogue_are_those_of_a_rebuild(app: App, person: People, work: Work) -> None:
    costs = (DatedAmount("*", "INR", Decimal(60)), DatedAmount("IN", "USD", Decimal(2), date(2026, 6, 4)))
    entry_saving.save_entry(
        app.ports, "product", Product("P1", "Kettle", costs=costs), if_version=0, by="ana", regions=("IN",)
    )
    warehouse_mirror.sync_mirror(app.ports)
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1"), indian_sale("2", date="05-06-2026 10:15")), name="june.csv")
    work()
    app.ports.warehouse.refresh_totals()
    (costed,) = app.ports.warehouse.query("SELECT SUM(costed_lines) AS n FROM day_sums").column("n").to_pylist()
    assert costed == 2
    for run in (rebuild.rebuild_from_ledger, rebuild.rebuild_from_originals):
        assert run(app.ports, app.fresh_warehouse)["differences"] == []
