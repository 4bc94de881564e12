"""The number of failing checks, for the menu."""

from portal.context import ports
from tillstream.quality import results


def failing_checks() -> int:
    return len(results.last(ports()).failing)
