"""Collections: records that people add, change and remove, with an entry in the audit log in the same write.

A change reads a record, writes it by compare-and-set together with its entry, and starts again after a conflict. A
document can have fields that its record lacks, such as a secret: changes keep them, and no entry shows them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tillstream.model.audit import AuditAction
from tillstream.model.document_json import from_json, to_json
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Data = Mapping[str, Any]
Sides = tuple[Data | None, Data | None]
"""What an entry of a change shows: before and after."""


Record = TypeVar("Record", bound="DataclassInstance")


def both_sides(before: Data, after: Data) -> Sides:
    return before, after


def only_after(_before: Data, after: Data) -> Sides:
    return None, after


def only_differences(before: Data, after: Data) -> Sides:
    """The fields that differ."""
    names = [name for name in after if before[name] != after[name]]
    return {name: before[name] for name in names}, {name: after[name] for name in names}


@dataclass(frozen=True)
class Collection(Generic[Record]):
    """The documents of a name, each a record of a dataclass.

    noun: what a record is called in messages. audited: what an entry shows of a record. subject: what entries are
    about; None: the ID. sides: what entries of changes show of what is audited before and after. limit: of records; 0:
    none. missing: the message of `NotFound`. key: the field with the ID. order_by: the field that orders lists; None:
    by ID. due_by: the field with the instant at which a record is due, ISO 8601 text in UTC. parse, data: from a
    document, and its fields, if they are not those of the record.
    """

    name: str
    kind: type[Record]
    noun: str
    audited: Callable[[Record], Data]
    subject: Callable[[Record], str] | None = None
    sides: Callable[[Data, Data], Sides] = both_sides
    limit: int = 0
    missing: str = "There is no {noun} {id}."
    key: str = "id"
    order_by: str | None = None
    descending: bool = False
    due_by: str = ""
    parse: Callable[[Document], Record] | None = None
    data: Callable[[Record], Data] = to_json

    def find(
        self,
        ports: Ports,
        where: Mapping[str, str | int | bool] | None = None,
        *,
        above: str | None = None,
        below: str | None = None,
    ) -> list[Record]:
        """The records whose fields equal all of `where`, in order. above, below: exclusive bounds of the ID."""
        documents = ports.documents.find(
            self.name, where, order_by=self.order_by, descending=self.descending, above=above, below=below
        )
        return [self.record(document) for document in documents]

    def get(self, ports: Ports, id: str) -> Record:
        """Raises `NotFound`."""
        return self.record(self.document(ports, id))

    def get_or_none(self, ports: Ports, id: str) -> Record | None:
        document = ports.documents.get(self.name, id)
        return self.record(document) if document else None

    def document(self, ports: Ports, id: str) -> Document:
        """A record as it is stored, with all fields. Raises `NotFound`."""
        return self._existing(ports.documents.get(self.name, id), id)

    def record(self, document: Document) -> Record:
        return self.parse(document) if self.parse else from_json(self.kind, document.data)

    @property
    def too_many(self) -> str:
        """The message if there are as many records as can be."""
        return f"There can be at most {self.limit} {self.noun}s. Remove one that is not used."

    def check_room(self, ports: Ports) -> None:
        """Raise `Rejected` if there are as many records as can be."""
        if self.limit and ports.documents.count(self.name) >= self.limit:
            raise Rejected(self.too_many)

    def add(
        self,
        ports: Ports,
        record: Record,
        by: str,
        action: AuditAction,
        *,
        hidden: Data | None = None,
        shown: Data | None = None,
    ) -> Record:
        """Add a record. hidden: further fields of its document. shown: in the entry, in place of what is audited.

        Raises `Rejected` if there are too many, or one with this ID.
        """
        self.check_room(ports)
        put = Put(self.name, self._id(record), {**self.data(record), **(hidden or {})}, if_version=0)
        after = self.audited(record) if shown is None else shown
        try:
            ports.documents.put_all([put, self.entry(ports, by, action, record, None, after)])
        except Conflict:
            raise Rejected(f"There is a {self.noun} {put.id} already.") from None
        return record

    def put(self, ports: Ports, record: Record, by: str, action: AuditAction, previous: Record | None = None) -> Record:
        """Add a record, or replace the one with its ID. previous: the record that it replaces, for the entry."""
        before = self.audited(previous) if previous else None
        entry = self.entry(ports, by, action, record, before, self.audited(record))
        ports.documents.put_all([Put(self.name, self._id(record), self.data(record)), entry])
        return record

    def change(
        self,
        ports: Ports,
        id: str,
        by: str,
        action: AuditAction,
        edit: Callable[[Record], Record | None],
        *,
        sides: Callable[[Data, Data], Sides] | None = None,
    ) -> Record:
        """Change a record; nothing is written if `edit` returns None. sides: in place of those of the collection.

        Raises `NotFound`, and what `edit` raises.
        """

        def changed(document: Document | None) -> Update | Document:
            document = self._existing(document, id)
            before = self.record(document)
            after = edit(before)
            if after is None:
                return document
            shown = (sides or self.sides)(self.audited(before), self.audited(after))
            data = {**document.data, **self.data(after)}
            return Update(data, [self.entry(ports, by, action, after, *shown)])

        return self.record(update_document(ports.documents, self.name, id, changed))

    def set_fields(
        self,
        ports: Ports,
        id: str,
        by: str,
        action: AuditAction,
        values: Data | Callable[[Data], Data],
        *,
        sides: Callable[[Data, Data], Sides] | None = None,
    ) -> Record:
        """Set fields of a document; nothing is written if all have these values already. The entry shows those of the
        record. values: or a function of the fields before.

        Raises `NotFound`, and what `values` raises.
        """

        def changed(document: Document | None) -> Update | Document:
            document = self._existing(document, id)
            new = values(document.data) if callable(values) else values
            data = {**document.data, **new}
            if data == document.data:
                return document
            names = [field.name for field in fields(self.kind) if field.name in new]
            before, after = ({name: side[name] for name in names} for side in (document.data, new))
            shown = (sides or self.sides)(before, after)
            return Update(data, [self.entry(ports, by, action, self.record(document), *shown)])

        return self.record(update_document(ports.documents, self.name, id, changed))

    def note(
        self,
        ports: Ports,
        id: str,
        edit: Callable[[Record], Record | None],
        also: Callable[[Record], Sequence[Put]] = lambda _: (),
    ) -> Record | None:
        """Change a record without an entry, such as after a run; None if it was removed. also: further documents to
        write with it. Nothing is written if `edit` returns None."""

        def changed(document: Document | None) -> Update | Document | None:
            after = edit(self.record(document)) if document else None
            return Update({**document.data, **self.data(after)}, also(after)) if document and after else document

        noted = update_document(ports.documents, self.name, id, changed)
        return self.record(noted) if noted else None

    def save_at(self, ports: Ports, record: Record, version: int, entry: Put | None = None) -> bool:
        """Write a record without hidden fields, if its document still has this version. entry: to write with it."""
        put = Put(self.name, self._id(record), self.data(record), if_version=version)
        try:
            ports.documents.put_all([put, entry] if entry else [put])
        except Conflict:
            return False
        return True

    def remove(
        self,
        ports: Ports,
        id: str,
        by: str,
        action: AuditAction,
        *,
        check: Callable[[Record], None] | None = None,
        shown: Data | None = None,
    ) -> Record:
        """Remove a record; its entry is written first, so that none is removed without one. shown: in the entry, in
        place of what is audited. Raises `NotFound`, and what `check` raises."""
        record = self.get(ports, id)
        if check:
            check(record)
        before = self.audited(record) if shown is None else shown
        ports.documents.put_all([self.entry(ports, by, action, record, before, None)])
        ports.documents.delete(self.name, id)
        return record

    def has_due(self, ports: Ports) -> bool:
        """Whether a record is due. Reads one document."""
        first = ports.documents.find(self.name, order_by=self.due_by, limit=1)
        return any(self._is_due(ports, self.record(document)) for document in first)

    def due(self, ports: Ports) -> list[tuple[Record, int]]:
        """The records that are due, with the versions of their documents."""
        stored = [(self.record(document), document.version) for document in ports.documents.find(self.name)]
        return [(record, version) for record, version in stored if self._is_due(ports, record)]

    def entry(
        self, ports: Ports, by: str, action: AuditAction, record: Record, before: Data | None, after: Data | None
    ) -> Put:
        """An entry about a record."""
        subject = self.subject(record) if self.subject else self._id(record)
        return audit_log.entry(ports, by, action, subject, before, after)

    def _id(self, record: Record) -> str:
        return str(getattr(record, self.key))

    def _is_due(self, ports: Ports, record: Record) -> bool:
        return bool(getattr(record, self.due_by) <= ports.clock.now().isoformat(timespec="seconds"))

    def _existing(self, document: Document | None, id: str) -> Document:
        if document is None:
            raise NotFound(self.missing.format(noun=self.noun, id=id))
        return document
