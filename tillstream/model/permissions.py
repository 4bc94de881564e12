"""Roles, and the actions that each permits."""

from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    MANAGER = "manager"
    CLERK = "clerk"
    SALESPERSON = "salesperson"
    ANALYST = "analyst"


class Action(StrEnum):
    SEE_NUMBERS = "see numbers"
    SEE_PERSONAL = "see personal columns"
    SEE_COSTS = "see costs and margins"
    SEE_FORECASTS = "see forecasts"
    SEE_ALERTS = "see alerts"
    SEE_UPLOADS = "see uploads"
    UPLOAD = "upload, fix, replay"
    ANNOTATE = "annotate days"
    DECIDE = "confirm, reject, undo"
    ENTER_SALES = "enter sales"
    MANAGE_STOCK = "catalogue, stock, goals"
    SEE_PIPELINE = "see the pipeline"
    SEE_QUALITY = "see data quality"
    RUN_SQL = "run SQL on the marts"
    ADMINISTER = "users, contracts, FX, alerts, pipeline"


PERMISSIONS: dict[Role, frozenset[Action]] = {
    Role.ADMIN: frozenset(Action),
    Role.MANAGER: frozenset(Action) - {Action.ADMINISTER},
    # Clerks upload and correct files, whose rows contain the costs.
    Role.CLERK: frozenset(
        {
            Action.SEE_NUMBERS,
            Action.SEE_PERSONAL,
            Action.SEE_COSTS,
            Action.SEE_FORECASTS,
            Action.SEE_ALERTS,
            Action.ANNOTATE,
            Action.SEE_UPLOADS,
            Action.UPLOAD,
        }
    ),
    Role.SALESPERSON: frozenset({Action.SEE_NUMBERS, Action.SEE_PERSONAL, Action.ENTER_SALES}),
    Role.ANALYST: frozenset(
        {
            Action.SEE_NUMBERS,
            Action.SEE_COSTS,
            Action.SEE_FORECASTS,
            Action.SEE_ALERTS,
            Action.ANNOTATE,
            Action.SEE_QUALITY,
            Action.RUN_SQL,
        }
    ),
}
