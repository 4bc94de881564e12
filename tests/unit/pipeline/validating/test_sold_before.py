"""What a region sold before, asked in a way that BigQuery takes as well."""

from typing import Any

from tillstream.app import App
from tillstream.pipeline.validating.sold_before import sold_before
from tillstream.ports import Warehouse


class Recorded:
    """A warehouse that keeps the parameters of its queries."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse, self.params = warehouse, dict[str, Any]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.warehouse, name)

    def query(self, text: str, params: dict[str, Any] | None = None) -> Any:
        self.params |= params or {}
        return self.warehouse.query(text, params)


def test_no_list_is_empty_if_every_day_is_in_the_totals(app: App) -> None:
    warehouse: Any = Recorded(app.ports.warehouse)
    assert sold_before(warehouse, "North") == frozenset()
    assert warehouse.params["region"] == "North"
    assert [] not in warehouse.params.values(), "an empty list has no type, so BigQuery compares no day with it"
