"""Correction workspace of an upload: its rejected rows, the draft, and the remaining problems."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from tillstream.model.batch import Batch
from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts import draft
from tillstream.workflows.corrections.drafts.apply_edits import AppliedEdits
from tillstream.workflows.corrections.drafts.draft import Draft
from tillstream.workflows.corrections.drafts.edits import Edit
from tillstream.workflows.corrections.drafts.rejected_rows import RejectedRows, fingerprint, refusals
from tillstream.workflows.corrections.drafts.revalidate import Checked, Problems, counts

KEPT = 4
"""Number of uploads whose rejected rows are cached in memory."""


@dataclass(frozen=True)
class DraftSnapshot:
    """A snapshot: the rejected rows with one version of the draft."""

    refusals: RejectedRows
    draft: Draft
    applied: AppliedEdits
    checked: Checked = field(repr=False)

    def problems_by_row(self, ports: Ports) -> dict[int, Problems]:
        """Return the remaining problems of every touched row."""
        return self.checked.problems(ports, self.applied)

    def counts(self, ports: Ports) -> dict[str, int]:
        return counts(self.applied, self.problems_by_row(ports))

    def would_change(self, step: Edit) -> int:
        """Return how many cells or rows the step would change now."""
        return AppliedEdits(self.refusals, self.draft.steps).take(replace(step, seen=self.refusals.last_correction_no))


@dataclass
class _Kept:
    fingerprint: Hashable
    refusals: RejectedRows
    checked: Checked
    applied: AppliedEdits
    version: int


class Workspace:
    """Caches the rejected rows of recently used uploads. Thread-safe; one instance per process."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def etag(self, ports: Ports, upload: Batch) -> str:
        """Return an opaque token that changes with the draft and with the rejected rows."""
        key = repr((fingerprint(ports, upload), draft.get(ports, upload.batch_id).version))
        return hashlib.sha256(key.encode()).hexdigest()[:16]

    def load(self, ports: Ports, upload: Batch) -> DraftSnapshot:
        """Return the current snapshot. Raises as `refusals`."""
        with self._lock:
            key = fingerprint(ports, upload)
            kept = self._kept.pop(upload.batch_id, None)
            current = draft.get(ports, upload.batch_id)
            if kept is None or kept.fingerprint != key:
                rows = refusals(ports, upload)
                kept = _Kept(key, rows, Checked(rows), AppliedEdits(rows, current.steps), current.version)
            elif kept.version != current.version:
                kept.applied, kept.version = AppliedEdits(kept.refusals, current.steps), current.version
            self._kept[upload.batch_id] = kept
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return DraftSnapshot(kept.refusals, current, kept.applied, kept.checked)
