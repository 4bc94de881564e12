"""Checks of the files of a home: what they find is repaired, or reported as a loss and shown while it lasts."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tillstream import losses
from tillstream.domain.errors import DamagedFile, Occupied, TillstreamError, Unavailable
from tillstream.losses import Loss, LossKind
from tillstream.ports import Ports
from tillstream.ports.finding import Finding, Lost
from tillstream.workflows.intake import till_gaps

SHARE = 0.01
"""Share of the time that the check of a large file may take."""

RECREATED = ("documents", "warehouse")
"""Parts that a command makes again: an earlier process may have reported damage that they no longer have."""


@dataclass
class Part:
    """A part of the home. file: its name. check: reads it whole, and raises an error of the domain if it is damaged."""

    name: str
    file: str
    check: Callable[[], Iterable[Finding]]
    due: float = 0.0
    """Time of the monotonic clock from which the check takes no more than its share."""


class HomeCheck:
    """All checks run in the process that owns the home, one at a time."""

    def __init__(self, ports: Ports, parts: Iterable[Part]) -> None:
        self._ports, self._parts = ports, list(parts)
        self.broken: dict[str, str] = {}
        """Parts that are damaged and not repaired, with a sentence for each."""
        self._open: set[str] = set()
        self._suspected = set(RECREATED)

    def add(self, part: Part) -> None:
        self._parts.append(part)

    def run(self, *, whole: bool = False) -> list[str]:
        """Check each part, repair what can be repaired, and report losses; return sentences about what is new.

        whole: check large files also if they were checked not long ago.
        """
        noticed: list[Finding] = []
        for part in self._parts:
            started = time.monotonic()
            if started < part.due and not whole and part.name not in self.broken:
                continue
            try:
                noticed += part.check()
            except TillstreamError as error:
                if isinstance(error, Unavailable) and not isinstance(error, DamagedFile | Occupied):
                    continue  # it is busy, or the disk is full: that is no damage
                if self.broken.get(part.name) != str(error):
                    noticed.append(Finding(part.file, str(error), lost=Lost.STATE))
                self.broken[part.name] = str(error)
            else:
                if self.broken.pop(part.name, None) or part.name in self._suspected:
                    losses.recovered(self._ports, LossKind.STATE, part.file)
                self._suspected.discard(part.name)
            ended = time.monotonic()
            part.due = ended + (ended - started) / SHARE
        return self.note(noticed)

    def note(self, noticed: Iterable[Finding]) -> list[str]:
        """Report what may be lost; return the sentences of what was not reported before."""
        noticed = list(noticed)
        clock = [one for one in noticed if one.lost is Lost.CLOCK]
        reported_before = {one.name for one in clock} & self._open
        if self._open and not clock:
            for name in self._open:
                losses.recovered(self._ports, LossKind.STATE, name)
        self._open = {one.name for one in clock}
        for one in noticed:
            if one.lost:
                self._report(one)
        return [str(one) for one in noticed if one.name not in reported_before]

    def _report(self, noticed: Finding) -> None:
        loss = Loss(LossKind.STATE, noticed.name, noticed.message, noticed.remedy)
        try:
            if noticed.lost is Lost.SALES:
                stores = till_gaps.stores_at_risk(self._ports)
                regions = tuple(dict.fromkeys(one.region for one in stores))
                names = tuple(f"{one.region}/{one.store_id}" for one in stores)
                loss = replace(loss, kind=LossKind.STORE_SALES, regions=regions, stores=names)
            losses.report(self._ports, loss)
        except TillstreamError:  # the documents themselves are damaged: readiness and the log show it
            self.broken.setdefault(noticed.name, str(noticed))
