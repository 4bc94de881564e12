"""Currencies: their codes, signs and minor units, and amounts as people read them.

Amounts for people are rounded to the minor unit, half away from zero, as warehouses do. JSON, Parquet and the API have
all digits.

The codes are those of lists one and three of ISO 4217. List three has the former currencies, in which older sales may
be. `XXX` means no currency and is left out.
"""

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Context, Decimal
from statistics import median

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_USUAL_DIGITS = 2
_DIGITS_BY_CURRENCY = {currency: digits for digits, listed in _DIGITS.items() for currency in listed.split()}

_WITH_DECIMALS = "AUD BAM BBD BGN BMD BRL BSD BYN CAD CHF EUR FJD GBP GEL GIP ILS MYR NZD PEN PLN RON SGD USD"
"""Currencies in which few shops have whole prices only."""
_MIN_MINOR_AMOUNT, _MIN_MINOR_MEDIAN = 100, 300

_ALL_DIGITS = Context(prec=400, rounding=ROUND_HALF_UP)
"""Enough for every decimal, which the default context is not."""
_PRICE_DIGITS = 4
"""Decimal digits of a price, at most: averages and converted prices have more."""

CURRENT_CURRENCIES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF "
    "CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD "
    "HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN "
    "PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD "
    "TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD XCG XDR XOF XPD "
    "XPF XPT XSU XTS XUA YER ZAR ZMW ZWG"
)
FORMER_CURRENCIES = (
    "ADP AFA ALK ANG AOK AON AOR ARA ARP ARY ATS AYM AZM BAD BEC BEF BEL BGJ BGK BGL BGN BOP BRB BRC BRE BRN BRR BUK "
    "BYB BYR CHC CSD CSJ CSK CUC CYP DDM DEM ECS ECV EEK ESA ESB ESP FIM FRF GEK GHC GHP GNE GNS GQE GRD GWE GWP HRD "
    "HRK IEP ILP ILR ISJ ITL LAJ LSM LTL LTT LUC LUF LUL LVL LVR MGF MLF MRO MTL MTP MVQ MXP MZE MZM NIC NLG PEH PEI "
    "PES PLZ PTE RHD ROK ROL RUR SDD SDP SIT SKK SLL SRG STD SUR TJR TMM TPE TRL UAK UGS UGW USS UYN UYP VEB VEF VNC "
    "XEU XFO XFU XRE YDD YUD YUM YUN ZAL ZMK ZRN ZRZ ZWC ZWD ZWL ZWN ZWR"
)
CURRENCIES = frozenset(f"{CURRENT_CURRENCIES} {FORMER_CURRENCIES}".split())

