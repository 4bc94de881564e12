"""Read copies of the marts in other databases."""

from tillstream.adapters.postgresql.address import parse_address
from tillstream.adapters.postgresql.read_copy import PostgreSQLReadCopy
from tillstream.app.app import App
from tillstream.app.source_access import source_access
from tillstream.delivery.outbound_addresses import is_private
from tillstream.delivery.outbound_addresses import parse_address as parse_ip_address
from tillstream.ports.warehouse import ReadCopy

DEFAULT_SCHEMA = "tillstream"


def read_copy(app: App, url: str, password: str, schema: str) -> ReadCopy:
    """The copy in a schema of a database. password: a reference.

    The rules of connectors apply to the address, and to files that the URL names. Raises `Rejected` for a URL, an
    address, a credential or a schema that cannot be used; `Unavailable` for a host without an address.
    """
    address = parse_address(url)
    access = source_access(app)
    ip_address = access.check_host(address.host, address.port)
    if certificate := address.parameters.get("sslrootcert", ""):
        if certificate != "system":
            access.check_file(certificate)
    elif not is_private(parse_ip_address(ip_address)):
        address.parameters.setdefault("sslmode", "require")
    return PostgreSQLReadCopy(address, ip_address, access.credential(password), schema)
