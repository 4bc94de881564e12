"""Every table of the warehouse, as columns; adapters render their own DDL from this list.

`hash128` and `hash64` are computed by `pipeline/staging/split_rows.py` (see docs/adr/001), in the type that the engine
compares fastest. Rows of settlements, batches, sightings, sale_versions, statements, refusals, listed_changes,
batch_days and settlement_days are only added, and only these columns updated: `is_current` and `leads` of
sale_versions, `place_seq`, `undone_no` and `removed` of batches.
"""

from datetime import timedelta

from tillstream.model.columns import (
    BY_NAME,
    CONTENT,
    HASH64,
    HASH128,
    SALE_LINE,
    STAGED,
    Column,
    ColumnKind,
    Field,
    FieldKind,
    required_field,
)
from tillstream.model.tables.catalogue_tables import CATALOGUE_TABLES
from tillstream.model.tables.daily_totals import COST_CURRENCY, MEASURES, ROLLUPS
from tillstream.model.tables.forecast_tables import FORECAST_TABLES
from tillstream.model.tables.stock_tables import STOCK_TABLES

SUMMED = (
    Field(
        "settlement_no",
        ColumnKind.INT64,
        "Last settlement included in the daily totals; the table has one row",
        required=True,
    ),
    Field(
        "split_settlement_no",
        ColumnKind.INT64,
        "The last one included with split_orders; less than settlement_no after an older version refreshed the totals",
        required=False,
    ),
)

LIVE = "live_lines"
LIVE_EXPIRES = timedelta(hours=2)
"""Age at which its rows are deleted: by then a sale is in the ledger, or it was rejected."""
_NOT_IN_LIVE = frozenset({"customer_id", "customer_name", "unit_cost", "returns_sale_id", "extra"})
_STAGED_BY_NAME = {column.name: column for column in STAGED}

_S, _D, _T, _N, _I, _B, _J = (
    ColumnKind.STRING,
    ColumnKind.DATE,
    ColumnKind.TIMESTAMP,
    ColumnKind.NUMERIC,
    ColumnKind.INT64,
    ColumnKind.BOOL,
    ColumnKind.JSON,
)

_MEASURE_KINDS: dict[str, FieldKind] = {"amount": _N, "count": _I, "hash": HASH64}
SCHEMA = 18
"""Schema version: increment it with every change of TABLES, of their types in an adapter, or of the hash inputs."""


def _to_field(column: Column) -> Field:
    return Field(column.name, column.kind, column.description, column.required)


LIVE_TABLES: dict[str, tuple[Field, ...]] = {
    LIVE: (
        required_field("appended_at", ColumnKind.TIMESTAMP, "When the row was added, UTC"),
        required_field("batch_id", ColumnKind.STRING, "ID of the micro-batch"),
        *(_to_field(_STAGED_BY_NAME[name]) for name in ("row_number", "received_seq", "source_version")),
        required_field("sale", HASH64, "Hash of (region, sale_id)"),
        *(_to_field(BY_NAME[name]) for name in ("region", "sale_id")),
        *(_to_field(column) for column in CONTENT if column.name not in _NOT_IN_LIVE),
    ),
}


def _f(name: str, kind: FieldKind, description: str, *, required: bool = True) -> Field:
    return Field(name, kind, description, required)


_KEY = _f("key", HASH128, "Hash of (region, sale_id, line_key)")

_CONTENT = _f("content", HASH64, "Hash of the content columns")
_SALE = _f("sale", HASH64, "Hash of (region, sale_id)")
_BATCH_NO = _f("batch_no", _I, "Number of the batch in this warehouse")
_RECEIVED = _f("received_date", _D, "UTC day on which the upload was received")
_SETTLEMENT = _f("settlement_no", _I, "Number of the settlement, from 1 without gaps")

STAGED_LINES: tuple[Column | Field, ...] = (
    *STAGED,
    _f("key_high", HASH64, "Higher half of the key of the line, or of its product's first line", required=False),
    _f("key_low", HASH64, "Lower half of that key", required=False),
    _f("sale", HASH64, "Hash of (region, sale_id)", required=False),
    _f("content", HASH64, "Hash of the content columns", required=False),
)
"""Parquet columns of accepted rows, written by staging and read by settlement."""


def _dimension(name: str) -> Field:
    return Field(name, ColumnKind.STRING, COST_CURRENCY) if name == "cost_currency" else _to_field(BY_NAME[name])


