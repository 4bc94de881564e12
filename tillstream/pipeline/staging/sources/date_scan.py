"""Scan a file for the facts about its dates that no single row shows."""

from collections.abc import Callable, Iterator
from datetime import date

from tillstream.domain.contract.model import Contract
from tillstream.domain.dates.swapped_dates import can_be_swapped, is_only_early
from tillstream.pipeline.normalising.dates.half_converted import converted_dates
from tillstream.pipeline.normalising.dates.sale_time import (
    FileDateFacts,
    all_times_midnight,
    date_evidence,
    needs_date_evidence,
)
from tillstream.pipeline.rows.block import Block

OpenBlocks = Callable[[], Iterator[Block]]


class DateScan:
    """The date facts of a whole file.

    Reads the file again only if the date formats of its contract are ambiguous, if day and month of half-converted
    dates are swapped back, or if all times of the first block that has times are 00:00.
    """

    def __init__(self, open_blocks: OpenBlocks, contract: Contract) -> None:
        """open_blocks: opens the file again, from its first row."""
        self._open_blocks, self._contract = open_blocks, contract
        self._evidence = self._read_evidence() if needs_date_evidence(contract) else None
        self._swap_date_cells = contract.dates.half_converted == "swap" and self._is_half_converted()
        self._date_only: bool | None = None

    def facts(self, block: Block) -> FileDateFacts:
        """The facts as far as the blocks up to this one need them. Call it with each block of the file, in order."""
        if self._date_only is None:
            self._date_only = all_times_midnight(block.cells, self._contract)
            if self._date_only:
                self._date_only = self._is_date_only()
        return FileDateFacts(bool(self._date_only), self._evidence, self._swap_date_cells)

    def _read_evidence(self) -> frozenset[tuple[str, str]]:
        return frozenset[tuple[str, str]]().union(
            *(date_evidence(block.cells, self._contract) for block in self._open_blocks())
        )

    def _is_half_converted(self) -> bool:
        """Return True if no date cell has a day above 12, and all texts have one."""
        converted, texts = set[date](), set[date]()
        for block in self._open_blocks():
            more_converted, more_texts = converted_dates(block.cells, self._contract)
            converted |= more_converted
            texts |= more_texts
        return is_only_early(converted) and bool(texts) and not any(map(can_be_swapped, texts))

    def _is_date_only(self) -> bool:
        return all(all_times_midnight(block.cells, self._contract) is not False for block in self._open_blocks())
