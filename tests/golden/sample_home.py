"""A home that has seen a bit of everything, made through the command line and the portal as people use them."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from portal import create_app
from tests.portal.visitor import Visitor, indian_file, indian_sale
from tillstream.app import App, open_app
from tillstream.cli.main import main
from tillstream.model.events import TOPIC_SALE_EVENTS
from tillstream.model.messages import store_sale_schema as sale_schema
from tillstream.ports.bus import RetryPolicy
from tillstream.server.worker import Worker
from tillstream.settings import Settings

CONTRACT = """
name: shop
region: Shop
currency: EUR
columns: {sale_id: number, line_key: line, date: day, product_id: product, quantity: quantity, unit_price: price}
identity: {store: S1}
"""
HEAD = "number,line,day,product,quantity,price\n"
UK = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
INDIA = [indian_sale(str(number), f"{number}00.00", customer=f"C{number % 3}") for number in range(1, 21)]
BAD = [indian_sale("21", "ten"), indian_sale("22", "ten")]
FILES = {
    "monday": ("shop", HEAD + "1,1,2026-01-05,P1,2,3.50\n2,1,2026-01-05,P2,1,10\n3,1,2026-01-05,P2,5,4\n"),
    "tuesday": ("shop", HEAD + "2,1,2026-01-06,P2,1,11\n5,1,2026-01-06,P1,1,3.50\n"),
    "faulty": (
        "shop", HEAD + "6,1,2026-01-07,P1,two,3.50\n" + "".join(f"{n},1,2026-01-07,P1,1,1\n" for n in range(7, 15)),
    ),
    "held": ("shop", HEAD + "80,1,2026-01-08,P1,two,3.50\n81,1,2026-01-08,P1,1,3.50\n"),
    "london": (
        "online-retail-uk", f"{UK}\n" + "".join(f"{n},A,Cup,{n},12/5/2011 9:02,2.00,1,UK\n" for n in range(1, 8))
        + "C9,A,Cup,-1,12/5/2011 9:30,2.00,1,UK\n",
    ),
    "colours": ("online-retail-uk", f"{UK},Colour\n20,A,Cup,1,12/6/2011 9:02,2.00,1,UK,red\n"),
    "june": ("IN", indian_file(*INDIA, *BAD).decode()),
    "again": ("IN", indian_file(*INDIA[:2], indian_sale("3", "333.00")).decode()),
}  # fmt: skip
"""A name → the contract and the text of a file."""
LOST = indian_file(
    *(indian_sale(str(n)) for n in range(31, 37)),
    *(indian_sale(str(n)).replace(",Completed,", ",Lost,") for n in range(37, 41)),
)
WAITING = indian_file(*(indian_sale(str(n)) for n in range(51, 71)), indian_sale("71", "x"))
RATES = "date,currency,rate\n2026-01-01,USD,2.0\n"
PEOPLE = {
    "ada": "--role=admin",
    "mia": "--role=manager --region=IN --region=Shop",
    "cleo": "--role=clerk --region=IN",
    "sam": "--role=salesperson --region=IN --store=MUM01 --salesperson=S1",
    "ana": "--role=analyst",
}


@contextmanager
def home_at(place: Path) -> Iterator[None]:
    """Commands and settings within the block are about this home."""
    own = {"TILLSTREAM_HOME": str(place), "TILLSTREAM_DROP_SETTLE": "0", "TILLSTREAM_THREADS": "1"}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def run(*arguments: str) -> tuple[int, Any]:
    """Exit code and the JSON that a command prints; whatever breaks is raised."""
    result = CliRunner().invoke(main, [*arguments, "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout) if result.stdout else None


def live(home: Path, work: Path) -> None:
    """Fill the home, which does not exist; `work` takes the files that are given."""
    with home_at(home):
        (home / "contracts").mkdir(parents=True, exist_ok=True)
        (home / "contracts" / "shop.yaml").write_text(CONTRACT)
        added = {login: run("users", "add", login, *options.split())[1] for login, options in PEOPLE.items()}
        run("users", "invite", "ines", "--role=clerk", "--region=Shop")
        run("tokens", "make", "ada", "--name", "reports", "--days", "365")
        _files(home, work)
        with open_app(Settings()) as app:
            _in_the_portal(app, {login: one["password"] for login, one in added.items()})
        run("users", "disable", "ana")
        run("users", "require-second-step", "--role", "admin")


def _files(home: Path, work: Path) -> None:
    """Uploads of several regions, a fix, a replay, an undo, rates, a file in the watched folder."""
    batches = {}
    for name, (contract, text) in FILES.items():
        path = work / f"{name}.csv"
        path.write_text(text)
        batches[name] = run("ingest", str(path), "--region", contract)[1]["batch_id"]
    refused = work / "refused.csv"
    run("quarantine", batches["faulty"], "--csv", str(refused))
    refused.write_text(refused.read_text("utf-8-sig").replace(",two,", ",2,"))
    assert run("fix", batches["faulty"], str(refused))[0] == 0
    assert run("replay", batches["faulty"])[0] == 0
    assert run("undo", batches["monday"], "--yes")[0] == 0
    rates = work / "rates.csv"
    rates.write_text(RATES)
    assert run("fx", "load", str(rates))[0] == 0
    dropped = home / "drop" / "shop"
    dropped.mkdir(parents=True, exist_ok=True)
    (dropped / "friday.csv").write_text(HEAD + "90,1,2026-01-09,P3,1,7\n")
    assert run("sweep")[0] == 0


def _in_the_portal(app: App, passwords: dict[str, str]) -> None:
    """Sessions, store sales, a draft of repairs, answers to a held file's questions, a file sent by halves."""
    portal, worker = create_app(app), Worker(app)
    app.ports.bus.subscribe(TOPIC_SALE_EVENTS, "subscriber", RetryPolicy(attempts=1))
    admin, clerk = (Visitor(portal.test_client()) for _ in range(2))
    Visitor(portal.test_client()).sign_in("mia", "a wrong password")
    for visitor, login in ((clerk, "cleo"), (admin, "ada")):
        assert visitor.sign_in(login, passwords[login]).status_code == 303
        assert visitor.choose_password(passwords[login]).status_code == 303
    for page in ("/", "/changes"):
        assert admin.get(page, follow_redirects=True).status_code == 200
    sale = sale_schema()["examples"][0]
    form = {"region": sale["region"], "store_id": sale["store_id"], "label": "front"}
    answer = admin.post("/stores", form)
    token = answer.text[answer.text.index("till_") :][:61]
    for one in (sale, sale | {"number": "second"}, sale | {"version": sale["version"] + 1}):
        head = {"Authorization": f"Bearer {token}"}
        assert portal.test_client().post("/api/sales", json=one, headers=head).status_code == 202
        worker.run_until_idle()
    waiting = clerk.upload(WAITING, "waiting.csv")
    lost = clerk.upload(LOST, "lost.csv")
    worker.run_until_idle()
    step = {"version": 0, "shown": [21], "step": {"do": "set", "cells": [[21, 13, "10.00"]]}}
    head = {"X-CSRFToken": clerk.token(), "Accept": "application/json"}
    assert clerk.client.post(f"/uploads/{waiting}/fix/steps", json=step, headers=head).status_code == 200
    place = f"/uploads/{lost}/questions"
    assert clerk.post(place, {"answer.status.Lost": "returned"}).status_code == 303
    assert clerk.post(f"{place}/save").status_code == 303
    names = ",".join(f"{name} {base64.b64encode(text).decode()}" for name, text in
                     (("filename", b"half.csv"), ("contract", b"IN")))  # fmt: skip
    head |= {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": names}
    assert clerk.client.post("/api/uploads", headers=head).status_code == 201
    app.ports.bus.release(app.ports.bus.pull("subscriber", 1), "nobody listened")
