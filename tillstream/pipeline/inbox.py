"""The pipeline room: what an object of the inbox is, by the folder that it lies in."""

from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.uploads import Upload
from tillstream.pipeline import fix, receive, uploads
from tillstream.pipeline.contracts import NOBODY, ContractBook
from tillstream.ports import Ports
from tillstream.ports.object_store import StoredObject


def record_of(ports: Ports, book: ContractBook, stored: StoredObject) -> Upload:
    """The record of an inbox object, made from its folder's name where there is none yet. Raises `Rejected`."""
    where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
    known = ports.documents.find(uploads.COLLECTION, where, order_by="received_seq", limit=1)
    if known:
        return Upload.from_json(known[0].data)
    folder, _, file = stored.name.partition("/")
    if folder == NOBODY.name:
        return receive.register(ports, book, stored)
    if folder == fix.FOLDER:
        return fix.register(ports, stored)
    try:
        contract = book.used(folder)
    except NotFound as error:
        raise Rejected(f"{stored.name} lies in no contract's folder: {error}") from error
    return uploads.register(ports, contract, stored, "", file=file)
