"""Forecasts, stock and goals as frames."""

from datetime import date
from typing import TYPE_CHECKING, Any, overload

import pyarrow as pa

from tillstream.client.frames import Arrow, FrameKind, FrameSource, Pandas, Polars, Value, as_texts, to_frame

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

Day = date | str | None


class Plans:
    """Reads what is expected and planned: a part of `Client`, whose description applies."""

    source: FrameSource

    @overload
    def forecasts(
        self,
        level: str = "total",
        *,
        target: str = "revenue",
        period: str = "day",
        as_: Pandas = "pandas",
        **filters: Value,
    ) -> "pd.DataFrame": ...
    @overload
    def forecasts(
        self,
        level: str = "total",
        *,
        target: str = "revenue",
        period: str = "day",
        as_: Polars,
        **filters: Value,
    ) -> "pl.DataFrame": ...
    @overload
    def forecasts(
        self,
        level: str = "total",
        *,
        target: str = "revenue",
        period: str = "day",
        as_: Arrow,
        **filters: Value,
    ) -> pa.Table: ...
    def forecasts(
        self,
        level: str = "total",
        *,
        target: str = "revenue",
        period: str = "day",
        as_: FrameKind = "pandas",
        **filters: Value,
    ) -> Any:
        """Return the latest forecasts of a level, by node and period, with their mean and quantiles.

        level: total, region, store, category, store_category or product. target: revenue or units. period: day, week
        or sum (all days).
        """
        params = {"level": level, "target": target, "period": period} | filters
        return to_frame(self.source.query("forecasts", as_texts(params), None), as_)

    @overload
    def stock(self, at: Day = None, *, as_: Pandas = "pandas", **filters: Value) -> "pd.DataFrame": ...
    @overload
    def stock(self, at: Day = None, *, as_: Polars, **filters: Value) -> "pl.DataFrame": ...
    @overload
    def stock(self, at: Day = None, *, as_: Arrow, **filters: Value) -> pa.Table: ...
    def stock(self, at: Day = None, *, as_: FrameKind = "pandas", **filters: Value) -> Any:
        """Return the stock by store and product, now or in the past.

        at: a day (its end), or a time as text; default: now. filters: `region`, `store`, `category`, `product`,
        `status` (in-stock, low, out, negative, not-counted, attention) and `text`, a part of a name or ID.
        """
        return to_frame(self.source.stock(as_texts({"at": at} | filters)), as_)

    @overload
    def goals(
        self,
        month: Day = None,
        *,
        level: str | None = None,
        measure: str = "revenue",
        as_: Pandas = "pandas",
        **target: Value,
    ) -> "pd.DataFrame": ...
    @overload
    def goals(
        self,
        month: Day = None,
        *,
        level: str | None = None,
        measure: str = "revenue",
        as_: Polars,
        **target: Value,
    ) -> "pl.DataFrame": ...
    @overload
    def goals(
        self,
        month: Day = None,
        *,
        level: str | None = None,
        measure: str = "revenue",
        as_: Arrow,
        **target: Value,
    ) -> pa.Table: ...
    def goals(
        self,
        month: Day = None,
        *,
        level: str | None = None,
        measure: str = "revenue",
        as_: FrameKind = "pandas",
        **target: Value,
    ) -> Any:
        """Return the goals of a month, and what is reached of them.

        month: such as "2026-11", or any of its days; default: this month. level: all targets of company, region,
        store, salesperson or category; default: the one of `region`, `store`, `salesperson` and `category`, else the
        highest ones that the user sees. measure: revenue, units, margin or orders.
        """
        month = f"{month:%Y-%m}" if isinstance(month, date) else month
        params = {"month": month, "level": level, "measure": measure} | target
        return to_frame(self.source.goals(as_texts(params)), as_)
