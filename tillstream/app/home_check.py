"""Checks of the files of a home: what they find is repaired, or reported as a loss and shown while it lasts."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from threading import RLock

from tillstream.intake import till_gaps
from tillstream.model.errors import NeedsRepair, TillstreamError, Unavailable
from tillstream.ports import Ports
from tillstream.ports.files import FileFinding, LostContent
from tillstream.records import losses
from tillstream.records.losses import Loss, LossKind

DAILY_SHARE = 0.01
"""Share of the time that the check of a large file may take."""

RESTORE_ADVICE = "Stop the server, and restore a backup with `tillstream restore`."


@dataclass
class HomePart:
    """A part of the home. file: its name. check: reads it whole, and raises an error of the model if it is damaged.

    What is found under the name of the file, under `also`, or in the file as a folder lasts until a check finds it no
    more; all else happened once, and is a person's to decide.
    """

    name: str
    file: str
    check: Callable[[], Iterable[FileFinding]]
    also: tuple[str, ...] = ()
    due: float = 0.0
    """Time of the monotonic clock from which the check takes no more than its share."""

    def covers(self, name: str) -> bool:
        """Whether what is found under this name lasts until the check finds it no more."""
        return name == self.file or name.startswith(f"{self.file}/") or name in self.also


class HomeCheck:
    """All checks run in the process that owns the home, one at a time."""

    def __init__(self, ports: Ports, parts: Iterable[HomePart]) -> None:
        self._ports, self._parts = ports, list(parts)
        self.broken: dict[str, str] = {}
        """Parts that are damaged and not repaired, with a sentence for each."""
        self._reported: set[str] = set()
        self._lock = RLock()

    def add(self, part: HomePart) -> None:
        self._parts.append(part)

    def run(self, *, whole: bool = False) -> list[str]:
        """Check each part, repair what can be repaired, and report losses; return sentences about what is new.

        whole: check large files also if they were checked not long ago.
        """
        sentences: list[str] = []
        with self._lock:
            for part in self._parts:
                started = time.monotonic()
                if started < part.due and not whole and part.name not in self.broken:
                    continue
                sentences += self.note(self._check(part) or ())
                ended = time.monotonic()
                part.due = ended + (ended - started) / DAILY_SHARE
        return sentences

    def note(self, noticed: Iterable[FileFinding]) -> list[str]:
        """Report what may be lost; return the sentences of what was not reported before."""
        return [str(one) for one in noticed if self._report(one)]

    def looks_at(self, name: str) -> bool:
        """Whether a check finds by itself that a loss with this name is whole again."""
        return any(part.covers(name) for part in self._parts)

    def damage(self, name: str) -> str:
        """Check now what has this name; return what is found, empty if it is whole. Raises `Unavailable`."""
        with self._lock:
            for part in self._parts:
                if part.covers(name):
                    findings = self._check(part)
                    if findings is None:
                        raise Unavailable(f"{part.file} cannot be checked now. Try again.")
                    self.note(findings)
                    return " ".join(str(one) for one in findings if one.name == name)
        return ""

    def _check(self, part: HomePart) -> list[FileFinding] | None:
        """What is found of a part, and resolve the losses of what is whole; None if it cannot be read now."""
        try:
            findings = [*part.check()]
            self.broken.pop(part.name, None)
        except TillstreamError as error:
            if isinstance(error, NeedsRepair):
                findings = [FileFinding(part.file, error.message, error.remedy, LostContent.STATE)]
            elif isinstance(error, Unavailable):
                return None  # it is busy, or the disk is full: that is no damage
            else:
                findings = [FileFinding(part.file, str(error), RESTORE_ADVICE, LostContent.STATE)]
            self.broken[part.name] = str(error)
        lasting = {one.name for one in findings if one.lost}
        try:
            for name in losses.lost_names(self._ports, LossKind.STATE):
                if part.covers(name) and name not in lasting:
                    losses.resolve_recovered(self._ports, LossKind.STATE, name)
        except TillstreamError:
            pass  # the documents themselves are damaged: their part says so
        self._reported = {name for name in self._reported if name in lasting or not part.covers(name)}
        return findings

    def _report(self, finding: FileFinding) -> bool:
        """Report a loss; return whether its sentence is new: of what lasts, only once."""
        if not finding.lost:
            return True
        was_reported = finding.name in self._reported
        if self.looks_at(finding.name):
            self._reported.add(finding.name)
        loss = Loss(LossKind.STATE, finding.name, finding.message, finding.remedy)
        try:
            if finding.lost is LostContent.SALES:
                stores = till_gaps.stores_at_risk(self._ports)
                regions = tuple(dict.fromkeys(one.region for one in stores))
                names = tuple(f"{one.region}/{one.store_id}" for one in stores)
                loss = replace(loss, kind=LossKind.STORE_SALES, regions=regions, stores=names)
            opened = losses.report_losses(self._ports, loss)
        except TillstreamError:  # the documents themselves are damaged: readiness and the log show it
            self.broken.setdefault(finding.name, str(finding))
            return not was_reported
        return bool(opened) or not self.looks_at(finding.name)
