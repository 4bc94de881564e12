"""The tables of the warehouse that are written from documents: filled in a new warehouse, completed in one in use."""

from collections.abc import Sequence

from tillstream.catalogue import mirror
from tillstream.inventory import agreement, levels
from tillstream.ports import Ports
from tillstream.workflows.operations import maintenance_log


def fill(ports: Ports) -> None:
    """Write the catalogue, stock movements and stock levels to a warehouse that replaces the one in use afterwards."""
    mirror.forget(ports)
    mirror.sync(ports)
    levels.fill(ports)


def repair(ports: Ports, before: Sequence[str] = ()) -> list[str]:
    """Complete the stock movements of the warehouse and of the documents; return sentences about it, for users.

    before: sentences about what else was lost. If anything was, the catalogue and stock levels are written again, and
    all is noted in the maintenance log. Raises as `levels.refresh`.
    """
    sentences = agreement.repair(ports).sentences()
    if sentences:
        maintenance_log.note_repair(ports, [*before, *sentences])
    if sentences or before:
        forget(ports)
        mirror.sync(ports)
        levels.refresh(ports)
    return sentences


def forget(ports: Ports) -> None:
    """Let the next `mirror.sync` and `levels.refresh` write all, as after an older warehouse was put back."""
    mirror.forget(ports)
    levels.forget(ports)
