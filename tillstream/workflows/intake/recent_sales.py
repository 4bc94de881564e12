"""The sales that were received last."""

from collections.abc import Iterable

KEPT = 20_000
"""Sales in memory, several seconds of many stores."""


class RecentSales:
    """Region and sale of at least the last `most` sales, and of at most twice as many. For one thread."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._current: set[tuple[str, str]] = set()
        self._before: set[tuple[str, str]] = set()

    def __contains__(self, sale: tuple[str, str]) -> bool:
        return sale in self._current or sale in self._before

    def update(self, sales: Iterable[tuple[str, str]]) -> None:
        self._current.update(sales)
        if len(self._current) >= self._most:
            self._before, self._current = self._current, set()
