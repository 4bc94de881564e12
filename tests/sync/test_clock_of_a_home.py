"""A home whose clock was ahead gives the file its time of receipt; the head office follows."""

from datetime import timedelta

import pytest
from stateful.steps import GOOD, like, process, upload_rows
from sync.two_homes import NAME, SOURCE, Pair

from tillstream.operations import rebuild
from tillstream.review import replay
from tillstream.sync import homes
from tillstream.sync.refusals import Refused

CURRENT = "SELECT quantity FROM current_lines ORDER BY quantity"


def test_a_file_from_a_clock_ahead_counts_at_the_head_office_when_it_was_received(two: Pair) -> None:
    home, ahead = two.home, timedelta(days=400).total_seconds()
    upload_rows(home, SOURCE, like(number="2"))
    right = home.clock.now().isoformat()
    home.clock.advance(ahead)
    batch = upload_rows(home, SOURCE, GOOD)
    home.clock.advance(60 - ahead)
    upload_rows(home, SOURCE, like(qty=7))
    with pytest.raises(Refused, match="reprocess the file in the home with the time at which it was received"):
        two.sync()
    process(home, replay.replay_batch(home.plain.ports, home.plain.contracts, batch, None, "owner", received=right))
    homes.release_home(two.office.ports, NAME, "chief")
    two.check_agreement(two.sync())
    assert [line["quantity"] for line in two.office.ports.warehouse.query(CURRENT).to_pylist()] == [1, 7]
    assert not rebuild.rebuild_from_ledger(two.office.ports, home.plain.fresh_warehouse)["differences"]
