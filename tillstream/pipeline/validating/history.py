"""What the rows of a file are compared with: usual values, currencies and countries of earlier sales of the region."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import pyarrow as pa

import sql
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.value_checks import OutlierRule
from tillstream.pipeline.rows.schema import NUMERIC
from tillstream.pipeline.validating.sold_before import SoldBefore, sold_before
from tillstream.ports import Warehouse

KEY = ("product", "measure", "currency")
USUAL = pa.schema(
    [(name, pa.string()) for name in KEY] + [("line_count", pa.int64()), ("median", NUMERIC), ("mad", NUMERIC)]
)
PRICE, QUANTITY = "unit_price", "quantity"
MIN_PRICED_LINES = 5
"""Lines with a price that a product needs, so that prices are compared with its usual price."""


class History(Protocol):
    """Earlier sales of the region of a contract."""

    def usual_values(self, rule: OutlierRule) -> pa.Table:
        """Rows of `USUAL` for the measures of a rule."""

    def usual_prices(self) -> pa.Table:
        """Rows of `USUAL` for prices, those included that are computed from amount and quantity."""

    def sold(self) -> SoldBefore: ...

    def is_new(self) -> bool:
        """Whether the figures of the contract are not confirmed."""


@dataclass(frozen=True)
class LedgerHistory:
    """Reads the ledger whenever it is asked. needs_confirmation: see `is_new`."""

    warehouse: Warehouse
    contract: Contract
    needs_confirmation: Callable[[], bool]

    def usual_values(self, rule: OutlierRule) -> pa.Table:
        measures = {measure: measure in rule.columns for measure in (PRICE, QUANTITY)}
        return self._usual({"minimum": rule.minimum, "derived": False} | measures)

    def usual_prices(self) -> pa.Table:
        return self._usual({"minimum": MIN_PRICED_LINES, "derived": True, PRICE: True, QUANTITY: False})

    def sold(self) -> SoldBefore:
        return sold_before(self.warehouse, self.contract.region)

    def is_new(self) -> bool:
        return self.needs_confirmation()

    def _usual(self, params: dict[str, int | bool]) -> pa.Table:
        query = sql.text("ledger/usual_values")
        return self.warehouse.query(query, {"region": self.contract.region} | params).cast(USUAL)


@dataclass(frozen=True)
class CopiedHistory:
    """The history of a contract at one moment, for processes that cannot read the ledger. It can be pickled."""

    values: pa.Table
    prices: pa.Table
    sold_before: SoldBefore
    needs_confirmation: bool

    @classmethod
    def of(cls, history: History, contract: Contract) -> Self:
        """Read what a file of the contract may be compared with, and nothing else."""
        return cls(
            history.usual_values(contract.outliers) if contract.outliers else USUAL.empty_table(),
            history.usual_prices(),
            history.sold() if "currency" in contract.columns else frozenset(),
            history.is_new(),
        )

    def usual_values(self, rule: OutlierRule) -> pa.Table:  # noqa: ARG002 - the one of the contract
        return self.values

    def usual_prices(self) -> pa.Table:
        return self.prices

    def sold(self) -> SoldBefore:
        return self.sold_before

    def is_new(self) -> bool:
        return self.needs_confirmation
