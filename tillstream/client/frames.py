"""Where a client reads from, its arguments as the API takes them, and the frames that it returns."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, Protocol

import pyarrow as pa

from tillstream.model.errors import Rejected
from tillstream.optional_packages import need_package

Pandas = Literal["pandas"]
Polars = Literal["polars"]
Arrow = Literal["arrow"]
Names = str | Sequence[str]
Value = str | int | date | Sequence[str] | None
"""A filter or parameter; None and empty values are left out."""

FrameKind = Literal["pandas", "polars", "arrow"]


class FrameSource(Protocol):
    """Where a client reads from. Parameters and filters are texts by name. Each method raises as `Client` does."""

    def query(self, name: str, params: Mapping[str, Sequence[str]], limit: int | None) -> pa.Table: ...

    def measures(self, names: Sequence[str], by: Sequence[str], filters: Mapping[str, Sequence[str]]) -> pa.Table: ...

    def sales(self, filters: Mapping[str, Sequence[str]]) -> pa.Table: ...

    def stock(self, params: Mapping[str, Sequence[str]]) -> pa.Table: ...

    def goals(self, params: Mapping[str, Sequence[str]]) -> pa.Table: ...

    def definitions(self) -> pa.Table: ...

    def queries(self) -> pa.Table: ...


def to_frame(table: pa.Table, kind: FrameKind) -> Any:
    """Return the table as a frame of a kind; pandas columns have Arrow types. Raises `Rejected` for another kind."""
    match kind:
        case "pandas":
            need_package("pandas", "A frame of pandas")
            import pandas as pd

            return table.to_pandas(types_mapper=pd.ArrowDtype, split_blocks=True, self_destruct=True)
        case "polars":
            import polars as pl

            return pl.from_arrow(table)
        case "arrow":
            return table
    raise Rejected(f"as_ is {kind!r}; it must be pandas, polars or arrow.")


def as_texts(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Convert names of Python to those of the API (`from_` to `from`, `compare_to` to `compare-to`) and values to
    texts; None and empty values are left out. Raises `Rejected` for a value of another type."""
    texts = {
        _parameter_name(name): _parameter_texts(name, value) for name, value in values.items() if value is not None
    }
    return {name: each for name, each in texts.items() if each}


def _parameter_name(name: str) -> str:
    name = name.removesuffix("_")
    return name.replace("_", "-") if name.startswith("compare_") else name


def _parameter_texts(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, datetime):
        return [value.date().isoformat()]
    if isinstance(value, date):
        return [value.isoformat()]
    if isinstance(value, Sequence) or hasattr(value, "tolist"):
        return [text for each in list(value) for text in _parameter_texts(name, each)]
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise Rejected(f"{name} is a {type(value).__name__}; it must be text, a number, a day, or several of these.")
    return [str(value)]
