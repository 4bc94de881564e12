"""Look up the sales of a wave in the ledger."""

from collections.abc import Sequence

from tillstream.ledger.settle_script import ScriptRunner
from tillstream.ports.warehouse import StagedBatch

ROWS_TOGETHER = 500_000
"""Staged rows whose sales are looked up in one scan of the ledger; the sales are kept in memory. For larger waves, it
takes longer to find the rows first than to read all columns in the scan."""


class SaleLookup:
    """Fills `known_lines` for each wave. One scan of the ledger finds the rows of many batches.

    The scan reads only the hashes of the sales, and takes longer as the ledger grows. The other columns are read of the
    rows that it finds.
    """

    def __init__(self, script: ScriptRunner, settlement_no: int) -> None:
        self._script, self._settlement_no = script, settlement_no
        self._coming: list[StagedBatch] = []
        self._searched: set[str] = set()
        """Batches whose rows are in `found_lines`."""

    def expect(self, batches: Sequence[StagedBatch]) -> None:
        """Note the batches of the settlement, in the order of the waves."""
        self._coming = list(batches)

    def read(self, wave: Sequence[StagedBatch]) -> None:
        """Fill `known_lines` with every content of the sales of the wave, as the ledger is now."""
        accepted = [address for batch in wave for address in batch.accepted]
        if not accepted or not self._script.exists("sale_versions"):
            self._script.run("no_known_lines")
            return
        if sum(batch.rows_read for batch in wave) > ROWS_TOGETHER:
            self._script.run("known_lines_at_once", accepted=accepted)
            return
        if not self._searched.issuperset(batch.batch_id for batch in wave):
            self._find(wave)
        alone = len(self._searched) == len(wave)
        self._script.run("known_lines" if alone else "known_lines_of_wave", **({} if alone else {"accepted": accepted}))
        if self._script.exists(f"sale_versions WHERE settlement_no = {self._settlement_no}"):
            self._script.run("add_known_lines", accepted=accepted, settlement_no=self._settlement_no)

    def _find(self, wave: Sequence[StagedBatch]) -> None:
        """Find the rows of the wave and of the batches after it."""
        together, rows = list(wave), sum(batch.rows_read for batch in wave)
        self._searched = {batch.batch_id for batch in wave}
        places = [place for place, batch in enumerate(self._coming) if batch.batch_id in self._searched]
        following = self._coming[places[0] :] if places else []
        for batch in following:
            if batch.batch_id in self._searched:
                continue
            rows += batch.rows_read
            if rows > ROWS_TOGETHER:
                break
            together.append(batch)
        self._searched = {batch.batch_id for batch in together}
        accepted = [address for batch in together for address in batch.accepted]
        self._script.run("found_lines", accepted=accepted, settlement_no=self._settlement_no)
