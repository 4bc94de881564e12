"""The sample files of Germany, France, Japan and Brazil are read by their shipped contracts to the facts they claim."""

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pytest

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.samples.sample_files import expected_facts, files_of_regions

UNTIL, SCALE = date(2026, 3, 17), 0.04


@pytest.mark.parametrize("region", ["DE", "FR", "JP", "BR"])
def test_a_file_is_read_with_the_rows_refusals_and_totals_that_were_written(region: str, tmp_path: Path) -> None:
    facts = expected_facts(until=UNTIL, scale=SCALE, regions=[region])[region]
    for one in files_of_regions(until=UNTIL, scale=SCALE, regions=[region]):
        path, claimed = tmp_path / one.name, facts.files[one.name]
        with path.open("wb") as out:
            one.write(out)
        refused: Counter[str] = Counter()
        read, net = 0, Decimal(0)
        for row_batch in RegionalFileSource(
            lambda path=path: path.open("rb"), shipped_contracts()[region], date(2026, 6, 1)
        ).row_batches():
            wrong = row_batch.issues.rejected_mask(row_batch.table.num_rows)
            read += row_batch.table.num_rows + len(row_batch.rejected) + row_batch.blank
            refused.update(row["code"] for row in row_batch.issues.table().to_pylist() if wrong[row["index"]])
            refused.update(problem["code"] for row in row_batch.rejected for problem in row.problems)
            net += pc.sum(row_batch.table.filter(~wrong).column("net_amount")).as_py() or 0
            assert {issue.code for issue in row_batch.issues} <= set(claimed.refused), row_batch.issues.summary()
        assert (read, net) == (claimed.read, claimed.net)
        assert refused == claimed.refused
