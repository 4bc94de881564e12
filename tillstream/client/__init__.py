"""The Python client: sales, queries and measures as data frames, from a home folder or over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import pyarrow as pa

from tillstream.client.frames import FrameKind, FrameSource, Names, Value, as_texts, to_frame
from tillstream.client.plans import Plans
from tillstream.model.errors import Rejected

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["Client", "connect"]


@dataclass(frozen=True)
class Client(Plans):
    """Reads sales, queries, measures, forecasts, stock and goals within the access of its user.

    Every method returns a pandas frame with Arrow types, so that decimals and dates stay exact; `as_="polars"` and
    `as_="arrow"` return a Polars frame or an Arrow table. Filters are those of the API: `from_` and `to` (sale dates,
    both included), `status`, `region`, `store`, `category`, `product`, `channel`, `salesperson`, `country`, each one
    value or several, and `currency`.

    Raises `NotFound` for an unknown query or measure, `Rejected` for wrong filters and for what the user may not see,
    and `Unavailable` if the server cannot be reached; see `tillstream.model.errors`.
    """

    source: FrameSource

    @overload
    def query(
        self, name: str, *, limit: int | None = None, as_: Literal["pandas"] = "pandas", **params: Value
    ) -> "pd.DataFrame": ...
    @overload
    def query(
        self, name: str, *, limit: int | None = None, as_: Literal["polars"], **params: Value
    ) -> "pl.DataFrame": ...
    @overload
    def query(self, name: str, *, limit: int | None = None, as_: Literal["arrow"], **params: Value) -> pa.Table: ...
    def query(self, name: str, *, limit: int | None = None, as_: FrameKind = "pandas", **params: Value) -> Any:
        """Run a named query with its parameters and filters: all rows, or the first `limit`."""
        if limit is not None and limit < 1:
            raise Rejected("limit must be 1 or more.")
        return to_frame(self.source.query(name, as_texts(params), limit), as_)

    @overload
    def measures(
        self, names: Names, by: Names = (), *, as_: Literal["pandas"] = "pandas", **filters: Value
    ) -> "pd.DataFrame": ...
    @overload
    def measures(self, names: Names, by: Names = (), *, as_: Literal["polars"], **filters: Value) -> "pl.DataFrame": ...
    @overload
    def measures(self, names: Names, by: Names = (), *, as_: Literal["arrow"], **filters: Value) -> pa.Table: ...
    def measures(self, names: Names, by: Names = (), *, as_: FrameKind = "pandas", **filters: Value) -> Any:
        """Compute measures by dimensions: one row per group, sorted by its dimensions; without any, one row."""
        return to_frame(self.source.measures(_several(names), _several(by), as_texts(filters)), as_)

    @overload
    def sales(
        self, from_: Value = None, to: Value = None, *, as_: Literal["pandas"] = "pandas", **filters: Value
    ) -> "pd.DataFrame": ...
    @overload
    def sales(
        self, from_: Value = None, to: Value = None, *, as_: Literal["polars"], **filters: Value
    ) -> "pl.DataFrame": ...
    @overload
    def sales(self, from_: Value = None, to: Value = None, *, as_: Literal["arrow"], **filters: Value) -> pa.Table: ...
    def sales(self, from_: Value = None, to: Value = None, *, as_: FrameKind = "pandas", **filters: Value) -> Any:
        """Return the current sale lines with all columns that the user may see, the latest day first."""
        return to_frame(self.source.sales(as_texts({"from_": from_, "to": to} | filters)), as_)

    def definitions(self, *, as_: FrameKind = "pandas") -> Any:
        """Return the definitions of the measures that the user may see: name, label, format, formula, and so on."""
        return to_frame(self.source.definitions(), as_)

    def queries(self, *, as_: FrameKind = "pandas") -> Any:
        """Return the names and descriptions of the queries."""
        return to_frame(self.source.queries(), as_)


def connect(
    home: str | Path | None = None,
    *,
    url: str | None = None,
    token: str | None = None,
    user: str | None = None,
    timeout: float = 60.0,
) -> Client:
    """Return a client of a home folder, or of a portal.

    home: a home folder; default: that of the settings. It is opened for each call and only read; while a server runs
    there, the server answers. user: sign-in name of the account whose access applies; default: everything.
    url, token: the address of a portal, and a personal token with the right `numbers`.
    timeout: seconds to wait for a response of the portal; failed reads are repeated.

    Raises `Rejected` for contradictory arguments, and `NotFound` if the folder is not a home.
    """
    if url is None:
        if token is not None:
            raise Rejected("A token belongs to a portal: pass its url, too.")
        from tillstream.client.local import HomeSource

        return Client(HomeSource.open(home, user or ""))
    if home is not None or user is not None:
        raise Rejected("Pass either a home folder or the url of a portal.")
    if not token:
        raise Rejected("The portal needs a personal token; create one in the portal under your profile.")
    from tillstream.client.portal import PortalSource

    return Client(PortalSource(url.rstrip("/"), token, timeout))


def _several(names: Names) -> Sequence[str]:
    return (names,) if isinstance(names, str) else tuple(names)
