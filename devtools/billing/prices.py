"""List prices for on-demand use in europe-west1, in USD, without tax, free tiers and discounts."""

from types import MappingProxyType

from infra.monitoring.jobs_view import USD_PER_TIB

PRICES_OF = "mid-2025"
TIB, GIB = 1 << 40, 1 << 30
PRICES = MappingProxyType(
    {
        "a TiB billed to queries": USD_PER_TIB,
        "a TiB through the Storage Read API": 1.10,
        "a GiB through the Storage Write API": 0.025,
        "a GiB stored in BigQuery for a month": 0.02,
        "the same after 90 days without a change": 0.01,
        "100,000 documents read in Firestore": 0.03,
        "100,000 documents written in Firestore": 0.09,
        "a GiB stored in Firestore for a month": 0.15,
        "a TiB through Pub/Sub": 40.0,
        "a vCPU second": 0.000024,
        "a GiB second of memory": 0.0000025,
        "an idle vCPU second of a minimum instance": 0.0000025,
        "1,000,000 requests to functions": 0.40,
        "a job of Cloud Scheduler for a month": 0.10,
    }
)


def query_cost(billed: float) -> float:
    return billed / TIB * PRICES["a TiB billed to queries"]


def read_cost(read: float) -> float:
    return read / TIB * PRICES["a TiB through the Storage Read API"]


def write_cost(written: float) -> float:
    return written / GIB * PRICES["a GiB through the Storage Write API"]


def compute_cost(seconds: float, cpu: float, gib: float) -> float:
    return seconds * (cpu * PRICES["a vCPU second"] + gib * PRICES["a GiB second of memory"])
