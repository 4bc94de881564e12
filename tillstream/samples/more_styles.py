"""File formats of the regions besides the three of the demo."""

from tillstream.samples import catalogue
from tillstream.samples.cells import Text, amounts, comma, joined, quoted, signed, take, whole
from tillstream.samples.draw import Ints
from tillstream.samples.lines import CHANNELS, Lines
from tillstream.samples.months import Month
from tillstream.samples.regions import Region
from tillstream.samples.source_cells import (
    category,
    customer_ids,
    customers,
    days,
    instants,
    original,
    staff,
    stamp,
    times,
)
from tillstream.samples.style import Cells, Style


def _germany(lines: Lines, region: Region, month: Month) -> Cells:
    receipt = [f"{letter}{stamp(month)}-" for letter in ("B", "R")]
    return {
        "Belegnummer": joined(take(receipt, lines.series), whole(lines.number, 5)),
        "Position": whole(lines.line),
        "Belegdatum": days(month, "%d.%m.%Y", lines.day),
        "Uhrzeit": times("{hour:02}:{minute:02}", lines),
        "Filiale": take(list(region.stores), lines.store),
        "Verkäufer": staff("V", lines),
        "Kundennummer": customer_ids("K", lines),
        "Kunde": customers(lines, region),
        "Artikelnummer": take(catalogue.CODES, lines.product),
        "Artikel": take(quoted(catalogue.NAMES, ";"), lines.product),
        "Warengruppe": category(lines),
        "Kanal": take(["Filiale", "Online", "Telefon"], lines.channel),
        "Status": take(["Abgeschlossen", "Offen", "Storniert", "Retoure"], lines.status),
        "Menge": whole(lines.quantity),
        "Einzelpreis": comma(amounts(lines.price)),
        "Rabatt": comma(amounts(lines.discount)),
        "Netto": comma(amounts(lines.net), "."),
        "MwSt": comma(amounts(lines.tax), "."),
        "Ursprungsbeleg": original(joined(receipt[0], whole(lines.original, 5)), lines),
        "Brutto": comma(amounts(lines.net + lines.tax), "."),
    }


def _france(lines: Lines, region: Region, month: Month) -> Cells:
    ticket = [f"{letter}{stamp(month)}-" for letter in ("T", "A")]
    return {
        "N° ticket": joined(take(ticket, lines.series), whole(lines.number, 5)),
        "Ligne": whole(lines.line),
        "Date": days(month, "%d/%m/%Y", lines.day),
        "Magasin": take(list(region.stores), lines.store),
        "Vendeur": staff("F", lines),
        "Code client": customer_ids("C", lines),
        "Client": customers(lines, region),
        "Référence": take(catalogue.CODES, lines.product),
        "Désignation": take(quoted(catalogue.NAMES, ";"), lines.product),
        "Rayon": category(lines),
        "Canal": take(["magasin", "en ligne", "téléphone"], lines.channel),
        "Statut": take(["Validé", "En attente", "Annulé", "Retour"], lines.status),
        "Qté": whole(lines.quantity),
        "Prix unitaire HT": _narrow(lines.price),
        "Remise": _narrow(lines.discount),
        "Montant HT": _narrow(lines.net),
        "TVA": _narrow(lines.tax),
        "Ticket d'origine": original(joined(ticket[0], whole(lines.original, 5)), lines),
        "Montant TTC": _narrow(lines.net + lines.tax),
    }


def _japan(lines: Lines, region: Region, month: Month) -> Cells:
    slip = [f"{letter}{stamp(month)}-" for letter in ("S", "H")]
    # cp932 has no accents
    plain = [name.replace("è", "e") for name in catalogue.NAMES]
    return {
        "伝票番号": joined(take(slip, lines.series), whole(lines.number, 5)),
        "行": whole(lines.line),
        "日付": instants(month, "%Y/%m/%d", "{hour:02}:{minute:02}", lines),
        "店舗": take(list(region.stores), lines.store),
        "担当者": staff("J", lines),
        "顧客コード": customer_ids("", lines),
        "顧客名": customers(lines, region),
        "商品コード": take(catalogue.CODES, lines.product),
        "商品名": take(quoted(plain, ","), lines.product),
        "商品分類": category(lines),
        "販路": take(["店頭", "オンライン", "電話"], lines.channel),
        "状態": take(["完了", "保留", "取消", "返品"], lines.status),
        "数量": whole(lines.quantity),
        "単価": whole(lines.price // 100),
        "値引": whole(lines.discount // 100),
        "税抜金額": whole(lines.net // 100),
        "消費税": whole(lines.tax // 100),
        "元伝票": original(joined(slip[0], whole(lines.original, 5)), lines),
        "税込金額": whole((lines.net + lines.tax) // 100),
    }


def _brazil(lines: Lines, region: Region, month: Month) -> Cells:
    note = [f"{letters}{stamp(month)}-" for letters in ("NF", "DEV")]
    return {
        "Nota": joined(take(note, lines.series), whole(lines.number, 5)),
        "Item": whole(lines.line),
        "Data": instants(month, "%d/%m/%Y", "{hour:02}:{minute:02}", lines),
        "Loja": take(list(region.stores), lines.store),
        "Vendedor": staff("B", lines),
        "Cód. cliente": customer_ids("", lines),
        "Cliente": customers(lines, region),
        "Cód. produto": take(catalogue.CODES, lines.product),
        "Produto": take(quoted(catalogue.NAMES, ";"), lines.product),
        "Categoria": category(lines),
        "Canal": take(list(CHANNELS), lines.channel),
        "Situação": take(["Concluída", "Pendente", "Cancelada", "Devolvida"], lines.status),
        "Qtd": whole(lines.quantity),
        "Preço": _reais(lines.price),
        "Desconto": _reais(lines.discount),
        "Valor líquido": _reais(lines.net),
        "Impostos": _reais(lines.tax),
        "Nota original": original(joined(note[0], whole(lines.original, 5)), lines),
        "Valor total": _reais(lines.net + lines.tax),
    }


def _narrow(hundredths: Ints) -> Text:
    """Group thousands with a narrow no-break space, as French spreadsheets do."""
    return comma(amounts(hundredths), "\u202f")


def _reais(hundredths: Ints) -> Text:
    return signed("R$ ", comma(amounts(hundredths), "."))


MORE_STYLES: dict[str, Style] = {
    "DE": Style("cp1252", ";", "\r\n", _germany, "Belegnummer", "Belegdatum", "Status", "Menge", "Artikel"),
    "FR": Style("utf-8", ";", "\r\n", _france, "N° ticket", "Date", "Statut", "Qté", "Désignation"),
    "JP": Style("cp932", ",", "\r\n", _japan, "伝票番号", "日付", "状態", "数量", "商品名"),
    "BR": Style("utf-8", ";", "\n", _brazil, "Nota", "Data", "Situação", "Qtd", "Produto"),
}
