"""Read an original file and its corrections again as row batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tillstream.batches.lineage import inherited_corrections
from tillstream.domain.batch.record import Batch
from tillstream.domain.dates.swapped_dates import DateDoubt
from tillstream.pipeline.rows.row_batch import RowBatch, drop_rows
from tillstream.pipeline.staging.sources.correction import CorrectionSource, row_numbers
from tillstream.pipeline.staging.sources.file import FileSource
from tillstream.ports import Ports


@dataclass
class ReplaySource:
    """The original file without its corrected rows, then the corrections, the latest first."""

    ports: Ports
    upload: Batch
    original: FileSource

    @property
    def headers(self) -> tuple[str, ...]:
        return self.original.headers

    @property
    def date_doubt(self) -> DateDoubt | None:
        return self.original.date_doubt

    @property
    def table_doubt(self) -> str:
        return self.original.table_doubt

    def row_batches(self) -> Iterator[RowBatch]:
        """Yield each row once: one that was corrected several times, from its latest correction."""
        corrections = inherited_corrections(self.ports, self.upload)
        openers = [
            partial(self.ports.objects.open, correction.bucket, correction.object, correction.generation)
            for correction in corrections
        ]
        row_sets = [frozenset(row_numbers(open_corrected)) for open_corrected in openers]
        corrected_rows = frozenset[int]().union(*row_sets)
        for row_batch in self.original.row_batches():
            yield drop_rows(row_batch, corrected_rows)
        later_rows: frozenset[int] = frozenset()
        for correction, open_corrected, rows in reversed(list(zip(corrections, openers, row_sets, strict=True))):
            source = CorrectionSource(
                open_corrected, self.original.contract, self.original.received, correction.fix_number
            )
            for row_batch in source.row_batches():
                yield drop_rows(row_batch, later_rows)
            later_rows |= rows
