"""Texts of the status page."""

from collections.abc import Iterable


def project(name: str, location: str) -> str:
    return f"{name}, {location}"


def places(dataset: str, buckets: Iterable[str]) -> tuple[str, ...]:
    return (f"dataset {dataset}", *(f"bucket {name}" for name in buckets))
