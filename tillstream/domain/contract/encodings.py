"""Names of character encodings in contracts."""

import codecs


def canonical_encoding(name: str) -> str:
    """The encoding's canonical name. Raises `ValueError` if it is unknown."""
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError(f"unknown encoding {name!r}; examples are utf-8, cp1252, latin-1 and cp850") from error
