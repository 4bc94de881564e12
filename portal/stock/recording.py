"""Record the movements of a form once, also if the form is sent again."""

from collections.abc import Sequence
from dataclasses import replace

from portal.context import me, ports, tillstream
from portal.stock import texts
from tillstream.model.errors import Conflict, NotFound
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import Movement


def record(movements: Sequence[Movement]) -> None:
    """Record movements, and compute the levels.

    Movements that a form recorded before, apart from their times, are not recorded again. Raises `Rejected`, and
    `Conflict` if the form recorded others.
    """
    if not all(map(_is_recorded, movements)):
        try:
            stored_movements.record_movements(ports(), movements, by=me().login)
        except Conflict:  # the form was sent twice at once
            if not all(map(_is_recorded, movements)):
                raise
    follow()


def follow() -> None:
    """Compute the levels after a change, so that pages show it."""
    stored_levels.follow_movement(ports())
    tillstream().queries.clear()


def _is_recorded(movement: Movement) -> bool:
    try:
        stored = stored_movements.get_movement(ports(), movement.movement_id).movement
    except NotFound:
        return False
    if replace(stored, occurred_at=movement.occurred_at) != movement:
        raise Conflict(texts.RECORDED_BEFORE)
    return True
