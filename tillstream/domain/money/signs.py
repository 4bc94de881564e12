"""Currency codes, signs of currencies in the cells of numbers, and their names in many languages."""

_CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW MAD MXN "
    "MYR NGN NOK NZD PEN PHP PKR PLN RON RSD RUB SAR SEK SGD THB TND TRY TWD UAH USD VND ZAR"
)
CODES = frozenset(_CODES.split())
_OWN_SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "Rs.": "INR", "Rs": "INR", "R$": "BRL", "$": "", "US$": "USD", "¥": "",
    "￥": "", "円": "JPY", "zł": "PLN", "Fr.": "CHF", "kr": "", "kr.": "", "₽": "RUB", "₩": "KRW", "₺": "TRY",
    "฿": "THB", "₫": "VND", "₴": "UAH", "₪": "ILS", "C$": "CAD", "A$": "AUD", "Rp": "IDR", "Rp.": "IDR",
    "RM": "MYR", "Kč": "CZK", "Ft": "HUF", "lei": "RON", "лв": "BGN", "лв.": "BGN", "руб.": "RUB", "руб": "RUB",
    "р.": "RUB", "грн": "UAH", "грн.": "UAH", "元": "", "원": "KRW", "₱": "PHP", "₦": "NGN", "HK$": "HKD", "NT$": "TWD",
    "S$": "SGD", "NZ$": "NZD", "MX$": "MXN", "SFr.": "CHF", "د.إ": "AED", "ر.س": "SAR", "đ": "VND", "CA$": "CAD",
    "AU$": "AUD",
}  # fmt: skip
SIGNS = _OWN_SIGNS | {spelling: code for code in sorted(CODES) for spelling in (code, code.lower(), code.title())}
"""Sign or code in a cell → currency; empty if several currencies share it."""
SHARED_SIGNS = {
    "$": ("USD", "CAD", "AUD", "MXN", "SGD"),
    "¥": ("JPY", "CNY"),
    "￥": ("JPY", "CNY"),
    "元": ("CNY", "TWD"),
    "kr": ("SEK", "NOK", "DKK"),
    "kr.": ("DKK", "NOK", "SEK"),
}
"""Sign → the currencies that share it, the likely ones first."""
_MORE_CURRENCIES = {
    "£": "EGP FKP GIP LBP SDG SHP SSP SYP", "Rs": "LKR MUR NPR PKR SCR", "kr": "ISK", "元": "HKD MOP", "lei": "MDL",
    "$": "ARS BBD BMD BND BOB BSD BZD BRL CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MOP NAD NIO NZD SBD SRD TTD TWD "
    "UYU XCD ZWL ZWG",
}  # fmt: skip
"""Sign without its point → less usual currencies that have it."""
_NAMES = {
    "EUR": "euro euros eur. eurosi avro евро євро ευρώ يورو ユーロ 欧元 歐元 유로",
    "GBP": "pound pounds sterling", "CHF": "franken sfr chf.", "JPY": "yen 日元", "CNY": "yuan renminbi rmb 人民币",
    "PLN": "zloty złoty złotych", "CZK": "koruna", "HUF": "forint", "TRY": "lira tl", "RUB": "рубль рублей",
    "UAH": "гривня", "USD": "us-dollar us-dollars",
}  # fmt: skip
_SHARED_NAMES = {"dollar": "$", "dollars": "$", "krone": "kr", "kroner": "kr", "krona": "kr", "kronor": "kr"}
_BY_NAME = {name: code for code, names in _NAMES.items() for name in names.split()}
NO_SIGN = r"[\p{Nd}\p{Z}\s.,'’()+−٫٬-]"
"""Pattern, in the syntax of RE2, of the characters around the currency sign of an amount."""


def currencies_of(word: str) -> tuple[str, ...]:
    """The likely currencies of a sign, code or name such as €, EUR or Euro; empty if it is none."""
    name = word.strip().casefold()
    sign = _SHARED_NAMES.get(name, word.strip())
    code = word.strip().upper() if word.strip().upper() in CODES else SIGNS.get(sign) or _BY_NAME.get(name, "")
    return (code,) if code else SHARED_SIGNS.get(sign, ())


def is_of_another(sign: str, currency: str) -> bool:
    """Whether a sign is known, and no sign of the currency."""
    if sign not in SIGNS or not currency:
        return False
    return currency not in {*currencies_of(sign), *_MORE_CURRENCIES.get(sign.rstrip("."), "").split()}
