"""Files that a page sends straight into Cloud Storage become the uploads that they would be by way of the portal."""

import hashlib
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from call_recorder import Calls, record_calls, required_permissions
from google.cloud.storage import Client

from devtools.emulators import PROJECT, Emulator
from infra.access.accounts import PORTAL_GRANTS
from infra.access.permissions import granted_permissions
from tillstream.adapters.google.object_store import CloudStorageObjectStore
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, build
from tillstream.handlers import stage_object
from tillstream.intake import inbox, resumable_upload, upload_completion
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX, STAGING
from tillstream.model.uploads import ResumableUpload
from tillstream.records import batch_records, batch_registration
from tillstream.settings import Settings

FILE = (
    b"Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    b"Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice\n"
    b"1,1,03-06-2026 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,1,100.00,0.00,100.00,18.00,118.00,\n"
)
PORTAL = "https://sales.example"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock, cloud_storage: Emulator) -> Iterator[App]:
    client = Client(PROJECT)
    buckets = {name: f"{name}-{uuid.uuid4().hex}" for name in (INBOX, STAGING)}
    for real in buckets.values():
        client.create_bucket(real)
    app = build(Settings(home=tmp_path, samples=False, threads=1), clock)
    yield replace(app, ports=replace(app.ports, objects=CloudStorageObjectStore(client, buckets)))
    app.close()


def _begin(app: App, size: int = len(FILE), *, look: bool = False) -> ResumableUpload:
    return resumable_upload.begin_upload(app.ports, "ann", "june.csv", size, contract="IN", look=look, origin=PORTAL)


def _send(session_record: ResumableUpload, data: bytes = FILE) -> None:
    headers = {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}", "Content-Type": "application/octet-stream"}
    with urllib.request.urlopen(urllib.request.Request(session_record.session, data, headers, method="PUT")) as answer:
        assert answer.status == 200


def _finish(app: App, session_record: ResumableUpload) -> ResumableUpload:
    return upload_completion.finish_upload(app.ports, app.contracts, session_record.id, "ann")


def _event(app: App) -> Batch:
    """The bucket's notification that an object is complete."""
    (stored,) = app.ports.objects.list(INBOX)
    notification = {
        "bucket": INBOX,
        "name": stored.name,
        "generation": str(stored.generation),
        "size": str(stored.size),
    }
    stage_object(app, notification)
    (upload,) = batch_records.find_batches(app.ports)
    return upload


def test_a_file_is_an_upload_of_its_sender_after_the_inbox_event(app: App) -> None:
    begun = _begin(app)
    assert begun.session.startswith(app.ports.objects.upload_origin)
    assert not _finish(app, begun).whole
    _send(begun)
    waits = _finish(app, begun)
    assert (waits.whole, waits.batch_id) == (True, "")
    upload = _event(app)
    assert (upload.received_by, upload.contract, upload.file, upload.size) == ("ann", "IN", "june.csv", len(FILE))
    assert (upload.state, upload.sha256) == (BatchState.STAGED, hashlib.sha256(FILE).hexdigest())
    assert _finish(app, begun).batch_id == upload.batch_id
    assert resumable_upload.open_uploads(app.ports, "ann") == []


def test_the_event_can_arrive_before_the_request_and_repeatedly(app: App) -> None:
    begun = _begin(app)
    _send(begun)
    first = _event(app)
    assert _event(app).batch_id == first.batch_id
    assert _finish(app, begun).batch_id == first.batch_id


def test_a_previewed_file_is_stored_outside_the_inbox_and_copied_there_later(app: App) -> None:
    begun = _begin(app, look=True)
    _send(begun)
    assert _finish(app, begun).waits
    with upload_completion.open_complete_upload(app.ports, _finish(app, begun)) as stream:
        assert stream.read() == FILE
    assert list(app.ports.objects.list(INBOX)) == []
    assert upload_completion.ingest_previewed(app.ports, app.contracts, begun.id, "ann", "UK").batch_id == ""
    upload_completion.finish_upload(app.ports, app.contracts, begun.id, "ann")
    upload = _event(app)
    assert (upload.received_by, upload.contract, upload.sha256) == ("ann", "UK", hashlib.sha256(FILE).hexdigest())
    assert list(app.ports.objects.list(STAGING, "sending/")) == []
    assert resumable_upload.open_uploads(app.ports, "ann") == []


def test_the_service_account_of_the_portal_has_the_permissions_for_uploads(app: App) -> None:
    calls: Calls = set()
    portal = record_calls(app, calls)
    begun, cancelled = _begin(portal, look=True), _begin(portal)
    _send(begun)
    with upload_completion.open_complete_upload(portal.ports, _finish(portal, begun)) as stream:
        assert stream.read() == FILE
    upload_completion.ingest_previewed(portal.ports, portal.contracts, begun.id, "ann", "UK")
    resumable_upload.cancel_upload(portal.ports, cancelled.id, "ann")
    assert {"objects.start_upload_session", "objects.copy", "objects.cancel_upload_session"} <= {
        call for call, _ in calls
    }
    assert required_permissions(calls) - set(granted_permissions(PORTAL_GRANTS)) == set()


