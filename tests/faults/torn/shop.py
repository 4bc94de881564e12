"""A small company that did a bit of everything: its home, older copies of it, and the book of what was acknowledged."""

import io
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import portal_factory
from faults.torn.acts import BOSS, CLERK, SECRET, Acts
from faults.torn.book import REGION, Book, Line, file_of
from flask.testing import FlaskClient

from tillstream.adapters.local.files.home_folder import HomeFolder
from tillstream.app.outgoing_deliveries import subscribed_tables_source
from tillstream.delivery import background_exports as exports
from tillstream.delivery import background_run as export_runs
from tillstream.explore.engines import StatementRun
from tillstream.intake import resumable_upload
from tillstream.model.events import STAGING, TOPIC_SALE_EVENTS
from tillstream.model.people import UNRESTRICTED
from tillstream.people import accounts, store_credentials
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import RetryPolicy
from tillstream.review import undo

CATALOGUE = {
    "products": "code,name,category\nP1,Kettle,Kitchen\nP2,Lamp,Home\n",
    "costs": "product,amount,currency\nP1,1.50,EUR\n",
}
"""Kind → file of the catalogue."""
SETTINGS = (
    *("alert_channels", "catalogue_history", "confirmed_contracts", "connectors", "export_subscriptions"),
    *("file_destinations", "goals", "outside_series", "personal_tokens", "products", "stock_movements", "store_keys"),
    *("store_tokens", "users", "webhooks"),
)
"""Collections of what people entered, which are nowhere else."""


@dataclass
class Shop:
    """Homes of a company. killed: left as by a kill, so that its databases have logs. stopped: after an orderly stop.

    earlier: copies of both from before the last sales.
    """

    killed: Path
    stopped: Path
    killed_earlier: Path
    stopped_earlier: Path
    book: Book
    now: datetime
    token: str
    password: str
    settings: dict[str, int]
    """Collection → records of it."""


def live_in(folder: Path) -> Shop:
    """Let the company live in a folder."""
    acts = Acts(folder)
    _settings_of_people(acts)
    client = portal_factory.create_app(acts.app).test_client()
    _first_days(acts, client)
    acts.stop()
    shutil.copytree(acts.home, folder / "stopped-earlier")
    acts.start()
    client = portal_factory.create_app(acts.app).test_client()
    _last_morning(acts, client)
    shutil.copytree(acts.home, folder / "killed-earlier")
    _last_hour(acts, client)
    shutil.copytree(acts.home, folder / "killed")
    settings = {name: acts.ports.documents.count(name) for name in SETTINGS}
    assert all(settings.values()), settings
    acts.stop()
    acts.home.rename(folder / "stopped")
    homes = (folder / name for name in ("killed", "stopped", "killed-earlier", "stopped-earlier"))
    return Shop(*homes, acts.book, acts.clock.now(), acts.token, acts.password, settings)


def _settings_of_people(acts: Acts) -> None:
    """Accounts, keys, rates, the catalogue, goals, destinations, a connector with a secret."""
    acts.password = accounts.create_first_admin(acts.ports, BOSS) or ""
    HomeFolder(acts.home).write_private("first-password.txt", f"{acts.password}\n")
    HomeFolder(acts.home).announce_server("http://127.0.0.1:9", "token of the command API")
    acts.command("users-add", login=CLERK, name="", role="clerk", regions=[REGION])
    acts.command("tokens-make", login=BOSS, name="reports", rights=["numbers"])
    _, acts.token = store_credentials.issue_store_token(acts.ports, REGION, "S1", "front", BOSS)
    acts.command("stores-connect", region=REGION, store="S2")
    acts.command("webhooks-add", url="https://example.com")
    acts.command("channels-add", name="Ops", kind="email", to=["a@example.com"], digest_hour=7, time_zone="UTC")
    acts.command("fx-load", file=acts.file("rates", "date,currency,rate\n2026-01-01,USD,1.2\n"))
    for kind, text in CATALOGUE.items():
        acts.command("catalogue-import", kind=kind, file=acts.file(kind, text))
    goals = acts.file("goals", f"region,amount\n{REGION},500\n")
    acts.command("goals-import", file=goals, month="2026-01")
    acts.command("series-import", name="footfall", file=acts.file("series", "date,value\n2026-01-05,5\n"))
    (acts.home / "secrets").mkdir()
    (acts.home / "secrets" / "pull").write_text(f"{SECRET}\n")
    where = {"host": "sftp.example.com", "user": "shop", "password": "file:pull"}
    acts.command("connect-add", name="far", kind="sftp", settings=where, contract="shop")
    acts.command("connect-pause", connector="far")
    assert acts.app.home
    assert acts.app.home.run(whole=True) == []


