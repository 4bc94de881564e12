"""The local server: portal, command API and worker in one process that owns the folder."""

import logging
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from http.client import OK, HTTPException
from urllib.error import HTTPError
from urllib.request import urlopen

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from portal import create_app, live
from portal.operations.prometheus import CONNECTIONS
from portal.wsgi import ensure_first_admin
from tillstream.app import App, open_app
from tillstream.app.home_check import HomePart
from tillstream.app.local import local_home_folder
from tillstream.commands.demo_shop.loading import load_demo
from tillstream.logs import quiet_terminal
from tillstream.model.errors import Rejected
from tillstream.operations import ledger_repair
from tillstream.ports import Clock
from tillstream.ports.files import FileFinding
from tillstream.records import batch_records
from tillstream.server.command_api import create_control
from tillstream.server.http_server import PER_ADDRESS, Connections, create_http_server
from tillstream.server.process import DeferredStops, exec_module, interrupt_on_stop
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream.sync import home_identity, homes

Echo = Callable[[str], None]
SWITCH_SECONDS = 0.0005
"""Time for which a thread keeps the interpreter while others wait for it. A request releases it at each statement of
SQLite, and with the default of 5 ms would wait that long each time beside a thread that computes."""
NEXT_PORTS = 10
"""Ports that are tried, from the default on, if none is chosen."""
FIRST_SIGN_IN = "first-password.txt"
"""File in the home folder, written if the first start does not run on a terminal."""

FIRST_START = ("samples", "first-start")
"""Document with the progress of the first start."""


def serve(
    settings: Settings,
    echo: Echo,
    *,
    open_browser: bool = False,
    on_terminal: bool = False,
    clock: Clock | None = None,
) -> None:
    """Serve until interrupted; if a server already runs on this folder, print its address and return.

    on_terminal: whether `echo` writes to a terminal, and not to a log that others may read. clock: that of the machine
    if None.
    On a Google Cloud project only the portal is served, by gunicorn, on the configured port or else on $PORT. Raises
    `Rejected` if the port is taken, `Unavailable` if another process owns the folder.
    """
    if settings.project:  # Cloud Functions replace the worker
        bind = [f"--bind={settings.host}:{settings.port}"] if "port" in settings.model_fields_set else []
        exec_module("gunicorn", "--config=python:portal.gunicorn_conf", *bind)
    running = local_home_folder(settings).find_server()
    if running and _answers(running.address):
        echo(f"Tillstream is already running at {running.address}, with its data in {settings.home}.")
        if open_browser:
            webbrowser.open(running.address)
        return
    default = settings.port
    settings = with_free_port(settings)
    interrupt_on_stop()
    sys.setswitchinterval(SWITCH_SECONDS)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # requests that wait are no news
    with open_app(with_server_memory(settings), wait=2.0, clock=clock) as app:
        if settings.port != default:
            echo(f"Port {default} is in use, so Tillstream uses port {settings.port}.")
        _serve(app, echo, open_browser=open_browser, shown=on_terminal)


def with_server_memory(settings: Settings) -> Settings:
    """Settings with the memory of a server in place of that of a command."""
    memory = {"memory_limit": settings.server_memory_limit, "reused_memory": settings.server_reused_memory}
    return settings.model_copy(update=memory)


def _answers(address: str) -> bool:
    """Return True if a server responds; a killed server leaves its address file behind."""
    try:
        with urlopen(f"{address}/healthz", timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == OK)
    except HTTPError as error:
        error.close()
        return False
    except (OSError, HTTPException, ValueError):
        return False


def with_free_port(settings: Settings) -> Settings:
    """Settings with a free port: the next one where the default is taken, as by the server of another home.

    Raises `Rejected` if a port that was chosen is taken, or all that are tried.
    """
    first = settings.port
    tried = 1 if "port" in settings.model_fields_set else NEXT_PORTS
    for port in range(first, first + tried):
        if not (problem := _problem_of_port(settings.host, port)):
            return settings.model_copy(update={"port": port})
    raise Rejected(
        f"Port {first} on {settings.host} is in use ({problem}). Choose another port, for example "
        f"--port {first + tried}."
    )