TABLES: dict[str, tuple[Field, ...]] = {
    "settlements": (
        _SETTLEMENT,
        _f("settled_at", _T, "When the settlement was committed, UTC"),
        _f("request_id", _S, "ID of the request that started it; empty if none"),
        _f("added", _I, "Number of lines added, net"),
        _f("corrected", _I, "Number of lines corrected, net"),
        _f("removed", _I, "Number of lines removed, net"),
        _f("only_adds", _B, "TRUE if it only added lines; its changes are then its sale versions, not listed changes"),
    ),
    "batches": (
        _BATCH_NO,
        _f("batch_id", _S, "ID of the batch"),
        _f("kind", _S, "upload, messages, correction or replay"),
        _f("source", _S, "file, till, form or connector"),
        _f("region", _S, "Region that the contract belongs to"),
        _f("contract", _S, "Name of the contract that the batch was read with"),
        _f("contract_version", _I, "Version of that contract"),
        _f("file", _S, "Name of the file"),
        _f("sha256", _S, "SHA-256 of the received bytes"),
        _f("received_seq", _I, "When the batch was received, in microseconds since 1970"),
        _RECEIVED,
        _f("place_seq", _I, "Place in time: received_seq of the first upload of the same bytes under this contract"),
        _f("as_new", _B, "TRUE if it has its own place although the same bytes were received before"),
        _f("root_no", _I, "batch_no of the upload that a correction belongs to; otherwise its own batch_no"),
        _f("fix_number", _I, "Number of the correction within its upload; 0 if the batch is not a correction"),
        _f("parent", _S, "ID of the batch that a replay replaces; otherwise empty"),
        _f("replaces", _S, "What the batch contains completely: sale, store-day, or empty"),
        _f("rules", _S, "What applies if a file and a till differ: ask, file or till"),
        _f("rows_read", _I, "Number of rows after the header"),
        _f("rows_blank", _I, "Number of blank rows"),
        _f("rows_ignored", _I, "Number of repeated headers, titles and totals"),
        _f("problems", _J, "Number of problems by code and column, found while staging"),
        _f(
            "repeated_lines",
            _I,
            "Number of identical lines in one sale after the first; NULL if the source numbers its lines",
            required=False,
        ),
        _f("confirmed", _S, "Codes of the confirmed holds, separated by commas"),
        _f(
            "writers",
            _J,
            "Stores to which the writers of its rows are bound, by number of the correction (0: the batch itself), or "
            "`each-own-store` for store sales; NULL: not bound",
            required=False,
        ),
        _f("removed", _I, "Number of lines removed because they are missing from a complete sale or store-day"),
        _f("settlement_no", _I, "Number of the settlement that added the batch"),
        _f("undone_no", _I, "Number of the settlement that undid the batch", required=False),
    ),
    "sightings": (
        _KEY,
        _CONTENT,
        _SALE,
        _f("sale_date", _D, "Business day of the line"),
        _f("batch_no", _I, "Number of the upload; rows of a correction belong to its upload"),
        _RECEIVED,
        _f("row_number", _I, "Row number in the upload, counted after the header from 1"),
        _f("line_number", _I, "Physical line of the file where the row starts, from 1"),
        _f("fix_number", _I, "Number of the correction that contains the row; 0 for the upload itself"),
        _f("rank", _I, "1 for the preferred side and for rows accepted by a person, otherwise 0"),
        _f("source_version", _I, "Version of the sale in its source; 0 if none"),
        _f(
            "received_seq",
            _I,
            "Publish time of a message in microseconds since 1970; NULL: the place of the batch applies",
            required=False,
        ),
        _f(
            "outcome",
            _S,
            "new, corrected, duplicate, or quarantined (rejected by the ledger; does not count)",
        ),
        _f("superseded", _B, "TRUE for a duplicate that is older than the current content"),
        _SETTLEMENT,
    ),
    "sale_versions": (
        _KEY,
        _CONTENT,
        _f("is_current", _B, "TRUE if this content is the current one of its key"),
        _SALE,
        *(_to_field(BY_NAME[name]) for name in ("region", "sale_id", "line_key")),
        *(_to_field(column) for column in CONTENT),
        _f("leads", _I, "Counting orders: 1: represents its sale, 0: another line does, 2: count distinct sales"),
        _SETTLEMENT,
    ),
    "statements": (
        _f("batch_no", _I, "Number of the batch that contains the scope completely"),
        _RECEIVED,
        _f("scope", HASH64, "Hash of (region, sale_id), or of (region, store_id, sale_date)"),
        _f("whole", _S, "Type of the scope: sale or store-day"),
        _f("rank", _I, "As in sightings"),
        _f("source_version", _I, "As in sightings"),
        _f("received_seq", _I, "As in sightings", required=False),
        _f("region", _S, "Region of a store-day; NULL for a sale", required=False),
        _f("store_id", _S, "Store of a store-day; NULL for a sale", required=False),
        _f("sale_date", _D, "Business day of a store-day; the first one of the lines of a sale"),
        _f("writer_stores", _J, "Stores to which the writer of a sale is bound; NULL: not bound", required=False),
        _f(
            "own_keys",
            _J,
            "Keys that a complete sale of a bound writer lacks and whose current line was of these stores when it was "
            "settled; NULL: none",
            required=False,
        ),
        _SETTLEMENT,
    ),
    "refusals": (
        _f("batch_no", _I, "Number of the upload"),
        _RECEIVED,
        _f("row_number", _I, "Row number in the upload, counted after the header from 1"),
        _f("line_number", _I, "Physical line of the file where the row starts, from 1"),
        _f("fix_number", _I, "Number of the correction that contains the row; 0 for the upload itself"),
        _f("outcome", _S, "quarantined, or ignored (discarded by a person, or not a sale by its status)"),
        _f("refused_by", _S, "What rejected the row: validation, ledger or person"),
        _f("raw", _S, "Text of the row as in its source; NULL: read it from the original file", required=False),
        _f("code", _S, "Code of the first problem of the row"),
        _f("column_name", _S, "Column of that problem", required=False),
        _f("value", _S, "Value of that problem", required=False),
        _f("problems", _J, "All problems of the row: a list of {code, column, value, detail}"),
        _f("region", _S, "Region; NULL if it could not be read", required=False),
        _f("sale_id", _S, "Sale ID; NULL if it could not be read", required=False),
        _f("store_id", _S, "Store; NULL if it could not be read", required=False),
        _f("sale_date", _D, "Business day; NULL if it could not be read", required=False),
        _SETTLEMENT,
    ),
    "listed_changes": (
        _SETTLEMENT,
        _KEY,
        _f("kind", _S, "added, corrected or removed"),
        _f("old", HASH64, "Hash of the content before; NULL for an added line", required=False),
        _f("new", HASH64, "Hash of the content after; NULL for a removed line", required=False),
    ),
    "batch_days": (
        _f("batch_no", _I, "Number of the upload"),
        _RECEIVED,
        _f("sale_date", _D, "Business day of at least one accepted row of the upload or of its corrections"),
        _SETTLEMENT,
    ),
    "settlement_days": (
        _SETTLEMENT,
        _f("sale_date", _D, "Business day of at least one line of a sale that the settlement changed"),
    ),
    "fx_rates": (
        _f("rate_date", _D, "Day of the rate"),
        _f("currency", _S, "ISO 4217 code"),
        _f("per_euro", _N, "Units of the currency for one euro"),
    ),
    "reporting_rates": (
        _f("sale_date", _D, "Day; no day is missing"),
        _f("currency", _S, "ISO 4217 code"),
        _f("factor", _N, "Units of the reporting currency for one unit; a day without a rate has the last one before"),
    ),
    "holidays": (
        _f("country", _S, "Country, spelled as in the sales; only countries with sales"),
        _f("holiday_date", _D, "Day of the holiday"),
        _f("name", _S, "Name in English; several are separated by `; `"),
    ),
    "surrogate_secret": (_f("secret", _S, "Random text that surrogates of people are hashed with; one row"),),
    "calendar": (
        _f("fiscal_month", _I, "First month of the fiscal year; the table has one row"),
        _f("pattern", _S, "Weeks of the three retail months of a quarter: 4-4-5, 4-5-4 or 5-4-4"),
        _f("days_after_monday", _I, "First day of a retail week, as days after Monday"),
        _f("days_ahead", _I, "Days after the first day of the fiscal year whose week begins the retail year"),
    ),
    "reporting": (_f("currency", _S, "ISO 4217 code of the reporting currency; the table has one row"),),
    **{
        table: (
            *(_dimension(name) for name in dimensions),
            *(_f(m.name, _MEASURE_KINDS[m.kind], m.description, required=not m.is_nullable) for m in MEASURES),
        )
        for table, dimensions in ROLLUPS.items()
    },
    "user_scopes": (
        _f("email", _S, "Username of an account, if it is an email address"),
        _f("bound", _S, "Scope (region, store, salesperson) or permission (personal, costs, uploads, forecasts)"),
        _f("value", _S, "Region, store or salesperson whose sales the user can see; NULL: all", required=False),
    ),
    **CATALOGUE_TABLES,
    **FORECAST_TABLES,
    **STOCK_TABLES,
    **LIVE_TABLES,
    "summed": SUMMED,
}

REJECTED_ROWS: tuple[Field, ...] = tuple(
    field for field in TABLES["refusals"] if field.name not in {"batch_no", "received_date", "settlement_no"}
)
"""Parquet columns of rejected rows, written by staging and read by settlement."""


def column_descriptions() -> dict[str, str]:
    """Column descriptions by name; a sale line's description precedes that of a batch."""
    batch_columns = {field.name: field.description for field in TABLES["batches"]}
    return batch_columns | {column.name: column.description for column in SALE_LINE}
