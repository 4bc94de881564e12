"""Manage personal tokens from the command line."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.people import personal_tokens
from tillstream.people.personal_tokens import PersonalToken

COMMAND_LINE = "command line"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """login: only the tokens of this user; empty: those of all users."""

    login: str = ""


@dataclass(frozen=True, kw_only=True)
class MakeToken:
    """regions: regions to which it is limited; none: all of the user. days: how long it is valid.
    files_only: valid only for live files."""

    login: str
    name: str
    rights: Sequence[str]
    regions: Sequence[str] = ()
    days: int = personal_tokens.DEFAULT_DAYS
    files_only: bool = False


@dataclass(frozen=True, kw_only=True)
class RevokeToken:
    """token: its id."""

    token: str


def tokens(app: App, progress: Progress, arguments: Tokens) -> Result:
    return Result(
        [_shown(app, token) for token in personal_tokens.find_personal_tokens(app.ports, arguments.login or None)]
    )


def make(app: App, progress: Progress, arguments: MakeToken) -> Result:
    token, text = personal_tokens.issue_personal_token(
        app.ports,
        arguments.login,
        arguments.name,
        arguments.rights,
        regions=arguments.regions,
        days=arguments.days,
        check_regions=app.contracts.check_regions,
        files_only=arguments.files_only,
        by=COMMAND_LINE,
    )
    return Result(_shown(app, token) | {"token": text})


def revoke(app: App, progress: Progress, arguments: RevokeToken) -> Result:
    return Result(_shown(app, personal_tokens.revoke_personal_token(app.ports, arguments.token, by=COMMAND_LINE)))


def _shown(app: App, token: PersonalToken) -> dict[str, Any]:
    shown = asdict(token) | {"state": token.state(app.ports.clock.now())}
    del shown["account"]
    return shown
