"""The functions that the portal of a project calls, in the process of the test, with JSON in between."""

import json
from collections.abc import Mapping
from typing import Any

from tillstream.app import App
from tillstream.delivery.webhook_attachment import attach_webhook_for_user
from tillstream.model.errors import TillstreamError, Unavailable
from tillstream.model.json_text import dump_typed_json
from tillstream.operations.delegated_decisions import DecisionContext, UserDecision, perform_decision
from tillstream.operations.reconcile import sweep_in_function
from tillstream.ports.jobs import (
    ATTACH_FUNCTION,
    DECIDE_FUNCTION,
    HOMES_FUNCTION,
    PROJECT_FUNCTION,
    SWEEP_FUNCTION,
    error_from_json,
    error_to_json,
)
from tillstream.sync.http import signed_calls


class FunctionsInProcess:
    """app: that of the functions. Calls can fail before their work, or lose their answers after it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.called: list[str] = []
        self.is_reachable = True
        self.loses_answers = False

    def call(self, name: str, body: Mapping[str, Any], within: float) -> Any:
        if not self.is_reachable:
            raise Unavailable(f"The function {name} does not answer within {within:.0f} seconds.")
        data = json.loads(json.dumps(body))
        self.called.append(data.get("work", name))
        try:
            result = json.loads(dump_typed_json(self._perform(name, data)))
        except TillstreamError as error:
            raise error_from_json(json.loads(json.dumps(error_to_json(error)))) from error
        except Exception as error:
            raise Unavailable(f"The function {name} ended: {error!r}") from error
        if self.loses_answers:
            raise Unavailable(f"The answer of the function {name} was lost.")
        return result

    def close(self) -> None:
        """Has nothing to release."""

    def _perform(self, name: str, data: dict[str, Any]) -> Any:
        app = self._app
        if name == DECIDE_FUNCTION:
            return perform_decision(
                DecisionContext(app.ports, app.contracts, app.queries), UserDecision.from_json(data)
            )
        if name == SWEEP_FUNCTION:
            return sweep_in_function(app.ports, app.contracts, data["by"])
        if name == HOMES_FUNCTION:
            return signed_calls.serve_call(app.ports, app.contracts, data)
        if name == ATTACH_FUNCTION:
            return attach_webhook_for_user(app.ports, data)
        assert name == PROJECT_FUNCTION
        return {"days": app.ports.warehouse.refresh_totals()}