_FREQUENT_CURRENCIES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR ISK JPY KRW MAD MXN "
    "MYR NGN NOK NZD PEN PHP PKR PLN RON RSD RUB SAR SEK SGD THB TND TRY TWD UAH USD VND ZAR"
)
FREQUENT_CURRENCIES = frozenset(_FREQUENT_CURRENCIES.split())
_SIGNS_OF_CURRENCIES = {
    "€": "EUR", "£": "GBP", "₹": "INR", "Rs.": "INR", "Rs": "INR", "R$": "BRL", "$": "", "US$": "USD", "¥": "",
    "￥": "", "円": "JPY", "zł": "PLN", "Fr.": "CHF", "kr": "", "kr.": "", "₽": "RUB", "₩": "KRW", "₺": "TRY",
    "฿": "THB", "₫": "VND", "₴": "UAH", "₪": "ILS", "C$": "CAD", "A$": "AUD", "Rp": "IDR", "Rp.": "IDR",
    "RM": "MYR", "Kč": "CZK", "Ft": "HUF", "lei": "RON", "лв": "BGN", "лв.": "BGN", "руб.": "RUB", "руб": "RUB",
    "р.": "RUB", "грн": "UAH", "грн.": "UAH", "元": "", "원": "KRW", "₱": "PHP", "₦": "NGN", "HK$": "HKD", "NT$": "TWD",
    "S$": "SGD", "NZ$": "NZD", "MX$": "MXN", "SFr.": "CHF", "د.إ": "AED", "ر.س": "SAR", "đ": "VND", "CA$": "CAD",
    "AU$": "AUD",
}  # fmt: skip
CURRENCY_SIGNS = _SIGNS_OF_CURRENCIES | {
    spelling: code for code in sorted(FREQUENT_CURRENCIES) for spelling in (code, code.lower(), code.title())
}
"""Sign or code in a cell → currency; empty if several currencies share it."""
SHARED_CURRENCY_SIGNS = {
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
_CURRENCY_NAMES = {
    "EUR": "euro euros eur. eurosi avro евро євро ευρώ يورو ユーロ 欧元 歐元 유로",
    "GBP": "pound pounds sterling", "CHF": "franken sfr chf.", "JPY": "yen 日元", "CNY": "yuan renminbi rmb 人民币",
    "PLN": "zloty złoty złotych", "CZK": "koruna", "HUF": "forint", "TRY": "lira tl", "RUB": "рубль рублей",
    "UAH": "гривня", "USD": "us-dollar us-dollars",
}  # fmt: skip
_SHARED_CURRENCY_NAMES = {"dollar": "$", "dollars": "$", "krone": "kr", "kroner": "kr", "krona": "kr", "kronor": "kr"}
_CURRENCY_BY_NAME = {name: code for code, names in _CURRENCY_NAMES.items() for name in names.split()}
AROUND_CURRENCY_SIGN = r"[\p{Nd}\p{Z}\s.,'’()+−٫٬-]"
"""Pattern, in the syntax of RE2, of the characters around the currency sign of an amount."""


def may_be_minor_units(amounts: Collection[float], currencies: Collection[str], *, at_least: int = 20) -> bool:
    """Whether amounts may be in the minor unit of their currencies, such as cents.

    They are at least `at_least` amounts, all whole and at least 100, not all multiples of 100, and the currencies are
    such that few shops have whole prices only.
    """
    if not currencies or not set(_WITH_DECIMALS.split()).issuperset(currencies) or len(amounts) < at_least:
        return False
    is_whole = all(amount.is_integer() for amount in amounts) and any(amount % 100 for amount in amounts)
    return is_whole and min(map(abs, amounts)) >= _MIN_MINOR_AMOUNT and median(map(abs, amounts)) >= _MIN_MINOR_MEDIAN


def minor_digits(currency: str) -> int:
    """The number of decimal digits of a currency: 2 for EUR, whose minor unit is the cent, and 0 for JPY."""
    return _DIGITS_BY_CURRENCY.get(currency, _USUAL_DIGITS)


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """12.345 → 12.35 in EUR, 12 in JPY, and 12.345 in KWD."""
    return round_to_digits(amount, minor_digits(currency))


def round_to_digits(number: Decimal, digits: int) -> Decimal:
    """A number with so many decimal digits."""
    return number.quantize(Decimal(1).scaleb(-digits), context=_ALL_DIGITS)


def price_digits(price: Decimal, currency: str) -> int:
    """The decimal digits of a price or cost of one unit: those that it has, within limits. A screw may cost 0.0125."""
    least = minor_digits(currency)
    return min(max(_own_digits(price), least), max(_PRICE_DIGITS, least))


def amount_text(amount: Decimal, currency: str) -> str:
    """1,234.50, without the currency."""
    return f"{round_amount(amount, currency):,f}"


def price_text(price: Decimal, currency: str) -> str:
    """As `amount_text`, of a price or cost of one unit."""
    return f"{round_to_digits(price, price_digits(price, currency)):,f}"


def example_text(amount: Decimal, currency: str = "") -> str:
    """1234.50, as a file has it; of an unknown currency with two decimal digits, or with all that it has."""
    digits = minor_digits(currency) if currency else max(minor_digits(currency), _own_digits(amount))
    return f"{round_to_digits(amount, digits):f}"


def _own_digits(number: Decimal) -> int:
    exponent = number.normalize(_ALL_DIGITS).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def currencies_of_sign(word: str) -> tuple[str, ...]:
    """The likely currencies of a sign, code or name such as €, EUR or Euro; empty if it is none."""
    name = word.strip().casefold()
    sign = _SHARED_CURRENCY_NAMES.get(name, word.strip())
    code = (
        word.strip().upper()
        if word.strip().upper() in FREQUENT_CURRENCIES
        else CURRENCY_SIGNS.get(sign) or _CURRENCY_BY_NAME.get(name, "")
    )
    return (code,) if code else SHARED_CURRENCY_SIGNS.get(sign, ())


def is_sign_of_other_currency(sign: str, currency: str) -> bool:
    """Whether a sign is known, and no sign of the currency."""
    if sign not in CURRENCY_SIGNS or not currency:
        return False
    return currency not in {*currencies_of_sign(sign), *_MORE_CURRENCIES.get(sign.rstrip("."), "").split()}
