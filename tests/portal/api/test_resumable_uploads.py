"""Files that come piece by piece: broken off, gone on with, compared, cancelled, forgotten; each its owner's alone."""

import base64
import hashlib
import random
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from faults.objects.damaged_objects import flip_staged
from upload_steps import FORTY_SALES as FILE
from upload_steps import begin, call, send, words
from visitor import People, Work

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import resumable_upload, upload_completion
from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX, STAGING
from tillstream.model.permissions import Role
from tillstream.operations import reconcile
from tillstream.records import batch_records
from tillstream.server.worker import Worker


def test_a_file_in_pieces_becomes_the_same_upload_as_one_sent_at_once(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk, mark="june.csv-1")
    assert send(clerk, place, 0, FILE[:1000]).headers["Upload-Offset"] == "1000"
    assert send(clerk, place, 1000, FILE[1000:1001]).status_code == 204
    answer = call(clerk, "HEAD", place)
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("1001", str(len(FILE)))
    assert "Upload-Expires" in answer.headers
    last = send(clerk, place, 1001, FILE[1001:])
    batch = last.headers["Upload-Batch"]
    work()
    upload = batch_records.get_batch(app.ports, clerk.upload(FILE))
    came = batch_records.get_batch(app.ports, batch)
    for name in ("kind", "size", "file", "contract", "contract_version", "region", "received_by", "sha256"):
        assert getattr(came, name) == getattr(upload, name), name
    assert "40 of 40 rows imported" in clerk.get(f"/uploads/{batch}").text
    assert clerk.get(place).get_json()["upload"] == f"/api/uploads/{batch}"
    assert list(app.ports.objects.list(STAGING, "sending/")) == []


