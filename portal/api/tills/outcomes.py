"""Outcomes of store sales, for the till or the form that sent them."""

from collections.abc import Mapping
from typing import Any

from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue

from portal import token_auth
from portal.access import Open, allow
from portal.api import cursors, pagination
from portal.api.tills.sales import sender
from portal.context import ports, scope, signed_in
from tillstream.model.people import Action
from tillstream.receipts import message_outcomes
from tillstream.receipts.message_outcomes import OutcomePosition, OutcomeReader

NAME = "outcomes"
DEFAULT_OUTCOMES, MAX_OUTCOMES = 500, 1000


@allow(Open.STORE_TOKEN)
def outcomes() -> ResponseReturnValue:
    """The outcomes of sales after they were stored, in the order of settlements; takes `since` and `limit`."""
    reader = _reader()
    args = pagination.only(request.args, "since", "limit")
    limit = pagination.number(args, "limit", DEFAULT_OUTCOMES, MAX_OUTCOMES)
    since = (
        OutcomePosition(*cursors.decode(NAME, args["since"], int, int, int)) if args.get("since") else OutcomePosition()
    )
    page = message_outcomes.read_outcomes(ports(), reader, since, max(limit, 1))
    following = _cursor(page.next)
    shown = [{name: value for name, value in one.items() if name != "salesperson_id"} for one in page.outcomes]
    response = jsonify({"outcomes": shown, "next": following})
    response.headers["Cache-Control"] = "no-store"
    return response


def newest() -> str:
    """The cursor after which the outcomes of sales that are not sent yet follow."""
    return _cursor(message_outcomes.newest_position(ports()))


def _cursor(position: OutcomePosition) -> str:
    return cursors.encode(NAME, position.settlement_no, position.batch_no, position.row)


def _reader() -> OutcomeReader:
    """The sales of the token's store, or those that the user of the session may see."""
    if token_auth.shown().startswith("till_") or not signed_in():
        token = sender()

        def is_own(facts: Mapping[str, Any]) -> bool:
            return facts["region"] in {token.region, None} and facts["store_id"] == token.store_id

        return OutcomeReader(is_own, token.region, token.store_id)
    limits = scope()
    if not limits.may(Action.ENTER_SALES):
        abort(403)
    return OutcomeReader(lambda sale: limits.covers_sale(sale["region"], sale["store_id"], sale["salesperson_id"]))
