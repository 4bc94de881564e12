"""Timeouts and retries of calls to Google services, and the translation of their errors.

Pass `retry=RETRY, timeout=TRY` to each call and wrap it in `with translate_errors(…)`. The defaults of the libraries
are not used: some retry for ten minutes, and none separates transient from permanent errors.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from google.api_core import exceptions as api_errors
from google.api_core.retry import Retry
from google.auth.exceptions import RefreshError, TransportError

from tillstream.model.errors import Conflict, NotFound, Rejected, Unavailable

NO_CREDENTIALS = "There are no credentials of Google Cloud. Run: gcloud auth application-default login"
"""The error of a command on a machine without them."""
TIMEOUT = 30.0
"""Timeout of one attempt, in seconds."""
DEADLINE = 120.0
"""Seconds after which no further attempt starts."""
TRANSIENT = (
    api_errors.TooManyRequests,
    api_errors.ServerError,
    ConnectionError,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    TransportError,
)
"""Errors that a retry may avoid. Only idempotent calls may be retried."""
TRANSIENT_STATUS = frozenset({408, 429, 500, 502, 503, 504})
RETRY_LATER = (
    *TRANSIENT,
    api_errors.RetryError,
    api_errors.Cancelled,
    api_errors.Unauthorized,
    api_errors.Forbidden,
    RefreshError,
)
"""Errors after which the event is redelivered; a missing permission may be granted until then."""


def is_transient(error: BaseException) -> bool:
    """Whether a retry may succeed."""
    response = getattr(error, "response", None)
    status = getattr(error, "code", None) or getattr(response, "status_code", None)
    return isinstance(error, TRANSIENT) or status in TRANSIENT_STATUS


RETRY = Retry(predicate=is_transient, initial=0.5, multiplier=2.0, maximum=15.0, timeout=DEADLINE)
"""The pauses are random between zero and a bound that doubles, so that callers do not retry in step."""


@contextmanager
def translate_errors(what: str) -> Iterator[None]:
    """Translate errors of the services into those of the model. what: the resource, as the message starts.

    A failed precondition of gRPC is raised unchanged: its meaning depends on the service.
    """
    try:
        yield
    except api_errors.FailedPrecondition:
        raise
    except api_errors.NotFound as error:
        raise NotFound(f"{what} does not exist.") from error
    except (api_errors.Conflict, api_errors.PreconditionFailed) as error:
        raise Conflict(f"{what} was changed by another process.") from error
    except RETRY_LATER as error:
        raise Unavailable(f"{what} cannot be reached: {_message(error)}") from error
    except api_errors.BadRequest as error:
        raise Rejected(f"{what} was rejected: {_message(error)}") from error
    except (api_errors.GoogleAPICallError, requests.RequestException) as error:
        if is_transient(error):
            raise Unavailable(f"{what} cannot be reached: {_message(error)}") from error
        raise


def _message(error: BaseException) -> str:
    return str(getattr(error, "message", "") or error)[:500]
