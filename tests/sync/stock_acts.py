"""Random stock movements of a home, for schedules of syncs."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from stateful.system import System

from tillstream.stock import stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine

REGION = "Testland"
KINDS = (MovementKind.COUNT, MovementKind.RECEIPT, MovementKind.SUPPLIER_RETURN)


def act(home: System, rng: Random) -> None:
    """Record a movement, or cancel one."""
    ports = home.plain.ports
    every = [
        one.data["movement_id"]
        for one in stored_movements.all_movements(ports)
        if one.data["kind"] != MovementKind.CANCELLATION
    ]
    if every and rng.random() < 0.3:
        stored_movements.cancel_movement(ports, rng.choice(every), by="ana")
    else:
        stored_movements.record_movements(ports, [_movement(rng)], by="ana")
    home.clock.advance(rng.choice((1, 3_600, 90_000)))


def _movement(rng: Random) -> Movement:
    lines = tuple(MovementLine(product, Decimal(rng.randint(1, 9)) / 2) for product in rng.sample("PQR", 2))
    day = date(2024, 5, 1) + timedelta(days=rng.randrange(5))
    return Movement(f"m{rng.getrandbits(40)}", rng.choice(KINDS), REGION, rng.choice(("S1", "S2")), day, lines)
