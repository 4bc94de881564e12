"""Currency codes, and signs of currencies in the cells of numbers."""

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
    "грн": "UAH", "грн.": "UAH", "元": "", "원": "KRW", "₱": "PHP", "₦": "NGN", "HK$": "HKD", "NT$": "TWD",
    "S$": "SGD", "NZ$": "NZD", "MX$": "MXN", "SFr.": "CHF", "د.إ": "AED", "ر.س": "SAR", "đ": "VND",
}  # fmt: skip
SIGNS = _OWN_SIGNS | {spelling: code for code in sorted(CODES) for spelling in (code, code.lower(), code.title())}
"""Sign or code in a cell → currency; empty if several currencies share it."""
