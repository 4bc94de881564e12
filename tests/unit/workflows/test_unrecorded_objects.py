"""In a cloud, a sweep lists what arrived since the previous one; what has no time in its name is listed twice a day."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import inbox, resumable_upload, store_sales
from tillstream.model.events import INBOX
from tillstream.model.messages import store_sale_schema
from tillstream.model.object_names import time_for_name
from tillstream.operations import inbox_upkeep, maintenance_status
from tillstream.operations.reconcile import resume_interrupted_work
from tillstream.people.store_credentials import StoreToken
from tillstream.records import batch_records

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES_OF_OTHERS = [
    "IN.csv",
    "online-retail-uk/monday.csv",
    "2019/IN.csv",
    "drop/1/IN.csv",
    "loaded/IN.csv",
    "loaded/2019-01-01/IN.csv",
    "sent/0123456789abcdef0123456789abcdef/IN.csv",
    "sent/2019.csv",
    "store-sales/IN.csv",
    "store-sales/UK/2019.csv",
    "store-sales/Zembla/1420070400000001-2d711642b726b044.jsonl",
    "zzz/IN.csv",
]


def swept(app: App) -> int:
    count: int = resume_interrupted_work(app.ports, app.contracts, delegate=True)["registered"]
    maintenance_status.note_run(app.ports, maintenance_status.SWEEP_TASK)
    return count


def put(app: App, name: str) -> None:
    with app.ports.objects.writer(INBOX, name) as writer:
        writer.write(b"x")


def load(app: App) -> str:
    return inbox.receive_file(app.ports, app.contracts.pin("IN"), "a.csv", io.BytesIO(b"x"), "emma").object


def send(app: App) -> str:
    put(
        app,
        name := resumable_upload.upload_inbox_name(
            resumable_upload.begin_upload(app.ports, "emma", "a.csv", 1, contract="IN")
        ),
    )
    return name


def sell(app: App) -> str:
    sale = store_sale_schema()["examples"][0] | {"region": "UK", "store_id": "LON1"}
    store_sales.publish_unsigned_sale(app.ports, StoreToken("till", "UK", "LON1"), sale)
    (batch,) = store_sales.receive_store_sales(app.ports, app.contracts, 10, 0)
    return batch.object


@pytest.mark.parametrize("arrive", [load, send, sell])
def test_names_that_we_make_are_listed_from_the_last_sweep_on(
    app: App, clock: ManualClock, arrive: Callable[[App], str]
) -> None:
    began = clock.now()
    name = arrive(app)
    listings = (inbox_upkeep.recent_objects, inbox_upkeep.remaining_objects)
    assert [[stored.name for stored in each(app.ports, app.contracts, began)] for each in listings] == [[name], [name]]
    clock.advance((9 * DAY).total_seconds())
    app.ports.objects.copy(INBOX, name, INBOX, name)  # its name is old now, its bytes are not
    assert [list(each(app.ports, app.contracts, clock.now() - HOUR)) for each in listings] == [[], []]


def test_an_object_of_others_whose_event_was_lost_is_found_within_the_day(app: App, clock: ManualClock) -> None:
    swept(app)
    swept(app)
    for name in NAMES_OF_OTHERS:
        put(app, name)
    registered = 0
    for _ in range(23):
        clock.advance(HOUR.total_seconds())
        registered += swept(app)
    assert {document.data["object"] for document in app.ports.documents.find(batch_records.BATCHES)} == {
        *NAMES_OF_OTHERS
    }
    assert registered == len(NAMES_OF_OTHERS)


def test_sweeps_between_do_not_list_what_others_put_there(app: App, clock: ManualClock) -> None:
    swept(app)
    swept(app)
    clock.advance(HOUR.total_seconds())
    put(app, "IN.csv")
    assert swept(app) == 0
    clock.advance((11 * HOUR).total_seconds())
    assert [swept(app), swept(app)] == [1, 0]


def test_a_listing_of_the_rest_that_fails_is_repeated_by_the_next_sweep(app: App, clock: ManualClock) -> None:
    swept(app)
    swept(app)
    put(app, "IN.csv")
    clock.advance((12 * HOUR).total_seconds())
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(inbox_upkeep, "remaining_objects", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            swept(app)
    assert swept(app) == 1


def test_a_region_named_by_a_number_hides_nothing(app: App, clock: ManualClock) -> None:
    class Numbered:
        """Contracts of a region whose name sorts between the times of micro-batches without a region."""

        def regions(self) -> list[str]:
            return ["15", "UK"]

    now = clock.now()
    names = [f"store-sales/{folder}{time_for_name(now)}-0123456789abcdef.jsonl" for folder in ("", "15/", "UK/")]
    for name in names:
        put(app, name)
    for listing in (inbox_upkeep.recent_objects, inbox_upkeep.remaining_objects):
        assert sorted(stored.name for stored in listing(app.ports, Numbered(), now)) == sorted(names)  # type: ignore[arg-type]


def test_names_that_we_make_sort_by_time() -> None:
    moments = [datetime(2026, 11, 20, tzinfo=UTC) + n * timedelta(days=40) for n in range(100)]
    assert [time_for_name(at) for at in moments] == sorted(time_for_name(at) for at in moments)
