"""A process that detects and ingests files one after the other; prints a line of JSON for each.

The arguments are a folder for a home, a number of bytes that it may use, and the files.
"""

import ctypes
import gc
import json
import resource
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from app_factory import build
from hostile_files import contract

from tillstream.commands.detect import detect
from tillstream.commands.ingest import ingest
from tillstream.commands.result import quiet
from tillstream.model.errors import Rejected
from tillstream.settings import Settings

PEAK, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


def peak() -> int:
    """Megabytes that were resident at most since the last file."""
    (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) >> 10


def measured(run: Callable[[], Any]) -> dict[str, Any]:
    """What a run gives, or why it is rejected; `traceback` if it breaks."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)  # what the file before has left does not count
    PEAK.write_text("5")
    started, result = time.process_time(), dict[str, Any]()
    try:
        result |= run()
    except Rejected as error:
        result |= {"status": "rejected", "error": str(error)}
    except BaseException:  # noqa: BLE001 - a panic of a library, too
        result["traceback"] = traceback.format_exc()
    return result | {"seconds": round(time.process_time() - started, 1), "megabytes": peak()}


def main(home: Path, limit: int, files: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    app = build(Settings(home=home, project="", samples=False, threads=1, reporting_currency="EUR"))
    shop = app.contracts.save(contract(), "test").name

    def detected(file: str) -> dict[str, Any]:
        data = detect(file, {}, "", app.settings.contracts).data
        return {"status": "read", "error": str(data["unreadable"])}

    def ingested(file: str) -> dict[str, Any]:
        receipt = ingest(app, quiet, files=[file], contract=shop).data
        reasons = [receipt["error"], *(one["message"] for one in receipt.get("holds", ()))]
        return {"status": receipt["status"], "error": " ".join(filter(None, reasons)), "rows": receipt.get("rows")}

    for file in files:
        steps = {"detect": measured(partial(detected, file)), "ingest": measured(partial(ingested, file))}
        print(json.dumps({"file": Path(file).name} | steps), flush=True)
    app.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
