"""Connections to the checked address: the certificate and the Host header keep the name."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3
from connectors.open_access import OpenAccess

from tillstream.connectors.pinned_connections import pin
from tillstream.model.errors import Rejected


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.headers["Host"].encode()
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", f"https://inside.test:{self.server.server_port}/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Nothing."""


@pytest.fixture(scope="module")
def port(certificate):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class OnlyStorage(OpenAccess):
    def check_host(self, host, port):
        if host == "inside.test":
            raise Rejected(f"{host} is an address of a private network.")
        return "127.0.0.1"


@pytest.fixture
def manager(certificate):
    with urllib3.PoolManager(ca_certs=str(certificate), retries=False) as result:
        pin(result, OnlyStorage())
        yield result


def test_the_certificate_and_the_header_are_those_of_the_name(manager, port):
    assert manager.request("GET", f"https://storage.test:{port}/").data == f"storage.test:{port}".encode()


def test_a_certificate_of_another_name_is_refused(manager, port):
    with pytest.raises(urllib3.exceptions.SSLError, match=r"other\.test"):
        manager.request("GET", f"https://other.test:{port}/")


def test_the_host_that_a_redirect_leads_to_is_checked(manager, port):
    with pytest.raises(Rejected, match=r"inside\.test"):
        manager.request("GET", f"https://storage.test:{port}/away", retries=urllib3.Retry(redirect=2))
