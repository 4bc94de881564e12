"""What lies before a person who repairs an upload: its refused rows, the draft, what is found."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from tillstream.domain.batch import Upload
from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts import draft
from tillstream.workflows.corrections.drafts.apply_edits import Applied
from tillstream.workflows.corrections.drafts.draft import Draft
from tillstream.workflows.corrections.drafts.edits import Step
from tillstream.workflows.corrections.drafts.rejected_rows import Refusals, fingerprint, refusals
from tillstream.workflows.corrections.drafts.revalidate import Checked, Problems, counts

KEPT = 4
"""Uploads of which the refused rows stay in memory; others are read again."""


@dataclass(frozen=True)
class Seen:
    """One look: the rows with one version of the draft."""

    refusals: Refusals
    draft: Draft
    applied: Applied
    checked: Checked = field(repr=False)

    def found(self, ports: Ports) -> dict[int, Problems]:
        """Of every row that was touched: what still speaks against it."""
        return self.checked.problems(ports, self.applied)

    def counts(self, ports: Ports) -> dict[str, int]:
        return counts(self.applied, self.found(ports))

    def would_change(self, step: Step) -> int:
        """How many cells or rows the step would change now."""
        return Applied(self.refusals, self.draft.steps).take(replace(step, seen=self.refusals.last_fix))


@dataclass
class _Kept:
    fingerprint: Hashable
    refusals: Refusals
    checked: Checked
    applied: Applied
    version: int


class Desk:
    """Keeps what was read of the last few uploads. Safe in threads; each process has its own."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def stamp(self, ports: Ports, upload: Upload) -> str:
        """Another text for every state of the draft and of the rows that wait."""
        mark = repr((fingerprint(ports, upload), draft.get(ports, upload.batch_id).version))
        return hashlib.sha256(mark.encode()).hexdigest()[:16]

    def look(self, ports: Ports, upload: Upload) -> Seen:
        """Raises as `refusals`."""
        with self._lock:
            mark = fingerprint(ports, upload)
            kept = self._kept.pop(upload.batch_id, None)
            written = draft.get(ports, upload.batch_id)
            if kept is None or kept.fingerprint != mark:
                rows = refusals(ports, upload)
                kept = _Kept(mark, rows, Checked(rows), Applied(rows, written.steps), written.version)
            elif kept.version != written.version:
                kept.applied, kept.version = Applied(kept.refusals, written.steps), written.version
            self._kept[upload.batch_id] = kept
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return Seen(kept.refusals, written, kept.applied, kept.checked)
