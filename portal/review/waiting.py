"""List of held files: why each is held, and its possible answers."""

from itertools import islice

from flask import render_template
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.catalogue import new_codes
from portal.context import me, ports, scope, signed_in, stores
from portal.list_view import list_query, page_of
from portal.review.day_closes import open_closes
from portal.uploads import scoped
from tillstream.model.batch import BatchKind, BatchState
from tillstream.model.people import Action
from tillstream.records import batch_records

KINDS = (BatchKind.UPLOAD, BatchKind.REPLAY, BatchKind.STORE_SALES)
COUNTED = 100
"""Most files that are counted one by one, for users who are limited to stores."""


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    """Held files within the scope of the user, held longest first."""
    about = list_query()
    wanted = about.q.casefold().split()
    files = list(scoped.newest(KINDS, BatchState.HELD))
    matching = [
        one for one in files if all(word in f"{one.file} {one.contract} {one.region}".casefold() for word in wanted)
    ]
    codes = new_codes.undecided() if scope().may(Action.MANAGE_STOCK) else {}
    return render_template(
        "review/waiting.html",
        page=page_of(about, matching[::-1]),
        waiting=len(files),
        closes=closes(),
        codes=len(codes),
        codes_address=new_codes.address_of(next(iter(codes.values()))["kind"]) if codes else "",
    )


def count() -> int:
    """Number of held files and open day closes within the scope of the user, also if others decide about them."""
    return held() + closes()


def closes() -> int:
    """Number of open day closes within the scope of the user; 0 for roles that do not see uploads."""
    return len(open_closes()) if _sees_uploads() else 0


def held() -> int:
    """Number of held files within the scope of the user; 0 for roles that do not see uploads."""
    if not _sees_uploads():
        return 0
    if stores() is not None:
        return sum(1 for _ in islice(scoped.newest(KINDS, BatchState.HELD), COUNTED))
    where: dict[str, str | int | bool] = {"state": BatchState.HELD.value}
    regions = scope().regions
    if regions is None:
        return ports().documents.count(batch_records.BATCHES, where)
    own: dict[str, str | int | bool] = {**where, "region": "", "received_by": me().login}
    return sum(ports().documents.count(batch_records.BATCHES, {**where, "region": region}) for region in regions) + (
        ports().documents.count(batch_records.BATCHES, own)
    )


def _sees_uploads() -> bool:
    return signed_in() and scope().may(Action.SEE_UPLOADS)
