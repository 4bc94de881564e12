"""Pages of personal tokens, with which programs call the API: create, list and revoke."""

from flask import Blueprint

from portal.tokens import everybody, own

blueprint = Blueprint("tokens", __name__, template_folder="templates")

blueprint.add_url_rule("/tokens", "own", own.show)
blueprint.add_url_rule("/tokens", "make", own.make, methods=["POST"])
blueprint.add_url_rule("/tokens/<token_id>/revoke", "revoke", own.revoke, methods=["POST"])
blueprint.add_url_rule("/tokens/everybody", "everybody", everybody.show)
blueprint.add_url_rule("/tokens/everybody/<token_id>/revoke", "revoke_any", everybody.revoke, methods=["POST"])
