"""Deployments of one company: one with all of its data, and ones with only the rows that one user can see.

What a user sees in the complete deployment must equal what they, and an admin, see in the restricted one.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet as pq
from app_factory import build
from flask import Flask
from flask.testing import FlaskClient
from portal_factory import create_app
from visitor import HEADER, PASSWORD

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.batch import BatchState
from tillstream.model.json_text import to_json
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.ports.bus import Message, RetryPolicy
from tillstream.records import batch_records
from tillstream.review import held_batches, undo
from tillstream.server.worker import Worker
from tillstream.settings import Settings

UK_HEADER = (
    "Sale,Sale Date,Store Code,Operator,Customer No,Customer,SKU,Description,Department,Channel,State,Country,"
    "Units,Price,Cost,Discount,Net,VAT,Gross,Credit For"
)


ID = r"(?<![0-9a-zA-Z])(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|[0-9a-f]{20})(?![0-9a-zA-Z])"
EXPORTS = frozenset({"text/csv", "application/x-ndjson", "application/vnd.apache.parquet"})


@dataclass(frozen=True)
class Row:
    """One line of a file, with its region, store and seller."""

    region: str
    store: str
    seller: str
    text: str


@dataclass(frozen=True)
class File:
    """A file uploaded on a day of its own. then: action on its batch after it is settled."""

    name: str
    contract: str
    rows: tuple[Row, ...]
    uploaded_by: str = "boss"
    then: str = ""


def india(number: str, store: str, seller: str, date: str, amount: int, product: str = "Kettle") -> Row:
    quantity = "many" if amount < 0 else "1"
    text = (
        f"{number},1,{date} 10:15,{store},{seller},C{number},Customer {number},P-{product},{product},{product} goods,"
        f"store,Completed,{quantity},{abs(amount)}.00,0.00,{abs(amount)}.00,18.00,{abs(amount) + 18}.00,"
    )
    return Row("IN", store, seller, text)


def britain(number: str, store: str, seller: str, date: str, amount: int, product: str = "Secret") -> Row:
    quantity = "many" if amount < 0 else "1"
    text = (
        f"{number},{date},{store},{seller},C{number},Hidden {number},P-{product},{product},{product} goods,phone,"
        f",Ruritania,{quantity},{abs(amount)}.00,,0.00,{abs(amount)}.00,5.00,{abs(amount) + 5}.00,"
    )
    return Row("UK", store, seller, text)


FILES = (
    File("mumbai.csv", "IN", (
        india("1", "MUM01", "S1", "03-05-2026", 100), india("2", "MUM01", "S1", "04-06-2026", 250),
        india("3", "MUM01", "S2", "05-06-2026", 300, "Lamp"), india("4", "MUM01", "S1", "06-06-2026", -40),
    ), then="confirm"),
    File("london-secret.csv", "UK", (
        britain("5001", "LON1", "O5", "04/06/2026", 7000), britain("5002", "LON1", "O5", "05/06/2026", 9000),
        britain("5003", "LON1", "O6", "06/06/2026", -50),
    ), then="confirm"),
    File("delhi-secret.csv", "IN", (
        india("11", "DEL01", "S7", "04-06-2026", 900, "Elsewhere"),
        india("12", "DEL01", "S7", "07-06-2026", -70, "Elsewhere"),
    ), then="confirm"),
    File("mixed-secret.csv", "IN", (
        india("21", "MUM01", "S1", "08-06-2026", 60), india("22", "DEL01", "S7", "08-06-2026", 800, "Elsewhere"),
    )),
    File("leeds-undone-secret.csv", "UK", (britain("5010", "MAN1", "O7", "07/06/2026", 300),), then="undo"),
    File("mumbai-undone.csv", "IN", (india("30", "MUM01", "S1", "09-06-2026", 70),), then="undo"),
    File("asha.csv", "IN", (
        india("31", "MUM01", "S1", "10-06-2026", 80), india("32", "MUM01", "S2", "10-06-2026", 90),
    ), uploaded_by="manager-store"),
    File("broken-secret.csv", "UK", (Row("UK", "LON1", "O5", "what is this"),)),
    File("delhi-last-secret.csv", "IN", (india("40", "DEL01", "S8", "11-06-2026", 444, "Elsewhere"),)),
    File("last.csv", "IN", (india("41", "MUM01", "S1", "12-06-2026", 55),)),
)  # fmt: skip
"""Everybody can see the last one, so `as_of`, the time of the last settlement, is the same in each deployment."""


@dataclass
class Deployment:
    app: App
    portal: Flask
    ids: dict[str, str] = field(default_factory=dict)
    """file → its batch"""
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    def fetch(self, login: str, address: str, method: str = "GET") -> tuple[int, str]:
        """Return status and text of an address for a user."""
        client = self.clients.get(login) or self._sign_in(login)
        headers = {} if method == "GET" else {"X-CSRFToken": _token(client)}
        answer = client.open(address, method=method, headers=headers, buffered=True)
        text = _as_text(answer.data)
        if answer.mimetype in EXPORTS:
            text = "\n".join(sorted(re.sub(ID, "id", text).splitlines()))  # its rows come in any order
        return answer.status_code, text

    def _sign_in(self, login: str) -> FlaskClient:
        client = self.portal.test_client()
        form = {"csrf_token": _token(client), "login": login, "password": PASSWORD}
        assert client.post("/sign-in", data=form, buffered=True).status_code == 303
        self.clients[login] = client
        return client


def _as_text(content: bytes) -> str:
    """A page or an export as text: a workbook by its parts, a Parquet file by its rows."""
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as archive:
            parts = sorted(name for name in archive.namelist() if "docProps" not in name)
            return "\n".join(archive.read(name).decode() for name in parts)
    if content.startswith(b"PAR1"):
        return "\n".join(map(str, to_json(pq.read_table(BytesIO(content)).to_pylist())))
    return content.decode()


def _token(client: FlaskClient) -> str:
    match = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/help/problems", follow_redirects=True).text)
    assert match
    return match[1]


@dataclass(frozen=True)
class User:
    login: str
    role: Role
    regions: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    seller: str | None = None

    def can_see(self, row: Row) -> bool:
        return (
            (not self.regions or row.region in self.regions)
            and (not self.stores or row.store in self.stores)
            and (self.seller is None or row.seller == self.seller)
        )


USERS = (
    User("boss", Role.ADMIN),
    User("manager-region", Role.MANAGER, ("IN",)),
    User("manager-store", Role.MANAGER, ("IN",), ("MUM01",)),
    User("clerk-region", Role.CLERK, ("IN",)),
    User("seller", Role.SALESPERSON, ("IN",), (), "S1"),
    User("analyst-all", Role.ANALYST),
    User("analyst-region", Role.ANALYST, ("IN",)),
)


@contextmanager
def deploy(home: Path, keep: Callable[[File], tuple[Row, ...]], *, complete: bool = False) -> Iterator[Deployment]:
    """Upload the rows of each file that `keep` returns; a file without any is left out."""
    clock = ManualClock(datetime(2026, 7, 1, 9, 0, tzinfo=UTC))
    app = build(Settings(home=home, samples=False, threads=1, reporting_currency="INR"), clock)
    try:
        for one in USERS:
            accounts.add_account(
                app.ports, one.login, one.login.title(), one.role, regions=one.regions, stores=one.stores,
                salesperson=one.seller, password=PASSWORD,
            )  # fmt: skip
        deployment = Deployment(app, create_app(app))
        deployment.portal.testing = True
        for place, file in enumerate(FILES):
            clock.advance(datetime(2026, 7, 1, 10 + place, tzinfo=UTC).timestamp() - clock.now().timestamp())
            rows = keep(file)
            if rows:
                _upload(deployment, file, rows)
        if complete:
            _add_dead_letter(app)
        yield deployment
    finally:
        app.close()


def _upload(deployment: Deployment, file: File, rows: tuple[Row, ...]) -> None:
    app, header = deployment.app, HEADER if file.contract == "IN" else UK_HEADER
    content = "\n".join([header, *(row.text for row in rows), ""]).encode()
    upload = inbox.receive_file(
        app.ports, app.contracts.pin(file.contract), file.name, BytesIO(content), file.uploaded_by
    )
    deployment.ids[file.name] = upload.batch_id
    Worker(app).run_until_idle()
    if file.then == "undo":
        undo.undo_batch(app.ports, upload.batch_id, file.uploaded_by)
        Worker(app).run_until_idle()
    elif file.then == "confirm" and batch_records.get_batch(app.ports, upload.batch_id).state is BatchState.HELD:
        held_batches.confirm_batch(app.ports, upload.batch_id, file.uploaded_by)
        Worker(app).run_until_idle()


def _add_dead_letter(app: App) -> None:
    """Add a dead letter of a region that most users cannot see."""
    app.ports.bus.subscribe("sale-events", "probe", RetryPolicy(attempts=1))
    app.ports.bus.publish("sale-events", [Message(b'{"store_id": "LON1", "product": "Secret"}')])
    app.ports.bus.release(app.ports.bus.pull("probe", 1), "the Secret of LON1")


def masked(text: str) -> str:
    """Replace what may differ: CSRF tokens, the times and the number of settlements, and ids, which are numbered."""
    text = re.sub(r'(csrf-token" content=|name="csrf_token" value=)"[^"]*"', r"\1…", text)
    text = re.sub(r'id="key">[^<]*<|<svg [^>]*class="segno">.*?</svg>', "a new key", text)  # of the second step
    text = re.sub(r'(data-settled="|^id: |^data: )\d+', r"\1…", text, flags=re.MULTILINE)
    text = re.sub(r'("settlement_no": ?)\d+', r"\g<1>0", text)
    text = re.sub(r'(data-known=|"outcomes_since":)"[^"]*"', r"\1…", text)
    for day in (datetime.now(UTC), datetime.now(UTC) - timedelta(days=1)):
        text = re.sub(rf"{day:%Y-%m-%d}[T ][0-9:.]+(Z|\+00:00)?", "just now", text)
        text = re.sub(rf"{day.day} {day:%b %Y}, [0-9:]+ UTC", "just now", text)
    numbered: dict[str, str] = {}
    return re.sub(
        rf"(?<=/changes/)\d+|{ID}", lambda match: numbered.setdefault(match[0], f"id-{len(numbered) + 1}"), text
    )
