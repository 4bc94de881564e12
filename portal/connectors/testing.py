"""Tests of connectors, in the words of the pages."""

from dataclasses import dataclass

from portal.connectors import texts
from portal.context import me, ports, tillstream
from tillstream.app.source_access import source_access
from tillstream.connectors import run
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.state import ConnectorDraft


@dataclass(frozen=True)
class Tested:
    is_ok: bool
    sentence: str


def access() -> SourceAccess:
    """What sources may use, by the settings of the server."""
    return source_access(tillstream())


def tested(subject: str | ConnectorDraft) -> Tested:
    """The result for a connector by name, or for settings that are not saved."""
    result = run.test_connection(ports(), access(), subject, me().login)
    if result.is_ok:
        return Tested(True, texts.tested(result.seconds, result.message))
    return Tested(False, texts.failed(result.seconds, result.message))
