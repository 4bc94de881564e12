"""Download of an example file of a data source."""

from flask import Response
from werkzeug.utils import secure_filename

from portal.access import allow
from portal.context import ports
from portal.uploads import scoped
from tillstream.contracts.template_file import contract_template
from tillstream.model.people import Action


@allow(Action.UPLOAD)
def download(name: str) -> Response:
    contract = scoped.contract(name)
    response = Response(contract_template(contract, ports().clock.now()), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{secure_filename(name)}-template.csv")
    return response
