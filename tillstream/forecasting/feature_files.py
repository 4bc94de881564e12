"""The sales that feature tables describe, and the folders that they are written to."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.forecasting.feature_table import SERIES_AT_ONCE, feature_schema, feature_table, key_columns
from tillstream.forecasting.forecast_run import MAX_DAYS, read_past_sales
from tillstream.forecasting.sales_reading import ForecastSales, NoSales
from tillstream.forecasting.sales_series import SalesSeries
from tillstream.model.errors import Rejected
from tillstream.ports import Ports

TARGETS = UNITS, REVENUE = ("units", "revenue")
PARQUET = ".parquet"
FILE = f"part-00000{PARQUET}"
COMPRESSION = "zstd"


def daily_sales(ports: Ports, target: str, days_ahead: int) -> tuple[ForecastSales, SalesSeries]:
    """Return the sales before today, and the series of a target in them. days_ahead: 1 to `MAX_DAYS`.

    Raises `Rejected` without sales, and if they are totals of weeks.
    """
    if target not in TARGETS:
        raise Rejected(f"There is no target {target}. The targets are {' and '.join(TARGETS)}.")
    if not 1 <= days_ahead <= MAX_DAYS:
        raise Rejected(f"The days ahead are a number from 1 to {MAX_DAYS}.")
    try:
        sold = read_past_sales(ports, ports.clock.now().date(), {"day": days_ahead, "week": days_ahead})
    except NoSales:
        raise Rejected("There are no sales before today.") from None
    series = sold.units if target == UNITS else sold.revenue
    if series.history.grain.days > 1:
        raise Rejected("Features describe days, and these sales are totals of weeks.")
    if not series.keys:
        raise Rejected("No sale has a product, so there are no units by product. Choose the target revenue.")
    return sold, series


def feature_tables(series: SalesSeries, target: str, days_ahead: int) -> Iterator[pa.Table]:
    """Yield the feature table of series in parts, in the order of the series."""
    for start in range(0, len(series.keys), SERIES_AT_ONCE):
        chosen = slice(start, start + SERIES_AT_ONCE)
        yield feature_table(series.history.only(chosen), key_columns(series.keys[chosen]), target, days_ahead)


def write_features(folder: str, series: SalesSeries, target: str, days_ahead: int) -> int:
    """Write the feature table into a folder as one Parquet file, and return the number of its rows.

    Raises `Rejected` if the folder has Parquet files, or cannot be written.
    """
    check_folder(folder)
    rows = 0
    path = Path(folder) / FILE
    draft = path.with_name(f".{FILE}")
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(draft, feature_schema(series.history, target), compression=COMPRESSION) as writer:
            for table in feature_tables(series, target, days_ahead):
                writer.write_table(table)
                rows += table.num_rows
        draft.replace(path)
    except OSError as error:
        raise Rejected(f"{folder} cannot be written: {error.strerror or error}.") from error
    return rows


def check_folder(folder: str) -> None:
    """Raise `Rejected` if a folder of this machine has Parquet files."""
    check_names(folder, (each.name for each in Path(folder).glob("*")))


def check_names(folder: str, names: Iterable[str]) -> None:
    """Raise `Rejected` if names in a folder are those of Parquet files: features of two days would be mixed."""
    if any(each.endswith(PARQUET) for each in names):
        raise Rejected(f"{folder} has Parquet files. Choose an empty folder, or delete them.")
