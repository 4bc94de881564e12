"""The till agent: records sales on the machine that sells, and sends them when there is a connection.

It needs only the standard library and `cryptography`, and imports nothing of the product.
"""

from tillstream_till.errors import TillError
from tillstream_till.reports import Receipt
from tillstream_till.till import Till

__all__ = ["Receipt", "Till", "TillError"]
__version__ = "0.1.0"
