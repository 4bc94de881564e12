"""File systems of fsspec: HDFS over WebHDFS, FTP, Google Cloud Storage, Azure, Google Drive."""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from json import JSONDecodeError
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tillstream.connectors import listed_files
from tillstream.connectors.listed_files import ListedFile, ListedFiles, Selection, changed, version_of
from tillstream.connectors.pinned_connections import pin
from tillstream.connectors.source import Access, Cursor, Item, Kind, Setting, Source
from tillstream.domain.errors import Rejected, TillstreamError, Unavailable
from tillstream.domain.text import json_text
