"""Encodings of tills and computers in many countries: each file is read as it was written, or its encoding is asked."""

import io

import pytest

from tillstream.detection import propose
from tillstream.detection.text import file_sample
from tillstream.pipeline.matching.match_contract import shows_another_encoding

RECEIPTS = {
    "Russian": ("Чек;Дата;Товар;Сумма", "Стул деревянный", "Стол обеденный", "Лампа настольная"),
    "Polish": ("Numer;Data;Towar;Kwota", "Krzesło dębowe", "Stół żółty", "Łóżko piętrowe świerkowe"),
    "Czech": ("Doklad;Datum;Zboží;Cena", "Židle dřevěná", "Skříň šatní", "Kůň houpací"),
    "Hungarian": ("Bizonylat;Dátum;Termék;Összeg", "Fotel zöld", "Tükör őszi", "Fűtőtest"),
    "Turkish": ("Fiş;Tarih;Ürün;Tutar", "Koltuk kırmızı", "Ayakkabı İstanbul", "Çay bardağı"),
    "Greek": ("Απόδειξη;Ημερομηνία;Είδος;Αξία", "Καρέκλα ξύλινη", "Τραπέζι", "Λάμπα"),
    "Hebrew": ("חשבונית;תאריך;מוצר;סכום", "כיסא עץ", "שולחן אוכל", "מנורה"),
    "Arabic": ("رقم;تاريخ;منتج;المبلغ", "كرسي خشبي", "طاولة طعام", "مصباح"),
    "French": ("Ticket;Date;Désignation;Montant", "Chaise hêtre", "Étagère chêne", "Façade lavée"),
    "German": ("Bon;Datum;Artikel;Betrag", "Küchentisch", "Öllampe groß", "Stühle"),
    "Portuguese": ("Nota;Data;Descrição;Valor", "Armário de pão", "Coração", "Cômoda alta"),
    "Icelandic": ("Nr;Dags;Vara;Verð", "Borð úr tré", "Þvottavél", "Skápur hvítur"),
    "Lithuanian": ("Kvitas;Data;Prekė;Suma", "Kėdė ąžuolinė", "Žalias stalas", "Lentyna šviesi"),
    "Japanese": ("伝票番号;日付;商品名;金額", "椅子", "テーブル", "照明"),
    "Chinese": ("单号;日期;商品;金额", "椅子", "餐桌", "台灯"),
    "Taiwanese": ("單號;日期;商品;金額", "椅子", "餐桌", "檯燈"),
    "Korean": ("번호;날짜;상품;금액", "의자", "식탁", "조명"),
}
ENCODINGS = {
    "Russian": "cp1251 koi8-r cp866 mac-cyrillic iso8859-5",
    "Polish": "cp1250 iso8859-2 cp852 mac-latin2",
    "Czech": "cp1250 iso8859-2 cp852",
    "Hungarian": "cp1250 iso8859-2 cp852",
    "Turkish": "cp1254 iso8859-9 cp857",
    "Greek": "cp1253 iso8859-7 cp737",
    "Hebrew": "cp1255 cp862",
    "Arabic": "cp1256 iso8859-6",
    "French": "cp1252 mac-roman cp850",
    "German": "cp1252 mac-roman cp850",
    "Portuguese": "cp1252 mac-roman cp850",
    "Icelandic": "cp1252",
    "Lithuanian": "cp1257",
    "Japanese": "cp932 euc-jp",
    "Chinese": "gb18030",
    "Taiwanese": "big5",
    "Korean": "cp949",
}
CASES = [(language, encoding) for language, names in ENCODINGS.items() for encoding in names.split()]


def receipts(language: str) -> str:
    header, *products = RECEIPTS[language]
    rows = [f"{number};2025-02-{number:02};{product};{number * 10},50" for number, product in enumerate(products, 1)]
    return "\n".join([header, *rows, ""])


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_a_file_is_read_as_it_was_written(language: str, encoding: str) -> None:
    data = receipts(language).encode(encoding)
    proposal = propose(io.BytesIO(data))
    text = data.decode(proposal.contract["file"]["encoding"])
    is_question = "encoding" in {question.key for question in proposal.questions}
    assert is_question or text == receipts(language)


def test_signs_of_every_script_do_not_hide_the_alphabet() -> None:
    rows = [f"{n};2025-02-{n:02};«Стул деревянный»;1\u00a0{n}00,50" for n in range(1, 9)]
    data = "\n".join(["Чек;Дата;Товар;Сумма", *rows, ""]).encode("cp1251")
    assert propose(io.BytesIO(data)).contract["file"]["encoding"] == "cp1251"


def test_most_encodings_are_recognised_without_a_question() -> None:
    questions = {
        (language, encoding)
        for language, encoding in CASES
        if "encoding" in {one.key for one in propose(io.BytesIO(receipts(language).encode(encoding))).questions}
    }
    assert len(questions) <= 3, questions


def test_the_question_shows_words_that_differ() -> None:
    file = "Ticket;Date;Produit;Total\n1;2025-02-01;Crème;2\n2;2025-02-02;Crème;2\n".encode("cp850")
    question = next(one for one in propose(io.BytesIO(file)).questions if one.key == "encoding")
    assert question.evidence == "in cp850 it reads “Crème”, in mac-roman “Cräme”"
    assert question.choices[:2] == ("cp850", "mac-roman")


@pytest.mark.parametrize(
    "name", ["Jack Ó'Neill", "Ó Briain", "É. Dupont", "Ó. Byrne", "Île d'Or", "12” pan", "Café “Roma”"]
)
def test_a_capital_letter_by_itself_is_no_closing_quote_of_another_computer(name: str) -> None:
    """One such name is too little to hold a file of a source whose files are in cp1252."""
    sample = file_sample.sample_file(io.BytesIO(f"Bill,Day,Customer,Net\n1,2026-06-01,{name},9.50\n".encode("cp1252")))
    assert not shows_another_encoding(sample, "cp1252")


def test_a_sign_of_a_currency_in_every_row_does_not_decide_the_encoding() -> None:
    rows = [f"{1000 + n};{1 + n:02}.03.2026;Chair;1 249,00 р.;1\u00a0249,00 р." for n in range(25)]
    text = "\n".join(["Чек;Дата;Товар;Цена;Сумма", *rows, ""]).encode("cp1251")
    proposal = propose(io.BytesIO(text), name="x")
    assert proposal.contract["file"]["encoding"] == "cp1251"
    assert proposal.contract["columns"]["net_amount"] == "Сумма"
