"""Texts about the stores of a user."""


def no_store(store_id: str, region: str) -> str:
    return f"You cannot enter sales for the store “{store_id}” of the region “{region}”."