def test_however_a_file_is_cut_it_arrives_as_it_was(app: App) -> None:
    chance = random.Random(4)
    for number in range(8):
        data = chance.randbytes(chance.choice((1, 700, 3_000_000)))
        begun = resumable_upload.begin_upload(app.ports, "ann", f"{number}.bin", len(data), contract="IN")
        kept = 0
        while kept < len(data):
            size = chance.choice((0, 1, 17, len(data) // 3, len(data)))
            offset = kept if chance.random() < 0.7 else chance.randrange(len(data))
            piece = BytesIO(data[offset : offset + size])
            if offset != kept:
                with pytest.raises(resumable_upload.WrongOffset):
                    resumable_upload.append_piece(app.ports, begun.id, "ann", offset, piece)
                continue
            kept = resumable_upload.append_piece(app.ports, begun.id, "ann", offset, piece).offset
        upload = batch_records.get_batch(
            app.ports, upload_completion.finish_upload(app.ports, app.contracts, begun.id, "ann").batch_id
        )
        assert upload.sha256 == hashlib.sha256(data).hexdigest()
        with app.ports.objects.open(upload.bucket, upload.object, upload.generation) as stream:
            assert stream.read() == data


def test_a_piece_with_a_wrong_offset_is_rejected_with_the_right_one(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk)
    send(clerk, place, 0, FILE[:100])
    for offset in (0, 99, 101):
        answer = send(clerk, place, offset, b"x")
        assert (answer.status_code, "up to byte 100" in answer.get_json()["detail"]) == (409, True)
    assert call(clerk, "HEAD", place).headers["Upload-Offset"] == "100"


def test_more_bytes_than_announced_are_refused_whole(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk, 10)
    assert send(clerk, place, 0, b"12345678901").status_code == 422
    assert call(clerk, "HEAD", place).headers["Upload-Offset"] == "0"
    assert list(app.ports.objects.list(STAGING, "sending/")) == []


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_a_damaged_piece_is_rejected_and_not_stored(person: People, algorithm: str) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk)
    right = base64.b64encode(hashlib.new(algorithm, FILE[:50]).digest()).decode()
    assert send(clerk, place, 0, FILE[1:51], Upload_Checksum=f"{algorithm} {right}").status_code == 460
    assert send(clerk, place, 0, FILE[:50], Upload_Checksum=f"{algorithm} {right}").headers["Upload-Offset"] == "50"


def test_a_whole_file_that_is_not_the_one_announced_never_reaches_the_inbox(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk, sha256="0" * 64)
    answer = send(clerk, place, 0, FILE)
    assert (answer.status_code, "(sha256)" in answer.get_json()["detail"]) == (422, True)
    assert list(app.ports.objects.list(INBOX)) == []
    assert call(clerk, "HEAD", place).status_code == 404


@pytest.mark.parametrize("look", [False, True])
def test_a_part_that_is_damaged_before_it_is_used_is_named_and_never_loaded(
    app: App, person: People, *, look: bool
) -> None:
    begun = resumable_upload.begin_upload(app.ports, "ann", "june.csv", len(FILE), contract="IN", look=look)
    half = len(FILE) // 2
    resumable_upload.append_piece(app.ports, begun.id, "ann", 0, BytesIO(FILE[:half]))
    flip_staged(app, "sending/")
    resumable_upload.append_piece(app.ports, begun.id, "ann", half, BytesIO(FILE[half:]))
    with pytest.raises(Rejected, match=r"A part of june.csv was damaged .* Upload the file again"):
        upload_completion.finish_upload(app.ports, app.contracts, begun.id, "ann")
    assert [*app.ports.objects.list(INBOX), *app.ports.objects.list(STAGING, "sending/")] == []
    with pytest.raises(NotFound):
        resumable_upload.get_upload(app.ports, begun.id, "ann")


def test_a_part_that_is_lost_is_named_instead_of_tried_for_ever(app: App) -> None:
    begun = resumable_upload.begin_upload(app.ports, "ann", "june.csv", len(FILE), contract="IN")
    resumable_upload.append_piece(app.ports, begun.id, "ann", 0, BytesIO(FILE))
    (stored,) = app.ports.objects.list(STAGING, "sending/")
    app.ports.objects.delete(STAGING, stored.name)
    with pytest.raises(Rejected, match=r"A part of june.csv is lost. Upload the file again"):
        upload_completion.finish_upload(app.ports, app.contracts, begun.id, "ann")


def test_a_cancelled_file_is_forgotten_with_its_bytes(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk)
    send(clerk, place, 0, FILE[:500])
    assert call(clerk, "DELETE", place).status_code == 204
    assert call(clerk, "HEAD", place).status_code == 404
    assert list(app.ports.objects.list(STAGING, "sending/")) == []


def test_an_upload_is_visible_to_its_owner_only(person: People) -> None:
    clerk, admin = person(Role.CLERK, "IN"), person(Role.ADMIN)
    place = begin(clerk)
    assert call(admin, "HEAD", place).status_code == 404
    assert send(admin, place, 0, b"x").status_code == 404
    assert call(admin, "DELETE", place).status_code == 404
    assert send(clerk, place, 0, FILE[:5]).status_code == 204


def test_a_contract_of_another_region_is_refused_at_the_beginning(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    for contract in ("UK", "", "nobody's"):
        metadata = words(filename="june.csv", contract=contract)
        assert call(clerk, "POST", "/api/uploads", Upload_Length=5, Upload_Metadata=metadata).status_code == 422


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Length": "many"}, 422),
        ({"Upload_Length": "-1"}, 422),
        ({}, 422),
        ({"Upload_Length": 1 << 50}, 413),
        ({"Upload_Length": 5, "Upload_Metadata": "filename %%%"}, 422),
        ({"Upload_Length": 5, "Tus_Resumable": "0.2.2"}, 412),
    ],
)
def test_a_beginning_that_makes_no_sense_is_refused_in_words(
    person: People, headers: dict[str, Any], status: int
) -> None:
    answer = call(person(Role.CLERK, "IN"), "POST", "/api/uploads", **headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["detail"]


def test_a_piece_must_be_sent_as_bytes_of_a_file(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    answer = call(clerk, "PATCH", begin(clerk), b"x", Upload_Offset=0, Content_Type="text/plain")
    assert answer.status_code == 415


def test_the_server_reports_its_protocol_extensions(person: People) -> None:
    answer = call(person(Role.CLERK, "IN"), "OPTIONS", "/api/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert {"creation", "termination", "checksum"} <= set(answer.headers["Tus-Extension"].split(","))


def test_an_abandoned_upload_is_deleted_after_three_days(app: App, person: People, clock: ManualClock) -> None:
    clerk = person(Role.CLERK, "IN")
    old = begin(clerk)
    send(clerk, old, 0, FILE[:100])
    clock.advance(timedelta(days=2).total_seconds())
    clerk.sign_in("clerk-in")
    young = begin(clerk)
    clock.advance(timedelta(days=1, hours=1).total_seconds())
    upload_completion.clean_up_uploads(app.ports, app.contracts)
    clerk.sign_in("clerk-in")
    assert call(clerk, "HEAD", old).status_code == 404
    assert call(clerk, "HEAD", young).status_code == 200
    assert list(app.ports.objects.list(STAGING, "sending/")) == []


def test_a_file_with_all_pieces_before_a_crash_is_completed_by_the_sweep(
    app: App, person: People, clock: ManualClock
) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk)
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(upload_completion, "finish_upload", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            send(clerk, place, 0, FILE)
    assert batch_records.find_batches(app.ports) == []
    clock.advance(timedelta(minutes=6).total_seconds())
    worker = Worker(app)
    reconcile.run_sweep(app.ports, app.contracts)
    worker.run_until_idle()
    (upload,) = batch_records.find_batches(app.ports)
    assert (upload.received_by, upload.state) == ("clerk-in", BatchState.ANNOUNCED)


def test_a_file_kept_in_the_inbox_before_a_crash_becomes_one_upload(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk)
    begun = resumable_upload.get_upload(app.ports, place.rsplit("/", 1)[1], "clerk-in")
    with app.ports.objects.writer(INBOX, resumable_upload.upload_inbox_name(begun)) as writer:
        writer.write(FILE)
    Worker(app).run_until_idle()
    send(clerk, place, 0, FILE)
    (upload,) = batch_records.find_batches(app.ports)
    assert upload.received_by == "clerk-in"


def test_an_empty_piece_at_the_end_finishes_what_a_crash_left(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk)
    resumable_upload.append_piece(app.ports, place.rsplit("/", 1)[1], "clerk-in", 0, BytesIO(FILE))
    assert batch_records.find_batches(app.ports) == []
    assert (
        send(clerk, place, len(FILE), b"").headers["Upload-Batch"] == batch_records.find_batches(app.ports)[0].batch_id
    )
    assert (
        send(clerk, place, len(FILE), b"").headers["Upload-Batch"] == batch_records.find_batches(app.ports)[0].batch_id
    )


def test_pieces_of_a_file_to_look_at_are_put_together_also_after_a_crash(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk, look="yes")
    for start, end in ((0, 900), (900, len(FILE))):
        resumable_upload.append_piece(app.ports, place.rsplit("/", 1)[1], "clerk-in", start, BytesIO(FILE[start:end]))
    assert "40 of 40 rows ready to import" in clerk.get(f"/uploads/look/{place.rsplit('/', 1)[1]}").text
    assert len(list(app.ports.objects.list(STAGING, "sending/"))) == 1


def test_an_empty_file_is_an_upload_too(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    begin(clerk, 0)
    work()
    assert [one.state for one in batch_records.find_batches(app.ports)] == [BatchState.REJECTED]


def test_several_files_come_at_once(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    places = [begin(clerk, filename=f"{number}.csv") for number in range(3)]
    for start in (0, 700):
        for place in places:
            send(clerk, place, start, FILE[start:] if start else FILE[:700])
    assert {one.file for one in batch_records.find_batches(app.ports)} == {"0.csv", "1.csv", "2.csv"}


def test_the_path_from_a_browser_is_removed_from_the_name(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = begin(clerk, filename="C:\\fake\\..\\june\n.csv")
    assert clerk.get(place).get_json()["file"] == "june.csv"
