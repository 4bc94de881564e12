"""Subscriptions to tables: people add, change, pause and remove them; the job that makes the files notes results."""

import secrets
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime

from tillstream.exports.formats import format_of
from tillstream.file_destinations import registry as destinations
from tillstream.file_destinations.file_names import check_pattern, without_days
from tillstream.mail.addresses import is_address
from tillstream.mail.schedule import Schedule
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.people import accounts
from tillstream.people.account_store import User
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log
from tillstream.scheduled_exports.subscription import EXPLORE, NEVER, TABLES, Draft, Subscription, parse, text_of

COLLECTION = "export_subscriptions"
MOST, LONGEST_NAME, LONGEST_ADDRESS = 50, 60, 2_000
"""Maximum subscriptions of a person; maximum characters of a name and of an address."""
BY_PERSON = "By {by}."


def add(ports: Ports, login: str, draft: Draft, by: str) -> Subscription:
    """Add a subscription, whose first file comes at the next hour of its schedule. Raises `Rejected`, `NotFound`."""
    user = accounts.get_user(ports, login)
    if len(listed(ports, login)) >= MOST:
        raise Rejected(f"There can be at most {MOST} subscriptions of a person. Remove one that is no longer needed.")
    fields = asdict(_checked(ports, draft, user))
    created_at = text_of(ports.clock.now())
    one = Subscription(
        **fields,
        id=secrets.token_hex(6),
        login=login,
        account=user.created_at,
        zone=user.time_zone or "UTC",
        by=by,
        created_at=created_at,
    )
    one = _scheduled(one, ports.clock.now())
    entry = audit_log.entry(ports, by, AuditAction.EXPORT_SUBSCRIBED, _subject(one), None, one.audited)
    ports.documents.put_all([Put(COLLECTION, one.id, one.data, if_version=0), entry])
    return one


def change(ports: Ports, id: str, draft: Draft, by: str) -> Subscription:
    """Change what a person chose; a paused subscription stays so. Raises `NotFound`, `Rejected`."""
    document = _document(ports, id)
    old = parse(document.data)
    user = accounts.get_user(ports, old.login)
    changed = replace(old, **asdict(_checked(ports, draft, user, id)), zone=user.time_zone or "UTC", error="")
    changed = changed if old.paused else _scheduled(changed, ports.clock.now())
    return _save(ports, document, changed, by, AuditAction.EXPORT_SUBSCRIPTION_CHANGED)


def pause(ports: Ports, id: str, by: str) -> Subscription:
    """Deliver nothing until it is resumed. Raises `NotFound`."""
    document = _document(ports, id)
    paused = replace(parse(document.data), paused=BY_PERSON.format(by=by), try_at=NEVER)
    return _save(ports, document, paused, by, AuditAction.EXPORT_SUBSCRIPTION_PAUSED)


def resume(ports: Ports, id: str, by: str) -> Subscription:
    """Deliver again, at the next hour of the schedule. Raises `NotFound`."""
    document = _document(ports, id)
    resumed = _scheduled(replace(parse(document.data), paused="", error=""), ports.clock.now())
    return _save(ports, document, resumed, by, AuditAction.EXPORT_SUBSCRIPTION_RESUMED)


def send_now(ports: Ports, id: str, by: str) -> Subscription:
    """Make a file at once, besides those of the schedule; a paused subscription stays paused. Raises `NotFound`."""
    document = _document(ports, id)
    now = text_of(ports.clock.now())
    due = replace(parse(document.data), error="", next_due=now, try_at=now)
    return _save(ports, document, due, by, AuditAction.EXPORT_REQUESTED)


def remove(ports: Ports, id: str, by: str) -> Subscription:
    """End a subscription. Raises `NotFound`."""
    one = parse(_document(ports, id).data)
    audit_log.record(ports, by, AuditAction.EXPORT_UNSUBSCRIBED, _subject(one), one.audited)
    ports.documents.delete(COLLECTION, id)
    return one


def get(ports: Ports, id: str) -> Subscription:
    """Raises `NotFound`."""
    return parse(_document(ports, id).data)


