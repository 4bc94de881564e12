"""Annotations: what happened on a day, such as a strike or a campaign, to be shown on charts."""

import secrets
from dataclasses import asdict, dataclass
from datetime import date

from tillstream import audit
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.people import Scope
from tillstream.ports import Ports
from tillstream.ports.document_store import AFTER_ANY, Put

COLLECTION = "annotations"
LONGEST = 80
"""Maximum characters of a text."""


@dataclass(frozen=True)
class Annotation:
    """`day`: ISO date. `region`: empty for all regions. `by`: who wrote it."""

    id: str
    day: str
    text: str
    region: str
    by: str
    created_at: str


def add(ports: Ports, scope: Scope, day: date, text: str, region: str = "", *, by: str) -> Annotation:
    """Annotate a day. Raises `Rejected`, also for a region outside the scope; a limited scope needs a region."""
    text = " ".join(text.split())
    if not text or len(text) > LONGEST:
        raise Rejected(f"Write what happened on the day, with at most {LONGEST} characters.")
    if (region and not scope.covers_region(region)) or (not region and scope.regions is not None):
        raise Rejected("Choose one of your regions.")
    annotation_id = f"{day.isoformat()}-{secrets.token_hex(4)}"
    annotation = Annotation(
        annotation_id, day.isoformat(), text, region, by, ports.clock.now().isoformat(timespec="seconds")
    )
    after = {"day": annotation.day, "text": text, "region": region}
    entry = audit.entry(ports, by, audit.AuditAction.ANNOTATION_ADDED, annotation_id, None, after)
    ports.documents.put_all([Put(COLLECTION, annotation_id, asdict(annotation), if_version=0), entry])
    return annotation


def between(ports: Ports, scope: Scope, first: date | None = None, last: date | None = None) -> list[Annotation]:
    """Annotations of the days, inclusive, that concern the scope, earliest first. None: no bound."""
    documents = ports.documents.find(
        COLLECTION,
        above=first.isoformat() if first else None,
        below=f"{last.isoformat()}{AFTER_ANY}" if last else None,
    )
    annotations = [Annotation(**one.data) for one in documents]
    return [one for one in annotations if not one.region or scope.covers_region(one.region)]


def remove(ports: Ports, scope: Scope, id: str, *, by: str) -> Annotation:
    """Delete an annotation. Raises `NotFound`, also outside the scope, and `Rejected` for one of all regions."""
    document = ports.documents.get(COLLECTION, id)
    annotation = Annotation(**document.data) if document else None
    if annotation is None or (annotation.region and not scope.covers_region(annotation.region)):
        raise NotFound("There is no such annotation.")
    if not annotation.region and scope.regions is not None and annotation.by != by:
        raise Rejected("An annotation of all regions can be deleted only by who wrote it or by an administrator.")
    before = {"day": annotation.day, "text": annotation.text, "region": annotation.region}
    audit.record(ports, by, audit.AuditAction.ANNOTATION_REMOVED, id, before, None)
    ports.documents.delete(COLLECTION, id)
    return annotation