def _problem_of_port(host: str, port: int) -> str:
    """Why nothing can listen there; empty if it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return str(error.strerror or error)
    return ""


def _serve(app: App, echo: Echo, *, open_browser: bool, shown: bool) -> None:
    app = replace(app, has_worker=True)
    settings = app.settings
    password = ensure_first_admin(app, generate=True)
    token = secrets.token_urlsafe(32)
    portal = create_app(app)
    wsgi = DispatcherMiddleware(portal, {"/control": create_control(app, token)})
    connections = Connections(per_address=None if settings.proxies else PER_ADDRESS)
    portal.extensions[CONNECTIONS] = connections
    server = create_http_server(
        wsgi,
        live.streams_of(portal),
        connections,
        host=settings.host,
        port=settings.port,
        max_request_body_size=settings.upload_limit_mb << 20,
        clear_untrusted_proxy_headers=not settings.proxies,  # the portal itself checks trusted proxies
    )
    address = f"http://{settings.host}:{settings.port}"
    published = PublishedAddress(settings, address, token)
    # before the worker settles anything, which would take the numbers of lost settlements
    for sentence in (*app.notices, *ledger_repair.repair_ledger(app.ports, app.contracts).sentences()):
        echo(sentence)
    worker = Worker(app)
    stopping = threading.Event()
    samples = threading.Thread(target=_samples, args=(app, echo), kwargs={"stopping": stopping}, name="samples")
    deferred_stops = DeferredStops()
    try:
        worker.start()
        published.announce()
        if app.home:
            app.home.add(HomePart("address", "server.json", published.check))
        echo(f"Tillstream is running at {address}, with its data in {settings.home}. To stop it, press Ctrl-C.")
        if password:
            _hand_over(settings, password, echo, shown=shown)
        samples.start()
        if open_browser:
            webbrowser.open(address)
        deferred_stops.run_until_stopped(server.run)
    finally:
        published.forget()
        server.close()
        # A thread that holds a cursor at exit makes the driver report leaks or crash.
        stopping.set()
        if samples.is_alive():
            samples.join()
        worker.stop()


class PublishedAddress:
    """The address of this server in its home, until it is forgotten: a sweep may check it while the server stops."""

    def __init__(self, settings: Settings, address: str, token: str) -> None:
        self._home, self._address, self._token = local_home_folder(settings), address, token
        self._lock = threading.Lock()
        self._forgotten = False

    def announce(self) -> None:
        self._home.announce_server(self._address, self._token)

    def check(self) -> list[FileFinding]:
        """Publish the address again if its file was damaged or removed: commands would wait for the folder."""
        with self._lock:
            noticed = self._home.find_server()
            if self._forgotten or (noticed and (noticed.address, noticed.token) == (self._address, self._token)):
                return []
            self.announce()
        return [FileFinding("server.json", "server.json was damaged or removed, and is written again.")]

    def forget(self) -> None:
        with self._lock:
            self._forgotten = True
            self._home.forget_server()


def _hand_over(settings: Settings, password: str, echo: Echo, *, shown: bool) -> None:
    """Print the first password, or write it to a file if the output may be a log."""
    if shown:
        echo(
            f"Sign in as {settings.first_admin} with the password {password} (shown only once; the portal "
            "asks for your own)."
        )
        return
    path = local_home_folder(settings).write_private(FIRST_SIGN_IN, f"{password}\n")
    echo(f"Sign in as {settings.first_admin} with the password in {path}, which only you can read; delete it then.")


class _Stopped(Exception):
    """The server stops; the next one resumes received files."""


def _samples(app: App, echo: Echo, scale: float = 1.0, stopping: threading.Event | None = None) -> None:
    """Load the sample regions on the first start of an empty home, printing progress; not where sync is set up.

    An interrupted start stores its progress, and the next one resumes.
    """
    documents = app.ports.documents
    progress_document = documents.get(*FIRST_START)
    if (
        not app.settings.samples
        or home_identity.find_identity(app.ports)
        or homes.all_homes(app.ports)
        or (documents.count(batch_records.BATCHES) if progress_document is None else progress_document.data["loaded"])
    ):
        return
    documents.put(*FIRST_START, {"loaded": False})
    echo("The first start loads the sample regions IN, UK and USA …")
    tally = {"files": 0, "rows": 0}

    def progress(what: str, count: int = 1, about: str = "") -> None:  # noqa: ARG001 - one line per file is enough
        if stopping and stopping.is_set():
            raise _Stopped
        tally[what] = tally.get(what, 0) + count
        if what == "files":
            echo(
                f"  {tally['files']} {'file' if tally['files'] == 1 else 'files'} settled, {tally['rows']:,} rows read"
            )

    with quiet_terminal(app.settings):
        try:
            receipts = load_demo(app, progress, scale, accounts=False).data
        except _Stopped:
            echo("The sample regions are not loaded completely; the next start continues.")
            return
        documents.put(*FIRST_START, {"loaded": True})
        lines = sum(receipt["rows"]["new"] or 0 for receipt in receipts)
        echo(
            f"The sample regions are loaded: {len(receipts)} files, {lines:,} lines. "
            "Every row is accounted for under Uploads."
        )
