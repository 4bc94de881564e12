"""A home with sales of two regions, its portal on a port of this machine, and tokens of its users."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from app_factory import build
from portal_factory import create_app
from threads import join_thread
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server

from tillstream.app import App
from tillstream.app.local import local_home_folder
from tillstream.intake import inbox
from tillstream.model.permissions import Role
from tillstream.people import accounts, personal_tokens
from tillstream.server.command_api import create_control
from tillstream.server.worker import Worker
from tillstream.settings import Settings

RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
UK_ROWS = [
    f"{536000 + n},P{n % 7},Lamp {n % 7},{1 + n % 3},12/{1 + n % 9}/2010 9:02,{n}.25,{17000 + n % 5},UK"
    for n in range(40)
]
IN_ROWS = [f"{546000 + n},P{n % 3},Lamp {n % 3},2,1/{1 + n % 9}/2011 9:02,3.10,{18000 + n % 2},India" for n in range(9)]
SECRET = "secret"


@dataclass(frozen=True)
class ClientShop:
    home: Path
    app: App
    url: str
    tokens: dict[str, str]


class _Quiet(WSGIRequestHandler):
    def log(self, *args: Any) -> None:
        """Print nothing."""


def fill(app: App) -> None:
    for contract, rows in (("online-retail-uk", UK_ROWS), ("online-retail-in", IN_ROWS)):
        content = (RETAIL + "\n".join(rows) + "\n").encode()
        inbox.receive_file(app.ports, app.contracts.pin(contract), f"{contract}.csv", BytesIO(content), "ada")
    Worker(app).run_until_idle()


@contextmanager
def served(wsgi: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, wsgi, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        join_thread(thread)
        server.server_close()


@contextmanager
def open_shop(home: Path) -> Iterator[ClientShop]:
    """A shop whose server owns the home, so that calls of a client go through it."""
    settings = Settings(home=home, threads=1, samples=False)
    app = build(settings)
    try:
        fill(app)
        rights = {"ada": ["numbers", "personal"], "ana": ["numbers"], "uma": ["numbers"]}
        tokens = {}
        for login, role, regions in (
            ("ada", Role.ADMIN, ()),
            ("ana", Role.ANALYST, ()),
            ("uma", Role.MANAGER, ("UK",)),
        ):
            accounts.add_account(app.ports, login, login.title(), role, regions=regions)
            tokens[login] = personal_tokens.issue_personal_token(app.ports, login, "notebook", rights[login], by="ada")[
                1
            ]
        portal, door = create_app(app, testing=True), create_control(app, SECRET)
        with served(DispatcherMiddleware(portal, {"/control": door})) as url:
            local_home_folder(settings).announce_server(url, SECRET)
            yield ClientShop(home, app, url, tokens)
    finally:
        app.close()
