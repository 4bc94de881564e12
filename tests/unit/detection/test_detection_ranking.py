"""Candidates for a role are ranked by what they contain, and by header words of many languages."""

import io

import pytest

from tillstream.detection import Proposal, propose
from tillstream.detection.columns.column_roles import NUMERIC_ROLES
from tillstream.detection.words import dictionaries
from tillstream.detection.words.headers import normalise_name
from tillstream.model.columns import STATUSES
from tillstream.model.contract import MAPPABLE_COLUMNS

DAYS = [f"2026-02-{day:02}" for day in range(10, 26)]


def detected(header: str, row: str) -> Proposal:
    rows = "".join(row.format(n=number, day=day) + "\n" for number, day in enumerate(DAYS, 100))
    return propose(io.BytesIO(f"{header}\n{rows}".encode()), name="x")


def test_an_empty_column_is_neither_number_date_total_nor_product() -> None:
    proposal = detected("Order,Date,Product,Total,Order No,Order Date", ",,,,A{n},{day}")
    assert {"Order", "Date", "Product", "Total"}.isdisjoint(proposal.contract["columns"].values())


def test_of_two_dates_the_one_that_is_mostly_empty_is_left_out() -> None:
    header = "Order No,Order Date,Invoice Date,Product,Qty,Price"
    rows = "".join(f"A{n},{day},{day if n < 103 else ''},Mug,1,2.50\n" for n, day in enumerate(DAYS, 100))
    proposal = propose(io.BytesIO(f"{header}\n{rows}".encode()), name="x")
    assert proposal.contract["columns"]["date"] == "Order Date"
    assert all(question.key != "column.date" for question in proposal.questions)


def test_an_amount_is_no_sale_number_whatever_its_name() -> None:
    proposal = detected("Sale (Dollars),Date,Product,Bottles,Each", "$25.00,{day},Mug,2,$12.50")
    assert "sale_id" not in proposal.contract["columns"]


def test_a_column_that_differs_in_all_rows_and_ascends_is_proposed_as_the_sale_number() -> None:
    proposal = detected("Zeichen,Date,Product,Qty,Price", "INV-{n},{day},Mug,1,2.50")
    question = next(one for one in proposal.questions if one.key == "identity")
    assert question.choices[0] == "Zeichen"
    assert question.evidence == "Zeichen is filled, differs in all 16 sampled rows and ascends, as a sale number does"
    assert question.lines == (2, 3)


def test_numbers_with_the_letters_of_several_documents_ascend_by_their_digits() -> None:
    rows = "".join(f"{'CN' if n == 103 else 'INV'}-{n},{day},Mug{n},1,2.50\n" for n, day in enumerate(DAYS[:6], 100))
    proposal = propose(io.BytesIO(f"Doc,Date,Product,Qty,Price\n{rows}".encode()), name="x")
    choices = {question.key: question.choices for question in proposal.questions}
    assert choices["identity"][0] == "Doc"
    assert "rows.CN" in choices


def test_a_number_in_no_order_is_offered_behind_the_columns_that_identify_a_line() -> None:
    rows = "".join(f"K{n * 7919 % 900 + 100},{day},Mug{n},1,2.50\n" for n, day in enumerate(DAYS, 100))
    proposal = propose(io.BytesIO(f"Zeichen,Date,Product,Qty,Price\n{rows}".encode()), name="x")
    question = next(one for one in proposal.questions if one.key == "identity")
    assert question.choices == ("Date", "Zeichen", "content")
    assert question.evidence.startswith("Date differs in all 16 sampled rows; ")


def test_a_number_may_descend_because_the_latest_sales_are_often_first() -> None:
    rows = "".join(f"K{500 - n},{day},Mug,1,2.50\n" for n, day in enumerate(reversed(DAYS)))
    proposal = propose(io.BytesIO(f"Zeichen,Date,Product,Qty,Price\n{rows}".encode()), name="x")
    question = next(one for one in proposal.questions if one.key == "identity")
    assert question.choices[0] == "Zeichen"
    assert question.evidence == "Zeichen is filled, differs in all 16 sampled rows and descends, as a sale number does"


@pytest.mark.parametrize(
    ("header", "quantity"),
    [("Order No,Date,Lineitem name,Lineitem quantity,Lineitem price", "Lineitem quantity"),
     ("Order No,Date,Item,Kg,Price/kg", "Kg"), ("Order No,Date,Item,Item Qty,Price", "Item Qty")],
)  # fmt: skip
def test_line_items_and_weights_are_quantities_with_a_price(header: str, quantity: str) -> None:
    columns = detected(header, "A{n},{day},Mug,2,12.50").contract["columns"]
    assert (columns["quantity"], columns["unit_price"]) == (quantity, header.rsplit(",", maxsplit=1)[-1])


def test_a_column_of_zeros_and_ones_is_no_total_whatever_its_name() -> None:
    proposal = detected("Order No,Date,Product,Qty,Price,net", "A{n},{day},Mug,2,12.50,0")
    assert "net_amount" not in proposal.contract["columns"]
    assert "net_amount" in detected("Order No,Date,Product,Qty,net", "A{n},{day},Mug,2,10").contract["columns"]


