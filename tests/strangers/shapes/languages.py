"""Tills of many countries: their headers, words, encodings, numbers and dates."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, Product, draw
from tests.strangers.tables import Columns, delimited, money, strip
from tests.strangers.truth import truth_of

FAMILY = "languages"
KEYS = ("sale_id", "date", "store_id", "product_name", "quantity", "unit_price", "net_amount", "status")


@dataclass(frozen=True)
class Language:
    """A till in a language. headers: of `KEYS`, in this order, without the status if there are no words."""

    name: str
    country: str
    currency: str
    zone: str
    encoding: str
    delimiter: str
    headers: str
    """Separated by bars."""
    words: str
    """Completed, cancelled and returned, separated by bars; the latter two can be unknown to the product."""
    goods: str
    stores: str
    date: str
    order: str
    decimal: str = ","
    thousands: str = "."
    sign: str = ""
    whole: bool = False
    gross: bool = False
    """Whether the amounts include tax, which the file does not tell."""
    digits: str = "0123456789"
    traps: tuple[str, ...] = ()
    day: Callable[[datetime], str] | None = None
    """Instead of `date`."""
    prices: str = ""
    """Prices of the goods; the clerk does not know the decimal separator then, which quantity × price shows."""


LANGUAGES = (
    Language("german-cp1252", "DE", "EUR", "Europe/Berlin", "cp1252", ";",
             "Bon-Nr.|Datum|Filiale|Artikel|Menge|Einzelpreis|Gesamt|Zustand", "verkauft|Fehlbon|Retoure",
             "Küchenuhr|Öllampe|Stühle grün|Bürste", "Köln|Fürth", "%d.%m.%Y", "DMY",
             traps=("unknown status words",)),
    Language("german-mac-roman", "DE", "EUR", "Europe/Berlin", "mac_roman", ";",
             "Belegnummer|Datum|Filiale|Bezeichnung|Anzahl|Preis|Umsatz|Status", "bezahlt|storniert|retourniert",
             "Küchenuhr|Öllampe|Stühle|Bürste", "Köln|Fürth", "%d.%m.%y", "DMY", traps=("Mac Roman",)),
    Language("austrian-utf8", "AT", "EUR", "Europe/Vienna", "utf-8", ";",
             "Rechnungsnr|Verkauft am|Standort|Ware|Stk|Stückpreis|Zeilensumme|Vorgang", "Verkauf|Storno|Rückgabe",
             "Häferl|Jausenbrett|Öl ½ l|Kanne", "Wien|Linz", "%d.%m.%Y", "DMY"),
    Language("swiss-apostrophe", "CH", "CHF", "Europe/Zurich", "cp1252", ";",
             "Quittung|Datum|Filiale|Artikel|Menge|Preis|Total|Status", "ok|annulliert|zurück",
             "Röstipfanne|Käsemesser|Glas|Uhr", "Zürich|Bern", "%d.%m.%Y", "DMY", ".", "'"),
    Language("french-caisse", "FR", "EUR", "Europe/Paris", "cp1252", ";",
             "N° ticket|Date|Magasin|Désignation|Qté|Prix unitaire|Montant|Statut", "Encaissé|Annulé|Remboursé",
             "Théière|Pâté de campagne|Bougie dorée|Nappe", "Orléans|Évry", "%d/%m/%Y", "DMY", ",", " ",
             traps=("unknown status words",)),
    Language("french-mac", "FR", "EUR", "Europe/Paris", "mac_roman", "\t",
             "Ticket|Date de vente|Boutique|Article|Quantité|PU HT|Total HT|État", "payé|annulé|retour",
             "Théière|Crème brûlée|Bougie dorée|Nappe", "Orléans|Évry", "%d-%m-%Y", "DMY", ",", " ",
             traps=("Mac Roman",)),
    Language("italian", "IT", "EUR", "Europe/Rome", "cp1252", ";",
             "N. scontrino|Data|Negozio|Articolo|Quantità|Prezzo unitario|Importo|Stato", "emesso|annullato|reso",
             "Caffè in grani|Tè verde|Tazza|Tovaglia", "Forlì|Roma", "%d/%m/%Y", "DMY"),
    Language("spanish", "ES", "EUR", "Europe/Madrid", "cp1252", ";",
             "Nº ticket|Fecha|Tienda|Artículo|Cantidad|Precio|Importe|Estado", "cobrado|anulado|devuelto",
             "Jarrón añil|Abanico|Lámpara|Cojín", "Cádiz|León", "%d/%m/%Y", "DMY"),
    Language("mexican", "MX", "MXN", "America/Mexico_City", "utf-8", ",",
             "Folio|Fecha|Sucursal|Producto|Cantidad|Precio|Total|Estatus", "Pagada|Cancelada|Devuelta",
             "Jarro|Sarape|Lámpara|Vela", "Mérida|León", "%d/%m/%Y", "DMY", ".", ",", "$"),
    Language("portuguese-br", "BR", "BRL", "America/Sao_Paulo", "cp1252", ";",
             "Nº Cupom|Data da Venda|Loja|Produto|Qtde|Vlr Unit|Vlr Total|Situação", "Concluída|Cancelada|Devolvida",
             "Pão de queijo|Café torrado|Xícara|Toalha", "São Paulo|Belém", "%d/%m/%Y", "DMY", ",", ".", "R$ "),
    Language("dutch", "NL", "EUR", "Europe/Amsterdam", "utf-8", ";",
             "Bonnummer|Datum|Filiaal|Omschrijving|Aantal|Prijs|Bedrag|Status", "betaald|geannuleerd|retour",
             "Theepot|Kaarsenhouder|Kussen|Mok", "Den Haag|Breda", "%-d-%-m-%Y", "DMY"),
    Language("danish", "DK", "DKK", "Europe/Copenhagen", "cp1252", ";",
             "Bonnr.|Dato|Butik|Vare|Antal|Stk. pris|Beløb|Status", "Betalt|Annulleret|Returneret",
             "Kagefad|Rødvinsglas|Tæppe|Lys", "Århus|Køge", "%d-%m-%Y", "DMY"),
    Language("norwegian", "NO", "NOK", "Europe/Oslo", "utf-8", ";",
             "Kvitteringsnr|Dato|Avdeling|Varenavn|Antall|Enhetspris|Sum|Status", "Betalt|Slettet|Retur",
             "Kaffekopp|Blåbærsyltetøy|Pledd|Lykt", "Tromsø|Bodø", "%d.%m.%Y", "DMY", ",", " "),
    Language("finnish", "FI", "EUR", "Europe/Helsinki", "utf-8", ";",
             "Kuittinro|Päivä|Myymälä|Tuote|Määrä|Yksikköhinta|Yhteensä|Tila", "maksettu|peruttu|palautettu",
             "Kahvikuppi|Pöytäliina|Villahuopa|Kynttilä", "Jyväskylä|Espoo", "%-d.%-m.%Y", "DMY", ",", "\xa0"),
    Language("polish-cp1250", "PL", "PLN", "Europe/Warsaw", "cp1250", ";",
             "Nr paragonu|Data|Sklep|Towar|Ilość|Cena|Wartość|Stan", "zapłacono|anulowano|zwrot",
             "Świeca żółta|Łyżka|Gęsi pasztet|Kubek", "Łódź|Gdańsk", "%d.%m.%Y", "DMY", ",", " "),
    Language("czech-cp1250", "CZ", "CZK", "Europe/Prague", "cp1250", ";",
             "Číslo účtenky|Datum|Prodejna|Zboží|Množství|Cena/ks|Celkem|Stav", "zaplaceno|storno|vráceno",
             "Hrníček|Svíčka žlutá|Přikrývka|Ubrus", "Plzeň|Brno", "%-d.%-m.%Y", "DMY", ",", " "),
    Language("hungarian", "HU", "HUF", "Europe/Budapest", "cp1250", ";",
             "Nyugtaszám|Dátum|Üzlet|Cikk|Mennyiség|Egységár|Összeg|Állapot", "fizetve|sztornó|visszáru",
             "Bögre|Gyertya|Takaró|Terítő", "Győr|Pécs", "%Y.%m.%d.", "YMD", ",", " ", whole=True),
    Language("russian-cp1251", "RU", "RUB", "Europe/Moscow", "cp1251", ";",
             "Номер чека|Дата|Магазин|Товар|Количество|Цена|Сумма|Статус", "Оплачен|Отменён|Возврат",
             "Кружка|Самовар|Плед|Свеча", "Тула|Омск", "%d.%m.%Y", "DMY", ",", " "),
    Language("ukrainian", "UA", "UAH", "Europe/Kyiv", "cp1251", ";",
             "Номер чеку|Дата|Крамниця|Товар|Кількість|Ціна|Сума|Стан", "сплачено|скасовано|повернено",
             "Горнятко|Рушник|Ковдра|Свічка", "Київ|Львів", "%d.%m.%Y", "DMY", ",", " "),
    Language("greek-cp1253", "GR", "EUR", "Europe/Athens", "cp1253", ";",
             "Αρ. απόδειξης|Ημερομηνία|Κατάστημα|Είδος|Ποσότητα|Τιμή|Σύνολο|Κατάσταση",
             "Εξοφλημένη|Ακυρωμένη|Επιστροφή",
             "Κούπα|Κερί|Κουβέρτα|Λάδι", "Πάτρα|Βόλος", "%d/%m/%Y", "DMY"),
    Language("turkish-cp1254", "TR", "TRY", "Europe/Istanbul", "cp1254", ";",
             "Fiş No|Tarih|Şube|Ürün|Adet|Birim Fiyat|Tutar|Durum", "Ödendi|İptal|İade",
             "Çay bardağı|Kilim|Şamdan|Örtü", "İzmir|Muğla", "%d.%m.%Y", "DMY"),
    Language("hebrew-cp1255", "IL", "ILS", "Asia/Jerusalem", "cp1255", ",",
             "מספר קבלה|תאריך|סניף|מוצר|כמות|מחיר|סכום|סטטוס", "שולם|בוטל|הוחזר",
             "ספל|נר|שמיכה|מפה", "חיפה|אילת", "%d/%m/%Y", "DMY", ".", ","),
    Language("arabic-cp1256", "AE", "AED", "Asia/Dubai", "cp1256", ",",
             "رقم الفاتورة|التاريخ|الفرع|المنتج|الكمية|السعر|الإجمالي|الحالة", "مدفوعة|ملغاة|مرتجع",
             "كوب|شمعة|بطانية|مفرش", "دبي|العين", "%d/%m/%Y", "DMY", ".", ","),
    Language("arabic-digits", "EG", "EGP", "Africa/Cairo", "utf-8", ";",
             "رقم الفاتورة|التاريخ|الفرع|المنتج|الكمية|السعر|الإجمالي|الحالة", "مدفوعة|ملغاة|مرتجع",
             "كوب|شمعة|بطانية|مفرش", "القاهرة|طنطا", "%d/%m/%Y", "DMY", "٫", "٬", digits="٠١٢٣٤٥٦٧٨٩",
             traps=("eastern digits",)),
    Language("japanese-cp932", "JP", "JPY", "Asia/Tokyo", "cp932", ",",
             "伝票番号|日付|店舗|商品名|数量|単価|金額|状態", "完了|取消|返品",
             "湯のみ|急須|座布団|ろうそく", "渋谷|梅田",
             "%Y/%m/%d", "YMD", ".", ",", whole=True, gross=True),
    Language("japanese-era", "JP", "JPY", "Asia/Tokyo", "cp932", ",",
             "レシート番号|販売日|店名|商品|個数|単価|合計|区分", "売上|取消|返品",
             "湯のみ|急須|座布団|ろうそく", "渋谷|梅田",
             "", "YMD", ".", ",", whole=True, gross=True, traps=("era dates",),
             day=lambda at: f"令和{at.year - 2018}年{at.month}月{at.day}日"),
    Language("chinese-gbk", "CN", "CNY", "Asia/Shanghai", "gbk", ",",
             "订单号|下单时间|门店|商品名称|数量|单价|金额|订单状态", "交易成功|交易关闭|已退款", "茶杯|灯笼|毛毯|蜡烛",
             "上海|成都", "%Y-%m-%d", "YMD", ".", ",", traps=("unknown status words",)),
    Language("taiwanese-big5", "TW", "TWD", "Asia/Taipei", "big5", ",",
             "單號|日期|門市|品名|數量|單價|小計|狀態", "已付款|已取消|退貨", "茶杯|燈籠|毛毯|蠟燭", "臺北|臺中",
             "%Y/%m/%d", "YMD", ".", ",", whole=True),
    Language("korean-euckr", "KR", "KRW", "Asia/Seoul", "euc_kr", ",",
             "영수증번호|판매일자|매장|상품명|수량|단가|금액|상태", "판매완료|취소|반품",
             "찻잔|등불|담요|양초", "서울|부산",
             "%Y-%m-%d", "YMD", ".", ",", whole=True, gross=True),
    Language("thai", "TH", "THB", "Asia/Bangkok", "utf-8", ",",
             "เลขที่ใบเสร็จ|วันที่|สาขา|สินค้า|จำนวน|ราคา|ยอดรวม|สถานะ", "ชำระแล้ว|ยกเลิก|คืนสินค้า", "แก้ว|เทียน|ผ้าห่ม|ตะเกียง",
             "สยาม|เชียงใหม่", "", "DMY", ".", ",", traps=("Buddhist years",),
             day=lambda at: f"{at.day:02}/{at.month:02}/{at.year + 543}"),
    Language("vietnamese-utf16", "VN", "VND", "Asia/Ho_Chi_Minh", "utf-16", "\t",
             "Số hóa đơn|Ngày|Cửa hàng|Sản phẩm|Số lượng|Đơn giá|Thành tiền|Trạng thái", "Hoàn thành|Đã hủy|Trả hàng",
             "Cốc gốm|Nến thơm|Chăn|Đèn lồng", "Huế|Đà Nẵng", "%d/%m/%Y", "DMY", ",", ".", whole=True),
    Language("romanian", "RO", "RON", "Europe/Bucharest", "utf-8", ",",
             "Nr. bon|Data|Magazin|Produs|Cantitate|Preț|Valoare|Stare", "achitat|anulat|returnat",
             "Cană|Lumânare|Pătură|Față de masă", "Iași|Brașov", "%d.%m.%Y", "DMY",
             traps=("decimal commas in quotes",)),
    Language("croatian", "HR", "EUR", "Europe/Zagreb", "cp1250", ";",
             "Broj računa|Datum|Poslovnica|Artikl|Količina|Cijena|Iznos|Status", "plaćeno|stornirano|povrat",
             "Šalica|Svijeća|Deka|Čaj", "Šibenik|Zadar", "%d.%m.%Y.", "DMY"),
    Language("indonesian", "ID", "IDR", "Asia/Jakarta", "utf-8", ",",
             "No. Struk|Tanggal|Cabang|Barang|Jumlah|Harga|Total|Status", "Lunas|Batal|Retur",
             "Cangkir|Lilin|Selimut|Taplak", "Bandung|Solo", "%d-%m-%Y", "DMY", ",", ".", "Rp", whole=True),
    Language("japanese-days", "JP", "JPY", "Asia/Tokyo", "cp932", ",",
             "伝票番号|日付|店舗|商品名|数量|単価|金額|状態", "完了|取消|返品",
             "湯のみ|急須|座布団|ろうそく", "渋谷|梅田",
             "%Y年%m月%d日", "YMD", ".", ",", whole=True, gross=True, prices="980 2400 450 1980"),
)  # fmt: skip


def case_of(language: Language, seed: int) -> Case:
    prices = language.prices or ("1250 189000 4500 32000" if language.whole else "12.50 1189.00 39.90 7.25")
    names = language.goods.split("|")
    goods: tuple[Product, ...] = tuple(
        (f"A{place}", name, "", price) for place, (name, price) in enumerate(zip(names, prices.split(), strict=True), 1)
    )
    plan = Plan(seed, sales=70, days=80, goods=goods, stores=tuple(language.stores.split("|")), cancelled=0.08,
                returned=0.06, unit=Decimal(1) if language.whole else Decimal("0.01"))  # fmt: skip
    lines = draw(plan)
    completed, cancelled, returned = language.words.split("|")
    words = {"completed": completed, "cancelled": cancelled, "returned": returned}
    places = 0 if language.whole else 2
    digits = str.maketrans("0123456789", language.digits)

    def number(amount: Decimal, places: int = places, sign: str = "") -> str:
        return money(amount, language.decimal, language.thousands, before=sign, places=places).translate(digits)

    def day(at: datetime) -> str:
        return language.day(at) if language.day else strip(at, language.date).translate(digits)

    writers: tuple[Callable[[Line], object], ...] = (
        lambda line: str(1_000 + line.sale).translate(digits),
        lambda line: day(line.at),
        lambda line: line.store,
        lambda line: line.product,
        lambda line: number(line.quantity, 0),
        lambda line: number(line.price, sign=language.sign),
        lambda line: number(line.total, sign=language.sign),
        lambda line: words[line.status],
    )
    headers = language.headers.split("|")
    columns: Columns = dict(zip(headers, writers, strict=True))
    mapped = dict(zip(KEYS, headers, strict=True))
    amount = "gross" if language.gross else "net"
    mapped["gross_amount"] = mapped["net_amount"] if language.gross else "-"
    decimal = language.decimal if language.decimal in ".," else "."
    answers = {"identity": headers[0], "date_order": language.order, "decimal": decimal, "amount": amount,
               "prices": amount, "tax_rate": "0"}  # fmt: skip
    if language.prices:
        del answers["decimal"]
    clerk = Clerk(
        f"Shop {language.country}", language.country, language.currency, language.zone, mapped,
        {word: status for status, word in words.items()}, answers,
    )  # fmt: skip
    build = partial(delimited, lines, columns, language.delimiter, language.encoding)
    truth = truth_of([replace(line, tax=Decimal(0)) for line in lines], language.currency,
                     words={line.product for line in lines})  # fmt: skip
    return Case(f"till-{language.name}", FAMILY, f"{headers[0].replace('/', '-')}.csv", build, clerk, truth,
                traps=language.traps, encoding=language.encoding, delimiter=language.delimiter)  # fmt: skip


def cases() -> list[Case]:
    return [case_of(language, 500 + place) for place, language in enumerate(LANGUAGES)]
