"""The process that makes fits ends with the one that asked for them, also if that is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import os, time
from tillstream.forecasting.fitters import FittingProcess

def main():
    with FittingProcess() as fitter:
        print(fitter._call(os.getpid), flush=True)
        fitter._call(time.sleep, 600)

if __name__ == "__main__":
    main()
"""
LONGEST = 30.0


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc, as Linux has it")
def test_a_killed_forecast_leaves_no_process(tmp_path: Path) -> None:
    script = tmp_path / "forecast_for_long.py"
    script.write_text(SCRIPT, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=os.environ) as parent:
        assert parent.stdout
        fitting = int(parent.stdout.readline())
        assert is_running(fitting)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    end = time.monotonic() + LONGEST
    while is_running(fitting) and time.monotonic() < end:
        time.sleep(0.1)
    assert not is_running(fitting)
