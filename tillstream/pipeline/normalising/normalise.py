"""Convert source cells to the columns of a sale line by the contract, a whole column at a time."""

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import BY_NAME, CONTENT, KEY
from tillstream.domain.contract.model import Contract
from tillstream.domain.money.currencies import CURRENCIES
from tillstream.pipeline.normalising.amounts import Amounts
from tillstream.pipeline.normalising.dates.ambiguity import Evidence
from tillstream.pipeline.normalising.dates.sale_time import FileDateFacts, ParsedTimes, read_sale_times
from tillstream.pipeline.normalising.mojibake import flag_mojibake
from tillstream.pipeline.normalising.sale_ids import assign_sale_ids, sale_ids, source_versions
from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.normalising.status import read_status, signed_returns
from tillstream.pipeline.rows.issues import Issues
from tillstream.pipeline.rows.json_objects import json_objects
from tillstream.pipeline.rows.schema import TEXT, lines_schema
from tillstream.pipeline.rows.text_column import EncodedText, encoded, to_bool_array

NORMALISED = (BY_NAME["source_version"], *KEY, *CONTENT)
"""The columns that `normalise` returns, in order; line_key is NULL where the source does not number its lines."""
_OWN_CONSTANTS = ("country", "channel", "currency", "region")
"""Columns whose constant is a field of the contract itself, not an entry of `constants`."""
_TEXT_COLUMNS = ("salesperson_id", "customer_id", "customer_name", "product_id", "product_name", "category", "line_key")
_CURRENCIES = pa.array([*sorted(CURRENCIES), None], pa.string())
_FREE_TEXT = ("customer_name", "product_name", "category", "country", "channel")
"""Columns that are checked for mojibake."""


def normalise(
    cells: pa.Table,
    contract: Contract,
    *,
    date_only: bool = False,
    evidence: Evidence | None = None,
    times: ParsedTimes | None = None,
) -> tuple[pa.Table, Issues]:
    """Return one row of `NORMALISED` per row of cells, in the same order, and the issues.

    cells: all texts, named by the file's headers. date_only, evidence: of the whole file, see `FileDateFacts`.
    times: parsed times of a source with typed values; its cells are then taken verbatim, and only NULL is missing.
    Invalid values become NULL and are reported as issues. Raises `KeyError` for a mapped header that the file does not
    have.
    """
    source = SourceColumns(cells, contract, verbatim=times is not None)
    amounts = Amounts(source)
    constants = {name: getattr(contract, name) for name in _OWN_CONSTANTS} | contract.constants
    columns = {name: source.column_or(name, contract.constants.get(name, "")) for name in _TEXT_COLUMNS}
    columns |= {name: source.column_or(name, constants[name]) for name in _OWN_CONSTANTS}
    columns["store_id"] = source.column_or("store_id", contract.identity.store)
    columns |= amounts.all()
    columns |= _versions(source, amounts, columns["store_id"])
    columns["sold_at"], columns["sale_date"] = read_sale_times(source, FileDateFacts(date_only, evidence), times)
    columns["status"] = read_status(source, columns)
    if contract.status.unsigned_returns:
        columns |= signed_returns(columns, columns["status"])
    columns["currency"] = _currency(source, columns["currency"])
    if not source.verbatim:
        flag_mojibake(source, _FREE_TEXT)
    columns["extra"] = json_objects(source.unmapped(), source.length)
    columns["sale_id"] = assign_sale_ids(source, columns)
    schema = lines_schema(NORMALISED)
    typed = [_typed(columns[field.name], field.type) for field in schema]
    return pa.table(typed, schema=schema), source.issues


def _versions(source: SourceColumns, amounts: Amounts, store: pa.Array) -> dict[str, pa.Array]:
    returned, version = pa.nulls(source.length, TEXT), pa.nulls(source.length, pa.int64())
    if source.maps("returns_sale_id"):
        returned = sale_ids(source.mapped("returns_sale_id"), store, source.contract)
    if source.maps("source_version"):
        text = source.mapped("source_version").plain()
        version = source_versions(text, amounts.read("source_version"), source.issues)
    return {"returns_sale_id": returned, "source_version": version}


def _currency(source: SourceColumns, currency: pa.Array) -> pa.Array:
    if not source.maps("currency"):
        return currency
    text = source.mapped("currency")
    words = pc.utf8_upper(text.words)
    invalid = ~to_bool_array(pc.is_in(words, _CURRENCIES))
    if not invalid.any() and words.equals(text.words):
        return currency
    if invalid.any():
        source.flag(invalid, "not-a-currency", "currency", text)
    return EncodedText(pc.if_else(pa.array(invalid), None, words), text.index).rows()


def _typed(column: pa.Array, type_: pa.DataType) -> pa.Array:
    return encoded(column) if type_ == TEXT else column
