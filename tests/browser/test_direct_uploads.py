"""Files that go from a real browser straight into Cloud Storage: paused, broken off, gone on with, whole at the end."""

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from re import compile as words

import pytest
from google.cloud.storage import Client
from live_server import PASSWORD, Served, running, sign_in_at
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.object_store import CloudStorageObjectStore
from tillstream.app import build
from tillstream.handlers import stage_object
from tillstream.intake import resumable_upload
from tillstream.model.batch import Batch, BatchState
from tillstream.model.events import INBOX, STAGING
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import batch_records
from tillstream.server.serve import with_server_memory
from tillstream.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.usefixtures("direct")]
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)
SLOW = 200_000
"""Bytes a second."""
SOON = 60_000
"""Milliseconds."""
SOME = words(r"([3-9]\d\d\.\d kB|[12]\.\d MB) of")
"""More than the first piece, and not all."""


@pytest.fixture
def store(cloud_storage: Emulator) -> CloudStorageObjectStore:
    client = Client(PROJECT)
    buckets = {name: f"{name}-{uuid.uuid4().hex}" for name in (INBOX, STAGING)}
    for real in buckets.values():
        client.create_bucket(real)
    return CloudStorageObjectStore(client, buckets)


@pytest.fixture
def served(tmp_path: Path, store: CloudStorageObjectStore) -> Iterator[Served]:
    app = build(
        with_server_memory(Settings(home=tmp_path / "home", samples=False, threads=1, reporting_currency="INR"))
    )
    app = replace(app, ports=replace(app.ports, objects=store))
    accounts.add_account(app.ports, "admin", "Ada Admin", Role.ADMIN, password=PASSWORD)
    with running(app, working=False) as served:
        yield served


@pytest.fixture
def context(chromium: Browser, served: Served) -> Iterator[BrowserContext]:
    """Nothing stands between the browser and the store: it asks by itself whether it may send there."""
    context = chromium.new_context(locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def line(context: BrowserContext, page: Page) -> CDPSession:
    return context.new_cdp_session(page)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [
        f"{number},1,{number % 28 + 1:02}-0{number % 3 + 3}-2026 10:15,MUM01,S1,C{number},Asha Rao,P{number},Kettle,"
        "Kitchen,store,Completed,1,100.00,0.00,100.00,18.00,118.00,"
        for number in range(30_000)
    ]
    path = tmp_path / "IN-june.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    return path


def _goes(line: CDPSession, speed: float = -1, *, broken: bool = False) -> None:
    conditions = {"offline": broken, "latency": 0, "downloadThroughput": -1, "uploadThroughput": speed}
    line.send("Network.emulateNetworkConditions", conditions)


def _give(page: Page, file: Path) -> None:
    page.get_by_label("Drop sales files here").set_input_files(file)
    page.get_by_role("button", name="Upload", exact=True).click()


def _open(page: Page, served: Served) -> None:
    sign_in_at(page, served, "/uploads")
    expect(page.get_by_role("heading", name="Uploads", exact=True)).to_be_visible()
    page.wait_for_function("() => typeof Resumable !== 'undefined'")
    page.evaluate("Resumable.PIECE = 262144")


def _notify(served: Served) -> Batch:
    """What the bucket's event does."""
    (stored,) = served.app.ports.objects.list(INBOX)
    stage_object(
        served.app, {"bucket": INBOX, "name": stored.name, "generation": str(stored.generation), "size": stored.size}
    )
    (upload,) = batch_records.find_batches(served.app.ports)
    return upload


def _is_whole(served: Served, upload: Batch, file: Path) -> None:
    assert (upload.received_by, upload.contract, upload.file) == ("admin", "IN", "IN-june.csv")
    assert upload.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert upload.staged
    assert (upload.state, upload.staged.rows_read) == (BatchState.STAGED, 30_000)
    assert list(served.app.ports.objects.list(STAGING, "sending/")) == []
    assert resumable_upload.open_uploads(served.app.ports, "admin") == []
    assert served.page_errors == []


def test_a_file_is_paused_and_loses_its_line_and_arrives_whole(
    page: Page, served: Served, line: CDPSession, file: Path
) -> None:
    _open(page, served)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.headers.get('content-range', '')}"))
    line.send("Network.enable")
    _goes(line, SLOW)
    _give(page, file)
    row = page.locator("#chosen > li")
    expect(row).to_contain_text(SOME, timeout=SOON)
    row.get_by_role("button", name="Pause IN-june.csv").click()
    expect(row).to_contain_text(words(r"paused, \d+\.\d .B of"))
    assert list(served.app.ports.objects.list(INBOX)) == []
    row.get_by_role("button", name="Resume IN-june.csv").click()
    expect(row).to_contain_text(words(r"[1-3]\.\d MB of"), timeout=SOON)
    _goes(line, broken=True)
    expect(row).to_contain_text("connection lost: retrying in", timeout=SOON)
    served.page_errors.clear()  # the browser tells what did not arrive
    _goes(line)
    expect(row).to_contain_text("processing", timeout=SOON)
    upload = _notify(served)
    expect(page.get_by_role("heading", name="IN-june.csv")).to_be_visible()
    _is_whole(served, upload, file)
    assert not any(one.startswith("PATCH bytes") for one in sent)
    pieces = [one for one in sent if one.startswith("PUT bytes ") and "*" not in one]
    assert pieces[0].startswith("PUT bytes 0-262143/")
    assert len([one for one in pieces if " 0-" in one]) == 1, "nothing begins again"


def test_the_same_file_goes_on_after_the_page_was_left(
    page: Page, served: Served, line: CDPSession, file: Path
) -> None:
    _open(page, served)
    line.send("Network.enable")
    _goes(line, SLOW)
    _give(page, file)
    expect(page.locator("#chosen > li")).to_contain_text(SOME, timeout=SOON)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{served.address}/uploads")
    expect(page.get_by_text("Not all of 3.")).to_be_visible()
    _goes(line)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.headers.get("content-range", "")))
    _give(page, file)
    expect(page.locator("#chosen > li")).to_contain_text("processing", timeout=SOON)
    assert not any(one.startswith("bytes 0-") for one in sent)
    _is_whole(served, _notify(served), file)


def test_a_cancelled_file_is_forgotten_by_the_store(page: Page, served: Served, line: CDPSession, file: Path) -> None:
    _open(page, served)
    line.send("Network.enable")
    _goes(line, SLOW)
    _give(page, file)
    row = page.locator("#chosen > li")
    expect(row).to_contain_text(SOME, timeout=SOON)
    _goes(line)
    row.get_by_role("button", name="Cancel IN-june.csv").click()
    expect(row).to_contain_text("Cancelled. Nothing is kept.", timeout=SOON)
    assert resumable_upload.open_uploads(served.app.ports, "admin") == []
    assert list(served.app.ports.objects.list(INBOX)) == []


def test_a_damaged_file_is_reported_and_does_not_count(page: Page, served: Served, file: Path) -> None:
    _open(page, served)
    page.evaluate("Straight.TABLE[1] ^= 1")
    _give(page, file)
    expect(page.locator(".notice.wrong")).to_contain_text("The file was damaged or changed", timeout=SOON)
    assert list(served.app.ports.objects.list(INBOX)) == []
    assert resumable_upload.open_uploads(served.app.ports, "admin") == []
