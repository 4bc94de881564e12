"""A double of Google's front end at the address of a Cloud Run service: it answers reserved paths itself."""

from collections.abc import Iterable
from typing import Any

RESERVED_BELOW = "/_ah/"
RESERVED = frozenset({"/eventlog"})


def is_reserved(path: str) -> bool:
    """Whether a request of this path may not reach the service.

    Google names `/eventlog`, what is below `/_ah/`, and "some paths" that end in z, such as `/healthz`, and recommends
    avoiding the last; so all of them count here.
    """
    return path in RESERVED or path.startswith(RESERVED_BELOW) or path.endswith("z")


def behind_front_end(service: Any) -> Any:
    """The WSGI application as it is reached from the internet."""

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if is_reserved(environ["PATH_INFO"]):
            start_response("404 Not Found", [("Content-Type", "text/html; charset=UTF-8")])
            return [b"<title>Error 404 (Not Found)!!1</title>"]
        answered: Iterable[bytes] = service(environ, start_response)
        return answered

    return answer
