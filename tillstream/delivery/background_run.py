"""Write the files of exports in the background that are due, and remove those that were kept long enough."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from tillstream.delivery import background_exports, file_deliveries, subscribed_tables
from tillstream.delivery.background_exports import DONE, FAILED, RUNNING, WAITING, BackgroundExport, scope_text
from tillstream.delivery.subscribed_tables import ExportRequest, TableSource
from tillstream.model.dates import instant_text
from tillstream.model.errors import NotFound, Rejected, Unavailable
from tillstream.model.events import STAGING
from tillstream.people.accounts import current_reader

NOTE_EVERY = timedelta(seconds=1)
"""Time between notes of the rows that are written, and looks whether the export was cancelled."""
RETRY_AFTER = timedelta(minutes=5)
"""Time after which a file is tried again for which a service was not available."""
NOT_WRITTEN = "export in the background failed"
STOPPED = f"The export was stopped {background_exports.MAX_TRIES} times before it was done."
BROKEN = "The file could not be written. Try again. If it fails again, tell an administrator."


class _HasToStop(Exception):
    """The export was cancelled, or the process stops."""


def run_due_exports(
    source: TableSource,
    is_stopping: Callable[[], bool] = lambda: False,
    renew: Callable[[], None] = lambda: None,
    *,
    after_each: Callable[[], None] = lambda: None,
    note_every: timedelta = NOTE_EVERY,
) -> list[str]:
    """Write the files that are due, one after another; return a sentence for each that failed unexpectedly.

    If the process stops, the next run writes the file again. renew: called between batches of rows. after_each:
    called after each file.
    """
    problems, ports = [], source.ports
    for one, version in background_exports.due_exports(ports):
        if is_stopping():
            break
        if not one.is_open:
            background_exports.delete_export(ports, one)
        elif one.state == RUNNING and one.tries >= background_exports.MAX_TRIES:
            background_exports.finish_export(ports, one, background_exports.ended_export(ports, one, FAILED, STOPPED))
        elif claimed := background_exports.claim_export(ports, one, version):
            ports.objects.delete(STAGING, one.object_name)  # of a run that was killed
            problem = _Run(source, claimed, is_stopping, renew, note_every).run()
            problems += [problem] if problem else []
            after_each()
    return problems


class _Run:
    """One run of an export."""

    def __init__(
        self,
        source: TableSource,
        claimed: BackgroundExport,
        is_stopping: Callable[[], bool],
        renew: Callable[[], None],
        note_every: timedelta,
    ) -> None:
        self.source, self.claimed, self.ports = source, claimed, source.ports
        self.is_stopping, self.renew, self.note_every = is_stopping, renew, note_every
        self.rows, self.noted_at = 0, datetime.min.replace(tzinfo=UTC)

    def run(self) -> str:
        """Write the file and note how it ended; return a sentence about an unexpected error, else an empty text."""
        one, ports = self.claimed, self.ports
        try:
            written = self._write()
            if not background_exports.finish_export(ports, one, written):
                ports.objects.delete(STAGING, one.object_name)
        except _HasToStop:
            # only if the process stops; a cancelled export has ended
            background_exports.finish_export(ports, one, self._later(timedelta(), tries=one.tries - 1))
        except (Rejected, NotFound) as error:
            background_exports.finish_export(
                ports, one, background_exports.ended_export(ports, one, FAILED, str(error))
            )
        except Unavailable as error:
            is_last = one.tries >= background_exports.MAX_TRIES
            later = self._later(RETRY_AFTER, tries=one.tries, error=str(error))
            background_exports.finish_export(
                ports, one, background_exports.ended_export(ports, one, FAILED, str(error)) if is_last else later
            )
        except Exception as error:  # noqa: BLE001 - noted for the person, and returned for the log
            background_exports.finish_export(ports, one, background_exports.ended_export(ports, one, FAILED, BROKEN))
            return f"{one.id} of {one.login}: {error!r}"
        return ""

    def _write(self) -> BackgroundExport:
        one, ports = self.claimed, self.ports
        user = current_reader(ports, one.login, one.account)
        today = datetime.fromisoformat(one.created_at).date()
        read = subscribed_tables.read_table(self.source, ExportRequest(user, one.address, one.format), today)
        chunks = read.chunks(self._counted(read.table.batches))
        size, sha256 = file_deliveries.stage_chunks(ports, one.object_name, chunks)
        done = replace(one, rows=self.rows, bytes=size, sha256=sha256, scope=scope_text(user.scope))
        return background_exports.ended_export(ports, done, DONE)

    def _counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self._step()
            yield batch
            self.rows += batch.num_rows

    def _step(self) -> None:
        """Note the rows now and then. Raises `_HasToStop`."""
        if self.is_stopping():
            raise _HasToStop
        now = self.ports.clock.now()
        if now - self.noted_at >= self.note_every:
            self.noted_at = now
            self.renew()
            if not background_exports.note_rows(self.ports, self.claimed, self.rows):
                raise _HasToStop

    def _later(self, pause: timedelta, *, tries: int, error: str = "") -> BackgroundExport:
        at = instant_text(self.ports.clock.now() + pause)
        return replace(self.claimed, state=WAITING, try_at=at, tries=tries, rows=0, error=error)