def listed(ports: Ports, login: str = "") -> list[Subscription]:
    """The subscriptions of a person, or of all, by person and name."""
    documents = ports.documents.find(COLLECTION, {"login": login} if login else None)
    stored = [parse(one.data) for one in documents]
    return sorted(stored, key=lambda one: (one.login, one.name.casefold(), one.id))


def has_due(ports: Ports) -> bool:
    """Whether a file has to be made now. Reads one document."""
    first = ports.documents.find(COLLECTION, order_by="try_at", limit=1)
    return any(one.data["try_at"] <= text_of(ports.clock.now()) for one in first)


def due(ports: Ports) -> list[tuple[Subscription, int]]:
    """The subscriptions whose file has to be made now, with the versions of their documents."""
    now = text_of(ports.clock.now())
    stored = [(parse(one.data), one.version) for one in ports.documents.find(COLLECTION)]
    return [(one, version) for one, version in stored if one.try_at <= now]


def note(ports: Ports, changed: Subscription, version: int) -> None:
    """Note what a try did, unless the subscription was changed or ended meanwhile."""
    with suppress(Conflict):
        ports.documents.put(COLLECTION, changed.id, changed.data, if_version=version)


def pause_for(ports: Ports, one: Subscription, version: int, reason: str) -> None:
    """Pause a subscription that can no longer be delivered, unless it was changed or ended meanwhile."""
    paused = replace(one, paused=reason, try_at=NEVER)
    entry = audit_log.entry(
        ports, one.login, AuditAction.EXPORT_SUBSCRIPTION_PAUSED, _subject(one), None, {"why": reason}
    )
    with suppress(Conflict):
        ports.documents.put_all([Put(COLLECTION, one.id, paused.data, if_version=version), entry])


def _checked(ports: Ports, draft: Draft, user: User, id: str = "") -> Draft:
    """The draft as it is stored. id: of the subscription that it changes."""
    name, to = " ".join(draft.name.split()), draft.to.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Rejected(f"Enter a name for the subscription, with at most {LONGEST_NAME} characters.")
    if draft.destination:
        destinations.get(ports, draft.destination)
        to = ""
    elif not is_address(to):
        raise Rejected(f"“{draft.to}” is not an e-mail address.")
    pattern = check_pattern(draft.file_name) if draft.destination else ""
    path = draft.address.partition("?")[0]
    if len(draft.address) > LONGEST_ADDRESS or not (path == EXPLORE or path.startswith(TABLES)):
        raise Rejected("This page has no table to subscribe to.")
    format_of(draft.format)
    when = Schedule.checked(draft.every, draft.day, draft.hour, user.time_zone or "UTC")
    checked = replace(draft, name=name, to=to, day=when.day, file_name=pattern)
    if draft.destination:
        _check_file_name(ports, checked, id)
    return checked


def _check_file_name(ports: Ports, draft: Draft, id: str) -> None:
    """Raise `Rejected` if files of another subscription have the name of these, because they replaced each other."""
    own = without_days(draft.file_name, draft.name, draft.format)
    for other in listed(ports):
        same_place = other.id != id and other.destination == draft.destination
        if same_place and without_days(other.file_name, other.name, other.format) == own:
            raise Rejected(
                f"The subscription {_subject(other)} delivers files of the same name to {draft.destination}. Change "
                "the name of the subscription or of the file."
            )


def _scheduled(one: Subscription, now: datetime) -> Subscription:
    following = text_of(one.schedule.next(now))
    return replace(one, next_due=following, try_at=following)


def _document(ports: Ports, id: str) -> Document:
    document = ports.documents.get(COLLECTION, id)
    if document is None:
        raise NotFound("There is no such subscription.")
    return document


def _save(ports: Ports, document: Document, changed: Subscription, by: str, action: AuditAction) -> Subscription:
    before = parse(document.data)
    entry = audit_log.entry(ports, by, action, _subject(changed), before.audited, changed.audited)
    try:
        ports.documents.put_all([Put(COLLECTION, changed.id, changed.data, if_version=document.version), entry])
    except Conflict:
        raise Rejected("The subscription was changed meanwhile. Reload the page.") from None
    return changed


def _subject(one: Subscription) -> str:
    return f"“{one.name}” of {one.login}"
