"""Every table of the warehouse, as columns; adapters render their own DDL from this list.

`hash128` and `hash64` are computed by `pipeline/staging/hashes.py` (see docs/adr/001), in the type that the engine
compares fastest. Rows of the tables settlements, batches, sightings, sale_versions, statements, refusals and
listed_changes are only added. Only these columns are updated: `is_current` and `leads` of sale_versions, and
`place_seq` and `undone_no` of batches.
"""

from dataclasses import dataclass
from typing import Literal

from tillstream.domain.columns import BY_NAME, CONTENT, SALE_LINE, STAGED, Column, Kind
from tillstream.domain.daily_totals import MEASURES, ROLLUPS

HASH128: Literal["hash128"] = "hash128"
HASH64: Literal["hash64"] = "hash64"


@dataclass(frozen=True)
class Field:
    name: str
    kind: Kind | Literal["hash128", "hash64"]
    description: str
    required: bool = False


def _to_field(column: Column) -> Field:
    return Field(column.name, column.kind, column.description, column.required)


def _f(name: str, kind: Kind | Literal["hash128", "hash64"], description: str, *, required: bool = True) -> Field:
    return Field(name, kind, description, required)


_S, _D, _T, _N, _I, _B, _J = Kind.STRING, Kind.DATE, Kind.TIMESTAMP, Kind.NUMERIC, Kind.INT64, Kind.BOOL, Kind.JSON
_KEY = _f("key", HASH128, "Hash of (region, sale_id, line_key)")
_MEASURE_KINDS: dict[str, Kind | Literal["hash128", "hash64"]] = {"amount": _N, "count": _I, "hash": HASH64}
_CONTENT = _f("content", HASH64, "Hash of the content columns")
_BATCH_NO = _f("batch_no", _I, "Number of the batch in this warehouse")
_SETTLEMENT = _f("settlement_no", _I, "Number of the settlement, from 1 without gaps")

SCHEMA = 6
"""Schema version: increment it with every change of TABLES, of their types in an adapter, or of the hash inputs."""

