"""The admin area's forms: what an account may do and see, chosen from what there is."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import metrics
from portal.context import me, tillstream
from tillstream.analytics.filters import Filters
from tillstream.domain.errors import Conflict, Unavailable
from tillstream.domain.people import Role
from tillstream.people.user import User

ROLES = {
    Role.CLERK: "Clerk: uploads and corrects files",
    Role.MANAGER: "Manager: also decides and undoes",
    Role.ANALYST: "Analyst: sees numbers, no names",
    Role.SALESPERSON: "Salesperson: sees own sales",
    Role.ADMIN: "Admin: everything",
}
MOST_STORES, MOST_PEOPLE = 80, 500
"""So many are offered; more are written by hand."""


class KnownPerson(FlaskForm):
    name = StringField("Name", [Length(max=100)])
    role = SelectField("Role", choices=[SelectChoice(role.value, words) for role, words in ROLES.items()])
    # What the account room knows better is not checked here, but said under the field by it.
    regions = SelectMultipleField("Regions", validate_choice=False)
    stores = SelectMultipleField("Stores", validate_choice=False)
    more_stores = StringField("Other stores", [Length(max=500)])
    salesperson = StringField("Salesperson id", [Length(max=60)])

    def given(self) -> dict[str, Any]:
        """What the form says, as the people room takes it."""
        stores = [*(self.stores.data or []), self.more_stores.data or ""]
        return {
            "name": self.name.data or "",
            "role": Role(self.role.data),
            "regions": ",".join(self.regions.data or []).split(","),
            "stores": ",".join(stores).split(","),
            "salesperson": self.salesperson.data or "",
            "known": tillstream().book.regions(),
            "by": me().login,
        }

    def tell(self, error: Exception) -> None:
        """An error stands under the field that it is about."""
        name = getattr(error, "field", "login" if isinstance(error, Conflict) else "name")
        self[name].errors = [str(error)]


class NewPerson(KnownPerson):
    login = StringField("Sign-in name", [InputRequired("Enter a sign-in name."), Length(max=60)])


def offered(form: KnownPerson, one: User | None = None) -> list[str]:
    """Fill the choices: every region, the stores that have sold and those of the account. The known salespeople."""
    regions, stores = tillstream().book.regions(), known("filter-values", "value", filter="store")
    form.regions.choices = [SelectChoice(region, region) for region in regions]
    form.regions.data = [part.strip() for part in ",".join(form.regions.data or []).split(",")]
    shown = sorted({*(stores if len(stores) <= MOST_STORES else []), *(one.stores if one else ())})
    form.stores.choices = [SelectChoice(store, store) for store in shown]
    return known("salespeople", "salesperson_id")[:MOST_PEOPLE]


def known(query: str, column: str, **params: Any) -> list[str]:
    """Values that have sold; none while the warehouse cannot be asked, for accounts are kept elsewhere."""
    try:
        rows = metrics.ask(query, Filters(), **params).to_pylist()
    except Unavailable:
        return []
    return sorted({str(row[column]) for row in rows if row[column] is not None})
