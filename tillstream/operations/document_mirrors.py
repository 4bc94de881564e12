"""The tables of the warehouse that are written from documents: filled in a new warehouse, completed in one in use."""

from collections.abc import Sequence

from tillstream.catalogue import warehouse_mirror
from tillstream.operations import maintenance_status
from tillstream.ports import Ports
from tillstream.stock import movement_mirror, stored_levels


def fill_mirrors(ports: Ports) -> None:
    """Write the catalogue, stock movements and stock levels to a warehouse that replaces the one in use afterwards."""
    warehouse_mirror.forget_mirror(ports)
    warehouse_mirror.sync_mirror(ports)
    stored_levels.fill_levels(ports)


def repair_mirrors(ports: Ports, before: Sequence[str] = ()) -> list[str]:
    """Complete the stock movements of the warehouse and of the documents; return sentences about it, for users.

    before: sentences about what else was lost. If anything was, the catalogue and stock levels are written again, and
    all is noted in the maintenance log. Raises as `refresh_levels`.
    """
    sentences = movement_mirror.repair_movements(ports).sentences()
    if sentences:
        maintenance_status.note_repair(ports, [*before, *sentences])
    if sentences or before:
        forget_mirrors(ports)
        warehouse_mirror.sync_mirror(ports)
        stored_levels.refresh_levels(ports)
    return sentences


def forget_mirrors(ports: Ports) -> None:
    """Let the next `sync_mirror` and `refresh_levels` write all, as after an older warehouse was put back."""
    warehouse_mirror.forget_mirror(ports)
    stored_levels.forget_levels(ports)
