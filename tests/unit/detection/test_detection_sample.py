"""Detection keeps at most two megabytes of a file, in the encoding in which it was written."""

import gzip
import io

import pytest

from examples import in_long_proofs
from tillstream.detection import propose
from tillstream.detection.text import file_sample
from tillstream.detection.text.sample import MAX_SAMPLE_BYTES, take_sample, take_unpacked_sample
from tillstream.pipeline.matching.match_contract import shows_another_encoding


class Counting(io.BytesIO):
    """A stream that counts the bytes read from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


class Pipe(Counting):
    def seekable(self) -> bool:
        return False


HEADER = b"Order No,Date,Qty,Price\n"
ROWS = b"".join(b"%d,2026-03-%02d,2,1.50\n" % (number, number % 28 + 1) for number in range(120_000))


@pytest.mark.parametrize("kind", [Counting, Pipe])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_of_a_large_file_two_megabytes_are_read(kind: type[Counting], pack: type[bytes]) -> None:
    stream = kind(pack(HEADER + ROWS))
    proposal = propose(stream)
    assert 0 < stream.taken <= MAX_SAMPLE_BYTES
    assert proposal.read == stream.taken
    assert proposal.contract["columns"] == {
        "sale_id": "Order No",
        "date": "Date",
        "quantity": "Qty",
        "unit_price": "Price",
    }


def test_the_end_of_a_large_file_is_sampled() -> None:
    proof = b'999999,2026-03-01,1,"7.777,5"\n'
    ambiguous = HEADER + ROWS.replace(b"1.50", b'"1.500"') + proof
    questions = {question.key for question in propose(io.BytesIO(ambiguous)).questions}
    assert "decimal" not in questions
    assert "decimal" in {question.key for question in propose(Pipe(ambiguous)).questions}


def test_the_end_of_a_large_packed_file_is_sampled() -> None:
    proof = b'999999,2026-03-01,1,"7.777,5"\n'
    ambiguous = HEADER + ROWS.replace(b"1.50", b'"1.500"') + proof
    assert "decimal" not in {question.key for question in propose(io.BytesIO(gzip.compress(ambiguous, 1))).questions}


@pytest.mark.parametrize("count", [10, 110_000, 137_501, 180_001, *in_long_proofs(99_999, 1_000_000)])
def test_unpacked_text_is_sampled_at_its_start_middle_and_end(count: int) -> None:
    text = b"".join(b"%07d\n" % number for number in range(count))
    packed, unpacked = take_sample(io.BytesIO(gzip.compress(text, 1))), take_unpacked_sample(io.BytesIO(text))
    assert (packed.pieces, packed.whole, packed.includes_end) == (
        unpacked.pieces,
        unpacked.whole,
        unpacked.includes_end,
    )
    assert unpacked.whole == (count < 137_500)
    assert unpacked.pieces[0][:8] == b"0000000\n"
    assert unpacked.pieces[-1].endswith(b"%07d\n" % (count - 1))
    assert sum(map(len, unpacked.pieces)) <= MAX_SAMPLE_BYTES
    if count == 1_000_000:
        assert 450_000 < int(unpacked.pieces[1][8:15]) < 600_000


def test_a_small_file_is_read_whole() -> None:
    taken = take_sample(io.BytesIO(HEADER))
    assert (taken.pieces, taken.whole, taken.read) == ((HEADER,), True, len(HEADER))


def _bomb() -> bytes:
    """300 megabytes, compressed."""
    return gzip.compress(b"0" * 30_000_000, 1) * 10


def test_a_bomb_is_not_unpacked_whole() -> None:
    taken = take_sample(io.BytesIO(_bomb()))
    assert sum(map(len, taken.pieces)) <= MAX_SAMPLE_BYTES
    assert not taken.whole


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