def _first_days(acts: Acts, client: FlaskClient) -> None:
    """Files that count, are held, wait for a correction or are undone; sales of tills, old enough to be packed."""
    acts.upload(
        "monday.csv",
        [Line("1", "1", "P1", 2, "3.50"), Line("1", "2", "P2", 1, "10.00"), Line("2", "1", "P2", 5, "4.00")],
    )
    acts.work()
    _pulled(acts)
    undone = acts.upload("mistake.csv", [Line("90", "1", "P1", 1, "1.00")], counts=False)
    waiting = acts.upload(
        "rejects.csv",
        [Line("10", "1", "P1", 1, "2.00"), Line("11", "1", "P1", 1, "2.00")],
        "12,1,2026-01-05,S1,P1,two,2.00",
    )
    acts.upload("held.csv", [Line("80", "1", "P1", 1, "2.00")], "81,1,2026-01-05,S1,P1,two,2.00", counts=False)
    for number in range(3):
        acts.sell(client, Line(f"T{number}", "1", "P1", 1 + number, "2.50"), Line(f"T{number}", "2", "P2", 1, "7.00"))
        acts.work()
    undo.undo_batch(acts.ports, undone.batch_id, BOSS)
    acts.app.sql().run(StatementRun("SELECT COUNT(*) AS lines FROM fact_sales", UNRESTRICTED))
    acts.correct(waiting, [Line("12", "1", "P1", 2, "2.00")])
    acts.work()
    acts.command(
        "stock-import",
        file=acts.file("stock", "store,sku,qty\nS1,P1,50\n"),
        day="2026-01-06",
        before_opening=True,
        region=REGION,
    )
    (acts.home / "drop" / "shop").mkdir(parents=True)
    dropped = [Line("950", "1", "P2", 3, "5.00")]
    (acts.home / "drop" / "shop" / "dropped.csv").write_bytes(file_of(dropped))
    acts.book.add_file("dropped.csv", file_of(dropped), dropped)
    for _ in range(2):
        acts.clock.advance(60)
        acts.worker.take_dropped()
    acts.work()
    _files_for_others(acts)
    acts.clock.advance(2 * 3600)
    acts.work()


def _pulled(acts: Acts) -> None:
    """A connector fetches a file from a folder."""
    (acts.home / "sources").mkdir()
    pulled = [Line("900", "1", "P1", 2, "4.00"), Line("901", "1", "P2", 1, "9.00")]
    (acts.home / "sources" / "pulled.csv").write_bytes(file_of(pulled))
    acts.book.add_file("pulled.csv", file_of(pulled), pulled)
    where = {"folder": str((acts.home / "sources").absolute()), "quiet": "0"}
    acts.command("connect-add", name="web-shop", kind="local_folder", settings=where, contract="shop")
    acts.command("connect-run", connector="web-shop")


def _files_for_others(acts: Acts) -> None:
    """A subscription that was delivered to a folder, and an export in the background."""
    folder = acts.home.absolute() / "deliveries" / "bi"
    acts.command("subscriptions-destinations-add", name="bi", to=str(folder))
    added = acts.command(
        "subscriptions-add",
        login=BOSS,
        destination="bi",
        file_name="kpis",
        every="day",
        format="csv",
        query="kpis",
        params={},
    )
    acts.command("subscriptions-run", subscription=added["id"])
    acts.command("report-send")
    exports.request_export(acts.ports, accounts.get_user(acts.ports, BOSS), "Sale lines", "/tables/sale-lines", "csv")
    assert export_runs.run_due_exports(subscribed_tables_source(acts.app)) == []


def _last_morning(acts: Acts, client: FlaskClient) -> None:
    acts.sell(client, Line("T10", "1", "P1", 1, "2.50"))
    acts.work()
    corrected, new = Line("2", "1", "P2", 6, "4.00", "2026-01-06"), Line("3", "1", "P1", 1, "3.50", "2026-01-06")
    acts.upload("tuesday.csv", [corrected, new])
    acts.work()
    acts.ports.bus.subscribe(TOPIC_SALE_EVENTS, "subscriber", RetryPolicy(attempts=1))
    acts.sell(client, Line("T11", "1", "P2", 2, "7.00"))
    acts.work()
    acts.ports.bus.release(acts.ports.bus.pull("subscriber", 1), "nobody listened")


def _last_hour(acts: Acts, client: FlaskClient) -> None:
    """More of the same, of which some is only received, only staged, or only in the queue."""
    begun = resumable_upload.begin_upload(acts.ports, CLERK, "half.csv", 1_000, contract="shop")
    resumable_upload.append_piece(acts.ports, begun.id, CLERK, 0, io.BytesIO(b"number,line,day\n"))
    with acts.ports.objects.writer(STAGING, "forecasts/fits/0") as stream:
        stream.write(b"a fit")
    acts.sell(client, Line("T12", "1", "P1", 1, "2.50"))
    acts.work()
    staged = acts.upload("staged.csv", [Line("4", "1", "P1", 4, "3.50"), Line("4", "2", "P2", 1, "10.00")])
    stage.stage(acts.ports, staged.batch_id)
    acts.sell(client, Line("T20", "1", "P1", 1, "2.50"))
    acts.worker._take_sales(0)  # staged, and left before it is settled
    acts.upload("received.csv", [Line("5", "1", "P1", 5, "3.50")])
    for number in range(21, 24):
        acts.sell(client, Line(f"T{number}", "1", "P1", 1, "2.50"))
