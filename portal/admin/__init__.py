"""Admin pages: accounts, sign-in rules and tills of stores."""

from flask import Blueprint

from portal.admin import people, person, policy, stores

blueprint = Blueprint("admin", __name__, template_folder="templates")

blueprint.add_url_rule("/people", "people", people.show)
blueprint.add_url_rule("/people", "invite", people.invite, methods=["POST"])
blueprint.add_url_rule("/invite", "invitation", people.invitation)
blueprint.add_url_rule("/people/<login>", "person", person.show)
blueprint.add_url_rule("/people/<login>", "change_person", person.change, methods=["POST"])
for name, view in (
    ("disable", person.disable),
    ("enable", person.enable),
    ("reset", person.reset),
    ("second-step-off", person.take_off_second_step),
    ("end-sessions", person.end_sessions),
):
    blueprint.add_url_rule(f"/people/<login>/{name}", name.replace("-", "_"), view, methods=["POST"])
blueprint.add_url_rule("/people/<login>/sessions/<session_id>/end", "end_session", person.end_session, methods=["POST"])
blueprint.add_url_rule("/sign-in-rules", "policy", policy.show)
blueprint.add_url_rule("/sign-in-rules", "save_policy", policy.save, methods=["POST"])
blueprint.add_url_rule("/stores", "stores", stores.show)
blueprint.add_url_rule("/stores", "add_token", stores.add, methods=["POST"])
blueprint.add_url_rule("/stores/<token_id>/revoke", "revoke", stores.revoke, methods=["POST"])
blueprint.add_url_rule("/stores/connect", "connect_till", stores.connect, methods=["POST"])
blueprint.add_url_rule("/stores/unsigned", "accept_unsigned", stores.accept_unsigned, methods=["POST"])
blueprint.add_url_rule("/stores/keys/<key_id>/replace", "rotate_key", stores.rotate_key, methods=["POST"])
blueprint.add_url_rule("/stores/keys/<key_id>/revoke", "revoke_key", stores.revoke_key, methods=["POST"])
