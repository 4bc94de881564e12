"""Who changed what: every change leaves an entry, no secret does, and admins find it again."""

import csv
import io
import re
from datetime import date
from threading import Thread

import pytest
from threads import join_thread
from visitor import PASSWORD, People, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model import audit
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import audit_log


def entries(app: App, what: str = "", **filters: str) -> list[audit.AuditEntry]:
    return list(audit_log.find_entries(app.ports, audit_log.AuditFilter(what=what, **filters)))


def test_an_entry_contains_time_user_action_and_old_values(app: App) -> None:
    with audit_log.client_address("192.0.2.7"):
        audit_log.record(app.ports, "asha", AuditAction.SETTING_CHANGED, "idle", {"minutes": 30}, {"minutes": 60})
    (entry,) = entries(app)
    assert (entry.at, entry.who, entry.what) == ("2026-07-01T09:00:00+00:00", "asha", "setting.changed")
    assert (entry.kind, entry.subject, entry.address) == ("setting", "idle", "192.0.2.7")
    assert (entry.before, entry.after) == ({"minutes": 30}, {"minutes": 60})


def test_no_secret_gets_in_and_no_text_without_end(app: App) -> None:
    after = {"name": "x" * 9_000, "hash": "$argon2", "nested": {"secret": "s", "role": "clerk"}, "password": "p"}
    audit_log.record(app.ports, "asha", AuditAction.USER_CHANGED, "carla", {"stamp": "1"}, after)
    (entry,) = entries(app)
    assert entry.before == {}
    assert set(entry.after) == {"name", "nested"}
    assert entry.after["nested"] == {"role": "clerk"}
    assert len(entry.after["name"]) == 501


def test_an_entry_is_not_there_where_its_change_is_not(app: App) -> None:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    with pytest.raises(Conflict):
        accounts.add_account(app.ports, "asha", "Another", Role.ADMIN, by="boss")
    assert len(entries(app, "user.added")) == 1


def test_pages_are_the_whole_newest_first_also_while_others_write(app: App, clock: ManualClock) -> None:
    for number in range(25):
        clock.advance(60)
        audit_log.record(app.ports, "asha", AuditAction.SETTING_CHANGED, str(number))
    first = audit_log.find_page(app.ports, audit_log.AuditFilter(), limit=10)
    audit_log.record(app.ports, "asha", AuditAction.SETTING_CHANGED, "late")
    second = audit_log.find_page(app.ports, audit_log.AuditFilter(), below=first.next, limit=10)
    third = audit_log.find_page(app.ports, audit_log.AuditFilter(), below=second.next, limit=10)
    subjects = [entry.subject for page in (first, second, third) for entry in page.entries]
    assert subjects == [str(number) for number in reversed(range(25))]
    assert third.next == ""


def test_entries_of_the_same_instant_are_all_kept(app: App) -> None:
    def write() -> None:
        for number in range(20):
            audit_log.record(app.ports, "asha", AuditAction.SETTING_CHANGED, str(number))

    threads = [Thread(target=write, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        join_thread(thread)
    assert len(entries(app)) == 80


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (audit_log.AuditFilter(who="asha"), "ac"),
        (audit_log.AuditFilter(what="user"), "ab"),
        (audit_log.AuditFilter(what="user.disabled"), "b"),
        (audit_log.AuditFilter(subject="IN", what="contract"), "c"),
        (audit_log.AuditFilter(since=date(2026, 7, 2)), "bc"),
        (audit_log.AuditFilter(until=date(2026, 7, 2)), "ab"),
        (audit_log.AuditFilter(since=date(2026, 7, 2), until=date(2026, 7, 2)), "b"),
        (audit_log.AuditFilter(text="RAO"), "a"),
        (audit_log.AuditFilter(text="nobody like that"), ""),
    ],
)
def test_entries_are_found_by_person_action_subject_period_and_words(
    app: App, clock: ManualClock, filters: audit_log.AuditFilter, expected: str
) -> None:
    audit_log.record(app.ports, "asha", AuditAction.USER_ADDED, "a", None, {"name": "Ravi Rao"})
    clock.advance(86_400)
    audit_log.record(app.ports, "boss", AuditAction.USER_DISABLED, "b")
    clock.advance(86_400)
    audit_log.record(app.ports, "asha", AuditAction.CONTRACT_SAVED, "IN", {"version": 1}, {"version": 2})
    values = {"a": "a", "b": "b", "IN": "c"}
    assert "".join(sorted(values[one.subject] for one in audit_log.find_entries(app.ports, filters))) == expected


