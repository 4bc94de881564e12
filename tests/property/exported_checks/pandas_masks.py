"""Validate pandas frames in the environment of `make notebooks`: a request per line of input, an answer per line.

A request is a JSON list: the text of an exported schema, the path of an Arrow table, and the frame's types: `arrow`, or
`numpy` for those of pandas without Arrow. The answer lists column, check, and a boolean per row of each failed check.
"""

import json
import sys
from typing import Any

import pandas as pd
import pandera.errors
import pyarrow as pa


def masks(schema: Any, frame: pd.DataFrame) -> list[tuple[str | None, str, list[bool]]]:
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return [(e.column_name, e.check.name, e.check_output.tolist()) for e in errors.schema_errors]
    return []


for line in sys.stdin:
    text, path, types = json.loads(line)
    names: dict[str, Any] = {}
    exec(text, names)
    frame = pa.ipc.open_file(path).read_all().to_pandas(types_mapper=pd.ArrowDtype if types == "arrow" else None)
    frame.index = pd.Index([f"row {number}" for number in range(len(frame))])  # labels that are no positions
    print(json.dumps(masks(names["schema"], frame)), flush=True)
