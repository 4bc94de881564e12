"""Validate frames with suites in the environment of `make expectations`: a request per line, an answer per line.

A request is a JSON list: a suite, the columns of a frame, each with its type and its values as texts, and the
parameters of the suite as ISO 8601 texts. The answer lists problem, column and the positions of the rows of each
expectation that is not met.
"""

import json
import os
import sys
from datetime import datetime
from typing import Any

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import pandas as pd

CONTEXT = gx.get_context(mode="ephemeral")
FRAMES = (
    CONTEXT.data_sources.add_pandas("pandas").add_dataframe_asset("lines").add_batch_definition_whole_dataframe("all")
)


def failures(
    suite: dict[str, Any], frame: pd.DataFrame, parameters: dict[str, datetime]
) -> list[tuple[str, str, list[int]]]:
    batch = FRAMES.get_batch({"dataframe": frame})
    result = batch.validate(
        gx.ExpectationSuite(**suite), result_format={"result_format": "COMPLETE"}, expectation_parameters=parameters
    )
    failed = []
    for each in result.results:
        if '"raised_exception": true' in json.dumps(each.to_json_dict()["exception_info"]):
            raise RuntimeError(each)
        rows = each.result.get("unexpected_index_list") or []
        assert each.success == (not rows), each
        if rows:
            meta = each.expectation_config.meta
            failed.append((meta["problem"], meta["column"], rows))
    return failed


for line in sys.stdin:
    suite, columns, parameters = json.loads(line)
    series = {name: pd.Series(values, dtype="str").astype(kind) for name, (kind, values) in columns.items()}
    instants = {name: datetime.fromisoformat(text) for name, text in parameters.items()}
    print(json.dumps(failures(suite, pd.DataFrame(series), instants)), flush=True)
