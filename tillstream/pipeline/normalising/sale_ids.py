"""Sale ids: from the sale number, or derived from some or all columns where the source has no sale number."""

from collections.abc import Mapping
from functools import reduce
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import CONTENT
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.sections import STORE_ESCAPES
from tillstream.pipeline.normalising.source_columns import REPORTED_COLUMN, SourceColumns
from tillstream.pipeline.rows.issues import Issues, format_values
from tillstream.pipeline.rows.text_column import EncodedText, decoded, distinct, to_bool_array

_LENGTH = 20
_UNIT = "\x1f"


def derived_number(source: SourceColumns, columns: Mapping[str, pa.Array]) -> EncodedText:
    """Derive sale numbers; NULL where a part is missing, which is reported. columns: every content column."""
    headers = source.contract.identity.made_of
    number = _joined(source, columns, headers) if headers else _digests(columns)
    return distinct(number, np.arange(source.length, dtype=np.int32))


def _joined(source: SourceColumns, columns: Mapping[str, pa.Array], headers: tuple[str, ...]) -> pa.Array:
    """Join the parts with slashes; a slash inside a part is doubled. A missing part is reported under its column."""
    contract, parts = source.contract, []
    header_of = contract.columns
    for header in headers:
        name = next((name for name in header_of if header_of[name] == header), "")
        if name == "store_id" and contract.identity.ids == "per-store" and len(headers) > 1:
            continue
        if name == "date" and contract.dates.only_days and not source.maps("time"):
            # the check of required columns reports a missing day
            parts.append(pc.cast(columns["sale_date"], pa.string()))
            continue
        text = (source.mapped(name) if name else source.text(header)).plain()
        source.issues.add_where(
            to_bool_array(pc.is_null(text)), "missing-required", REPORTED_COLUMN.get(name, name or header)
        )
        parts.append(pc.replace_substring(text, "/", "//"))
    return reduce(lambda left, right: pc.binary_join_element_wise(left, right, "/"), parts)


def _digests(columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return one digest per distinct content: rows with equal content are lines of one sale."""
    texts = [_text(columns[column.name]) for column in CONTENT]
    contents = pc.binary_join_element_wise(*texts, _UNIT).dictionary_encode()
    digests = [sha256(content).hexdigest()[:_LENGTH] for content in contents.dictionary.cast(pa.binary()).to_pylist()]
    return pa.array(digests, pa.string()).take(contents.indices)


def _text(values: pa.Array) -> pa.Array:
    text = decoded(values)
    return pc.fill_null(text if pa.types.is_string(text.type) else format_values(text), _UNIT)


def sale_ids(number: EncodedText, store: pa.Array, contract: Contract) -> pa.Array:
    """Return store_id/number, or only the number if ids are region-wide; NULL where a part is missing. (n,)

    A slash in the store ID is escaped, unless the home has sale IDs from before: otherwise the store `S1/x` with the
    number `1` and the store `S1` with `x/1` would be one sale.
    """
    prefix = contract.identity.id_prefix
    if contract.identity.ids == "region-wide":
        words = pc.binary_join_element_wise(prefix, number.words, "") if prefix else number.words
        return EncodedText(words, number.index).rows()
    stores = decoded(store)
    for sign, code in STORE_ESCAPES if contract.identity.escapes_stores else ():
        stores = pc.replace_substring(stores, sign, code)
    return pc.binary_join_element_wise(stores, f"/{prefix}", number.plain(), "")


def assign_sale_ids(source: SourceColumns, columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return the sale ids; report missing parts under their columns. columns: every content column of the rows."""
    contract, store = source.contract, columns["store_id"]
    if source.maps("sale_id"):
        number = source.mapped("sale_id")
        source.issues.add_where(to_bool_array(pc.is_null(number.words))[number.index], "missing-required", "sale_id")
    else:
        number = derived_number(source, columns)
    if contract.identity.ids == "per-store":
        source.issues.add_where(to_bool_array(pc.is_null(store)), "missing-required", "store_id")
    return sale_ids(number, store, contract)


def source_versions(text: pa.Array, numbers: pa.Array, issues: Issues) -> pa.Array:
    """int64 (n,): the source's version of each sale. numbers: `text` parsed as NUMERIC."""
    limit = pa.scalar(2**63 - 1, pa.decimal128(38, 9))
    is_whole = to_bool_array(pc.and_(pc.equal(pc.trunc(numbers), numbers), pc.less_equal(pc.abs(numbers), limit)))
    invalid = ~is_whole & to_bool_array(pc.is_valid(numbers))
    issues.add_where(invalid, "not-a-number", "source_version", text, ": a version is a whole number")
    versions = pc.if_else(pa.array(np.asarray(is_whole)), numbers, None) if invalid.any() else numbers
    return pc.cast(versions, pa.int64())
