"""Recognises a copied or restored outbox by a marker that is stored apart from it, so that no copy contains both.

The marker has the identity of the outbox's file and the last sequence that was handed to the transport. An outbox of
another file, or one that is behind its marker, is a copy: its messages get an epoch of their own.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from tillstream_till.folder import write_file
from tillstream_till.outbox.state import INSTANCE, State
from tillstream_till.schema_check import JsonObject


def default_markers() -> Path:
    """Return the folder of the markers: `TILLSTREAM_TILL_MARKERS`, or one in the state folder of the user."""
    chosen = os.environ.get("TILLSTREAM_TILL_MARKERS")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return Path(chosen) if chosen else state / "tillstream-till"


@dataclass
class Instance:
    """The marker of the outbox at a path."""

    outbox: Path
    markers: Path

    @property
    def _marker(self) -> Path:
        name = hashlib.sha256(str(self.outbox.resolve()).encode()).hexdigest()[:32]
        return self.markers / f"{name}.json"

    def has_marker(self) -> bool:
        return self._marker.exists()

    def is_copy(self, state: State) -> bool:
        """Whether this outbox is another file than the one that wrote the marker, or an older state of it."""
        try:
            marker = json.loads(self._marker.read_text(encoding="utf-8"))
            if not isinstance(marker, dict):
                return True
        except (OSError, ValueError):
            return True
        if {name: marker.get(name) for name in ("instance", "device", "inode")} != self._identity(state):
            return True
        return bool(marker.get("epoch") != state.epoch or int(marker.get("sequence", 0)) > state.last_sequence)

    def mark(self, state: State, sequence: int = 0) -> None:
        """Write the marker. sequence: the last one that the server may have."""
        self.markers.mkdir(parents=True, exist_ok=True)
        write_file(self._marker, {**self._identity(state), "epoch": state.epoch, "sequence": sequence})

    def _identity(self, state: State) -> JsonObject:
        file = self.outbox.stat()
        return {"instance": state.get(INSTANCE), "device": file.st_dev, "inode": file.st_ino}
