"""Programs of the Google Cloud SDK in processes of their own, and what their errors are."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tillstream.model.errors import Rejected, Unavailable


def program(name: str = "gcloud") -> str:
    """The path of a program, also of one that is installed beside this Python. Raises `Rejected` if there is none."""
    path = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if not path:
        raise Rejected(f"{name} is not installed. Install the Google Cloud SDK, then run `gcloud auth login`.")
    return path


def run(
    words: Sequence[str], seconds: float, what: str, *, content: str = "", environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, whatever its exit code.

    words: its name and its arguments. seconds: after which it is ended. what: the call, for messages. content: its
    standard input. environment: all its variables; None: those of this process. Raises as `program`, and `Unavailable`
    if it does not end in time.
    """
    try:
        return subprocess.run(  # noqa: S603 - arguments of our own, without a shell
            [program(words[0]), *words[1:]],
            input=content,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{what} did not end within {seconds:.0f} seconds.") from error


def reason(done: "subprocess.CompletedProcess[str]") -> str:
    """The last error line of a program that failed, without its help text; at most 500 characters."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR") or "error" in line.lower()]
    return (errors or lines or [f"ended with {done.returncode}"])[-1][:500]
