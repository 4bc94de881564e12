"""Tables by e-mail: due at the hour of a subscription, once for each, in the scope that its reader has at that time."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
import shop_of_two_stores
from pyarrow import parquet

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.delivery import subscribed_tables, subscription_files, subscriptions
from tillstream.delivery.subscriptions import SubscriptionDraft, TableSubscription
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import audit_log, saved_views
from tillstream.records import mail as records_mail

JULY_1, AUGUST_1 = datetime(2026, 7, 1, 7, tzinfo=UTC), datetime(2026, 8, 1, 7, tzinfo=UTC)
BY_STORE = "/explore?measure=revenue&measure=orders&by=store&preset=last-month&currency=GBP"
MONTHLY = SubscriptionDraft("Stores", BY_STORE, "csv", "maya@example.com", "month", 1)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Maya is a manager of one of two stores, Ana an analyst of everything."""
    opened = shop_of_two_stores.app(tmp_path)
    accounts.add_account(opened.ports, "maya", "Maya", Role.MANAGER, regions=("UK",), stores=("LDS1",))
    accounts.add_account(opened.ports, "ana", "Ana", Role.ANALYST)
    yield opened
    opened.close()


def sender(app: App, largest: int = subscription_files.MAX_ATTACHED_BYTES) -> subscription_files.SubscriptionSender:
    source = subscribed_tables.TableSource(app.ports, app.contracts, app.settings.reporting_currency, app.queries)
    return subscription_files.SubscriptionSender(source, "a@example.com", "https://sales.example", largest)


def make_due(app: App, largest: int = subscription_files.MAX_ATTACHED_BYTES) -> int:
    return sum(subscription_files.make_due_files(sender(app, largest)))


def advance(app: App, to: datetime) -> None:
    clock = app.ports.clock
    assert isinstance(clock, ManualClock)
    clock.advance((to - clock.now()).total_seconds())


def sent(app: App) -> list[Any]:
    messages: list[Any] = []
    records_mail.send_due_mail(
        app.ports, lambda _to, content: messages.append(message_from_bytes(content, policy=policy.default))
    )
    return messages


def deliver(app: App, draft: SubscriptionDraft = MONTHLY, login: str = "maya", at: datetime = JULY_1) -> Any:
    subscriptions.add_subscription(app.ports, login, draft, login)
    advance(app, at)
    assert make_due(app) == 1
    return sent(app)[-1]


def attached(mail: Any) -> Any:
    (attachment,) = mail.iter_attachments()
    return attachment


def rows_of(mail: Any) -> list[dict[str, str]]:
    text = attached(mail).get_payload(decode=True).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def june() -> tuple[Counter[str], Counter[str]]:
    """Revenue and orders by store, added up from the lines of the file."""
    revenue, orders = Counter[str](), Counter[str]()
    content = shop_of_two_stores.content(date(2026, 6, 1), date(2026, 6, 30)).decode("cp1252")
    for row in csv.DictReader(io.StringIO(content)):
        revenue[row["Store Code"]] += Decimal(row["Net"])
        orders[row["Store Code"]] += 1
    return revenue, orders


def test_a_table_comes_at_its_hour_with_the_numbers_that_its_reader_may_see(app: App) -> None:
    subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    assert not subscriptions.has_due_subscriptions(app.ports)
    advance(app, JULY_1 - timedelta(minutes=1))
    assert make_due(app) == 0
    advance(app, JULY_1)
    assert subscriptions.has_due_subscriptions(app.ports)
    assert make_due(app) == 1
    assert make_due(app) == 0
    assert not subscriptions.has_due_subscriptions(app.ports)
    (mail,) = sent(app)
    revenue, orders = june()
    (row,) = rows_of(mail)
    assert row["store"].endswith("LDS1")
    assert (Decimal(row["revenue"]), Decimal(row["orders"])) == (revenue["LDS1"], orders["LDS1"])
    assert (mail["To"], mail["Subject"]) == ("maya@example.com", "Stores: June 2026")
    assert attached(mail).get_filename() == "stores-2026-06-30.csv"
    text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "LDS1" in text
    assert "MAN1" not in text + page
    assert "https://sales.example/explore?measure=revenue" in text
    assert "from=2026-06-01&to=2026-06-30" in text
    (one,) = subscriptions.list_subscriptions(app.ports, "maya")
    assert (one.next_due, one.last_rows) == ("2026-08-01T07:00:00+00:00", 1)
    last = next(audit_log.find_entries(app.ports, audit_log.AuditFilter()))
    assert (last.what, last.who) == ("export.mailed", "maya")


def test_another_reader_gets_all_stores_and_their_totals(app: App) -> None:
    mail = deliver(app, login="ana")
    revenue, _ = june()
    rows = rows_of(mail)
    assert sorted(Decimal(row["revenue"]) for row in rows) == sorted(revenue.values())
    assert f"revenue  {int(sum(revenue.values()))}" in mail.get_body(("plain",)).get_content()


