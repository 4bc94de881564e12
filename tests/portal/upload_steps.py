"""What tests of several areas do with files: look at one first, answer its questions, send one in pieces."""

import base64
import re
from html import unescape
from io import BytesIO
from typing import Any

from visitor import Visitor, indian_file, indian_sale
from werkzeug.test import TestResponse

UNKNOWN = b"""Bon;Datum;Filiale;Artikel;Menge;Preis;Zustand
1001;03/04/2026;Linz;Lampe;1;1.024,50;bezahlt
1002;05/04/2026;Linz;Stuhl;2;89,90;bezahlt
1003;04/05/2026;Graz;Tisch;1;240,00;verschollen
"""
ANSWERS = {
    "answer.region": "Austria",
    "answer.country": "Austria",
    "answer.currency": "EUR",
    "answer.date_order": "DMY",
    "answer.status.verschollen": "cancelled",
}
SIX_SALES = [indian_sale(str(number)) for number in range(1, 7)]
LOST = indian_file(*SIX_SALES, *(indian_sale(str(number)).replace(",Completed,", ",Lost,") for number in range(7, 11)))
FORTY_SALES = indian_file(*(indian_sale(str(number)) for number in range(1, 41)))
PIECE = "application/offset+octet-stream"


def look_at(visitor: Visitor, content: bytes, name: str = "june.csv", contract: str = "") -> str:
    answer = visitor.post("/uploads/look", {"contract": contract, "file": (BytesIO(content), name)})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def summary_of(visitor: Visitor, place: str) -> str:
    """The last page before a file of a new data source is imported."""
    return visitor.get(f"{place}?contract=new&step=confirm").text


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def words(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def call(visitor: Visitor, method: str, path: str, data: bytes = b"", **headers: Any) -> TestResponse:
    all_headers = {"Tus-Resumable": "1.0.0", "X-CSRFToken": visitor.token()}
    all_headers |= {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return visitor.client.open(path, method=method, data=data, headers=all_headers, buffered=True)


def begin(visitor: Visitor, size: int = len(FORTY_SALES), **values: str) -> str:
    metadata = words(**{"filename": "june.csv", "contract": "IN"} | values)
    answer = call(visitor, "POST", "/api/uploads", Upload_Length=size, Upload_Metadata=metadata)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def send(visitor: Visitor, place: str, offset: int, data: bytes, **headers: Any) -> TestResponse:
    return call(visitor, "PATCH", place, data, Upload_Offset=offset, Content_Type=PIECE, **headers)
