"""List of held files: why each is held, and its possible answers."""

from itertools import islice

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.catalogue import new_codes
from portal.context import ports, scope, signed_in, stores
from portal.list_view import list_query, page_of
from portal.review.day_closes import open_closes
from portal.uploads import scoped
from tillstream.batches import records
from tillstream.domain.batch.record import BatchKind, State
from tillstream.domain.people import Action

KINDS = (BatchKind.UPLOAD, BatchKind.REPLAY, BatchKind.STORE_SALES)
COUNTED = 100
"""Most files that are counted one by one, for users who are limited to stores."""


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    """Held files within the scope of the user, held longest first."""
    about = list_query()
    wanted = about.q.casefold().split()
    held = list(scoped.newest(KINDS, State.HELD))
    matching = [
        one for one in held if all(word in f"{one.file} {one.contract} {one.region}".casefold() for word in wanted)
    ]
    codes = new_codes.undecided() if scope().may(Action.MANAGE_STOCK) else {}
    return render_template(
        "review/waiting.html",
        page=page_of(about, matching[::-1]),
        waiting=len(held),
        closes=len(open_closes()),
        codes=len(codes),
        codes_address=new_codes.address_of(next(iter(codes.values()))["kind"]) if codes else "",
    )


def count() -> int:
    """Number of held files and open day closes that the user may decide about; 0 for roles that do not decide."""
    if not signed_in() or not scope().may(Action.DECIDE):
        return 0
    return _held() + len(open_closes())


def _held() -> int:
    if stores() is not None:
        return sum(1 for _ in islice(scoped.newest(KINDS, State.HELD), COUNTED))
    held: dict[str, str | int | bool] = {"state": State.HELD.value}
    regions = scope().regions
    if regions is None:
        return ports().documents.count(records.COLLECTION, held)
    return sum(ports().documents.count(records.COLLECTION, {**held, "region": region}) for region in regions)