def test_a_message_has_the_amounts_that_its_file_has(app: App) -> None:
    mail = deliver(app, replace(MONTHLY, address=BY_STORE.replace("GBP", "USD")), login="ana")
    text, rows = mail.get_body(("plain",)).get_content(), rows_of(mail)
    assert "2 rows, in the attached file. Amounts are in USD." in text
    lines = [line.split() for line in text.splitlines()]
    assert all(list(row.values()) in lines for row in rows)
    total = next(line[1] for line in lines if line[:1] == ["revenue"])
    assert len(total.partition(".")[2]) <= 2
    assert abs(Decimal(total) - sum(Decimal(row["revenue"]) for row in rows)) <= Decimal("0.01")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("find-sales?text=S2606", "in the attached file."),
        ("lines-whole?preset=last-month", "in the attached file. Converted amounts are in USD."),
    ],
)
def test_a_message_names_a_currency_only_of_amounts_that_are_in_it(app: App, table: str, sentence: str) -> None:
    mail = deliver(app, replace(MONTHLY, address=f"/tables/{table}&currency=USD"))
    (shown,) = (line for line in mail.get_body(("plain",)).get_content().splitlines() if "attached" in line)
    assert shown.endswith(sentence)


def test_a_period_moves_on_with_time_and_a_table_without_rows_comes_too(app: App) -> None:
    deliver(app)
    advance(app, AUGUST_1)
    assert make_due(app) == 1
    (mail,) = sent(app)
    assert mail["Subject"] == "Stores: July 2026"
    assert rows_of(mail) == []
    assert "There are no rows for these days." in mail.get_body(("plain",)).get_content()


def test_a_table_without_rows_is_skipped_if_its_reader_wants_that(app: App) -> None:
    deliver(app, replace(MONTHLY, skip_empty=True))
    advance(app, AUGUST_1)
    assert make_due(app) == 0
    (one,) = subscriptions.list_subscriptions(app.ports)
    assert (one.last_rows, one.last_mail, one.last_at) == (0, "", AUGUST_1.isoformat())


def test_the_hour_and_the_days_are_those_of_the_zone_of_the_reader(app: App) -> None:
    account = app.ports.documents.get("users", "maya")
    assert account
    app.ports.documents.put("users", "maya", account.data | {"time_zone": "Pacific/Auckland"})
    yesterday = replace(MONTHLY, address="/explore?by=store&preset=yesterday", every="day")
    one = subscriptions.add_subscription(app.ports, "maya", yesterday, "maya")
    assert (one.next_due, one.schedule.words) == ("2026-07-01T19:00:00+00:00", "every day at 7:00")
    advance(app, datetime(2026, 7, 1, 19, tzinfo=UTC))
    assert make_due(app) == 1
    assert sent(app)[0]["Subject"] == "Stores: 1 July 2026"


def test_a_query_comes_with_its_parameters_and_filters(app: App) -> None:
    address = "/tables/sales-over-time?period=monthly&from=2026-05-01&to=2026-06-30&store=LDS1&currency=GBP&format=csv"
    mail = deliver(app, replace(MONTHLY, address=address, format="parquet"))
    table = parquet.read_table(io.BytesIO(attached(mail).get_payload(decode=True)))
    assert table.column("period_start").to_pylist() == [date(2026, 5, 1), date(2026, 6, 1)]
    assert table.column("revenue").to_pylist()[1] == june()[0]["LDS1"]


def test_all_sale_lines_come_as_a_workbook(app: App) -> None:
    address = "/tables/sale-lines?preset=last-month"
    mail = deliver(app, replace(MONTHLY, address=address, format="xlsx"))
    assert attached(mail).get_payload(decode=True).startswith(b"PK")
    assert "rows, in the attached file" in mail.get_body(("plain",)).get_content()


def test_personal_columns_are_left_out_for_a_role_without_them(app: App) -> None:
    table = replace(MONTHLY, address="/tables/sale-lines?preset=yesterday", to="ana@example.com")
    (first, *_) = rows_of(deliver(app, table, "ana"))
    assert not {"customer_id", "customer_name", "salesperson_id"} & set(first)
    subscriptions.add_subscription(app.ports, "maya", table, "maya")
    advance(app, AUGUST_1)
    make_due(app)
    user = accounts.get_user(app.ports, "ana")
    by_person = TableSubscription("People", "/explore?by=salesperson", "csv", "a@example.com", "day")
    with pytest.raises(Rejected, match="salesperson cannot be chosen"):
        subscribed_tables.check_table(sender(app).source, by_person, user, date(2026, 7, 1))


def test_a_view_is_sent_as_it_is_saved_now_and_paused_when_it_is_gone(app: App) -> None:
    created = accounts.get_user(app.ports, "maya").created_at
    view = saved_views.save_view(app.ports, "maya", created, "Mine", BY_STORE, shared=False)
    subscriptions.add_subscription(app.ports, "maya", replace(MONTHLY, view=view.id, every="day"), "maya")
    changed = BY_STORE.replace("by=store", "by=category")
    saved_views.save_view(app.ports, "maya", created, "Mine", changed, shared=False)
    advance(app, JULY_1)
    assert make_due(app) == 1
    assert {row["category"] for row in rows_of(sent(app)[0])} == {"Toys", "Home & Kitchen"}
    saved_views.remove_view(app.ports, view.id, by="maya")
    advance(app, JULY_1 + timedelta(days=1))
    assert make_due(app) == 0
    assert (
        subscriptions.list_subscriptions(app.ports)[0].paused == "The saved view was deleted, or is no longer shared."
    )


