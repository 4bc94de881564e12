"""Split a row batch into accepted rows with hashes and rejected rows with reasons.

Texts are hashed with MD5, once per distinct text; numbers, dates and timestamps with the finaliser of splitmix64. The
content hash of a row is the sum of its columns' hashes (the incremental AdHash of Bellare and Micciancio, 1997); NULL
adds nothing. Hashes use 63 bits so they fit signed and unsigned integers alike. See docs/adr/001.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import md5
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.columns import CONTENT, STAGED, ColumnKind
from tillstream.model.people import NOT_YOUR_STORE
from tillstream.model.problems import CATALOGUE, Severity
from tillstream.model.tables.warehouse_tables import REJECTED_ROWS
from tillstream.pipeline.rows.row_batch import RejectedRow, RejectionProblem, RowBatch
from tillstream.pipeline.rows.text_columns import (
    arrow_schema,
    combine_chunks,
    constant_column,
    decode_texts,
    encode_texts,
    exact_sum,
    lines_schema,
)

HASH_SCHEMA = pa.schema([(name, pa.int64()) for name in ("key_high", "key_low", "sale", "content")])
"""Columns added to each accepted row; never negative. The row's key is key_high · 2⁶⁴ + key_low."""
UNIT_SEPARATOR = b"\x1f"
"""Separator of two texts that are hashed together: the ASCII unit separator."""
_CACHE_SIZE = 200_000
_MD5 = import_module("_md5").md5 if find_spec("_md5") else md5
"""Python's built-in MD5 if available: for short texts it takes half the time of OpenSSL's."""
_MASK_63_BITS = np.uint64((1 << 63) - 1)

HashArray = npt.NDArray[np.uint64]

ACCEPTABLE_CODES = frozenset({"out-of-range", "conflicting-contents", "differs-from-till", NOT_YOUR_STORE})
"""Errors that a user may override with `_accept=yes`: the row was parsed and only violates a rule. A user who is bound
to stores cannot override `NOT_YOUR_STORE`: settlement rejects the row again."""


class Hasher:
    """Hashes the rows of one batch block by block; caches the hashes of texts."""

    def __init__(self) -> None:
        self._cache: dict[str, dict[bytes, bytes]] = {}

    def with_hashes(self, rows: pa.Table) -> pa.Table:
        """Append the columns of `HASH_SCHEMA`. rows: the columns of `STAGED`, (n,), with region and sale id.

        A line without a line key is hashed as the first line of its product; the settlement numbers the others.
        """
        sale = self._hash_sales(rows)
        line, index = self._hash_texts("line", _line_keys(rows))
        key = sale ^ line[index]
        for field, values in zip(
            HASH_SCHEMA, (key[:, 1], key[:, 0], sale[:, 0], self._hash_contents(rows)), strict=True
        ):
            rows = rows.append_column(field, pa.array((values & _MASK_63_BITS).view(np.int64)))
        return rows

    def _hash_sales(self, rows: pa.Table) -> HashArray:
        """uint64 (n, 2): low and high half of the MD5 of region and sale id. Nearly every batch has one region."""
        regions, sales = encode_texts(rows.column("region")), encode_texts(rows.column("sale_id"))
        of_region, index, sale_ids = regions.indices.to_numpy(), sales.indices.to_numpy(), _word_bytes(sales.dictionary)
        hashes = np.empty((rows.num_rows, 2), np.uint64)
        for number, region in enumerate(_word_bytes(regions.dictionary)):
            rows_of_region = slice(None) if len(regions.dictionary) == 1 else of_region == number
            hashes[rows_of_region] = _digest_halves(_digests(region + UNIT_SEPARATOR, sale_ids))[index[rows_of_region]]
        return hashes

    def _hash_contents(self, rows: pa.Table) -> HashArray:
        total = np.zeros(rows.num_rows, np.uint64)
        for column in CONTENT:
            values = combine_chunks(rows.column(column.name))
            if values.null_count == len(values):
                continue
            if column.kind in (ColumnKind.STRING, ColumnKind.JSON):
                halves, index = self._hash_texts(column.name, values)
                total += halves[:, 0].copy()[index]
            else:
                total += _hash_numbers(column.name, values)
        return total

    def _hash_texts(self, name: str, values: pa.Array) -> tuple[HashArray, npt.NDArray[np.int32]]:
        """Hash texts. Returns uint64 (m, 2): halves of the MD5 of name and text, 0 for NULL; and row indices (n,)."""
        cache = self._cache.setdefault(name, {})
        if len(cache) > _CACHE_SIZE:
            cache.clear()
        texts = encode_texts(values)
        words = _word_bytes(texts.dictionary)
        new = [word for word in words if word not in cache]
        cache.update(zip(new, _digests(name.encode() + UNIT_SEPARATOR, new), strict=True))
        halves = _digest_halves([*map(cache.__getitem__, words), bytes(16)])
        return halves, pc.fill_null(texts.indices, len(words)).to_numpy()


