"""Recording: what is stored, what is refused, and when a repeat changes nothing."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from store_server import SOLD_ON, sale

from tillstream_till import Till, TillError
from tillstream_till.errors import ConflictingSale, InvalidSale, SetupError
from tillstream_till.setup_code import Setup, decode, encode


def test_a_sale_gets_the_fields_of_its_store(till: Till) -> None:
    receipt = till.record(sale(1001))
    assert receipt.id == "UK/LON1/1001"
    [message] = till.export()
    payload = json.loads(message["payload"])
    assert (payload["schema"], payload["region"], payload["store_id"]) == ("store-sale/1", "UK", "LON1")
    assert (payload["version"], payload["sold_at"]) == (1, f"{SOLD_ON}T10:03:00+00:00")


def test_the_same_sale_again_changes_nothing(till: Till) -> None:
    first, second = till.record(sale(1001)), till.record(sale(1001))
    assert (first.position, first.repeated, second.position, second.repeated) == (1, False, 1, True)
    assert till.status(refresh=False)["unsent"] == 1


def test_other_contents_need_a_higher_version(till: Till) -> None:
    till.record(sale(1001, version=1))
    with pytest.raises(ConflictingSale, match="version above 1"):
        till.record(sale(1001, "9.99", version=1))
    assert till.record(sale(1001, "9.99", version=2)).position == 2


def test_a_sale_without_a_version_never_replaces_a_corrected_one(till: Till) -> None:
    first = till.record(sale(1001))
    with pytest.raises(ConflictingSale, match="version above 1"):
        till.record(sale(1001, "9.99"))
    till.record(sale(1001, "9.99", version=3))
    assert till.record(sale(1001)).position == first.position
    with pytest.raises(ConflictingSale, match="version above 3"):
        till.record(sale(1001, "7.77"))
    till.record(sale(1002, version=2))
    with pytest.raises(ConflictingSale, match="version above 2"):
        till.record(sale(1002, "7.77"))
    assert [json.loads(each["payload"])["version"] for each in till.export()] == [1, 3, 2]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"store_id": "PAR1"}, "store_id: this till belongs to LON1"),
        ({"region": "FR"}, "region: this till belongs to UK"),
        ({"number": ""}, "number: is empty"),
        ({"sold_at": "2026-11-20T10:03:00"}, "sold_at: .* is not a time with an offset"),
        ({"currency": "pounds"}, "currency: 'pounds' has the wrong form"),
        ({"lines": []}, "lines: must have from 1 to 1000 entries"),
        ({"lines": [{"net_amount": 3.2}]}, r"lines.0.net_amount: must be of type string"),
        ({"lines": [{"quantity": "1"}]}, "lines.0: lacks net_amount, or quantity and unit_price"),
        ({"colour": "red"}, "'colour' is not a field"),
        ({"customer_name": "\ud800"}, "half of a character"),
        ({"lines": [{"net_amount": "1", "product_name": "x" * 500}] * 130}, "65,536 are the most"),
    ],
)
def test_an_invalid_sale_is_refused_with_each_problem(till: Till, change: dict[str, object], problem: str) -> None:
    with pytest.raises(InvalidSale, match=problem):
        till.record(sale(1001) | change)
    assert till.status(refresh=False)["unsent"] == 0


def test_one_invalid_sale_of_several_records_none(till: Till) -> None:
    with pytest.raises(InvalidSale):
        till.record_all([sale(1), sale(2, "free")])
    with pytest.raises(ConflictingSale):
        till.record_all([sale(1), sale(1, "4.00")])
    assert till.status(refresh=False)["unsent"] == 0


def test_a_setup_code_keeps_what_the_portal_put_into_it() -> None:
    setup = Setup("https://sales.example.com", "UK", "LON1", "till_x", "T1", "k1", "c2VjcmV0")
    code = encode(setup)
    assert decode(f" {code[:30]}\n{code[30:]} ") == setup


@pytest.mark.parametrize("code", ["", "tillsetup_", "tillsetup_e30", "till_x", "tillsetup_W10", "tillsetup_eyJ1cmwi"])
def test_an_incomplete_setup_code_is_refused(code: str) -> None:
    with pytest.raises(SetupError):
        decode(code)


def test_a_folder_belongs_to_one_till(till: Till, folder: Path) -> None:
    with pytest.raises(SetupError, match="Use another folder"):
        Till.init(folder, encode(Setup(till.setup.url, "UK", "PAR1", "till_x", "T1")))


def test_a_token_does_not_travel_unencrypted_without_consent(folder: Path, markers: Path) -> None:
    code = encode(Setup("http://192.168.1.5:8080", "UK", "LON1", "till_x", "T1"))
    with pytest.raises(SetupError, match="--allow-http"):
        Till.init(folder, code)
    assert not folder.exists()


def test_only_the_owner_can_read_the_key(till: Till, folder: Path) -> None:
    assert (folder / "till.json").stat().st_mode & 0o077 == 0


FULL_DISK = """
import resource, signal, sys
from tillstream_till import Till
from tillstream_till.errors import CannotStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
till = Till.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
for number in range(2000):
    line = {"net_amount": "1", "product_name": "x" * 300}
    sale = {"number": str(number), "sold_at": "2026-11-20T10:03:00+00:00", "currency": "GBP", "lines": [line]}
    try:
        till.record(sale)
    except CannotStore as error:
        print(number, error)
        break
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the limit of a process is a POSIX limit")
def test_a_full_disk_loses_no_recorded_sale(till: Till, folder: Path) -> None:
    limit = (folder / "outbox.sqlite").stat().st_size + 100_000
    assert limit < resource.getrlimit(resource.RLIMIT_FSIZE)[0] or resource.getrlimit(resource.RLIMIT_FSIZE)[0] < 0
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder), str(limit)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    number, _, message = done.stdout.partition(" ")
    assert "Nothing is recorded, because the disk is full or fails" in message
    assert int(number) > 10
    assert till.status(refresh=False)["unsent"] == int(number)
    assert till.record(sale("next")).position > int(number)


def test_a_commit_is_on_the_disk_before_it_returns(till: Till) -> None:
    full = 2
    names, connection = ("synchronous", "journal_mode"), till._outbox.connection
    values = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}
    assert values == {"synchronous": full, "journal_mode": "persist"}


def test_errors_have_one_parent_for_programs() -> None:
    assert issubclass(ConflictingSale, TillError)
