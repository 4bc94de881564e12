"""Connections of HTTP libraries to the addresses that were checked, so that no second answer of DNS leads elsewhere."""

from typing import Any

from tillstream.connectors.source import Access


def pin(manager: Any, access: Access) -> None:
    """Let each new connection of a `urllib3.PoolManager` go to the address that `access.check_host` returns.

    That includes the connections that redirects lead to. Host headers and certificates keep the name. Both requests
    and botocore connect through such a manager.
    """
    manager.pool_classes_by_scheme = {
        scheme: _pinned_pool(pool, access) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


def _pinned_pool(pool: Any, access: Access) -> Any:
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
