from tillstream.client import Client as Client
from tillstream.client import connect as connect

__version__: str
