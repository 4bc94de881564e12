"""Row hashes for settlement: key, sale and content, computed on whole columns.

Texts are hashed with MD5, once per distinct text; numbers, dates and timestamps with the finaliser of splitmix64. The
content hash of a row is the sum of its columns' hashes (the incremental AdHash of Bellare and Micciancio, 1997); NULL
adds nothing. Hashes use 63 bits so they fit signed and unsigned integers alike. See docs/adr/001.
"""

from collections.abc import Iterable
from hashlib import md5
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.columns import CONTENT, Kind
from tillstream.pipeline.rows.text_column import combined, decoded, encoded

HASHED = pa.schema([(name, pa.int64()) for name in ("key_high", "key_low", "sale", "content")])
"""Columns added to each accepted row; never negative. The row's key is key_high · 2⁶⁴ + key_low."""
UNIT = b"\x1f"
"""Separator of two texts that are hashed together: the ASCII unit separator."""
_CACHE_SIZE = 200_000
_MD5 = import_module("_md5").md5 if find_spec("_md5") else md5
"""Python's built-in MD5 if available: for short texts it takes half the time of OpenSSL's."""
_MASK_63_BITS = np.uint64((1 << 63) - 1)

Hashes = npt.NDArray[np.uint64]


class Hasher:
    """Hashes the rows of one batch block by block; caches the hashes of texts."""

    def __init__(self) -> None:
        self._cache: dict[str, dict[bytes, bytes]] = {}

    def with_hashes(self, rows: pa.Table) -> pa.Table:
        """Append the columns of `HASHED`. rows: the columns of `STAGED`, (n,), with region and sale id.

        A line without a line key is hashed as the first line of its product; the settlement numbers the others.
        """
        sale = self._hash_sales(rows)
        line, index = self._hash_texts("line", _line_keys(rows))
        key = sale ^ line[index]
        for field, values in zip(HASHED, (key[:, 1], key[:, 0], sale[:, 0], self._hash_contents(rows)), strict=True):
            rows = rows.append_column(field, pa.array((values & _MASK_63_BITS).view(np.int64)))
        return rows

    def _hash_sales(self, rows: pa.Table) -> Hashes:
        """uint64 (n, 2): low and high half of the MD5 of region and sale id. Nearly every batch has one region."""
        regions, sales = encoded(rows.column("region")), encoded(rows.column("sale_id"))
        of_region, index, sale_ids = regions.indices.to_numpy(), sales.indices.to_numpy(), _bytes(sales.dictionary)
        hashes = np.empty((rows.num_rows, 2), np.uint64)
        for number, region in enumerate(_bytes(regions.dictionary)):
            rows_of_region = slice(None) if len(regions.dictionary) == 1 else of_region == number
            hashes[rows_of_region] = _halves(_digests(region + UNIT, sale_ids))[index[rows_of_region]]
        return hashes

    def _hash_contents(self, rows: pa.Table) -> Hashes:
        total = np.zeros(rows.num_rows, np.uint64)
        for column in CONTENT:
            values = combined(rows.column(column.name))
            if values.null_count == len(values):
                continue
            if column.kind in (Kind.STRING, Kind.JSON):
                halves, index = self._hash_texts(column.name, values)
                total += halves[:, 0].copy()[index]
            else:
                total += _hash_numbers(column.name, values)
        return total

    def _hash_texts(self, name: str, values: pa.Array) -> tuple[Hashes, npt.NDArray[np.int32]]:
        """Hash texts. Returns uint64 (m, 2): halves of the MD5 of name and text, 0 for NULL; and row indices (n,)."""
        cache = self._cache.setdefault(name, {})
        if len(cache) > _CACHE_SIZE:
            cache.clear()
        texts = encoded(values)
        words = _bytes(texts.dictionary)
        new = [word for word in words if word not in cache]
        cache.update(zip(new, _digests(name.encode() + UNIT, new), strict=True))
        halves = _halves([*map(cache.__getitem__, words), bytes(16)])
        return halves, pc.fill_null(texts.indices, len(words)).to_numpy()


def _hash_numbers(name: str, values: pa.Array) -> Hashes:
    """uint64 (n,): hashes of a decimal's 128 bits or a date's or timestamp's integer; 0 for NULL."""
    salt = _halves(_digests(name.encode(), [b""]))[0]
    if pa.types.is_decimal(values.type):
        words = np.frombuffer(values.buffers()[1], np.uint64).reshape(-1, 2)[values.offset :][: len(values)]
        mixed: Hashes = words[:, 0] + (words[:, 1] ^ salt[1]) * np.uint64(0x9E3779B97F4A7C15)
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
    keys = combined(rows.column("line_key"))
    if not keys.null_count:
        return keys
    product = pc.coalesce(*(decoded(rows.column(name)) for name in ("product_id", "product_name", "category")), "-")
    return pc.coalesce(decoded(keys), pc.binary_join_element_wise(product, "#1", ""))


def _bytes(words: pa.Array) -> list[bytes]:
    """Return each text in UTF-8."""
    result: list[bytes] = words.cast(pa.binary()).to_pylist()
    return result


def _digests(prefix: bytes, words: Iterable[bytes]) -> list[bytes]:
    return [_MD5(prefix + word, usedforsecurity=False).digest() for word in words]


def _halves(digests: Iterable[bytes]) -> Hashes:
    """uint64 (n, 2), low half first, as in DuckDB's md5_number."""
    return np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 2)
