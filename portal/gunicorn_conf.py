"""Gunicorn settings for Cloud Run, which sets the port in the variable PORT.

The variable WEB_CONCURRENCY sets the number of processes, 1 by default. Use one per core; scale with more instances
rather than more cores.
"""

from typing import Any

from portal import live
from portal.context import EXTENSION

wsgi_app = "portal.wsgi:application()"
worker_class = "gthread"
threads = 12 + live.STREAMS
"""Requests mostly wait for the warehouse and the document store; each event stream occupies a thread."""
preload_app = False
"""Channels to the cloud services do not survive a fork: each process opens its own."""
timeout = 0
"""Disabled: an instance may get no CPU time between requests, which delays the heartbeat of its workers. Cloud Run ends
requests that take too long."""
graceful_timeout = 8
"""Seconds; Cloud Run sends SIGKILL ten seconds after SIGTERM."""
keepalive = 620
"""Seconds; longer than the 600 of Google's proxies, so that the proxy, which sends, closes a connection first."""
control_socket_disable = True
accesslog = None
"""The portal logs requests itself, with their trace ids."""


def post_worker_init(worker: Any) -> None:
    """End event streams when the worker stops, because it waits for its requests."""
    live.streams_of(worker.wsgi).broadcaster.stopping = lambda: not worker.alive


def worker_exit(_: Any, worker: Any) -> None:
    """Close the application of the worker."""
    worker.wsgi.extensions[EXTENSION].close()
