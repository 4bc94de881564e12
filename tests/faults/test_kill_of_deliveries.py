"""A process is killed while a receiver has its request: after the restart, nothing is sent twice, and it is shown."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app_factory import build
from unit.alert_channels.channel_steps import channel, notify, sender_of, states
from waiting import wait_for
from webhook_receiver import receiving

from tillstream.adapters.local.clock import ManualClock
from tillstream.delivery import notice_deliveries
from tillstream.records.outbox import SENDING, SENT, UNCLEAR, WAITING
from tillstream.settings import Settings

DELIVER = """
import sys
from pathlib import Path
from tillstream.app import build, outgoing_deliveries
from tillstream.delivery import notice_deliveries
from tillstream.settings import Settings

app = build(Settings(home=Path(sys.argv[1]), samples=False, threads=1, webhook_private=True))
notice_deliveries.send_due_notices(outgoing_deliveries.channel_sender(app))
"""


def test_a_killed_process_sends_nothing_twice(tmp_path: Path) -> None:
    clock = ManualClock(datetime.now(UTC))
    with receiving() as slow, receiving() as other:
        slow.delay = 30.0
        app = build(Settings(home=tmp_path, samples=False, threads=1), clock)
        notify(app, "n1", channel(app, "webhook", url=slow.url), channel(app, "webhook", url=other.url))
        app.close()
        process = subprocess.Popen([sys.executable, "-c", DELIVER, str(tmp_path)])
        wait_for(lambda: slow.received, "the first delivery", is_running=lambda: process.poll() is None)
        process.kill()
        process.wait()
        app = build(Settings(home=tmp_path, samples=False, threads=1), clock)
        try:
            assert states(app) in ([SENDING, WAITING], [SENDING, SENT])
            slow.delay = 0.0
            for _ in range(2):
                clock.advance(timedelta(hours=1).total_seconds())
                notice_deliveries.send_due_notices(sender_of(app))
            assert states(app) == [SENT, UNCLEAR]
        finally:
            app.close()
        assert [len(one.received) for one in (slow, other)] == [1, 1]
