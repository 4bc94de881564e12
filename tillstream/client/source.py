"""Where a client reads from, and the types of its arguments."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, Protocol

import pyarrow as pa

Pandas = Literal["pandas"]
Polars = Literal["polars"]
Arrow = Literal["arrow"]
Names = str | Sequence[str]
Value = str | int | date | Sequence[str] | None
"""A filter or parameter; None and empty values are left out."""


class Source(Protocol):
    """Where a client reads from. Parameters and filters are texts by name. Each method raises as `Client` does."""

    def query(self, name: str, params: Mapping[str, Sequence[str]], limit: int | None) -> pa.Table: ...

    def measures(self, names: Sequence[str], by: Sequence[str], filters: Mapping[str, Sequence[str]]) -> pa.Table: ...

    def sales(self, filters: Mapping[str, Sequence[str]]) -> pa.Table: ...

    def stock(self, params: Mapping[str, Sequence[str]]) -> pa.Table: ...

    def goals(self, params: Mapping[str, Sequence[str]]) -> pa.Table: ...

    def definitions(self) -> pa.Table: ...

    def queries(self) -> pa.Table: ...
