"""The transport that fits the address of a setup."""

from tillstream_till.folder import Options
from tillstream_till.setup_code import PUBSUB, Setup
from tillstream_till.transport.reply import Transport


def transport_of(setup: Setup, options: Options) -> Transport:
    """Return the way to the server. Raises `SetupError`."""
    if setup.url.startswith(f"{PUBSUB}://"):
        from tillstream_till.transport.pubsub import PubSubTransport

        return PubSubTransport(setup)
    from tillstream_till.transport.https import HttpsTransport

    return HttpsTransport(setup, options.ca_file)
