"""The admin area: who may sign in, and which stores may send sales."""

from flask import Blueprint

from portal.admin import stores, users

blueprint = Blueprint("admin", __name__, template_folder="templates")

blueprint.add_url_rule("/people", "people", users.show)
blueprint.add_url_rule("/people", "add_person", users.add, methods=["POST"])
blueprint.add_url_rule("/people/<login>", "person", users.person)
blueprint.add_url_rule("/people/<login>", "change_person", users.change, methods=["POST"])
blueprint.add_url_rule("/people/<login>/disable", "disable", users.disable, methods=["POST"])
blueprint.add_url_rule("/people/<login>/enable", "enable", users.enable, methods=["POST"])
blueprint.add_url_rule("/people/<login>/reset", "reset", users.reset, methods=["POST"])
blueprint.add_url_rule("/stores", "stores", stores.show)
blueprint.add_url_rule("/stores", "add_token", stores.add, methods=["POST"])
blueprint.add_url_rule("/stores/<token_id>/revoke", "revoke", stores.revoke, methods=["POST"])
