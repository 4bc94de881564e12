"""File formats of the regions, read by the shipped contracts of the same names."""

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.samples import deliveries, master_data
from tillstream.samples.draws import Ints
from tillstream.samples.file_cells import (
    NamedCells,
    SampleFileStyle,
    TextColumn,
    amount_texts,
    category_cells,
    country_cells,
    customer_cells,
    customer_id_cells,
    group_thousands,
    joined_cells,
    original_sale_cells,
    quoted_cells,
    replace_where,
    sale_days,
    sale_instants,
    sale_times,
    salesperson_cells,
    taken_words,
    time_stamps,
    whole_numbers,
    with_currency_sign,
    with_decimal_comma,
)
from tillstream.samples.monthly_sales import SALES_CHANNELS, SampleLines, SampleMonth, no_lines
from tillstream.samples.regions import SampleRegion


def _germany(lines: SampleLines, region: SampleRegion, month: SampleMonth) -> NamedCells:
    receipt = [f"{letter}{time_stamps(month)}-" for letter in ("B", "R")]
    return {
        "Belegnummer": joined_cells(taken_words(receipt, lines.series), whole_numbers(lines.number, 5)),
        "Position": whole_numbers(lines.line),
        "Belegdatum": sale_days(month, "%d.%m.%Y", lines.day),
        "Uhrzeit": sale_times("{hour:02}:{minute:02}", lines),
        "Filiale": taken_words(list(region.stores), lines.store),
        "Verkäufer": salesperson_cells("V", lines),
        "Kundennummer": customer_id_cells("K", lines),
        "Kunde": customer_cells(lines, region),
        "Artikelnummer": taken_words(master_data.PRODUCT_CODES, lines.product),
        "Artikel": taken_words(quoted_cells(master_data.PRODUCT_NAMES, ";"), lines.product),
        "Warengruppe": category_cells(lines),
        "Kanal": taken_words(["Filiale", "Online", "Telefon"], lines.channel),
        "Status": taken_words(["Abgeschlossen", "Offen", "Storniert", "Retoure"], lines.status),
        "Menge": whole_numbers(lines.quantity),
        "Einzelpreis": with_decimal_comma(amount_texts(lines.price)),
        "Rabatt": with_decimal_comma(amount_texts(lines.discount)),
        "Netto": with_decimal_comma(amount_texts(lines.net), "."),
        "MwSt": with_decimal_comma(amount_texts(lines.tax), "."),
        "Ursprungsbeleg": original_sale_cells(joined_cells(receipt[0], whole_numbers(lines.original, 5)), lines),
        "Brutto": with_decimal_comma(amount_texts(lines.net + lines.tax), "."),
    }


def _france(lines: SampleLines, region: SampleRegion, month: SampleMonth) -> NamedCells:
    ticket = [f"{letter}{time_stamps(month)}-" for letter in ("T", "A")]
    return {
        "N° ticket": joined_cells(taken_words(ticket, lines.series), whole_numbers(lines.number, 5)),
        "Ligne": whole_numbers(lines.line),
        "Date": sale_days(month, "%d/%m/%Y", lines.day),
        "Magasin": taken_words(list(region.stores), lines.store),
        "Vendeur": salesperson_cells("F", lines),
        "Code client": customer_id_cells("C", lines),
        "Client": customer_cells(lines, region),
        "Référence": taken_words(master_data.PRODUCT_CODES, lines.product),
        "Désignation": taken_words(quoted_cells(master_data.PRODUCT_NAMES, ";"), lines.product),
        "Rayon": category_cells(lines),
        "Canal": taken_words(["magasin", "en ligne", "téléphone"], lines.channel),
        "Statut": taken_words(["Validé", "En attente", "Annulé", "Retour"], lines.status),
        "Qté": whole_numbers(lines.quantity),
        "Prix unitaire HT": _narrow(lines.price),
        "Remise": _narrow(lines.discount),
        "Montant HT": _narrow(lines.net),
        "TVA": _narrow(lines.tax),
        "Ticket d'origine": original_sale_cells(joined_cells(ticket[0], whole_numbers(lines.original, 5)), lines),
        "Montant TTC": _narrow(lines.net + lines.tax),
    }


