"""`make cloud-local`: a file goes in at the portal, and the number comes out of BigQuery and of the API."""

import base64
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from cloud.uploads_to_a_cloud import PATIENCE, kpis, same, upload
from emulator_fixtures import require
from threads import join_thread
from waiting import wait_for, wait_for_batch

from devtools.cloud_local import CloudLocal, missing, running
from devtools.emulators import PROJECT
from devtools.local_triggers import Relay, start_periodic
from infra.function import Scheduled
from tillstream.app import App, build
from tillstream.model.batch import BatchState
from tillstream.model.permissions import Role
from tillstream.people import accounts, personal_tokens
from tillstream.records import batch_records
from tillstream.review import undo
from tillstream.settings import Settings

CSV = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"990001,22423,CAKESTAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n"
    b"990002,85123A,HOLDER,6,12/5/2011 9:02,2.55,17850,United Kingdom\n"
)
LARGE_ROWS = 10_000
LARGE = CSV.splitlines(keepends=True)[0] + b"".join(
    b"%d,22423,CAKESTAND,1,12/5/2011 9:02,12.75,17850,United Kingdom\n" % (700_000 + number)
    for number in range(LARGE_ROWS + 1)
)
"""A file that is left to the job."""
RETAIL = {"IN.csv": "online-retail-in", "UK.csv.gz": "online-retail-uk", "USA.csv": "online-retail-usa"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudLocal]:
    require(missing())
    few = {"TILLSTREAM_LARGE_ROWS": str(LARGE_ROWS)}
    with running(tmp_path_factory.mktemp("cloud"), settings_of_all=few) as cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.variables.items():
            patch.setenv(name, value)
        yield cloud


@pytest.fixture(scope="module")
def app(cloud: CloudLocal) -> Iterator[App]:
    app = build(Settings())
    yield app
    app.close()


@pytest.fixture(scope="module")
def token(app: App) -> str:
    return personal_tokens.issue_personal_token(
        app.ports, "admin", "test", ["numbers", "uploads", "upload"], by="test"
    )[1]


@pytest.mark.long
def test_a_file_uploaded_in_the_portal_is_counted_in_bigquery_and_returned_by_the_api(
    cloud: CloudLocal, app: App, token: str
) -> None:
    receipt = upload(cloud, app, token, "monday.csv", "online-retail-uk", CSV)
    assert receipt["rows"]["new"] + receipt["rows"]["duplicate"] == 2  # another test may have uploaded it before
    (row,) = app.ports.warehouse.query(
        "SELECT SUM(net_amount) AS net FROM sale_lines WHERE sale_id LIKE '%99000%' AND region = 'UK'"
    ).to_pylist()
    assert row["net"] == Decimal("40.80")
    assert kpis(cloud, token, "UK")["lines"] >= 2


@pytest.mark.long
def test_a_large_file_is_settled_and_undone_by_a_process_of_the_job(cloud: CloudLocal, app: App, token: str) -> None:
    receipt = upload(cloud, app, token, "large.csv", "online-retail-uk", LARGE)
    assert receipt["rows"]["new"] == LARGE_ROWS + 1
    log = cloud.logs / "job-settle-large.log"
    assert "Committed 1 settlement." in log.read_text()
    assert undo.undo_batch(app.ports, receipt["batch_id"], "boss")["requested"]
    wait_for_batch(app.ports, receipt["batch_id"], BatchState.UNDONE, patience=PATIENCE, pause=0.5)
    (row,) = app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines WHERE sale_id LIKE '%700000'").to_pylist()
    assert row["n"] == 0


@pytest.mark.long
def test_an_import_is_previewed_replayed_and_undone_by_functions_that_the_portal_calls(
    cloud: CloudLocal, app: App, token: str
) -> None:
    content = CSV.replace(b"99000", b"88000")
    batch = upload(cloud, app, token, "tuesday.csv", "online-retail-uk", content)["batch_id"]
    ann = signed_in(cloud, app, "ann")
    assert "2" in page(ann, f"{cloud.portal}/uploads/{batch}/undo")
    assert "tuesday.csv" in page(ann, f"{cloud.portal}/uploads/{batch}/replay?contract=online-retail-uk")
    replayed = post(ann, cloud.portal, f"/uploads/{batch}/replay").url.rpartition("/")[2]
    assert settled(app, replayed) is BatchState.ANNOUNCED
    assert "/changes/" in post(ann, cloud.portal, f"/uploads/{replayed}/undo").url
    assert batch_records.get_batch(app.ports, replayed).state is BatchState.UNDONE
    (row,) = app.ports.warehouse.query("SELECT COUNT(*) AS n FROM sale_lines WHERE sale_id LIKE '%88000%'").to_pylist()
    assert row["n"] == 0
    lines = [json.loads(line) for line in (cloud.logs / "function-decide.log").read_text().splitlines() if "{" in line]
    calls = [(line["work"], line["by"]) for line in lines if line.get("type") == "call"]
    assert calls == [("preview undo", "ann"), ("preview replay", "ann"), ("undo", "ann")]


