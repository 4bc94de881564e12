"""Convert source cells to the columns of a sale line by the contract: ids, status, times, amounts and texts.

Texts with mojibake, which an upstream system decoded with the wrong encoding, are flagged by their characters. A
two-byte UTF-8 letter decoded as cp1252 or latin-1 starts with Ã or Â, followed by a character that rarely follows them.
Other scripts become sequences of such pairs or of longer groups. Decoded as cp850, a letter starts with a box-drawing
character.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.columns import BY_NAME, CONTENT, IGNORE, KEY
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import STORE_ESCAPES, StatusRule
from tillstream.model.money import CURRENCIES
from tillstream.pipeline.normalising.amounts import LineAmounts
from tillstream.pipeline.normalising.parse_dates import FormatEvidence
from tillstream.pipeline.normalising.sale_time import FileDateFacts, ParsedTimes, read_sale_times
from tillstream.pipeline.normalising.source_columns import REPORTED_COLUMN, SourceColumns
from tillstream.pipeline.rows.row_batch import Issues, format_values
from tillstream.pipeline.rows.text_columns import (
    NUMERIC,
    TEXT,
    EncodedText,
    data_bytes,
    decode_texts,
    distinct_words,
    encode_texts,
    json_objects,
    lines_schema,
    to_bool_array,
)

_NEXT_LETTER = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
"""Characters to which the second and later bytes of a letter are decoded."""
_ODD_LETTER = "[\u0080-\u009f\u00a1-\u00aa\u00ac-\u00ba\u00bc-\u00bf€‚ƒ„†‡ˆ‰Š‹ŒŽ™š›œžŸ]"
"""The subset of `_NEXT_LETTER` that is unusual after a capital at the end of a word (excludes quotes and dashes)."""
_MOJIBAKE = (
    f"\ufffd|[ÂÃ]{_NEXT_LETTER}|[ÄÅ]{_ODD_LETTER}|(?:[Ä-ß]{_NEXT_LETTER}){{2}}|[à-ï]{_NEXT_LETTER}{_NEXT_LETTER}"
    f"|ð{_NEXT_LETTER}{{3}}|[┬├]\\S"
)

_ZERO_AMOUNT = pa.scalar(0, NUMERIC)
_NEGATED = ("quantity", "discount", "tax", "net_amount", "gross_amount")
"""Amounts that a return negates; unit prices keep their sign."""

_NUMBER_LENGTH = 20
_UNIT_SEPARATOR = "\x1f"

NORMALISED = (BY_NAME["source_version"], *KEY, *CONTENT)
"""The columns that `normalise` returns, in order; line_key is NULL where the source does not number its lines."""
_OWN_CONSTANTS = ("country", "channel", "currency", "region")
"""Columns whose constant is a field of the contract itself, not an entry of `constants`."""
_TEXT_COLUMNS = ("salesperson_id", "customer_id", "customer_name", "product_id", "product_name", "category", "line_key")
_CURRENCIES = pa.array([*sorted(CURRENCIES), None], pa.string())
_FREE_TEXT = ("customer_name", "product_name", "category", "country", "channel")
"""Columns that are checked for mojibake."""


def flag_mojibake(source: SourceColumns, names: Iterable[str]) -> None:
    """Flag rows with mojibake in one of the named columns; the rows are still accepted."""
    for name in names:
        if not source.maps(name):
            continue
        text = source.mapped(name)
        data = data_bytes(text.words)
        if not len(data) or data.max() < 128:
            continue
        matches = to_bool_array(pc.match_substring_regex(text.words, _MOJIBAKE))
        if matches.any():
            source.flag(matches, "mojibake", name, text)


def read_status(source: SourceColumns, columns: Mapping[str, pa.Array]) -> pa.Array:
    """Return the status of each row, string (n,). columns: the quantity and the net amount of each row.

    Each rule applies only where the previous ones produced no status. An unknown word is an error, and no further rule
    applies to its row. A row that is not a sale is flagged as `not-a-sale`, and cancelled until staging sets it aside.
    """
    rule = source.contract.status
    status, unknown = pa.nulls(source.length, pa.string()), np.zeros(source.length, np.bool_)
    if source.maps("status"):
        words = source.mapped("status")
        statuses = _mapped_statuses(words.words, rule)
        status = statuses.take(pa.array(words.index))
        unknown = source.flag(
            to_bool_array(pc.and_(pc.is_valid(words.words), pc.is_null(statuses))),
            "word-not-allowed",
            "status",
            words,
            ", ".join(dict.fromkeys(rule.words)),
        )
        if IGNORE in rule.words.values():
            ignored = source.flag(to_bool_array(pc.equal(statuses, IGNORE)), "not-a-sale", "status", words)
            status = pc.if_else(pa.array(ignored), "cancelled", status)
    for prefix in sorted(rule.prefixes, key=len, reverse=True):
        number = source.mapped("sale_id")
        has_prefix = to_bool_array(pc.starts_with(number.words, prefix))[number.index]
        status = _fill_where(status, pa.array(has_prefix), rule.prefixes[prefix])
    for value, amount in ((rule.negative_quantity, "quantity"), (rule.negative_amount, "net_amount")):
        if value:
            status = _fill_where(status, pc.less(columns[amount], _ZERO_AMOUNT), value)
    if rule.default:
        status = pc.fill_null(status, rule.default)
    return pc.if_else(pa.array(unknown), None, status) if unknown.any() else status


def _fill_where(status: pa.Array, condition: pa.Array, value: str) -> pa.Array:
    if not status.null_count:
        return status
    return pc.coalesce(status, pc.if_else(condition, value, pa.scalar(None, pa.string())))


def _mapped_statuses(words: pa.Array, rule: StatusRule) -> pa.Array:
    status_by_word = {word.strip().casefold(): status for word, status in rule.words.items()}
    statuses = [None if word is None else status_by_word.get(word.casefold()) for word in words.to_pylist()]
    return pa.array(statuses, pa.string())


def negate_returns(columns: Mapping[str, pa.Array], status: pa.Array) -> dict[str, pa.Array]:
    """Make the amounts of returns negative, for sources that write some or all of them without a minus sign."""
    returned = pc.fill_null(pc.equal(status, "returned"), fill_value=False)
    if not pc.any(returned).as_py():
        return {}
    return {name: pc.if_else(returned, pc.negate(pc.abs(columns[name])), columns[name]) for name in _NEGATED}


def derive_sale_number(source: SourceColumns, columns: Mapping[str, pa.Array]) -> EncodedText:
    """Derive sale numbers; NULL where a part is missing, which is reported. columns: every content column."""
    headers = source.contract.identity.made_of
    number = _joined_columns(source, columns, headers) if headers else _digests(columns)
    return distinct_words(number, np.arange(source.length, dtype=np.int32))


def _joined_columns(source: SourceColumns, columns: Mapping[str, pa.Array], headers: tuple[str, ...]) -> pa.Array:
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
    texts = [_number_text(columns[column.name]) for column in CONTENT]
    contents = pc.binary_join_element_wise(*texts, _UNIT_SEPARATOR).dictionary_encode()
    digests = [
        sha256(content).hexdigest()[:_NUMBER_LENGTH] for content in contents.dictionary.cast(pa.binary()).to_pylist()
    ]
    return pa.array(digests, pa.string()).take(contents.indices)


def _number_text(values: pa.Array) -> pa.Array:
    text = decode_texts(values)
    return pc.fill_null(text if pa.types.is_string(text.type) else format_values(text), _UNIT_SEPARATOR)


def build_sale_ids(number: EncodedText, store: pa.Array, contract: Contract) -> pa.Array:
    """Return store_id/number, or only the number if ids are region-wide; NULL where a part is missing. (n,)

    A slash in the store ID is escaped, unless the home has sale IDs from before: otherwise the store `S1/x` with the
    number `1` and the store `S1` with `x/1` would be one sale.
    """
    prefix = contract.identity.id_prefix
    if contract.identity.ids == "region-wide":
        words = pc.binary_join_element_wise(prefix, number.words, "") if prefix else number.words
        return EncodedText(words, number.index).rows()
    stores = decode_texts(store)
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
        number = derive_sale_number(source, columns)
    if contract.identity.ids == "per-store":
        source.issues.add_where(to_bool_array(pc.is_null(store)), "missing-required", "store_id")
    return build_sale_ids(number, store, contract)


def source_versions(text: pa.Array, numbers: pa.Array, issues: Issues) -> pa.Array:
    """int64 (n,): the source's version of each sale. numbers: `text` parsed as NUMERIC."""
    limit = pa.scalar(2**63 - 1, pa.decimal128(38, 9))
    is_whole = to_bool_array(pc.and_(pc.equal(pc.trunc(numbers), numbers), pc.less_equal(pc.abs(numbers), limit)))
    invalid = ~is_whole & to_bool_array(pc.is_valid(numbers))
    issues.add_where(invalid, "not-a-number", "source_version", text, ": a version is a whole number")
    versions = pc.if_else(pa.array(np.asarray(is_whole)), numbers, None) if invalid.any() else numbers
    return pc.cast(versions, pa.int64())


