"""A preview that is not confirmed is deleted by the sweep after a while; until then the list says when."""

from datetime import timedelta

from upload_steps import look_at
from visitor import People, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import resumable_upload
from tillstream.model.events import STAGING
from tillstream.model.permissions import Role
from tillstream.operations import reconcile
from tillstream.records import audit_log

DAY = timedelta(days=1).total_seconds()


def test_a_preview_expires_after_seven_days_with_an_audit_entry(app: App, clock: ManualClock, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = look_at(clerk, indian_file(indian_sale("1")))
    assert "2026-07-08T09:00" in clerk.get("/uploads").text
    assert "2026-07-08T09:00" in clerk.get(place).text
    clock.advance(6.9 * DAY)
    reconcile.run_sweep(app.ports, app.contracts)
    assert [one.file for one in resumable_upload.open_uploads(app.ports, "clerk-in")] == ["june.csv"]
    clock.advance(0.2 * DAY)
    reconcile.run_sweep(app.ports, app.contracts)
    assert resumable_upload.open_uploads(app.ports, "clerk-in") == []
    assert list(app.ports.objects.list(STAGING, "sending/")) == []
    entries = [one.data for one in app.ports.documents.find(audit_log.COLLECTION, {"what": "upload.preview-expired"})]
    assert [(one["who"], one["before"]["file"], one["before"]["uploaded_by"]) for one in entries] == [
        ("sweep", "june.csv", "clerk-in")
    ]
    reconcile.run_sweep(app.ports, app.contracts)
    assert len(app.ports.documents.find(audit_log.COLLECTION, {"what": "upload.preview-expired"})) == 1


def test_what_was_loaded_from_a_preview_stays(app: App, clock: ManualClock, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    place = look_at(clerk, indian_file(indian_sale("1")))
    receipt = clerk.post(f"{place}/load", {"contract": "IN"}).headers["Location"]
    clock.advance(30 * DAY)
    reconcile.run_sweep(app.ports, app.contracts)
    assert clerk.get(receipt, follow_redirects=True).status_code in {200, 303}
    assert app.ports.documents.find(audit_log.COLLECTION, {"what": "upload.preview-expired"}) == []
