"""Ctrl-C ends a command at any moment with one sentence and the exit code 130, and an ingest says what is kept."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from app_factory import build

from examples import in_long_proofs
from tillstream.commands.result import KEPT, SENT, KeptFiles, quiet
from tillstream.model.batch import Batch, BatchState
from tillstream.records import batch_records
from tillstream.settings import Settings

pytestmark = pytest.mark.system
START = "from tillstream.cli.start import script; print(flush=True); script()"
INTERRUPTED_WHEN_PRINTING = (
    "import signal; from tillstream.cli import runner; runner.print_result = lambda *_, **__: signal.raise_signal(2); "
)
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def _interrupted(home: Path, file: Path, seconds: float | None, before: str = "") -> tuple[int, str]:
    """Exit code and standard error of an ingest that is interrupted some seconds after it started.

    seconds: None if it interrupts itself. before: Python code to run first.
    """
    environment = os.environ | {"TILLSTREAM_HOME": str(home), "TILLSTREAM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", before + START, "ingest", str(file), "--region", "online-retail-uk"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()  # the interpreter has started
        if seconds is not None:
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        return process.returncode, err


def _batches(home: Path) -> list[Batch]:
    app = build(Settings(home=home, samples=False, threads=1))
    batches = list(batch_records.find_batches(app.ports))
    app.close()
    return batches


@pytest.mark.parametrize("count", [2, *in_long_proofs(6)])
def test_ctrl_c_at_any_moment_of_an_ingest_ends_in_one_sentence(tmp_path: Path, count: int) -> None:
    file = tmp_path / "sales.csv"
    rows = (f"{n},22423,CAKESTAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n" for n in range(500_000, 600_000))
    file.write_text(HEAD + "".join(rows))
    moments = random.Random(7)
    for seconds in (0.02, *(moments.uniform(0.1, 3) for _ in range(count))):
        home = tmp_path / f"after {seconds}"
        code, err = _interrupted(home, file, seconds)
        if code != 130:
            assert (code, err) == (0, ""), "the command was faster"
            continue
        assert err.startswith("Interrupted.")
        assert err.count("\n") == 1
        kept = {batch.batch_id: batch.state for batch in _batches(home)}
        if "The command was complete" in err:
            assert list(kept.values()) == [BatchState.SETTLED]
        else:
            named = [batch for batch in kept if f"kept as batch {batch};" in err]
            assert named == list(kept) or "not known whether" in err


def test_ctrl_c_after_the_end_of_a_command_reports_it_as_complete(tmp_path: Path) -> None:
    file, home = tmp_path / "sales.csv", tmp_path / "home"
    file.write_text(HEAD + "536365,22423,CAKESTAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n")
    code, err = _interrupted(home, file, None, before=INTERRUPTED_WHEN_PRINTING)
    assert (code, err) == (130, "Interrupted. The command was complete; only its output may be missing.\n")
    assert [batch.state for batch in _batches(home)] == [BatchState.SETTLED]


def test_an_interrupted_command_lists_what_is_kept_and_how_to_go_on() -> None:
    kept, arguments = KeptFiles(quiet), {"files": ["/a/one.csv", "/a/two.csv"]}
    assert KeptFiles(quiet).advice_if_interrupted({}) == "Run the command again: nothing is done twice."
    kept(KEPT, about="b1 one.csv")
    assert kept.advice_if_interrupted(arguments) == (
        "one.csv was received and is kept as batch b1; do not send it again. `tillstream sweep` or the next server "
        "start resumes it; `tillstream receipts b1` shows its state. It is not known whether two.csv was stored. Run "
        "the command again: a file counts only once, even if it is sent more than once."
    )
    assert kept.advice_if_interrupted(arguments | {"dry": True}) == "Nothing was stored."
    kept(SENT, about="http://127.0.0.1:8080")
    assert kept.advice_if_interrupted(arguments).startswith(
        "The server at http://127.0.0.1:8080 completes the command;"
    )
