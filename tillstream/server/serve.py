"""The local server: portal, command door and worker in one process that owns the folder."""

import secrets
import socket
import threading
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from http.client import OK
from typing import Any
from urllib.request import urlopen

from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from portal import create_app, live
from tillstream.app import App, open_app
from tillstream.app.local import folder
from tillstream.batches import records
from tillstream.commands.demo import demo
from tillstream.domain.errors import Rejected
from tillstream.logs import only_warnings
from tillstream.people import accounts
from tillstream.server.command_api import create_control
from tillstream.server.process import HeldStops, become, interrupt_on_stop
from tillstream.server.worker import Worker
from tillstream.settings import Settings

Say = Callable[[str], None]
THREADS = 8 + live.STREAMS
"""Streams of events wait most of their time; the others must never wait for them."""


def serve(settings: Settings, say: Say, *, open_browser: bool = False) -> None:
    """Serve until interrupted; where a server has this folder already, say where it is and be done.

    With the data in a project of Google's it serves the portal alone, by gunicorn; without a port that was asked for,
    on that of the variable PORT. Raises `Rejected`: the port is taken, `Unavailable`: another process owns the folder.
    """
    if settings.project:  # where functions do what the worker does here
        bind = [f"--bind={settings.host}:{settings.port}"] if "port" in settings.model_fields_set else []
        become("gunicorn", "--config=python:portal.gunicorn_conf", *bind)
    running = folder(settings).find_server()
    if running and _answers(running.address):
        say(f"Tillstream runs already, at {running.address}, its data in {settings.home}.")
        if open_browser:
            webbrowser.open(running.address)
        return
    _port_is_free(settings)
    interrupt_on_stop()
    roomy = settings.model_copy(update={"memory_limit": settings.server_memory_limit})
    with open_app(roomy, wait=2.0) as app:
        _serve(app, say, open_browser=open_browser)


def _answers(address: str) -> bool:
    """Whether a server is alive there; a file that it left behind when it was killed says nothing."""
    try:
        with urlopen(f"{address}/healthz", timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == OK)
    except OSError:
        return False


def _port_is_free(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise Rejected(
                f"Port {settings.port} on {settings.host} is taken ({error.strerror}). "
                f"Choose another with --port, for example --port {settings.port + 1}."
            ) from error


def _serve(app: App, say: Say, *, open_browser: bool) -> None:
    app = replace(app, attended=True)
    settings = app.settings
    password = accounts.first_admin(app.ports)
    token = secrets.token_urlsafe(32)
    portal = create_app(app)
    wsgi = DispatcherMiddleware(portal, {"/control": create_control(app, token)})
    server = create_server(
        wsgi,
        _dispatcher=_EndingStreams(live.streams_of(portal).end),
        host=settings.host,
        port=settings.port,
        max_request_body_size=settings.upload_limit_mb << 20,
        clear_untrusted_proxy_headers=not settings.proxies,  # the portal itself looks whom to believe
    )
    address = f"http://{settings.host}:{settings.port}"
    worker = Worker(app)
    stopping = threading.Event()
    samples = threading.Thread(target=_samples, args=(app, say), kwargs={"stopping": stopping}, name="samples")
    stops = HeldStops()
    try:
        worker.start()
        folder(settings).announce_server(address, token)
        say(f"Tillstream is at {address}, its data in {settings.home}. Stop it with Ctrl-C.")
        if password:
            say(f"Sign in as {accounts.FIRST} with the password {password} (shown only now; change it in the portal).")
        samples.start()
        if open_browser:
            webbrowser.open(address)
        stops.until_asked(server.run)
    finally:
        folder(settings).forget_server()
        server.close()
        # A thread that still holds a cursor as the process ends makes the driver complain of leaks, or fails in it.
        stopping.set()
        if samples.is_alive():
            samples.join()
        worker.stop()


class _EndingStreams(ThreadedTaskDispatcher):
    """The server's threads; a stop waits for them, so it first ends the streams that would go on."""

    def __init__(self, end: Callable[[], None]) -> None:
        super().__init__()
        self._end_streams = end
        self.set_thread_count(THREADS)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> Any:  # noqa: FBT001, FBT002 - as inherited
        self._end_streams()
        return super().shutdown(cancel_pending, timeout)


FIRST_START = ("samples", "first-start")
"""The document that says how far the first start came."""


class _Stopped(Exception):
    """The server stops: what was received already is driven on by the next one."""


def _samples(app: App, say: Say, scale: float = 1.0, stopping: threading.Event | None = None) -> None:
    """The first start of an empty home loads the sample regions, in the sight of whoever started it.

    A start that was stopped meanwhile leaves a note, and the next one goes on.
    """
    documents = app.ports.documents
    begun = documents.get(*FIRST_START)
    if not app.settings.samples or (documents.count(records.COLLECTION) if begun is None else begun.data["loaded"]):
        return
    documents.put(*FIRST_START, {"loaded": False})
    say("The first start loads the sample regions IN, UK and USA …")
    done = {"files": 0, "rows": 0}

    def progress(what: str, count: int = 1, about: str = "") -> None:  # noqa: ARG001 - a line a file is enough
        if stopping and stopping.is_set():
            raise _Stopped
        done[what] = done.get(what, 0) + count
        if what == "files":
            say(f"  {done['files']} {'file' if done['files'] == 1 else 'files'} settled, {done['rows']:,} rows read")

    with only_warnings(app.settings):
        try:
            receipts = demo(app, progress, scale=scale).data
        except _Stopped:
            say("The sample regions are not all loaded yet; the next start goes on.")
            return
        documents.put(*FIRST_START, {"loaded": True})
        lines = sum(receipt["rows"]["new"] or 0 for receipt in receipts)
        say(
            f"The sample regions are loaded: {len(receipts)} files, {lines:,} lines. "
            "Every row is accounted for under Uploads."
        )