def signed_in(cloud: CloudLocal, app: App, login: str) -> requests.Session:
    """An administrator with a browser."""
    password = "correct horse battery"
    accounts.add_account(app.ports, login, login, Role.ADMIN, password=password)
    session = requests.Session()
    post(session, cloud.portal, "/sign-in", login=login, password=password)
    return session


def page(session: requests.Session, address: str) -> str:
    answer = session.get(address, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.text


def post(session: requests.Session, portal: str, path: str, **values: str) -> requests.Response:
    """Send a form; the page to which it leads."""
    csrf = session.get(f"{portal}/session", timeout=60).json()["token"]
    answer = session.post(portal + path, {"csrf_token": csrf, **values}, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer


def settled(app: App, batch: str) -> BatchState:
    """The state of a batch once its settlement is announced."""
    return wait_for_batch(app.ports, batch, BatchState.ANNOUNCED, patience=PATIENCE, pause=0.5)


@pytest.mark.long
@pytest.mark.shared
def test_the_scale_models_give_the_same_figures_as_on_a_laptop(
    cloud: CloudLocal, app: App, token: str, tmp_path: Path, shared_data: Path
) -> None:
    content = (shared_data / "classic-models" / "sales_data_sample.csv").read_bytes()
    receipt = upload(cloud, app, token, "sales_data_sample.csv", "classic-models", content)
    assert receipt["rows"]["new"] == 2823
    here = locally(tmp_path, {"sales_data_sample.csv": ("classic-models", content)})
    assert same(kpis(cloud, token, receipt["region"])) == same(here[receipt["region"]])
    assert here[receipt["region"]]["revenue"] == "9838141.37"


@pytest.mark.long
@pytest.mark.shared
def test_the_online_retail_files_give_the_same_figures_as_on_a_laptop(
    cloud: CloudLocal, app: App, token: str, tmp_path: Path, shared_data: Path
) -> None:
    files = {name: (contract, (shared_data / "online-retail" / name).read_bytes()) for name, contract in RETAIL.items()}
    here = locally(tmp_path, {"monday.csv": ("online-retail-uk", CSV), **files})
    upload(cloud, app, token, "monday.csv", "online-retail-uk", CSV)
    for name, (contract, content) in files.items():
        receipt = upload(cloud, app, token, name, contract, content)
        assert same(kpis(cloud, token, receipt["region"])) == same(here[receipt["region"]]), name


def locally(home: Path, files: Mapping[str, tuple[str, bytes]]) -> dict[str, dict[str, Any]]:
    """The headline figures of each region after the same files on a laptop: region → figures."""
    for name, (_, content) in files.items():
        (home / name).write_bytes(content)

    def run(*arguments: str) -> Any:
        environment = {"TILLSTREAM_HOME": str(home / "home"), "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-c", "from tillstream.cli.main import script; script()", *arguments, "--json"]
        output = subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout
        return json.loads(output)

    rows_by_region = {}
    for name, (contract, _) in files.items():
        region = run("ingest", str(home / name), "--region", contract)["region"]
        rows_by_region[region] = run("query", "kpis", "--param", f"region={region}")["rows"][0]
    return rows_by_region


# ---- what wakes functions here --------------------------------------------------------------------------------------


TOPIC = f"/v1/projects/{PROJECT}/topics/object-events:publish"


class Stub(BaseHTTPRequestHandler):
    """A listing of two objects, and a topic that fails once for each."""

    names: list[str]

    def do_GET(self) -> None:
        items = [{"bucket": "inbox", "name": name, "generation": "7", "size": "1"} for name in ("a", "b")]
        self._answer(200, json.dumps({"items": items}).encode())

    def do_POST(self) -> None:
        (message,) = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"]
        name = message["attributes"]["objectId"]
        assert (self.path, name) == (TOPIC, json.loads(base64.b64decode(message["data"]))["name"])
        type(self).names.append(name)
        self._answer(200 if self.names.count(name) > 1 else 500, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def test_a_notification_of_each_new_object_is_published_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devtools.local_triggers.RETRY_SECONDS", 0.01)
    handler = type("Handler", (Stub,), {"names": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    relay, stopping = Relay(address, "inbox", address), threading.Event()
    looking = start_periodic(0.02, relay.look, stopping, "relay")
    try:
        wait_for(lambda: len(handler.names) >= 4, "four names", state=lambda: handler.names)
        time.sleep(0.2)
    finally:
        stopping.set()
        join_thread(looking)
        server.shutdown()
        join_thread(thread)
        server.server_close()
    assert sorted(handler.names) == ["a", "a", "b", "b"]


@pytest.mark.parametrize(("cron", "expected"), [("* * * * *", 1), ("*/15 * * * *", 15), ("30 1 * * *", 1440)])
def test_a_schedule_is_read(cron: str, expected: int) -> None:
    assert Scheduled(cron).minutes == expected