def normalise(
    cells: pa.Table,
    contract: Contract,
    *,
    date_only: bool = False,
    evidence: FormatEvidence | None = None,
    times: ParsedTimes | None = None,
) -> tuple[pa.Table, Issues]:
    """Return one row of `NORMALISED` per row of cells, in the same order, and the issues.

    cells: all texts, named by the file's headers. date_only, evidence: of the whole file, see `FileDateFacts`.
    times: parsed times of a source with typed values; its cells are then taken verbatim, and only NULL is missing.
    Invalid values become NULL and are reported as issues. Raises `KeyError` for a mapped header that the file does not
    have.
    """
    source = SourceColumns(cells, contract, verbatim=times is not None)
    amounts = LineAmounts(source)
    constants = {name: getattr(contract, name) for name in _OWN_CONSTANTS} | contract.constants
    columns = {name: source.column_or(name, contract.constants.get(name, "")) for name in _TEXT_COLUMNS}
    columns |= {name: source.column_or(name, constants[name]) for name in _OWN_CONSTANTS}
    columns["store_id"] = source.column_or("store_id", contract.identity.store)
    columns |= amounts.all()
    columns |= _versions(source, amounts, columns["store_id"])
    columns["sold_at"], columns["sale_date"] = read_sale_times(source, FileDateFacts(date_only, evidence), times)
    columns["status"] = read_status(source, columns)
    if contract.status.unsigned_returns:
        columns |= negate_returns(columns, columns["status"])
    columns["currency"] = _currency(source, columns["currency"])
    if not source.verbatim:
        flag_mojibake(source, _FREE_TEXT)
    columns["extra"] = json_objects(source.unmapped(), source.length)
    columns["sale_id"] = assign_sale_ids(source, columns)
    schema = lines_schema(NORMALISED)
    typed = [_typed(columns[field.name], field.type) for field in schema]
    return pa.table(typed, schema=schema), source.issues


def _versions(source: SourceColumns, amounts: LineAmounts, store: pa.Array) -> dict[str, pa.Array]:
    returned, version = pa.nulls(source.length, TEXT), pa.nulls(source.length, pa.int64())
    if source.maps("returns_sale_id"):
        returned = build_sale_ids(source.mapped("returns_sale_id"), store, source.contract)
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
    return encode_texts(column) if type_ == TEXT else column