def test_who_lost_access_gets_nothing_and_the_subscription_is_paused(app: App) -> None:
    one = subscriptions.add_subscription(app.ports, "maya", MONTHLY, "boss")
    accounts.disable_account(app.ports, "maya", by="boss")
    advance(app, JULY_1)
    assert make_due(app) == 0
    assert subscriptions.get_subscription(app.ports, one.id).paused == accounts.ACCOUNT_STOPPED
    assert not subscriptions.has_due_subscriptions(app.ports)
    advance(app, AUGUST_1)
    assert make_due(app) == 0
    assert sent(app) == []
    accounts.enable_account(app.ports, "maya", by="boss")
    subscriptions.resume_subscription(app.ports, one.id, "boss")
    assert subscriptions.get_subscription(app.ports, one.id).next_due == "2026-09-01T07:00:00+00:00"


def test_a_later_account_of_the_same_name_inherits_nothing(app: App) -> None:
    one = subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    account = app.ports.documents.get("users", "maya")
    assert account
    app.ports.documents.put("users", "maya", account.data | {"created_at": "2026-07-01T00:00:00+00:00"})
    advance(app, JULY_1)
    assert make_due(app) == 0
    assert subscriptions.get_subscription(app.ports, one.id).paused == accounts.ACCOUNT_STOPPED


def test_a_filter_that_the_reader_may_no_longer_see_pauses_with_the_reason(app: App) -> None:
    one = subscriptions.add_subscription(app.ports, "maya", replace(MONTHLY, address=f"{BY_STORE}&store=MAN1"), "maya")
    advance(app, JULY_1)
    assert make_due(app) == 0
    assert "There is no store “MAN1”" in subscriptions.get_subscription(app.ports, one.id).paused


def test_a_large_file_is_a_link(app: App) -> None:
    subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    advance(app, JULY_1)
    assert make_due(app, largest=10) == 1
    (mail,) = sent(app)
    assert list(mail.iter_attachments()) == []
    text = mail.get_body(("plain",)).get_content()
    assert "Sign in to download it: https://sales.example/explore/file?measure=revenue" in text
    assert "format=csv" in text


def test_a_stop_between_the_message_and_its_note_makes_no_second_one(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    advance(app, JULY_1)
    add = records_mail.add_mail

    def killed(*arguments: Any) -> bool:
        add(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(subscription_files, "add_mail", killed)
        with pytest.raises(KeyboardInterrupt):
            make_due(app)
    advance(app, JULY_1 + timedelta(hours=3))
    assert subscriptions.has_due_subscriptions(app.ports)
    assert make_due(app) == 0
    assert len(sent(app)) == 1


def test_a_file_that_cannot_be_made_keeps_no_other_from_being_sent(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = subscriptions.add_subscription(app.ports, "ana", MONTHLY, "ana")
    subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    advance(app, JULY_1)
    read = subscribed_tables.read_table

    def failing(
        source: subscribed_tables.TableSource, request: subscribed_tables.ExportRequest, *arguments: Any
    ) -> subscribed_tables.SubscribedTable:
        if request.reader.login == "ana":
            raise ValueError("broken")
        return read(source, request, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(subscribed_tables, "read_table", failing)
        with pytest.raises(ExceptionGroup) as raised:
            make_due(app)
    assert [str(error) for error in raised.value.exceptions] == ["broken"]
    assert [mail["To"] for mail in sent(app)] == ["maya@example.com"]
    assert "broken" in subscriptions.get_subscription(app.ports, broken.id).error
    assert not subscriptions.has_due_subscriptions(app.ports)
    advance(app, JULY_1 + subscription_files.RETRY_AFTER)
    assert make_due(app) == 1
    assert subscriptions.get_subscription(app.ports, broken.id).error == ""


def test_send_now_comes_besides_the_schedule_and_pause_keeps_that_back(app: App) -> None:
    one = subscriptions.add_subscription(app.ports, "maya", MONTHLY, "maya")
    subscriptions.send_subscription_now(app.ports, one.id, "maya")
    assert make_due(app) == 1
    assert subscriptions.get_subscription(app.ports, one.id).next_due == JULY_1.isoformat()
    subscriptions.pause_subscription(app.ports, one.id, "maya")
    assert (advance(app, JULY_1), make_due(app)) == (None, 0)
    subscriptions.send_subscription_now(app.ports, one.id, "maya")
    assert (make_due(app), make_due(app)) == (1, 0), "it delivers what is requested, and stays paused"
    changed = subscriptions.change_subscription(app.ports, one.id, replace(MONTHLY, name="All stores"), "maya")
    assert (changed.name, changed.paused) == ("All stores", "By maya.")
    subscriptions.remove_subscription(app.ports, one.id, "maya")
    with pytest.raises(NotFound):
        subscriptions.get_subscription(app.ports, one.id)