def test_the_history_of_an_upload_shows_who_changed_it(app: App, person: People, work: Work) -> None:
    clerk, manager = person(Role.CLERK, "IN", login="carla"), person(Role.MANAGER, "IN", login="mani")
    batch = clerk.upload(indian_file(indian_sale("1")))
    work()
    manager.post(f"/uploads/{batch}/undo")
    events = [(one.what, one.who, one.address) for one in reversed(entries(app, "upload", subject=batch))]
    assert events == [("upload.received", "carla", "127.0.0.1"), ("upload.undone", "mani", "127.0.0.1")]
    (undone,) = entries(app, "upload.undone")
    assert undone.before["state"] in {"settled", "announced"}
    assert undone.after["state"] == "undone"


def test_the_page_shows_searches_and_opens_an_entry(app: App, person: People) -> None:
    admin = person(Role.ADMIN, login="boss")
    admin.post("/people", {"login": "asha", "name": "Asha Rao", "role": "clerk", "regions": "IN"})
    admin.post("/people/asha", {"name": "Asha Rao", "role": "manager", "regions": "IN, UK"})
    page = admin.get("/audit").text
    assert "Role or scope changed" in page
    assert "No results" in admin.get("/audit?q=nobody-like-that").text
    assert "Role or scope changed</td>" not in admin.get("/audit?what=user.added").text
    (entry,) = entries(app, "user.changed")
    opened = admin.get(f"/audit/{entry.id}").text
    assert re.search(r"<th scope=\"row\">role</th><td[^>]*>clerk</td><td[^>]*><strong>manager</strong>", opened)
    assert "IN, UK" in opened


def test_a_log_of_many_changes_is_paged_and_the_filters_stay(app: App, person: People) -> None:
    for number in range(60):
        audit_log.record(app.ports, "robot", AuditAction.SETTING_CHANGED, f"n{number}")
    admin = person(Role.ADMIN)
    first = admin.get("/audit?who=robot").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    assert "who=robot" in older[1]
    second = admin.get(older[1].replace("&amp;", "&")).text
    assert [len(re.findall(r">n\d", page)) for page in (first, second)] == [50, 10]
    assert 'rel="prev"' in second


@pytest.mark.parametrize("question", ["what=anything", "since=yesterday"])
def test_an_unknown_question_is_rejected(person: People, question: str) -> None:
    assert person(Role.ADMIN).get(f"/audit?{question}").status_code == 422


def test_the_log_goes_out_as_csv_that_no_spreadsheet_runs(app: App, person: People) -> None:
    audit_log.record(app.ports, "=cmd()", AuditAction.SETTING_CHANGED, "@sum", None, {"name": "Zoë"})
    answer = person(Role.ADMIN).get("/audit.csv?what=setting")
    assert "attachment" in answer.headers["Content-Disposition"]
    header, row = csv.reader(io.StringIO(answer.text))
    assert header == ["at", "who", "what", "subject", "before", "after", "address"]
    assert row[1:6] == ["'=cmd()", "setting.changed", "'@sum", "{}", '{"name": "Zoë"}']


def test_no_entry_of_a_working_day_holds_a_password(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    match = re.search(
        r'id="secret">([^<]+)<', admin.post("/people", {"login": "x1", "role": "admin", "name": "X"}).text
    )
    token = re.search(r'id="secret">([^<]+)<', admin.post("/stores", {"region": "IN", "store_id": "M"}).text)
    admin.post("/password", {"old": PASSWORD, "new": "another long sentence", "again": "another long sentence"})
    assert match
    assert token
    text = str([entry.to_json() for entry in entries(app)])
    for secret in (PASSWORD, "another long sentence", match[1], token[1], "argon2"):
        assert secret not in text


def test_every_action_has_words() -> None:
    from portal.operations.audit import ACTION_LABELS, KINDS

    assert set(ACTION_LABELS) == set(AuditAction)
    assert {what.kind for what in AuditAction} == set(KINDS)


def test_an_unknown_entry_is_not_found(app: App) -> None:
    with pytest.raises(NotFound):
        audit_log.get_entry(app.ports, "nothing")


def test_the_command_reads_the_log(app: App) -> None:
    from tillstream.commands.registry import COMMANDS
    from tillstream.commands.result import quiet

    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, by="boss")
    (entry,) = COMMANDS["audit"](app, quiet, who="boss").data
    assert (entry["what"], entry["subject"]) == ("user.added", "asha")
    with pytest.raises(Rejected, match="is not a day"):
        COMMANDS["audit"](app, quiet, since="monday")