def _hash_numbers(name: str, values: pa.Array) -> HashArray:
    """uint64 (n,): hashes of a decimal's 128 bits or a date's or timestamp's integer; 0 for NULL."""
    salt = _digest_halves(_digests(name.encode(), [b""]))[0]
    if pa.types.is_decimal(values.type):
        words = np.frombuffer(values.buffers()[1], np.uint64).reshape(-1, 2)[values.offset :][: len(values)]
        mixed: HashArray = words[:, 0] + (words[:, 1] ^ salt[1]) * np.uint64(0x9E3779B97F4A7C15)
    else:
        numbers = values.cast(pa.int32()) if pa.types.is_date32(values.type) else values
        mixed = pc.fill_null(numbers.cast(pa.int64()), 0).to_numpy().view(np.uint64).copy()
    mixed += salt[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    if values.null_count:
        mixed[pc.is_null(values).to_numpy(zero_copy_only=False)] = 0
    return mixed


def _line_keys(rows: pa.Table) -> pa.Array:
    keys = combine_chunks(rows.column("line_key"))
    if not keys.null_count:
        return keys
    product = pc.coalesce(
        *(decode_texts(rows.column(name)) for name in ("product_id", "product_name", "category")), "-"
    )
    return pc.coalesce(decode_texts(keys), pc.binary_join_element_wise(product, "#1", ""))


def _word_bytes(words: pa.Array) -> list[bytes]:
    """Return each text in UTF-8."""
    result: list[bytes] = words.cast(pa.binary()).to_pylist()
    return result


def _digests(prefix: bytes, words: Iterable[bytes]) -> list[bytes]:
    return [_MD5(prefix + word, usedforsecurity=False).digest() for word in words]


def _digest_halves(digests: Iterable[bytes]) -> HashArray:
    """uint64 (n, 2), low half first, as in DuckDB's md5_number."""
    return np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 2)


@dataclass(frozen=True)
class SplitRows:
    """A row batch, split into accepted and rejected rows."""

    row_batch: RowBatch
    accepted: pa.Table | None
    """Columns of `STAGED` and `HASH_SCHEMA`, (n,); None without rows."""
    refused: pa.Table | None
    """Columns of `REJECTED_ROWS`; None without rows."""
    quarantined: int
    """Number of rejected rows that are not ignored."""
    ignored: int
    """Number of rejected rows that are ignored: discarded by a user, or not a sale."""
    amounts: list[tuple[str, Decimal | None, Decimal | None]]
    """currency, net, gross of the accepted rows."""
    is_rejected: npt.NDArray[np.bool_]
    """bool (n,): the rows of the table of `row_batch` that are rejected."""


def split_row_batch(row_batch: RowBatch, hasher: Hasher) -> SplitRows:
    """Split a row batch: a row with an error is rejected, unless a user accepted it and the error is
    `ACCEPTABLE_CODES`."""
    rejected = _is_rejected(row_batch, row_batch.table.num_rows)
    accepted = None
    if not rejected.all():
        accepted = hasher.with_hashes(_accepted_rows(row_batch, None if not rejected.any() else ~rejected))
    rows = [*row_batch.rejected, *_rejected_rows(row_batch, rejected)]
    quarantined = sum(row.outcome == "quarantined" for row in rows)
    return SplitRows(
        row_batch,
        accepted,
        _rejected_table(row_batch, rows, rejected) if rows else None,
        quarantined,
        len(rows) - quarantined,
        [] if accepted is None else [*_amounts(accepted)],
        rejected,
    )