def test_a_cancelled_file_is_never_read_is_deleted_by_the_sweep_and_its_session_takes_nothing(app: App) -> None:
    for whole in (False, True):
        begun = _begin(app)
        if whole:
            _send(begun)
        resumable_upload.cancel_upload(app.ports, begun.id, "ann")
        with pytest.raises(urllib.error.HTTPError):
            _send(begun)
        assert resumable_upload.open_uploads(app.ports, "ann") == []
        with pytest.raises(NotFound):
            resumable_upload.get_upload(app.ports, begun.id, "ann")
        for stored in list(app.ports.objects.list(INBOX)):
            with pytest.raises(Rejected, match="was cancelled"):
                inbox.ensure_record(app.ports, app.contracts, stored)
        assert upload_completion.clean_up_uploads(app.ports, app.contracts) == 1
        assert list(app.ports.objects.list(INBOX)) == []
        assert app.ports.documents.count(resumable_upload.COLLECTION) == 0


def test_cancelling_what_became_an_upload_meanwhile_cancels_the_upload(app: App) -> None:
    begun = _begin(app)
    _send(begun)
    upload = batch_registration.register_batch(
        app.ports,
        app.contracts.pin("IN"),
        app.ports.objects.stat(*resumable_upload.target_object(begun)),
        "ann",
        file="june.csv",
    )
    resumable_upload.cancel_upload(app.ports, begun.id, "ann")
    assert batch_records.get_batch(app.ports, upload.batch_id).state is BatchState.CANCELLED
    assert [stored.name for stored in app.ports.objects.list(INBOX)] == [resumable_upload.upload_inbox_name(begun)]


def test_another_size_than_the_announced_one_is_refused(app: App) -> None:
    begun = _begin(app, len(FILE) - 7)
    _send(begun)
    with pytest.raises(Rejected, match="should have"):
        _event(app)
    with pytest.raises(Rejected, match="should have"):
        _finish(app, begun)
    upload_completion.clean_up_uploads(app.ports, app.contracts)
    assert list(app.ports.objects.list(INBOX)) == []
    assert batch_records.find_batches(app.ports) == []


def test_pieces_by_way_of_the_portal_are_refused_where_the_bytes_go_straight(app: App) -> None:
    with pytest.raises(Rejected):
        resumable_upload.append_piece(app.ports, _begin(app).id, "ann", 0, BytesIO(FILE))


def test_an_abandoned_upload_is_deleted_in_the_store_too(app: App, clock: ManualClock) -> None:
    begun, preview_session = _begin(app), _begin(app, look=True)
    _send(preview_session)
    clock.advance(timedelta(days=3, hours=1).total_seconds())
    assert upload_completion.clean_up_uploads(app.ports, app.contracts) == 2
    with pytest.raises(urllib.error.HTTPError):
        _send(begun)
    assert list(app.ports.objects.list(STAGING)) == list(app.ports.objects.list(INBOX)) == []


@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize("previewed", [True, False])
def test_a_file_whose_notification_was_lost_is_registered_by_its_record(
    app: App, clock: ManualClock, finished: bool, previewed: bool
) -> None:
    begun = _begin(app, look=previewed)
    _send(begun)
    if previewed:
        _finish(app, begun)
        upload_completion.ingest_previewed(app.ports, app.contracts, begun.id, "ann", "IN")
    elif finished:
        _finish(app, begun)
    upload_completion.clean_up_uploads(app.ports, app.contracts)
    assert batch_records.find_batches(app.ports) == []
    clock.advance((upload_completion.COMPLETION_PATIENCE + timedelta(seconds=1)).total_seconds())
    upload_completion.clean_up_uploads(app.ports, app.contracts)
    (upload,) = batch_records.find_batches(app.ports)
    assert (upload.received_by, upload.contract, upload.file) == ("ann", "IN", "june.csv")
    assert resumable_upload.get_upload(app.ports, begun.id, "ann").batch_id == upload.batch_id


@pytest.mark.parametrize("changes", [{"size": 0}, {"sha256": "0" * 64}, {"origin": ""}])
def test_an_empty_file_or_one_to_compare_goes_by_way_of_the_portal(app: App, changes: dict[str, str | int]) -> None:
    options = {"size": 5, "origin": PORTAL} | changes
    assert resumable_upload.begin_upload(app.ports, "ann", "june.csv", contract="IN", **options).session == ""
