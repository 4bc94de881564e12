"""Manners under gunicorn, made for Cloud Run, which asks on the port in the variable PORT.

How many processes: the variable WEB_CONCURRENCY, 1 unless set; one a core is right, and more cores are better had as
more instances.
"""

from typing import Any

from portal import live
from portal.context import EXTENSION

wsgi_app = "portal.wsgi:application()"
worker_class = "gthread"
threads = 12 + live.STREAMS
"""A request waits for the warehouse and the documents most of its time; streams of events wait all of it."""
preload_app = False
"""Channels to the cloud's services do not outlive a fork: each process makes its own."""
timeout = 0
"""Between requests an instance may get no time at all, and a worker's sign of life comes late: nobody is killed for it.
Cloud Run itself ends what takes too long."""
graceful_timeout = 8
"""Cloud Run kills ten seconds after it has asked to stop."""
keepalive = 620
"""Longer than the 600 seconds of Google's proxies: of two who close a connection the one who sends must be first."""
control_socket_disable = True
accesslog = None
"""The portal logs requests itself, with what ties them to the rest."""


def post_worker_init(worker: Any) -> None:
    """A worker that stops waits for its requests: streams of events end then by themselves."""
    live.streams_of(worker.wsgi).stopping = lambda: not worker.alive


def worker_exit(_: Any, worker: Any) -> None:
    """What the worker opened is closed with it."""
    worker.wsgi.extensions[EXTENSION].close()