def test_of_two_numbers_of_the_same_sales_the_longer_one_identifies_them() -> None:
    proposal = detected("Order ID,Order Number,Date,Product,Qty,Price", "{n},A{n},{day},Mug,2,12.50")
    assert proposal.contract["columns"]["sale_id"] == "Order Number"
    assert all(question.key != "column.sale_id" for question in proposal.questions)
    rows = "".join(f"{n},A{n // 2},{day},Mug,2,12.50\n" for n, day in enumerate(DAYS, 100))
    differing = propose(io.BytesIO(f"Order ID,Order Number,Date,Product,Qty,Price\n{rows}".encode()), name="x")
    assert "column.sale_id" in {question.key for question in differing.questions}


def test_without_column_names_only_their_line_is_a_question() -> None:
    rows = "".join(f"{n},{day},Mug,1,2.50\n" for n, day in enumerate(DAYS, 100))
    (question,) = propose(io.BytesIO(rows.encode()), name="x").questions
    assert (question.key, question.default) == ("header", "0")
    answered = propose(io.BytesIO(rows.encode()), name="x", answers={"header": "0"})
    assert "header" not in {one.key for one in answered.questions}


RECEIPTS = {
    "Polish": "Nr paragonu;Data sprzedaży;Towar;Ilość;Cena jedn.;Wartość",
    "Czech": "Číslo účtenky;Datum;Zboží;Množství;Cena/ks;Celkem",
    "Slovak": "Číslo dokladu;Dátum;Názov tovaru;Množstvo;Cena za kus;Spolu",
    "Hungarian": "Nyugtaszám;Dátum;Megnevezés;Mennyiség;Egységár;Összesen",
    "Romanian": "Nr. bon;Data;Denumire produs;Cantitate;Preț unitar;Valoare",
    "Croatian": "Broj računa;Datum;Artikl;Količina;Cijena;Iznos",
    "Slovenian": "Številka računa;Datum;Izdelek;Količina;Cena na enoto;Znesek",
    "Swedish": "Kvittonr;Datum;Artikel;Antal;Pris;Belopp",
    "Danish": "Bonnr;Dato;Varenavn;Antal;Stykpris;Beløb",
    "Norwegian": "Bongnr;Dato;Varenavn;Antall;Pris;Beløp",
    "Finnish": "Kuittinumero;Päivämäärä;Tuote;Määrä;Yksikköhinta;Yhteensä",
    "Estonian": "Kviitungi nr;Kuupäev;Toode;Kogus;Ühikuhind;Kokku",
    "Lithuanian": "Kvito Nr.;Data;Prekė;Kiekis;Vieneto kaina;Iš viso",
    "Latvian": "Čeka Nr.;Datums;Prece;Daudzums;Cena;Kopā",
    "Russian": "Номер чека;Дата;Наименование;Кол-во;Цена;Сумма",
    "Ukrainian": "Номер чека;Дата;Назва товару;Кількість;Ціна;Сума",
    "Bulgarian": "Номер на бон;Дата;Стока;Количество;Единична цена;Стойност",
    "Greek": "Αρ. Απόδειξης;Ημερομηνία;Περιγραφή;Ποσότητα;Τιμή;Σύνολο",
    "Turkish": "Fiş No;Tarih;Ürün Adı;Miktar;Birim Fiyat;Tutar",
    "Hebrew": "מספר קבלה;תאריך;מוצר;כמות;מחיר;סכום",
    "Arabic": "رقم الفاتورة;التاريخ;المنتج;الكمية;السعر;الإجمالي",
    "Chinese": "订单号;日期;商品名称;数量;单价;金额",
    "Taiwanese": "訂單號;日期;商品名稱;數量;單價;金額",
    "Korean": "영수증번호;날짜;상품명;수량;단가;금액",
    "Vietnamese": "Số hóa đơn;Ngày;Tên hàng;Số lượng;Đơn giá;Thành tiền",
    "Indonesian": "No. Nota;Tanggal;Nama Barang;Qty;Harga Satuan;Total Harga",
    "Thai": "เลขที่ใบเสร็จ;วันที่;สินค้า;จำนวน;ราคา;ยอดรวม",
    "Hindi": "बिल संख्या;दिनांक;उत्पाद;मात्रा;मूल्य;राशि",
}
ROLES = ("sale_id", "date", "product_name", "quantity", "unit_price", "net_amount")


@pytest.mark.parametrize("language", RECEIPTS)
def test_the_columns_of_a_receipt_are_read_by_their_names(language: str) -> None:
    header = RECEIPTS[language]
    rows = [
        f"{1000 + n};2026-03-{n:02};x{n % 4};{n % 3 + 1};{n}.50;{(n % 3 + 1) * (n + 0.5):.2f}" for n in range(1, 20)
    ]
    proposal = propose(io.BytesIO("\n".join([header, *rows, ""]).encode()))
    columns = proposal.contract["columns"]
    assert {role: columns.get(role) for role in ROLES} == dict(zip(ROLES, header.split(";"), strict=True))
    assert not [one.key for one in proposal.questions if one.key.startswith("column.")]


def test_every_dictionary_names_columns_and_statuses() -> None:
    roles = MAPPABLE_COLUMNS | NUMERIC_ROLES | {"amount", "discount_rate", "tax_rate", "time", ""}
    assert {role for role, _ in dictionaries.header_words_by_role()} <= roles
    assert {status for status, _ in dictionaries.status_words_of_languages()} == set(STATUSES)
    assert {name for name, _ in dictionaries.footer_words_of_languages()} == {"words"}
    lists = [
        *dictionaries.header_words_by_role(),
        *dictionaries.status_words_of_languages(),
        *dictionaries.footer_words_of_languages(),
    ]
    assert all(normalise_name(word) for _, words in lists for word in words.replace("|", ",").split(","))
