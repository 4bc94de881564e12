"""dlt into DuckDB by its fastest path: Arrow tables from Arrow's CSV reader, passed on unchanged."""

import sys
from collections.abc import Iterator
from pathlib import Path

import dlt
import pyarrow as pa
import pyarrow.csv as pa_csv


def main(file: str, folder: str) -> None:
    def blocks() -> Iterator[pa.Table]:
        options = pa_csv.ReadOptions(block_size=16 << 20)
        for batch in pa_csv.open_csv(file, read_options=options):
            yield pa.Table.from_batches([batch])

    database = str(Path(folder) / "dlt.duckdb")
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=str(Path(folder) / "dlt"),
        destination=dlt.destinations.duckdb(database),
        dataset_name="sales",
    )
    pipeline.run(dlt.resource(blocks, name="sales"), loader_file_format="parquet", write_disposition="append")


if __name__ == "__main__":
    main(*sys.argv[1:3])
