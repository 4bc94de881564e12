"""Minor units of currencies (ISO 4217): how many decimal digits an amount has."""

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_USUAL = 2
_BY_CURRENCY = {currency: digits for digits, listed in _DIGITS.items() for currency in listed.split()}


def minor_digits(currency: str) -> int:
    """The number of decimal digits of a currency: 2 for EUR, whose minor unit is the cent, and 0 for JPY."""
    return _BY_CURRENCY.get(currency, _USUAL)
