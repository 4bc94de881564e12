"""Details of the errors of the API, and words of its reference page."""

from collections.abc import Iterable, Sequence

from tillstream.model.text import did_you_mean

LIST_CHANGED = "New data changed the order of this list. Read it again from its first page, without cursor."
OTHER_LIST = "This cursor does not belong to this list. Read the list from its first page, without cursor."
NO_CURSOR = "This cursor is not one that the API returned."
CURSOR_AND_OFFSET = "Use either cursor or offset, not both."
ONLY_CURSOR = "This list is paged by cursor, not by offset."
NO_MEASURES = "measures is required: names of measures, separated by commas."
NO_SALE = "Send one sale as a JSON object, with Content-Type: application/json."
NO_STORE = "region and store are required: the store whose movements you want."
NO_MOVEMENTS = "Send the movements as a JSON object, with Content-Type: application/json."
ONLY_ADMINISTRATORS = "Only an administrator can change or run connectors."
NO_GZIP = "The body is not complete gzip data. Send it again."
CHECKSUM_NOT_BASE64 = "The checksum is not valid base64."

DAY, NUMBER, TEXT, ONE_OF_LIST = "day", "number", "text", "one of a list"
"""Types of parameters."""


def repeatable(kind: str) -> str:
    return f"{kind}; can be repeated"


def no_parameter(unknown: Iterable[str], available: Iterable[str]) -> str:
    return f"There is no parameter {', '.join(unknown)}. Use one of: {', '.join(available)}."


def no_query(name: str, available: Sequence[str]) -> str:
    return f"There is no query {name}.{did_you_mean(name, available)}"


def no_sync_call(call: str, available: Iterable[str]) -> str:
    return f"There is no call {call}. Use one of: {', '.join(available)}."


def no_state(state: str, available: Iterable[str]) -> str:
    return f"There is no state {state}. Use one of: {', '.join(available)}."


def numbers(value: str, allowed: Iterable[str]) -> str:
    return f"numbers is “{value}”; allowed values are {', '.join(allowed)}."


def no_whole_number(parameter: str, value: str, maximum: int) -> str:
    return f"{parameter} is “{value}”; it must be a whole number from 0 to {maximum}."


def too_large(megabytes: int) -> str:
    return f"The maximum size is {megabytes:,} MB. Split the file, or compress it with gzip."


def sale_too_large(kilobytes: int) -> str:
    return f"A sale may have at most {kilobytes} KB. Send each sale as a separate message."


def too_many_bytes(megabytes: int) -> str:
    return f"A request may have at most {megabytes} MB, unpacked. Send fewer messages at once."


def no_encoding(encoding: str) -> str:
    return f"Content-Encoding is {encoding}; it must be gzip, or missing."


def no_piece(media_type: str) -> str:
    return f"Send the piece as {media_type}."


def other_version(supported: str, requested: str) -> str:
    return f"This server supports tus {supported}, not {requested}."


def no_bytes(header: str) -> str:
    return f"The header {header} must be a number of bytes."


def metadata_not_base64(key: str) -> str:
    return f"The value of {key} in Upload-Metadata is not valid base64 text."


def no_checksum(allowed: Iterable[str]) -> str:
    return f"Use one of these checksums: {', '.join(allowed)}."


def no_store(region: str, store: str) -> str:
    return f"There is no store {store} of {region}, or it is not accessible to you."


def not_your_stores(stores: Iterable[str]) -> str:
    return f"You cannot change the stock of {', '.join(stores)}. Nothing was recorded."
