"""Header words of many languages: receipts of many countries are read by the names of their columns."""

import io

import pytest

from tillstream.detection import propose
from tillstream.detection.columns.column_roles import NUMERIC_ROLES
from tillstream.detection.words import dictionaries
from tillstream.detection.words.headers import normalise_name
from tillstream.model.columns import STATUSES
from tillstream.model.contract import MAPPABLE_COLUMNS

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
