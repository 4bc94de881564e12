"""Write the rows of a source to the staging bucket. Neither records nor the ledger are used, so that any process can do
it that reads the objects."""

from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa

from tillstream.contracts.known_headers import MAX_COLUMNS
from tillstream.domain.batch.staging_report import StagingReport
from tillstream.domain.contract.model import Contract
from tillstream.pipeline.rows.prefetch import prefetch
from tillstream.pipeline.staging.hashes import Hasher
from tillstream.pipeline.staging.sources.open_source import RowSource
from tillstream.pipeline.staging.split_rows import split
from tillstream.pipeline.staging.writer import staged_writer
from tillstream.pipeline.validating.history import History
from tillstream.pipeline.validating.outliers import outlier_detector
from tillstream.pipeline.validating.price_scale import PriceScale
from tillstream.pipeline.validating.repeated_rows import RepeatedRows
from tillstream.pipeline.validating.total_row import TotalRow
from tillstream.pipeline.validating.unusual_currencies import currency_detector
from tillstream.ports import ObjectStore

Progress = Callable[[int], None]


def write_rows(
    objects: ObjectStore,
    prefix: str,
    source: RowSource,
    contract: Contract,
    history: History | None,
    progress: Progress | None = None,
) -> StagingReport:
    """Write staged rows under a prefix. history: None for sources other than files, whose rows are not compared.

    Raises `Rejected` for a file that cannot be read.
    """
    every = [create(history, contract) for create in (outlier_detector, currency_detector)] if history else []
    detectors = [detector for detector in every if detector]
    scale, total = PriceScale(history, contract) if history else None, TotalRow()
    repeats, hasher = RepeatedRows(has_numbers=not contract.identity.by_content), Hasher()
    with staged_writer(objects, prefix, detectors) as writer:
        for rows in prefetch(split(row_batch, hasher) for row_batch in prefetch(source.row_batches())):
            writer.add(rows)
            if scale and rows.accepted is not None:
                scale.add(rows.accepted)
                total.add(rows.accepted)
                repeats.add(rows.accepted)
            if progress:
                progress(rows.row_batch.rows_read)
        report = writer.finish(source.headers[: MAX_COLUMNS + 1])
    if scale and (scale_doubt := scale.doubt()):
        report = replace(report, scale_doubt=scale_doubt)
    report = replace(report, digests=writer.digests())
    report = replace(report, total_doubt=total.doubt(), repeats_doubt=repeats.doubt(), table_doubt=source.table_doubt)
    if source.date_doubt:
        report = replace(report, date_doubt=source.date_doubt.words, date_repair=source.date_doubt.repair)
    # a local installation settles in the same process and needs the memory
    pa.default_memory_pool().release_unused()
    return report
