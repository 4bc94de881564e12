"""How long a call to a service may take, when it is tried again, and what its errors are to us.

A call is given `retry=RETRY, timeout=TRY` and stands in a block `with ours(…)`. The libraries' own defaults are not
used: some try for ten minutes, and none tells a passing fault from one that stays.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from google.api_core import exceptions as told
from google.api_core.retry import Retry
from google.auth.exceptions import RefreshError, TransportError

from tillstream.domain.errors import Conflict, NotFound, Rejected, Unavailable

TRY = 30.0
"""Seconds that one try of a call may take."""
DEADLINE = 120.0
"""Seconds after which no further try begins."""
PASSING = (
    told.TooManyRequests,
    told.ServerError,
    ConnectionError,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    TransportError,
)
"""Errors that another try may not meet. Each call that is tried again must be one that may be repeated."""
PASSING_STATUS = frozenset({408, 429, 500, 502, 503, 504})
LATER = (*PASSING, told.RetryError, told.Cancelled, told.Unauthorized, told.Forbidden, RefreshError)
"""Errors after which the work comes again; a right that is missing may be granted until then."""


def passes(error: BaseException) -> bool:
    """Whether another try may end better."""
    answer = getattr(error, "response", None)
    status = getattr(error, "code", None) or getattr(answer, "status_code", None)
    return isinstance(error, PASSING) or status in PASSING_STATUS


RETRY = Retry(predicate=passes, initial=0.5, multiplier=2.0, maximum=15.0, timeout=DEADLINE)
"""The pauses are random between nothing and a bound that doubles, so that many callers do not come back at once."""


@contextmanager
def ours(what: str) -> Iterator[None]:
    """Errors of the services become ours; `what` names the thing that was asked for, as the words begin.

    A failed precondition of gRPC is left as it is: what it means depends on the service.
    """
    try:
        yield
    except told.FailedPrecondition:
        raise
    except told.NotFound as error:
        raise NotFound(f"{what} is not there.") from error
    except (told.Conflict, told.PreconditionFailed) as error:
        raise Conflict(f"{what} was changed meanwhile.") from error
    except LATER as error:
        raise Unavailable(f"{what} cannot be reached now: {_words(error)}") from error
    except told.BadRequest as error:
        raise Rejected(f"{what} was refused: {_words(error)}") from error
    except (told.GoogleAPICallError, requests.RequestException) as error:
        if passes(error):
            raise Unavailable(f"{what} cannot be reached now: {_words(error)}") from error
        raise


def _words(error: BaseException) -> str:
    return str(getattr(error, "message", "") or error)[:500]
