"""`Till`: records sales on this machine and sends them to Tillstream; for programs that are tills.

    with Till.open("till") as till:
        till.record({"number": "1001", "sold_at": "2026-11-20T10:03:00+00:00", "currency": "GBP", "lines": [...]})
        till.send()

A `Till` belongs to one thread; several threads and processes may open the same folder. What only sending and `status`
need is imported there, because recording runs in a process of its own for each sale.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from tillstream_till.errors import DamagedOutbox, TransportError
from tillstream_till.folder import OUTBOX, Options, read_setup, write_setup
from tillstream_till.outbox.database import check_length
from tillstream_till.outbox.file_lock import locked
from tillstream_till.outbox.instance import default_markers
from tillstream_till.outbox.messages import KEY_CODES, SALE, Draft, Message
from tillstream_till.outbox.outbox import Outbox, lock, open_outbox
from tillstream_till.reports import Receipt, SendReport
from tillstream_till.sale_drafts import draft_of
from tillstream_till.sale_facts import business_day
from tillstream_till.schema_check import JsonObject
from tillstream_till.setup_code import Setup, decode
from tillstream_till.signing import signer

if TYPE_CHECKING:
    from tillstream_till.status import TillStatus
    from tillstream_till.transport.reply import Transport

SEND_LOCK = "send.lock"
_REPAIRS = 3
Result = TypeVar("Result")


class Till:
    """A till that is set up in a folder. Use `Till.open`."""

    def __init__(self, folder: Path, setup: Setup, options: Options, markers: Path) -> None:
        self.folder, self.setup, self._options, self._markers = folder, setup, options, markers
        self._path = folder / OUTBOX
        self._sign = signer(setup.private_key)
        self._transport: Transport | None = None
        with lock(self._path):
            self._outbox = self._open()

    @classmethod
    def init(
        cls, folder: str | Path, code: str, options: Options | None = None, *, markers: Path | None = None
    ) -> Self:
        """Set up a folder with a setup code of the portal, or replace its key; unsent messages are signed again.

        Raises `SetupError`, `CannotStore`.
        """
        setup = decode(code)
        signer(setup.private_key)
        write_setup(Path(folder), setup, options or Options())
        till = cls.open(folder, markers=markers)
        till.sign_again()
        return till

    @classmethod
    def open(cls, folder: str | Path, *, markers: Path | None = None) -> Self:
        """Open the till of a folder. Raises `SetupError`, `CannotStore`, `Busy`."""
        setup, options = read_setup(Path(folder))
        return cls(Path(folder), setup, options, markers or default_markers())

    def sign_again(self) -> int:
        """Sign what is not sent with the key of the setup; return how many messages had another one.

        What the server refused because of its key is unsent again.
        """
        signed = self._write(lambda outbox: outbox.messages.sign_again(self.setup.key, self._sign))
        self._write(lambda outbox: outbox.messages.retry_refused(KEY_CODES))
        return signed

    def record(self, sale: JsonObject) -> Receipt:
        """Store a sale durably and return its receipt; the same sale again changes nothing.

        `schema`, `region`, `store_id` and `version` are filled in where they are missing; a sale starts with version 1,
        and each correction has a higher one. Raises `InvalidSale`, `ConflictingSale`, `CannotStore`, `Busy`; then the
        sale is not recorded.
        """
        return self.record_all([sale])[0]

    def record_all(self, sales: Iterable[JsonObject]) -> list[Receipt]:
        """Store several sales in one step, all or none. Raises as `record`."""
        drafts = [draft_of(sale, self.setup) for sale in sales]
        return self._add(drafts)

    def close_day(self, day: str = "", *, accept_gaps: bool = False) -> Receipt:
        """Record the day close of a business day, by default the one that contains now; the same again changes nothing.

        Raises `CannotClose` for a day in the future, or if the outbox may lack sales of the day, unless `accept_gaps`.
        """
        from tillstream_till import day_close

        day = day or business_day(datetime.now().astimezone(), self.setup.cutoff)

        def close(outbox: Outbox) -> Receipt:
            draft, repeated = day_close.draft_of(outbox.connection, self.setup, day, accept_gaps=accept_gaps)
            if repeated:
                return self._receipt(draft, 0, repeated=True)
            [(position, _)] = outbox.messages.add([draft], self.setup.key, self._sign)
            return self._receipt(draft, position, repeated=False)

        return self._write(close)

    def send(self, *, retry_refused: bool = False, wait: float = 0.0) -> SendReport:
        """Send what is unsent, in order. wait: seconds for another process that sends.

        The report states what could not be sent; it stays in the outbox. Raises `Busy`, `CannotStore`, `SetupError`.
        """
        from tillstream_till import delivery, status

        sent = refused = 0
        error: TransportError | None = None
        message = "Another process sends the sales of this till."
        with locked(self.folder / SEND_LOCK, wait, message):
            self._write(Outbox.recognise_if_copy)
            if retry_refused:
                self._write(lambda outbox: outbox.messages.retry_refused())
            for attempt in range(_REPAIRS):
                try:
                    outbox = self._write(lambda current: current)
                    for batch in delivery.deliver(outbox, self.transport, self.setup.till):
                        sent, refused = sent + batch.sent, refused + batch.refused
                    self._prune(outbox)
                except TransportError as problem:
                    error = problem
                except DamagedOutbox as damage:
                    if attempt + 1 == _REPAIRS:
                        raise
                    self._repair(str(damage))
                    continue
                break
        report = SendReport(sent, refused, self._write(status.unsent))
        if error is None:
            return report
        return replace(report, error=str(error), code=error.code, retry_after=error.retry_after)

    def status(self, *, refresh: bool = True) -> "TillStatus":
        """Return what is unsent, refused or quarantined, and what a person must know.

        refresh: read the outcomes of sent sales from the server first; if it cannot be reached, the last ones count.
        """
        from tillstream_till import outcomes, status

        offline = ""
        if refresh:
            try:
                outbox = self._write(lambda current: current)
                outcomes.refresh(outbox.connection, self.transport, self.setup.till)
            except TransportError as error:
                offline = str(error)
        return self._write(lambda outbox: status.status_of(outbox, self.setup, offline))

    def notices(self) -> list[dict[str, str]]:
        """Return what happened to the outbox, such as a damage, and was not dismissed: `at`, `code`, and `detail`."""
        return self._write(lambda outbox: outbox.state.notices())

    def dismiss(self, notices: Iterable[dict[str, str]]) -> None:
        """Remove notices that a person has read."""
        read = list(notices)
        self._write(lambda outbox: outbox.dismiss(read))

    def export(self) -> Iterator[dict[str, str | int]]:
        """Return every message that is not sent, with the exact text of its payload and its signature."""
        from tillstream_till import status

        messages: list[Message] = self._write(lambda outbox: outbox.messages.not_sent())
        return (status.exported(message, self.setup) for message in messages)

    @property
    def transport(self) -> "Transport":
        """The way to the server. Raises `SetupError`."""
        if self._transport is None:
            from tillstream_till.transport.selection import transport_of

            self._transport = transport_of(self.setup, self._options)
        return self._transport

    def close(self) -> None:
        self._outbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _add(self, drafts: list[Draft]) -> list[Receipt]:
        added = self._write(lambda outbox: outbox.messages.add(drafts, self.setup.key, self._sign))
        return [
            self._receipt(draft, position, repeated=repeated)
            for draft, (position, repeated) in zip(drafts, added, strict=True)
        ]

    def _receipt(self, draft: Draft, position: int, *, repeated: bool) -> Receipt:
        store = f"{self.setup.region}/{self.setup.store_id}"
        own = draft.number if draft.kind == SALE else f"{self.setup.till}/{draft.number}"
        return Receipt(f"{store}/{own}", position, repeated, draft.warnings)

    def _write(self, operation: Callable[[Outbox], Result]) -> Result:
        """Run an operation on the outbox of the folder, which may have been replaced; repair it where it is damaged."""
        with lock(self._path):
            for attempt in range(_REPAIRS):
                try:
                    if not self._outbox.is_current:
                        self._outbox.close()
                        self._outbox = self._open()
                    check_length(self._outbox.connection, self._path)
                    return operation(self._outbox)
                except DamagedOutbox as error:
                    if attempt + 1 == _REPAIRS:
                        raise
                    self._outbox.close()
                    self._outbox = self._open(str(error))
        raise AssertionError

    def _repair(self, damage: str) -> None:
        with lock(self._path):
            self._outbox.close()
            self._outbox = self._open(damage)

    def _open(self, damage: str = "") -> Outbox:
        return open_outbox(self._path, self._markers, self.setup.cutoff, damage)

    def _prune(self, outbox: Outbox) -> None:
        before = datetime.now().astimezone() - timedelta(days=self._options.keep_days)
        outbox.messages.prune(before.isoformat(timespec="seconds"))
