"""Connections of libraries to the addresses that were checked, so that no second answer of DNS leads elsewhere."""

import imaplib
import socket
import ssl
from contextlib import suppress
from typing import Any

from tillstream.connectors.source import ConnectionAccess


def pin(manager: Any, access: ConnectionAccess) -> None:
    """Let each new connection of a `urllib3.PoolManager` go to the address that `access.check_host` returns.

    That includes the connections that redirects lead to. Host headers and certificates keep the name. Both requests
    and botocore connect through such a manager.
    """
    manager.pool_classes_by_scheme = {
        scheme: _pinned_pool(pool, access) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _pinned_pool(pool: Any, access: ConnectionAccess) -> Any:
    class Connection(pool.ConnectionCls):
        _dns_host: str

        def _new_conn(self) -> Any:
            name = self._dns_host
            self._dns_host = access.check_host(self.host, self.port)
            try:
                return super()._new_conn()
            finally:
                self._dns_host = name

    class Pool(pool):
        ConnectionCls = Connection

    return Pool


def imap_client(host: str, port: int, address: str, encryption: str, seconds: float) -> imaplib.IMAP4:
    """A client of an IMAP server, connected to its checked address; the certificate is that of the name.

    encryption: tls, starttls or none. seconds: timeout of each answer. Raises `OSError` and `imaplib.IMAP4.error`.
    """

    class ToAddress(imaplib.IMAP4):
        def _create_socket(self, timeout: float | None) -> socket.socket:
            connection = socket.create_connection((address, self.port), timeout)
            if encryption != "tls":
                return connection
            try:
                return ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)
            except BaseException:
                connection.close()
                raise

    client = ToAddress(host, port, seconds)
    if encryption == "starttls":
        try:
            client.starttls(ssl.create_default_context())
        except BaseException:
            with suppress(OSError):  # a refused certificate has closed it
                client.shutdown()
            raise
    return client
