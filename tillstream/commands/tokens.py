"""Manage personal tokens from the command line."""

from dataclasses import asdict
from typing import Any

from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.people import personal_tokens
from tillstream.people.personal_tokens import PersonalToken

COMMAND_LINE = "command line"


def tokens(app: App, progress: Progress, *, login: str = "") -> Result:
    return Result([_shown(app, token) for token in personal_tokens.find(app.ports, login or None)])


def make(app: App, progress: Progress, *, login: str, name: str, rights: list[str], **options: Any) -> Result:
    token, text = personal_tokens.issue(
        app.ports, login, name, rights, valid_regions=app.book.regions(), by=COMMAND_LINE, **options
    )
    return Result(_shown(app, token) | {"token": text})


def revoke(app: App, progress: Progress, *, token: str) -> Result:
    return Result(_shown(app, personal_tokens.revoke(app.ports, token, by=COMMAND_LINE)))


def _shown(app: App, token: PersonalToken) -> dict[str, Any]:
    shown = asdict(token) | {"state": token.state(app.ports.clock.now())}
    del shown["account"]
    return shown
