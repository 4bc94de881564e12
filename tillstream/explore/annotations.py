"""Annotations: what happened on a day, such as a strike or a campaign, to be shown on charts."""

import secrets
from dataclasses import dataclass
from datetime import date

from tillstream.model import audit
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import BeyondScope, Extent, Scope, extent_of, may_change
from tillstream.ports import Ports
from tillstream.ports.documents import AFTER_ANY
from tillstream.records.collection import Collection

MAX_TEXT = 80
"""Maximum characters of a text."""


@dataclass(frozen=True)
class Annotation:
    """`day`: ISO date. `region`: empty for all regions. `by`: who wrote it. `store`: empty for all of the region."""

    id: str
    day: str
    text: str
    region: str
    by: str
    created_at: str
    store: str = ""

    @property
    def extent(self) -> Extent:
        return extent_of(self.region, *([self.store] if self.store else []), owner=self.by)


def _audited(one: Annotation) -> dict[str, str]:
    return {"day": one.day, "text": one.text, "region": one.region} | ({"store": one.store} if one.store else {})


ANNOTATIONS = Collection("annotations", Annotation, "annotation", _audited, missing="There is no such annotation.")


def add_annotation(
    ports: Ports, scope: Scope, day: date, text: str, region: str = "", store: str = "", *, by: str
) -> Annotation:
    """Annotate a day of all regions, of a region, or of one of its stores.

    Raises `Rejected`, also if the scope does not cover all of that.
    """
    text = " ".join(text.split())
    if not text or len(text) > MAX_TEXT:
        raise Rejected(f"Write what happened on the day, with at most {MAX_TEXT} characters.")
    if store and not region:
        raise Rejected("Choose the region of the store.")
    if not may_change(scope, extent_of(region, *([store] if store else []))):
        raise Rejected("Choose one of your stores." if scope.stores is not None else "Choose one of your regions.")
    annotation_id = f"{day.isoformat()}-{secrets.token_hex(4)}"
    annotation = Annotation(
        annotation_id, day.isoformat(), text, region, by, ports.clock.now().isoformat(timespec="seconds"), store
    )
    return ANNOTATIONS.add(ports, annotation, by, audit.AuditAction.ANNOTATION_ADDED)


def annotations_between(
    ports: Ports, scope: Scope, first: date | None = None, last: date | None = None
) -> list[Annotation]:
    """Annotations of the days, inclusive, that concern the scope, earliest first. None: no bound."""
    annotations = ANNOTATIONS.find(
        ports,
        above=first.isoformat() if first else None,
        below=f"{last.isoformat()}{AFTER_ANY}" if last else None,
    )
    return [one for one in annotations if _is_visible(scope, one)]


def is_annotation_changeable(scope: Scope, annotation: Annotation, login: str) -> bool:
    """Whether a user may delete an annotation: they wrote it, or see all that it concerns."""
    return may_change(scope, annotation.extent, login)


def remove_annotation(ports: Ports, scope: Scope, id: str, *, by: str) -> Annotation:
    """Delete an annotation. Raises `NotFound`, also outside the scope, and `BeyondScope` if it concerns others too."""

    def check(annotation: Annotation) -> None:
        if not _is_visible(scope, annotation):
            raise NotFound(ANNOTATIONS.missing)
        if not is_annotation_changeable(scope, annotation, by):
            raise BeyondScope(
                "This annotation also concerns others. Whoever wrote it can delete it, and anybody who sees all of "
                f"{annotation.region or 'the regions'}."
            )

    return ANNOTATIONS.remove(ports, id, by, audit.AuditAction.ANNOTATION_REMOVED, check=check)


def _is_visible(scope: Scope, one: Annotation) -> bool:
    """Those of own stores and of what contains them; a salesperson sees them too."""
    of_store = not one.store or scope.stores is None or one.store in scope.stores
    return of_store and (not one.region or scope.covers_region(one.region))
