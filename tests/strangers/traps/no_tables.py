"""Files that are no list of sales: pictures, documents, noise, and lists of other things."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from random import Random

from tests.sheet_files import compound
from tests.strangers.case import Case, Clerk
from tests.strangers.facts import GOODS
from tests.strangers.tables import encoded, text, xlsx

FAMILY = "no sales"


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes((x * y) % 256 for x in range(120)) for y in range(40))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pdf() -> bytes:
    stream = b"BT /F1 12 Tf 72 720 Td (Invoice 1001 2026-02-03 Mug 2 12.50 25.00) Tj ET\n" * 40
    return (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n4 0 obj\n<< /Length "
            + str(len(stream)).encode() + b" >>\nstream\n" + stream + b"endstream\nendobj\n%%EOF\n")  # fmt: skip


def word_97() -> bytes:
    body = "Sales report\rInvoice\t1001\tMug\t12.50\r".encode("utf-16-le") * 30
    return compound(("WordDocument", b"\xec\xa5\xc1\x00" + body), ("1Table", b"\0" * 512))


def word() -> bytes:
    return _zip({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>"})


def _zip(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def noise() -> bytes:
    return Random(1).randbytes(20_000)


def noise_in_lines() -> bytes:
    """Random bytes among which are line breaks and commas."""
    random = Random(2)
    return b"\n".join(b",".join(random.randbytes(6) for _ in range(5)) for _ in range(300))


def zeros() -> bytes:
    """A file whose content a crash replaced by zeros."""
    return b"\0" * 8192


def jpeg() -> bytes:
    return (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
        + Random(3).randbytes(9_000)
        + b"\xff\xd9"
    )


def web_page() -> bytes:
    return (b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><p>Your session has expired, please sign in"
            b" again.</p></body></html>\n")  # fmt: skip


def prose() -> bytes:
    return ("Dear colleagues,\n\nplease find the sales in the attachment. In February, we sold 310 mugs, in "
            "March, 290.\n\nBest, Ada\n" * 4).encode()  # fmt: skip


def log() -> bytes:
    return "".join(
        f"2026-02-{day:02} 10:{minute:02}:07,113 INFO  [main] till.Printer - receipt {day}{minute} printed\n"
        for day in range(1, 29) for minute in range(0, 60, 9)
    ).encode()  # fmt: skip


def source() -> bytes:
    return json.dumps({"orders": [{"id": number, "total": number * 3.5} for number in range(60)]}, indent=2).encode()


def price_list() -> bytes:
    rows = [["SKU", "Product", "Category", "Price", "Valid from"]]
    rows += [[*good, "2026-01-01"] for good in GOODS * 6]
    return encoded(text(rows))


def customers() -> bytes:
    rows = [["Customer No", "Name", "City", "Since", "Credit limit"]]
    rows += [[str(7000 + number), f"Customer {number}", "Cork", f"2025-{number % 12 + 1:02}-01", "500.00"]
             for number in range(80)]  # fmt: skip
    return encoded(text(rows))


def stock() -> bytes:
    return xlsx([["Item", "Warehouse", "On hand", "Reorder at", "Unit cost"],
                 *([good[1], "Main", 12, 4, float(good[3])] for good in GOODS * 5)])  # fmt: skip


def months() -> bytes:
    """Revenue of each product in a column for each month."""
    rows = [["Product", "Category", *(f"{month} 2026" for month in ("Jan", "Feb", "Mar", "Apr"))]]
    rows += [[good[1], good[2], *(f"{place + 1}0.50" for place in range(4))] for good in GOODS]
    return encoded(text(rows))


def stores_side_by_side() -> bytes:
    """Units and amount of each store in columns of their own, below a row with the stores."""
    rows = [["", "", "North", "", "South", ""], ["Date", "Item", "Qty", "Amount", "Qty", "Amount"]]
    rows += [[f"2026-02-{day:02}", good[1], str(day % 3 + 1), good[3], str(day % 2 + 1), good[3]]
             for day in range(1, 20) for good in GOODS[:3]]  # fmt: skip
    return encoded(text(rows))


def header_only() -> bytes:
    return b"Receipt,Date,Store,Product,Quantity,Price,Total\r\n"


KINDS: tuple[tuple[str, str, Callable[[], bytes]], ...] = (
    ("picture-png", "receipt.png", png),
    ("picture-png-named-csv", "sales.csv", png),
    ("picture-jpeg", "receipt.jpg", jpeg),
    ("document-pdf", "report.pdf", pdf),
    ("document-pdf-named-csv", "sales.csv", pdf),
    ("document-doc", "report.doc", word_97),
    ("document-docx", "report.docx", word),
    ("noise", "sales.csv", noise),
    ("noise-in-lines", "sales.csv", noise_in_lines),
    ("zeros", "sales.csv", zeros),
    ("empty", "sales.csv", lambda: b""),
    ("blank-lines", "sales.csv", lambda: b"\r\n" * 40),
    ("only-a-mark", "sales.csv", lambda: b"\xef\xbb\xbf"),
    ("months-as-columns", "sales_2026-04-30.csv", months),
    ("stores-side-by-side", "sales.csv", stores_side_by_side),
    ("header-only", "sales.csv", header_only),
    ("sign-in-page", "orders.csv", web_page),
    ("letter", "sales.txt", prose),
    ("program-log", "till.log", log),
    ("json-document", "orders.json", source),
    ("price-list", "prices.csv", price_list),
    ("customer-list", "customers.csv", customers),
    ("stock-list", "stock.xlsx", stock),
)


def cases() -> list[Case]:
    clerk = Clerk("Shop", "IE", "EUR", answers={"amount": "net"})
    lists = {"price-list", "customer-list", "stock-list", "program-log", "letter"}
    return [
        Case(name, FAMILY, file, build, clerk, None, "held" if name in lists else "refused")
        for name, file, build in KINDS
    ]