TABLES: dict[str, tuple[Field, ...]] = {
    "settlements": (
        _SETTLEMENT,
        _f("settled_at", _T, "When it committed"),
        _f("request_id", _S, "The request that asked for it, empty where none"),
        _f("added", _I, "Net lines added"),
        _f("corrected", _I, "Net lines corrected"),
        _f("removed", _I, "Net lines removed"),
        _f("only_adds", _B, "Its changes are the versions that it brought, each the first of its line; it lists none"),
    ),
    "batches": (
        _BATCH_NO,
        _f("batch_id", _S, "The batch"),
        _f("kind", _S, "upload, messages, correction or replay"),
        _f("source", _S, "file, till, form or connector"),
        _f("region", _S, "Region of the contract"),
        _f("contract", _S, "Name of the contract that read it"),
        _f("contract_version", _I, "Version of that contract"),
        _f("file", _S, "Name of the file"),
        _f("sha256", _S, "Of the bytes received"),
        _f("received_seq", _I, "Place in time of its receipt, microseconds since 1970"),
        _f("place_seq", _I, "The place that counts: that of the first upload of the same bytes under the contract"),
        _f("as_new", _B, "Has a place of its own although its bytes were known"),
        _f("root_no", _I, "Itself, or the batch that a correction belongs to"),
        _f("fix_number", _I, "0, or the number of the correction within its root"),
        _f("parent", _S, "The batch that a replay replaces, else empty"),
        _f("replaces", _S, "'', sale or store-day: what it contains completely"),
        _f("rules", _S, "ask, file or till: which side rules where a file differs from a till"),
        _f("rows_read", _I, "Rows after the header"),
        _f("rows_blank", _I, "Blank rows"),
        _f("rows_ignored", _I, "Repeated headers, titles, totals"),
        _f("problems", _J, "What stage's rules found, counted by code and column"),
        _f(
            "repeated_lines",
            _I,
            "Identical lines of one sale beyond the first, where the source numbers none",
            required=False,
        ),
        _f("confirmed", _S, "Hold codes that a person confirmed, joined by commas"),
        _f("removed", _I, "Lines that its whole statements removed when it settled"),
        _f("settlement_no", _I, "The settlement that took it in"),
        _f("undone_no", _I, "The settlement that undid it", required=False),
    ),
    "sightings": (
        _KEY,
        _CONTENT,
        _f("batch_no", _I, "The root batch: corrections are sightings of their upload"),
        _f("row_number", _I, "Row of the root batch"),
        _f("line_number", _I, "Physical line of the row"),
        _f("fix_number", _I, "0, or the correction that gave the row"),
        _f("rank", _I, "1 for the side that rules or a row that a person accepted, else 0"),
        _f("source_version", _I, "The source's own version, 0 where none"),
        _f("received_seq", _I, "Publish time of a message, else NULL: the batch's place", required=False),
        _f(
            "outcome",
            _S,
            "new, corrected, duplicate or quarantined (refused by the ledger: names its key, does not count)",
        ),
        _f("superseded", _B, "A duplicate that was older than the current content"),
        _SETTLEMENT,
    ),
    "sale_versions": (
        _KEY,
        _CONTENT,
        _f("is_current", _B, "Whether this content counts now"),
        _f("sale", HASH64, "Hash of (region, sale_id)"),
        *(_to_field(BY_NAME[name]) for name in ("region", "sale_id", "line_key")),
        *(_to_field(column) for column in CONTENT),
        _f(
            "leads",
            _I,
            "Where orders are counted: 1 represents its sale, 0 follows another line, 2: count the sale itself",
        ),
        _SETTLEMENT,
    ),
    "statements": (
        _f("batch_no", _I, "The batch that contains the scope completely"),
        _f("scope", HASH64, "Hash of (region, sale_id), or of (region, store_id, sale_date)"),
        _f("whole", _S, "sale or store-day"),
        _f("rank", _I, "As in sightings"),
        _f("source_version", _I, "As in sightings"),
        _f("received_seq", _I, "As in sightings", required=False),
        _f("region", _S, "Region of a store-day, NULL for a sale", required=False),
        _f("store_id", _S, "Store of a store-day", required=False),
        _f("sale_date", _D, "Day of a store-day", required=False),
    ),
    "refusals": (
        _f("batch_no", _I, "The root batch"),
        _f("row_number", _I, "Row of the root batch"),
        _f("line_number", _I, "Physical line of the row"),
        _f("fix_number", _I, "0, or the correction that gave the row"),
        _f("outcome", _S, "quarantined or ignored (discarded by a person)"),
        _f("refused_by", _S, "validation, ledger or person"),
        _f("raw", _S, "The row as the source wrote it; NULL: read it from the original", required=False),
        _f("code", _S, "Code of the row's first problem"),
        _f("column_name", _S, "Column of that problem", required=False),
        _f("value", _S, "Value of that problem", required=False),
        _f("problems", _J, "List of {code, column, value, detail}"),
        _f("region", _S, "Region, where it could be read", required=False),
        _f("sale_id", _S, "Sale, where it could be read", required=False),
        _f("store_id", _S, "Store, where it could be read", required=False),
        _f("sale_date", _D, "Business day, where it could be read", required=False),
        _SETTLEMENT,
    ),
    "listed_changes": (
        _SETTLEMENT,
        _KEY,
        _f("kind", _S, "added, corrected or removed"),
        _f("old", HASH64, "The content before", required=False),
        _f("new", HASH64, "The content after", required=False),
    ),
    "fx_rates": (
        _f("rate_date", _D, "Day of the rate"),
        _f("currency", _S, "ISO 4217"),
        _f("per_euro", _N, "Units of the currency for one euro"),
    ),
    "reporting_rates": (
        _f("sale_date", _D, "Day, without gaps"),
        _f("currency", _S, "ISO 4217"),
        _f("factor", _N, "Units of the reporting currency for one unit, filled forward"),
    ),
    "holidays": (
        _f("country", _S, "As sales spell it; only countries that sales name"),
        _f("holiday_date", _D, "The day"),
        _f("name", _S, "What is kept, in English; several are joined by `; `"),
    ),
    "reporting": (_f("currency", _S, "The reporting currency; one row"),),
    **{
        table: (
            *(_to_field(BY_NAME[name]) for name in dimensions),
            *(_f(m.name, _MEASURE_KINDS[m.kind], m.description, required=m.kind != "amount") for m in MEASURES),
        )
        for table, dimensions in ROLLUPS.items()
    },
    "user_scopes": (
        _f("email", _S, "The sign-in name of a person, where it is an address"),
        _f("bound", _S, "region, store, salesperson; or that they may see personal data or uploads: personal, uploads"),
        _f("value", _S, "The region, store or salesperson whose sales they see; NULL: all there are", required=False),
    ),
    "summed": (_f("settlement_no", _I, "The last settlement that the sums by day know; one row"),),
}


def column_descriptions() -> dict[str, str]:
    """Column descriptions by name; a sale line's description precedes that of a batch."""
    batch_columns = {field.name: field.description for field in TABLES["batches"]}
    return batch_columns | {column.name: column.description for column in SALE_LINE}


REJECTED_ROWS: tuple[Field, ...] = tuple(
    field for field in TABLES["refusals"] if field.name not in {"batch_no", "settlement_no"}
)
"""Parquet columns of rejected rows, written by staging and read by settlement."""

STAGED_LINES: tuple[Column | Field, ...] = (
    *STAGED,
    _f("key_high", HASH64, "Higher half of the key of the line, or of its product's first line", required=False),
    _f("key_low", HASH64, "Lower half of that key", required=False),
    _f("sale", HASH64, "Hash of (region, sale_id)", required=False),
    _f("content", HASH64, "Hash of the content columns", required=False),
)
"""Parquet columns of accepted rows, written by staging and read by settlement."""