def _japan(lines: SampleLines, region: SampleRegion, month: SampleMonth) -> NamedCells:
    slip = [f"{letter}{time_stamps(month)}-" for letter in ("S", "H")]
    # cp932 has no accents
    plain = [name.replace("è", "e") for name in master_data.PRODUCT_NAMES]
    return {
        "伝票番号": joined_cells(taken_words(slip, lines.series), whole_numbers(lines.number, 5)),
        "行": whole_numbers(lines.line),
        "日付": sale_instants(month, "%Y/%m/%d", "{hour:02}:{minute:02}", lines),
        "店舗": taken_words(list(region.stores), lines.store),
        "担当者": salesperson_cells("J", lines),
        "顧客コード": customer_id_cells("", lines),
        "顧客名": customer_cells(lines, region),
        "商品コード": taken_words(master_data.PRODUCT_CODES, lines.product),
        "商品名": taken_words(quoted_cells(plain, ","), lines.product),
        "商品分類": category_cells(lines),
        "販路": taken_words(["店頭", "オンライン", "電話"], lines.channel),
        "状態": taken_words(["完了", "保留", "取消", "返品"], lines.status),
        "数量": whole_numbers(lines.quantity),
        "単価": whole_numbers(lines.price // 100),
        "値引": whole_numbers(lines.discount // 100),
        "税抜金額": whole_numbers(lines.net // 100),
        "消費税": whole_numbers(lines.tax // 100),
        "元伝票": original_sale_cells(joined_cells(slip[0], whole_numbers(lines.original, 5)), lines),
        "税込金額": whole_numbers((lines.net + lines.tax) // 100),
    }


def _brazil(lines: SampleLines, region: SampleRegion, month: SampleMonth) -> NamedCells:
    note = [f"{letters}{time_stamps(month)}-" for letters in ("NF", "DEV")]
    return {
        "Nota": joined_cells(taken_words(note, lines.series), whole_numbers(lines.number, 5)),
        "Item": whole_numbers(lines.line),
        "Data": sale_instants(month, "%d/%m/%Y", "{hour:02}:{minute:02}", lines),
        "Loja": taken_words(list(region.stores), lines.store),
        "Vendedor": salesperson_cells("B", lines),
        "Cód. cliente": customer_id_cells("", lines),
        "Cliente": customer_cells(lines, region),
        "Cód. produto": taken_words(master_data.PRODUCT_CODES, lines.product),
        "Produto": taken_words(quoted_cells(master_data.PRODUCT_NAMES, ";"), lines.product),
        "Categoria": category_cells(lines),
        "Canal": taken_words(list(SALES_CHANNELS), lines.channel),
        "Situação": taken_words(["Concluída", "Pendente", "Cancelada", "Devolvida"], lines.status),
        "Qtd": whole_numbers(lines.quantity),
        "Preço": _reais(lines.price),
        "Desconto": _reais(lines.discount),
        "Valor líquido": _reais(lines.net),
        "Impostos": _reais(lines.tax),
        "Nota original": original_sale_cells(joined_cells(note[0], whole_numbers(lines.original, 5)), lines),
        "Valor total": _reais(lines.net + lines.tax),
    }


MORE_STYLES: dict[str, SampleFileStyle] = {
    "DE": SampleFileStyle("cp1252", ";", "\r\n", _germany, "Belegnummer", "Belegdatum", "Status", "Menge", "Artikel"),
    "FR": SampleFileStyle("utf-8", ";", "\r\n", _france, "N° ticket", "Date", "Statut", "Qté", "Désignation"),
    "JP": SampleFileStyle("cp932", ",", "\r\n", _japan, "伝票番号", "日付", "状態", "数量", "商品名"),
    "BR": SampleFileStyle("utf-8", ";", "\n", _brazil, "Nota", "Data", "Situação", "Qtd", "Produto"),
}


def _narrow(hundredths: Ints) -> TextColumn:
    """Group thousands with a narrow no-break space, as French spreadsheets do."""
    return with_decimal_comma(amount_texts(hundredths), "\u202f")


def _reais(hundredths: Ints) -> TextColumn:
    return with_currency_sign("R$ ", with_decimal_comma(amount_texts(hundredths), "."))


def _india(lines: SampleLines, region: SampleRegion, month: SampleMonth) -> NamedCells:
    invoice = [f"{letters}-{time_stamps(month)}-" for letters in ("INV", "CRN")]
    return {
        "Invoice No": joined_cells(taken_words(invoice, lines.series), whole_numbers(lines.number, 5)),
        "Line": whole_numbers(lines.line),
        "Invoice Date": sale_instants(month, "%d-%m-%Y", "{hour:02}:{minute:02}", lines),
        "Store": taken_words(list(region.stores), lines.store),
        "Salesperson": salesperson_cells("E", lines),
        "Customer Code": customer_id_cells("C", lines),
        "Customer Name": customer_cells(lines, region),
        "Item Code": taken_words(master_data.PRODUCT_CODES, lines.product),
        "Item": taken_words(quoted_cells(master_data.PRODUCT_NAMES, ","), lines.product),
        "Category": category_cells(lines),
        "Channel": taken_words(list(SALES_CHANNELS), lines.channel),
        "Status": taken_words(["Completed", "Pending", "Cancelled", "Returned"], lines.status),
        "Qty": whole_numbers(lines.quantity),
        "Rate": amount_texts(lines.price),
        "Discount": amount_texts(lines.discount),
        "Taxable Value": amount_texts(lines.net),
        "GST %": whole_numbers(lines.tax_rate // 100),
        "GST": amount_texts(lines.tax),
        "Original Invoice": original_sale_cells(joined_cells(invoice[0], whole_numbers(lines.original, 5)), lines),
        "Invoice Value": amount_texts(lines.net + lines.tax),
    }


def _britain(lines: SampleLines, region: SampleRegion, month: SampleMonth) -> NamedCells:
    sale = [f"{letters}{time_stamps(month)}" for letters in ("S", "CN")]
    store = whole_numbers(lines.store)
    return {
        "Sale": joined_cells(taken_words(sale, lines.series), store, whole_numbers(lines.number, 5)),
        "Sale Date": sale_days(month, "%d/%m/%Y", lines.day),
        "Store Code": taken_words(list(region.stores), lines.store),
        "Operator": salesperson_cells("T", lines),
        "Customer No": customer_id_cells("", lines),
        "Customer": customer_cells(lines, region),
        "SKU": taken_words(master_data.PRODUCT_CODES, lines.product),
        "Description": taken_words(quoted_cells(master_data.PRODUCT_NAMES, ","), lines.product),
        "Department": category_cells(lines),
        "Channel": taken_words(list(SALES_CHANNELS), lines.channel),
        "State": taken_words(["", "Open", "Cancelled", ""], lines.status),
        "Country": country_cells(lines, region),
        "Units": whole_numbers(lines.quantity),
        "Price": amount_texts(lines.price),
        "Cost": amount_texts(
            master_data.product_costs(master_data.product_prices(region.currency, month.index // 12))[lines.product]
        ),
        "Discount": amount_texts(lines.discount),
        "Net": amount_texts(lines.net),
        "VAT": amount_texts(lines.tax),
        "Credit For": original_sale_cells(joined_cells(sale[0], store, whole_numbers(lines.original, 5)), lines),
        "Gross": amount_texts(lines.net + lines.tax),
    }


def _states(lines: SampleLines, region: SampleRegion, month: SampleMonth) -> NamedCells:
    transaction = [f"{time_stamps(month)}{letter}" for letter in ("", "R")]
    return {
        "Store #": taken_words(list(region.stores), lines.store),
        "Transaction": joined_cells(
            taken_words(transaction, lines.series), whole_numbers(lines.number, 5), between="-"
        ),
        "Line": whole_numbers(lines.line),
        "Revision": whole_numbers(lines.revision),
        "Date": sale_instants(month, "{0.month}/{0.day}/{0.year}", "{half}:{minute:02} {noon}", lines),
        "Associate": salesperson_cells("A", lines),
        "Customer ID": customer_id_cells("", lines),
        "Customer": customer_cells(lines, region),
        "SKU": taken_words(master_data.PRODUCT_CODES, lines.product),
        "Product": taken_words(quoted_cells(master_data.PRODUCT_NAMES, "\t"), lines.product),
        "Category": category_cells(lines),
        "Channel": taken_words(list(SALES_CHANNELS), lines.channel),
        "Status": taken_words(["Complete", "Open", "Void", ""], lines.status),
        "Ship Country": country_cells(lines, region),
        "Qty": whole_numbers(lines.quantity),
        "Unit Price": with_currency_sign("$", group_thousands(amount_texts(lines.price))),
        "Discount": with_currency_sign("$", group_thousands(amount_texts(lines.discount))),
        "Sales Tax": with_currency_sign("$", group_thousands(amount_texts(lines.tax))),
        "Refund For": original_sale_cells(
            joined_cells(transaction[0], whole_numbers(lines.original, 5), between="-"), lines
        ),
        "Total": with_currency_sign("$", group_thousands(amount_texts(lines.net + lines.tax))),
    }


STYLES: dict[str, SampleFileStyle] = {
    "IN": SampleFileStyle("utf-8", ",", "\n", _india, "Invoice No", "Invoice Date", "Status", "Qty", "Item"),
    "UK": SampleFileStyle("cp1252", ",", "\r\n", _britain, "Sale", "Sale Date", "State", "Units", "Description"),
    "USA": SampleFileStyle("utf-8", "\t", "\n", _states, "Transaction", "Date", "Status", "Qty", "Product"),
    **MORE_STYLES,
}


def written_rows(lines: SampleLines, region: SampleRegion, month: SampleMonth) -> bytes:
    """The lines as encoded rows of the region's file, including faults and line ends."""
    style = STYLES[region.name]
    cells, fault = style.cells(lines, region, month), lines.fault
    for kind, column, text in (
        (deliveries.BAD_DATE, style.date, "31-02-2024"),
        (deliveries.NO_DATE, style.date, ""),
        (deliveries.NO_NUMBER, style.number, ""),
        (deliveries.UNKNOWN_WORD, style.status, "Lost"),
        (deliveries.NOT_A_NUMBER, style.quantity, "two"),
        (deliveries.UNCLOSED, style.product, '"Gift Box'),
    ):
        cells[column] = replace_where(fault == kind, text, cells[column])
    *others, last = cells.values()
    rows = joined_cells(*others, between=style.delimiter)
    ends = joined_cells(rows, last, between=style.delimiter)
    ends = pc.if_else(pa.array(fault == deliveries.TOO_FEW), rows, ends)
    ends = pc.if_else(pa.array(fault == deliveries.TOO_MANY), joined_cells(ends, "?", between=style.delimiter), ends)
    return "".join(row + style.newline for row in ends.to_pylist()).encode(style.encoding)


def file_header(region: SampleRegion) -> bytes:
    style = STYLES[region.name]
    columns = style.cells(no_lines(), region, SampleMonth(2000, 1, 1, 0))
    return (style.delimiter.join(columns) + style.newline).encode(style.encoding)
