"""Keys of several texts as numbers, such as products in stores: many are compared and looked up at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sql.limits import EVERY_LINE
from tillstream.forecasting.models.panel import Ints

LINE_COLUMNS = ("region", "store_id", "product")
"""Columns of the key of a product in a store; the store is empty for sales without one."""
MAX_IN_PARAMETER = 1_000
"""Keys that are named in a statement; a longer list costs more than it saves."""
Column: TypeAlias = "pa.Array | pa.ChunkedArray"


@dataclass(frozen=True)
class Keys:
    """Distinct keys in order. Texts are compared by their bytes; NULL is the empty text."""

    texts: tuple[pa.Array, ...]
    """Distinct texts of each column, in order."""
    numbers: Ints
    """The places of the texts of each key as one number, ascending; shape (keys,)."""

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return zip(*(self.column(place).to_pylist() for place in range(len(self.texts))), strict=True)

    def column(self, place: int, rows: Ints | slice = slice(None)) -> pa.Array:
        """Return the text of each key, or of some keys in any order, in a column."""
        return self.texts[place].take(pa.array(self.places(place)[rows]))

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of `EVERY_LINE` for keys of products in stores.

        More than `MAX_IN_PARAMETER` keys, or stores, are not listed: all are read. A text in @lines can be that of
        another key if texts have the sign between them, so rows are looked up with `find` again.
        """
        stores, products = (self.distinct(LINE_COLUMNS.index(name)) for name in ("store_id", "product"))
        parameters = params_of_stores(stores)
        if len(self) <= MAX_IN_PARAMETER:
            parameters |= {"lines": ["|".join(key) for key in self], "products": products, "every_line": False}
        return parameters

    def distinct(self, place: int, rows: Ints | slice = slice(None)) -> list[str]:
        """Return the distinct texts of the keys, or of some keys, in a column; in order."""
        texts: list[str] = self.texts[place].take(pa.array(np.unique(self.places(place)[rows]))).to_pylist()
        return texts

    def places(self, *columns: int) -> Ints:
        """Return the places of the texts of each key, of several columns as one number; shape (keys,)."""
        sizes = tuple(len(each) for each in self.texts)
        codes = np.unravel_index(self.numbers, sizes)
        return _combined([codes[each] for each in columns], [sizes[each] for each in columns])

    def at(self, rows: Ints) -> "Keys":
        """Return some keys, in ascending order."""
        return Keys(self.texts, self.numbers[rows])

    def find(self, columns: Sequence[Column]) -> Ints:
        """Return the number of the key of each row of columns; −1 if it is none of these."""
        codes = [_places(column, texts) for column, texts in zip(columns, self.texts, strict=True)]
        if not len(self):
            return np.full(len(codes[0]), -1, dtype=np.int64)
        numbers = _combined(codes, [len(each) for each in self.texts])
        rows = np.minimum(np.searchsorted(self.numbers, numbers), len(self) - 1)
        is_key = np.all([each >= 0 for each in codes], axis=0) & (self.numbers[rows] == numbers)
        return np.where(is_key, rows, -1)


def params_of_stores(stores: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of `EVERY_LINE` for all products in some stores; empty texts are sales without a store."""
    is_listed = len(stores) <= MAX_IN_PARAMETER
    return {**EVERY_LINE, **({"stores": list(stores), "every_store": False} if is_listed else {})}


def keys_of(columns: Sequence[Column]) -> tuple[Keys, Ints]:
    """Return the distinct keys of the rows of columns, and the number of the key of each row."""
    codes_of_texts = [encode_texts(column) for column in columns]
    texts = [each.dictionary.take(pc.sort_indices(each.dictionary)) for each in codes_of_texts]
    codes = [_places(column, each) for column, each in zip(codes_of_texts, texts, strict=True)]
    numbers, of_row = np.unique(_combined(codes, [len(each) for each in texts]), return_inverse=True)
    return Keys(tuple(texts), numbers), of_row


def encode_texts(column: Column) -> pa.DictionaryArray:
    """Return a column of text as codes of its distinct texts; NULL as empty text."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):  # without chunks
        whole = pa.array([], whole.type)
    return whole if pa.types.is_dictionary(whole.type) else whole.fill_null("").dictionary_encode()


def _places(column: Column, texts: pa.Array) -> Ints:
    """Place of each text of a column in `texts`; −1 if it is not there."""
    codes = encode_texts(column)
    places = pc.index_in(codes.dictionary, value_set=texts).fill_null(-1).to_numpy().astype(np.int64)
    return places[codes.indices.to_numpy()] if len(codes) else np.zeros(0, dtype=np.int64)


def _combined(codes: Sequence[Ints], sizes: Sequence[int]) -> Ints:
    numbers = np.zeros(len(codes[0]), dtype=np.int64)
    for code, size in zip(codes, sizes, strict=True):
        numbers = numbers * size + code
    return numbers
