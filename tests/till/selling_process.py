"""A till in a process of its own, which is killed: `python selling_process.py record|send FOLDER`."""

import random
import sys

from tillstream_till import Till
from tillstream_till.errors import Busy

PER_STEP = 3


def record(folder: str) -> None:
    """Record sales without end, from the first number on standard input; print each receipt when it is durable."""
    number = int(sys.stdin.readline())
    while True:
        with Till.open(folder) as till:
            sales = [
                {
                    "number": str(each),
                    "sold_at": "2026-11-20T10:03:00+00:00",
                    "currency": "GBP",
                    "lines": [{"net_amount": f"{each}.25", "product_name": "x" * (each % 7) * 80}],
                }
                for each in range(number, number + random.randint(1, PER_STEP))
            ]
            till.record_all(sales)
            number += len(sales)
        print(number, flush=True)


def send(folder: str) -> None:
    """Send without end."""
    while True:
        try:
            with Till.open(folder) as till:
                print(till.send(wait=0.1).sent, flush=True)
        except Busy:
            continue


if __name__ == "__main__":
    {"record": record, "send": send}[sys.argv[1]](sys.argv[2])
