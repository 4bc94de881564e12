"""The stores and products that rows can name, by code or name."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sql
from tillstream.model.text import did_you_mean
from tillstream.ports.warehouse import Warehouse
from tillstream.workflows.stock_import.refusals import Problem, UnusableCell

Store = tuple[str, str]
"""Region and store."""
_ADD_STORE = "Correct the store, or add it to the catalogue first."
_ADD_PRODUCT = "Correct the code, or add the product to the catalogue first."
_MOST_SUGGESTIONS = 20
"""Misspelled names of a file that are compared with all others, which is slow."""


def _everyone(_region: str, _store: str) -> bool:
    return True


@dataclass
class StockCodes:
    """stores: name by region and store, empty without one. products: product and name by region (or `*`) and code.

    may_change: whether the user may change the stock of a store.
    """

    stores: Mapping[Store, str]
    products: Mapping[tuple[str, str], tuple[str, str]]
    may_change: Callable[[str, str], bool] = _everyone
    _suggested: int = 0
    _folded: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    def store(self, region: str, text: str, column: str = "store") -> Store:
        """The store with a code or name; without a region, of any region. Raises `UnusableCell`."""
        if not text:
            raise UnusableCell(Problem(column, "", "The row has no store.", "Enter the code of a store."))
        stores = [one for one in self.stores if not region or one[0].casefold() == region.casefold()]
        if region and not stores:
            suggested = did_you_mean(region, {one[0] for one in self.stores if self.may_change(*one)})
            raise UnusableCell(Problem("region", region, f"There is no region “{region}”.{suggested}", _ADD_STORE))
        matches = [one for one in stores if one[1] == text] or [
            one for one in stores if text.casefold() in {one[1].casefold(), self.stores[one].casefold()}
        ]
        matches = [one for one in matches if self.may_change(*one)] or matches
        if len(matches) == 1:
            return matches[0]
        if matches:
            where = ", ".join(sorted(f"{one[0]}/{one[1]}" for one in matches))
            words = f"“{text}” can be several stores: {where}."
            raise UnusableCell(Problem(column, text, words, "Enter the region and the code of the store."))
        own = [one for one in stores if self.may_change(*one)]
        suggested = self._similar(text, [name for one in own for name in (one[1], self.stores[one]) if name])
        where = f" in {region}" if region else ""
        raise UnusableCell(Problem(column, text, f"There is no store “{text}”{where}.{suggested}", _ADD_STORE))

    def product(self, region: str, text: str) -> tuple[str, str]:
        """Product and code of a text: a code, or a name that one product has. Raises `UnusableCell`."""
        if not text:
            raise UnusableCell(Problem("product", "", "The row has no product.", "Enter the code of a product."))
        for place in (region, "*"):
            if (place, text) in self.products:
                return self.products[place, text][0], text
        named = self._codes_of(region).get(text.casefold(), set())
        matching = {self._product(region, code) for code in named}
        if len(matching) == 1:
            return matching.pop(), min(named)
        if named:
            words = f"“{text}” can be several products: {', '.join(sorted(named))}."
            raise UnusableCell(Problem("product", text, words, "Enter the code of the product."))
        names = (word for code_of_region in self._codes_of(region).values() for word in code_of_region)
        suggested = self._similar(text, names)
        words = f"There is no product “{text}”.{suggested}"
        raise UnusableCell(Problem("product", text, words, _ADD_PRODUCT))

    def _product(self, region: str, code: str) -> str:
        return (self.products.get((region, code)) or self.products["*", code])[0]

    def _codes_of(self, region: str) -> dict[str, set[str]]:
        """Code or name in lower case → codes, of a region."""
        if region not in self._folded:
            folded: dict[str, set[str]] = {}
            for (place, code), (_, name) in self.products.items():
                if place in {region, "*"}:
                    for word in filter(None, (code, name)):
                        folded.setdefault(word.casefold(), set()).add(code)
            self._folded[region] = folded
        return self._folded[region]

    def _similar(self, text: str, names: Iterable[str]) -> str:
        self._suggested += 1
        return did_you_mean(text, names) if self._suggested <= _MOST_SUGGESTIONS else ""


def read(warehouse: Warehouse, may_change: Callable[[str, str], bool] = _everyone) -> StockCodes:
    """Read the stores and products of the daily totals and of the catalogue. Raises as `Warehouse.query`."""
    stores = _rows(warehouse, "stock/stores")
    products = _rows(warehouse, "stock/product_codes")
    return StockCodes(
        {(one["region"], one["store_id"]): one["name"] or "" for one in stores},
        {(one["region"], one["code"]): (one["product"], one["name"] or "") for one in products},
        may_change,
    )


def _rows(warehouse: Warehouse, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = warehouse.query(sql.text(name)).to_pylist()
    return rows
