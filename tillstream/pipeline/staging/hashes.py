"""The hashes by which settle compares rows, on whole columns: of key, sale and content.

Texts are hashed with MD5, once for each distinct one; numbers, days and instants with the finaliser of splitmix64. The
hash of a row's content is the sum of its columns' hashes (the incremental AdHash of Bellare and Micciancio, 1997); NULL
adds nothing. A hash keeps 63 bits and so is the same number with and without a sign. See docs/adr/001.
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
from tillstream.pipeline.rows.text_column import encoded, plain, whole

HASHED = pa.schema([(name, pa.int64()) for name in ("key_high", "key_low", "sale", "content")])
"""What is added to each accepted row; never negative. Its key is key_high · 2⁶⁴ + key_low."""
UNIT = b"\x1f"
_KEPT = 200_000
_MD5 = import_module("_md5").md5 if find_spec("_md5") else md5
"""Python's own where it was built with it: of short texts it takes half the time of OpenSSL's."""
_SIGNLESS = np.uint64((1 << 63) - 1)

Hashes = npt.NDArray[np.uint64]


class Hasher:
    """Hashes the rows of one batch, block by block, and keeps the hashes of texts that may come again."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[bytes, bytes]] = {}

    def with_hashes(self, rows: pa.Table) -> pa.Table:
        """rows: the columns of `STAGED`, (n,), with region and sale id. The same rows, and the columns of `HASHED`.

        A line that its source does not number is hashed as the first of its product; settle numbers what follows.
        """
        sale = self._of_sales(rows)
        line, index = self._of_texts("line", _line_keys(rows))
        key = sale ^ line[index]
        for field, values in zip(HASHED, (key[:, 1], key[:, 0], sale[:, 0], self._of_contents(rows)), strict=True):
            rows = rows.append_column(field, pa.array((values & _SIGNLESS).view(np.int64)))
        return rows

    def _of_sales(self, rows: pa.Table) -> Hashes:
        """uint64 (n, 2): low and high half of the MD5 of region and sale id; nearly every batch has one region."""
        regions, sales = encoded(rows.column("region")), encoded(rows.column("sale_id"))
        of_region, index, words = regions.indices.to_numpy(), sales.indices.to_numpy(), _bytes(sales.dictionary)
        found = np.empty((rows.num_rows, 2), np.uint64)
        for number, region in enumerate(_bytes(regions.dictionary)):
            here = slice(None) if len(regions.dictionary) == 1 else of_region == number
            found[here] = _halves(_digests(region + UNIT, words))[index[here]]
        return found

    def _of_contents(self, rows: pa.Table) -> Hashes:
        total = np.zeros(rows.num_rows, np.uint64)
        for column in CONTENT:
            values = whole(rows.column(column.name))
            if values.null_count == len(values):
                continue
            if column.kind in (Kind.STRING, Kind.JSON):
                halves, index = self._of_texts(column.name, values)
                total += halves[:, 0].copy()[index]
            else:
                total += _of_numbers(column.name, values)
        return total

    def _of_texts(self, name: str, values: pa.Array) -> tuple[Hashes, npt.NDArray[np.int32]]:
        """uint64 (m, 2): halves of the MD5 of the name and each text, 0 for NULL; and the place of each row, (n,)."""
        kept = self._kept.setdefault(name, {})
        if len(kept) > _KEPT:
            kept.clear()
        found = encoded(values)
        words = _bytes(found.dictionary)
        new = [word for word in words if word not in kept]
        kept.update(zip(new, _digests(name.encode() + UNIT, new), strict=True))
        halves = _halves([*map(kept.__getitem__, words), bytes(16)])
        return halves, pc.fill_null(found.indices, len(words)).to_numpy()


def _of_numbers(name: str, values: pa.Array) -> Hashes:
    """uint64 (n,): of a decimal's 128 bits, a day's or an instant's number; 0 for NULL."""
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
    keys = whole(rows.column("line_key"))
    if not keys.null_count:
        return keys
    product = pc.coalesce(*(plain(rows.column(name)) for name in ("product_id", "product_name", "category")), "-")
    return pc.coalesce(plain(keys), pc.binary_join_element_wise(product, "#1", ""))


def _bytes(words: pa.Array) -> list[bytes]:
    """Each text in UTF-8."""
    found: list[bytes] = words.cast(pa.binary()).to_pylist()
    return found


def _digests(before: bytes, words: Iterable[bytes]) -> list[bytes]:
    return [_MD5(before + word, usedforsecurity=False).digest() for word in words]


def _halves(digests: Iterable[bytes]) -> Hashes:
    """uint64 (n, 2), the low half first, as DuckDB's md5_number reads a digest."""
    return np.frombuffer(b"".join(digests), np.uint64).reshape(-1, 2)