def _is_rejected(row_batch: RowBatch, length: int) -> npt.NDArray[np.bool_]:
    if row_batch.accepted is None or not row_batch.accepted.any():
        return row_batch.issues.rejected_mask(length)
    rejected = np.zeros(length, np.bool_)
    for issue in row_batch.issues:
        if CATALOGUE[issue.code].severity is Severity.ERROR:
            is_accepted = (
                row_batch.accepted[issue.rows]
                if issue.code in ACCEPTABLE_CODES
                else np.zeros(len(issue.rows), np.bool_)
            )
            rejected[issue.rows[~is_accepted]] = True
    return rejected


def _accepted_rows(row_batch: RowBatch, keep: npt.NDArray[np.bool_] | None) -> pa.Table:
    length = row_batch.table.num_rows
    metadata: dict[str, Any] = {
        "row_number": pa.array(row_batch.row_number),
        "line_number": pa.array(row_batch.line_number),
        "fix_number": pa.repeat(pa.scalar(row_batch.fix_number, pa.int64()), length),
        "accepted": pa.repeat(pa.scalar(False), length) if row_batch.accepted is None else pa.array(row_batch.accepted),
        "source": constant_column(row_batch.source, length)
        if isinstance(row_batch.source, str)
        else encode_texts(row_batch.source),
        "received_seq": pa.nulls(length, pa.int64()) if row_batch.received_seq is None else row_batch.received_seq,
    }
    schema = lines_schema(STAGED)
    columns = [metadata[name] if name in metadata else row_batch.table.column(name) for name in schema.names]
    rows = pa.table(columns, schema=schema)
    return rows if keep is None else rows.filter(pa.array(keep))


def _rejected_rows(row_batch: RowBatch, rejected: npt.NDArray[np.bool_]) -> list[RejectedRow]:
    """Return the rejected rows of the table, each with all its problems."""
    if not rejected.any():
        return []
    problems: dict[int, list[RejectionProblem]] = {int(index): [] for index in np.flatnonzero(rejected)}
    errors = row_batch.issues.table(Severity.ERROR)
    for row in errors.filter(pa.array(rejected[errors.column("index").to_numpy()])).to_pylist():
        problems[row.pop("index")].append(row)
    return [
        RejectedRow(int(row_batch.row_number[index]), int(row_batch.line_number[index]), row_batch.raw(index), errors)
        for index, errors in problems.items()
    ]


def _rejected_table(row_batch: RowBatch, rows: Sequence[RejectedRow], rejected: npt.NDArray[np.bool_]) -> pa.Table:
    schema = arrow_schema(REJECTED_ROWS)
    rejected_table = row_batch.table.filter(pa.array(rejected))
    untyped_count = len(rows) - rejected_table.num_rows
    columns: dict[str, Any] = {
        "row_number": [row.row_number for row in rows],
        "line_number": [row.line_number for row in rows],
        "fix_number": [row_batch.fix_number] * len(rows),
        "outcome": [row.outcome for row in rows],
        "refused_by": [row.refused_by for row in rows],
        "raw": [row.raw for row in rows],
        "code": [row.problems[0]["code"] for row in rows],
        "column_name": [row.problems[0]["column"] for row in rows],
        "value": [row.problems[0]["value"] for row in rows],
        "problems": [json.dumps(row.problems, ensure_ascii=False) for row in rows],
    }
    for name in ("region", "sale_id", "store_id", "sale_date"):
        values = decode_texts(rejected_table.column(name))
        columns[name] = pa.concat_arrays([pa.nulls(untyped_count, values.type), values])
    return pa.table([pa.array(columns[name], schema.field(name).type) for name in schema.names], schema=schema)


def _amounts(rows: pa.Table) -> Iterator[tuple[str, Decimal | None, Decimal | None]]:
    currency = encode_texts(rows.column("currency"))
    amounts = [combine_chunks(rows.column(name)) for name in ("net_amount", "gross_amount")]
    for number, word in enumerate(currency.dictionary.to_pylist()):
        matches = pc.equal(currency.indices, number)
        if len(currency.dictionary) == 1:
            yield word, *(exact_sum(values) for values in amounts)
        elif pc.any(matches).as_py():
            yield word, *(exact_sum(values.filter(matches)) for values in amounts)
