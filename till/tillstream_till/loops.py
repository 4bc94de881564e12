"""Loops of `send --loop` and `watch`: they run until the process is stopped, with growing delays while offline."""

import time
from collections.abc import Callable
from pathlib import Path

from tillstream_till.delivery import delay_before
from tillstream_till.errors import Busy, CannotStore
from tillstream_till.output import notice_text
from tillstream_till.reports import FileReport, SendReport
from tillstream_till.till import Till
from tillstream_till.watched_folder import record_files

LOCK_WAIT = 5.0
Report = Callable[[SendReport | FileReport | str], None]


class SendSchedule:
    """When to send next: after an interval, or after a growing delay while the server cannot be reached."""

    def __init__(self, interval: float) -> None:
        self._interval, self._attempt, self._due = interval, 0, 0.0

    def is_due(self, now: float) -> bool:
        return now >= self._due

    def sent(self, now: float, report: SendReport) -> None:
        """Store what the last attempt did."""
        self._attempt = self._attempt + 1 if report.error else 0
        delay = delay_before(self._attempt, report.retry_after) if report.error else self._interval
        self._due = now + delay


class Notices:
    """Reports each notice of the outbox once."""

    def __init__(self, till: Till, report: Report) -> None:
        self._till, self._report = till, report
        self._reported: list[dict[str, str]] = []

    def report_new(self) -> None:
        try:
            notices = self._till.notices()
        except (CannotStore, Busy):
            return
        for notice in notices:
            if notice not in self._reported:
                self._report(notice_text(notice))
        self._reported = notices


def send_repeatedly(till: Till, interval: float, report: Report) -> None:
    """Send what is unsent until the process is stopped."""
    schedule, notices = SendSchedule(interval), Notices(till, report)
    while True:
        send_if_due(till, schedule, report)
        notices.report_new()
        time.sleep(min(interval, 1.0))


def watch(till: Till, folder: Path, interval: float, report: Report, *, sends: bool) -> None:
    """Record new files of a folder, and send, until the process is stopped."""
    schedule, notices = SendSchedule(interval), Notices(till, report)
    while True:
        try:
            for file in record_files(till, folder):
                report(file)
        except (CannotStore, Busy, OSError) as error:  # a file may vanish, or may not be readable
            report(str(error))
        if sends:
            send_if_due(till, schedule, report)
        notices.report_new()
        time.sleep(min(interval, 1.0))


def send_if_due(till: Till, schedule: SendSchedule, report: Report) -> None:
    """Send if the schedule allows it, and report what was sent or why not."""
    if not schedule.is_due(time.monotonic()):
        return
    try:
        done = till.send(wait=LOCK_WAIT)
    except (CannotStore, Busy) as error:
        report(str(error))
        done = SendReport(0, 0, 0, str(error), error.code)
    schedule.sent(time.monotonic(), done)
    if done.sent or done.refused or (done.error and done.code != Busy.code):
        report(done)
        clock = till.status(refresh=False)["clock"]
        if clock:
            report(clock)
