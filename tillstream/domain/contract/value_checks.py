"""Contract sections for checks of values: ranges and outliers."""

from decimal import Decimal
from typing import Literal

from pydantic import Field

from tillstream.domain.contract.sections import Strict


class Range(Strict):
    """Allowed range of a number, bounds included; rows with values outside it are rejected."""

    minimum: Decimal | None = None
    """Smallest allowed value."""
    maximum: Decimal | None = None
    """Largest allowed value."""


class OutlierRule(Strict):
    """Warns about values far from the usual values of the product, in the ledger or else in the file: median ± k ·
    MAD."""

    k: Decimal = Field(Decimal(6), gt=0, le=10_000, decimal_places=4)
    """Number of median absolute deviations (MAD) from the median that are still usual; 6 is about four standard
    deviations."""
    minimum: int = Field(30, ge=3)
    """Smallest number of lines of a product for which usual values are computed."""
    columns: tuple[Literal["unit_price", "quantity"], ...] = Field(("unit_price", "quantity"), min_length=1)
    """Columns that are checked."""
