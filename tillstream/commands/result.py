"""Results of commands, the progress that they report, and how to continue after an interruption."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

DONE, FAILED, WRONG, QUARANTINED, HELD = range(5)
KEPT, SENT = "kept", "sent"
COMMAND_LINE = "command line"
"""Who acts, in the audit log."""
LINES = "application/x-ndjson"
"""Content type of streamed progress: one JSON value per line."""

MAX_LISTED_FILES = 5
"""Files named one by one; `demo` loads dozens."""


class Progress(Protocol):
    """Progress callback of a command.

    what: `bytes`, `rows`, `settling`, `files`, `settlements`, `exported` (rows) or `fits`, of which `count` more are
    done; or `kept`: the file is stored and need not be sent again, and `about` is "BATCH_ID FILE_NAME"; or `sent`: the
    server at the address `about` executes the command, also if the client ends.
    """

    def __call__(self, what: str, count: int = 1, about: str = "") -> None: ...


def quiet(what: str, count: int = 1, about: str = "") -> None:
    """Ignore progress."""


@dataclass(frozen=True)
class Result:
    """Result of a command. code: exit code, 0 done, 1 rejected or failed, 3 quarantined rows, 4 held."""

    data: Any
    code: int = DONE


class KeptFiles:
    """Progress callback that records the files that are stored, and passes everything on."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._files: dict[str, str] = {}
        self._server = ""

    def __call__(self, what: str, count: int = 1, about: str = "") -> None:
        if what == KEPT:
            batch, _, file = about.partition(" ")
            self._files[batch] = file
        elif what == SENT:
            self._server = about
        self._progress(what, count, about)

    def advice_if_interrupted(self, arguments: Mapping[str, Any]) -> str:
        """As `advice`, unless a server executes the command: it does not stop when its client does."""
        if self._server:
            return f"The server at {self._server} completes the command; `tillstream receipts` shows what it loads."
        return self.advice(arguments)

    def advice(self, arguments: Mapping[str, Any]) -> str:
        """Describe which files of the command are stored, and how to continue."""
        if arguments.get("dry"):
            return "Nothing was stored."
        sentences = [
            f"{file} was received and is kept as batch {batch}; do not send it again. `tillstream sweep` or the next "
            f"server start resumes it; `tillstream receipts {batch}` shows its state."
            for batch, file in self._files.items()
        ]
        if len(sentences) > MAX_LISTED_FILES:
            sentences = [
                f"{len(sentences)} files were received and are kept. `tillstream sweep` or the next server start "
                "resumes them; `tillstream receipts` shows their state."
            ]
        sent = [Path(path).name for path in (*arguments.get("files", ()), *filter(None, [arguments.get("file")]))]
        not_stored = [name for name in sent if name not in self._files.values()]
        if not_stored:
            sentences.append(
                f"It is not known whether {', '.join(not_stored)} was stored. Run the command again: a file counts "
                "only once, even if it is sent more than once."
            )
        elif not self._files:
            sentences.append("Run the command again: nothing is done twice.")
        return " ".join(sentences)
