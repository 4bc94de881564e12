"""Words of a status, and headers and cells that mark rows which do not count, such as Void? with yes and no."""

import re
import tomllib
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from importlib import resources

from tillstream.detection.words.dictionaries import status_words_of_languages
from tillstream.detection.words.headers import match_header, normalise_name
from tillstream.model.document_json import JsonObject

STATUSES = ("completed", "pending", "cancelled", "returned")
MAX_STATUS_WORDS = 30
"""Whether a column with more distinct words is the status is asked."""
_CLEAR_PARTS = ("status", "statut", "fulfillment", "fulfilment", "ステータス")
_VAGUE_PARTS = ("zustand", "estado", "situacao", "toestand", "状態")
"""Parts of header names that make a column a possible status; a vague one may also mean a province or a condition."""
_STATUS_WORDS = {
    "completed": """
        completed, complete, shipped, paid, closed, done, delivered, resolved, fulfilled, finished, sold,
        settled, invoiced, ok, success, successful, succeeded, captured, sale,
        abgeschlossen, bezahlt, geliefert, versendet,
        versandt, erledigt, verkauft, fertig, terminé, terminée, payé, payée, livré, livrée, expédié,
        expédiée, clôturé, vendu, soldé, finalisé, completado, completada, pagado, pagada, entregado,
        entregada, enviado, enviada, cerrado, cerrada, vendido, concluído, concluída, pago, paga, entregue,
        finalizado, finalizada, faturado, completato, completata, pagato, pagata, consegnato, consegnata,
        spedito, evaso, chiuso, venduto, voltooid, betaald, geleverd, verzonden, afgerond, verkocht, gesloten,
        verkauf, rechnung, quittung, vente, facture, reçu, venta, factura, recibo, venda, fatura, nota fiscal, vendita,
        fattura, scontrino, ricevuta, verkoop, factuur, kassabon, invoice, sales invoice, a/r invoice, receipt,
        sales receipt,
        完了, 販売済, 支払済, 支払済み, 出荷済, 出荷済み, 発送済, 発送済み, 配達済, 売上, 入金済, 確定""",
    "pending": """
        pending, open, on hold, in process, in progress, disputed, awaiting payment, unpaid, new,
        draft, backordered, waiting, unfulfilled,
        offen, ausstehend, in bearbeitung, wartend, unbezahlt, zurückgestellt,
        en attente, en cours, ouvert, ouverte, non payé, impayé, pendiente, en proceso, abierto, abierta,
        en espera, sin pagar, pendente, em andamento, em processamento, aberto, aberta, aguardando, em aberto,
        in attesa, in sospeso, aperto, aperta, in lavorazione, da pagare, sospeso, openstaand, in behandeling,
        in afwachting, wachtend, 未処理, 処理中, 保留, 未払い, 未払, 受付中, 準備中, 予約""",
    "cancelled": """
        cancelled, canceled, void, voided, cancel, annulled, rejected, aborted, failed, declined,
        storniert, abgebrochen,
        annulliert, storno, annulé, annulée, abandonné, cancelado, cancelada, anulado, anulada, annullato,
        annullata, cancellato, geannuleerd, vervallen, gelöscht, deleted, supprimé,
        eliminado, excluído, eliminato, verwijderd, キャンセル, 取消, 取消済, 取り消し, 中止""",
    "returned": """
        returned, return, refunded, refund, credited, credit note, retourniert, zurückgegeben, erstattet,
        rückgabe, gutschrift, retoure, retourné, retournée, remboursé, remboursée, retour, avoir,
        devuelto, devuelta, reembolsado, devolución, reembolso, devolvido, devolvida, devolução, reso,
        restituito, rimborsato, geretourneerd, terugbetaald, teruggebracht, retourgezonden, credit memo,
        a/r credit memo, credit invoice, sales return, rechnungskorrektur, rückerstattung, facture d'avoir, abono,
        nota de crédito, factura rectificativa, nota di credito, creditnota, creditfactuur,
        返品, 返金, 返品済, 返金済, 赤伝""",
}
_STATUS_STEMS = """
    annul cancel chargeback declin error fail invalid mistake refund reject revers returned unpaid void wrong await
    abgelehnt ausgebucht falsch fehler gutgeschr irrtum rückgabe retour storn umtausch ungültig unbezahlt
    attente erreur impay rejet rembours retourn anul devol devuel erróne fallid impag pendient reembols rechaz
    annull attes errat errore insolut reso restitu rifiut rimbors sbagl aguard cancelad devolv erro estorn pendent
    foutief geannul mislukt onbetaald terugbet vergis wacht avbest feil felaktig fejl makul retur återbet ångr
    błęd błąd oczekuj odrzuc pomyłk zwrot chyb čeká neplatn omyl stornov vrác zruš hylät palaut perut virhe
    hibás sztorn töröl visszá anulat eroare greș restitui iade iptal hata bekle
    ακυρ αναμ επιστρ λάθ возвр неоплач ожид отказ отмен ошиб аннулир очак връщ грешк скасов поверн помилк очіку
    取消 取り消 キャンセル 返品 返金 誤り 間違 待ち 退货 退款 错误 作废 待付 취소 반품 환불 오류 대기"""
"""Beginnings of words of a remark that decides whether a sale counts."""

ASK_PERSON = "ask"
"""Meaning of a no that a person must confirm, as under Paid."""
_FILLER_WORDS = "is was on at flag date day am le the"
"""Words beside the one that means cancelled or returned."""
_REVERSED_STATUSES = frozenset({"cancelled", "returned"})
_DAY_MARK = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}([ T].*)?")
_SIGNS = frozenset("+-−–")
_NUMBER_ROLES = frozenset({"quantity", "unit_price", "discount", "tax", "amount", "net_amount", "gross_amount"})
_MAX_NAME_WORDS = 3
"""Words of a name such as credit note."""


def suggests_status(remark: str) -> bool:
    """Whether a word of a remark suggests that a sale is pending, cancelled or returned."""
    words = [normalise_name(word) for word in remark.split()]
    return any(word.startswith(stem) or (not stem.isascii() and stem in word) for word in words for stem in _stems())


@lru_cache(maxsize=1)
def _stems() -> tuple[str, ...]:
    return tuple(
        normalise_name(stem)
        for stem in _STATUS_STEMS.split()
        if len(stem) > 2 or not stem.isalpha() or ord(stem[0]) > 0x2E7F
    )


def is_status_header(name: str, *, vague: bool = False) -> bool:
    """Whether a header contains a name of the status, as in Financial Status. vague: also names of other meanings."""
    header = normalise_name(name)
    return any(part in header for part in (*_CLEAR_PARTS, *(_VAGUE_PARTS if vague else ())))


def status_of(word: str) -> str:
    """The status that a word means; empty if it is in no dictionary."""
    return _statuses().get(normalise_name(word), "")


@lru_cache(maxsize=1)
def reversed_words() -> tuple[str, ...]:
    """The words that mean cancelled or returned, in small letters."""
    lists = (*status_words_of_languages(), *_STATUS_WORDS.items())
    words = (word for status, words in lists if status in {"cancelled", "returned"} for word in words.split(","))
    return tuple(dict.fromkeys(" ".join(word.split()).casefold() for word in words if word.strip()))


@lru_cache(maxsize=1)
def _statuses() -> dict[str, str]:
    lists = (*status_words_of_languages(), *_STATUS_WORDS.items())
    return {normalise_name(word): status for status, words in lists for word in words.split(",")}


@lru_cache(maxsize=10_000)
def flagged_status(header: str) -> str:
    """The status of the rows that a yes marks under this header, or `ignore`; empty if it marks none."""
    words = _main_words(header)
    status = status_of(words[0]) if len(words) == 1 else ""
    return (
        status if status in _REVERSED_STATUSES else _status_by_header("marked").get(normalise_name("".join(words)), "")
    )


@lru_cache(maxsize=10_000)
def unflagged_status(header: str) -> str:
    """The status of the rows that a no marks under this header, or `ASK_PERSON`; empty if it marks none."""
    words = _main_words(header)
    return _status_by_header("unmarked").get(normalise_name("".join(words)), "")


def flag_meaning(header: str, cell: str) -> str:
    """The status that a cell means under a header that marks rows; empty if it is no mark, or must be asked."""
    marked, unmarked = flagged_status(header), unflagged_status(header)
    if not marked and not unmarked:
        return ""
    if _is_in_list("no", cell):
        return "completed" if marked else unmarked.replace(ASK_PERSON, "")
    return (marked or "completed") if _is_in_list("yes", cell) or _DAY_MARK.fullmatch(cell) else ""


def is_flag(header: str, words: Collection[str]) -> bool:
    """Whether a column of these distinct words marks rows that do not count."""
    if unflagged_status(header) == ASK_PERSON and not flagged_status(header):
        return all(map(is_flag_word, words)) and any(_is_in_list("no", word) for word in words)
    return bool(words) and all(flag_meaning(header, word) for word in words)


def is_harmless_flag(header: str) -> bool:
    """Whether the name is that of a property that does not decide whether a sale counts, such as Gift wrap."""
    name = normalise_name(header)
    return any(word in name for word in _plain_words("harmless"))


@lru_cache(maxsize=10_000)
def is_kind_header(header: str, *, vague: bool = False) -> bool:
    """Whether the name is that of a column of kinds of documents. vague: also a name such as Type."""
    return normalise_name(header) in _plain_words("kinds") or (
        vague and normalise_name(header) in _plain_words("vague_kinds")
    )


@lru_cache(maxsize=10_000)
def reversed_column(header: str) -> str:
    """What a column contains of cancelled or returned sales: the rest of its name, such as Qty of Qty returned.

    `-` if the name has no other word, and empty if no word of it means cancelled or returned.
    """
    words = [word for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", header) if word]
    for place, word in enumerate(words):
        is_reversed = status_of(word) in _REVERSED_STATUSES or status_of(word.removesuffix("s")) in _REVERSED_STATUSES
        rest = "" if is_reversed else _after_reversed(word.casefold())
        if rest is not None:
            return " ".join([*words[:place], *filter(None, [rest]), *words[place + 1 :]]) or "-"
    return ""


def reverses_if_filled(header: str) -> bool:
    """Whether a cell under this header shows that a sale was cancelled or returned, such as Refund reason or Voided by.

    Not if the name is that of an amount or a quantity.
    """
    words = [word for word in re.split(r"[\W_]+", header) if word]
    for first in range(len(words)):
        for last in range(first + 1, min(first + _MAX_NAME_WORDS, len(words)) + 1):
            if status_of(" ".join(words[first:last])) in _REVERSED_STATUSES:
                rest = " ".join(words[:first] + words[last:])
                return bool(rest) and not any(match.role in _NUMBER_ROLES for match in match_header(rest))
    return False


def _after_reversed(word: str) -> str | None:
    """The end of a compound such as Retourmenge; None if it is not one."""
    for length in range(2, len(word)):
        rest = word[length:].removeprefix("s")
        if status_of(word[:length]) in _REVERSED_STATUSES and (match_header(rest) or rest in {"額", "数"}):
            return rest
    return None


def is_flag_word(cell: str) -> bool:
    """Whether a cell is a yes or a no."""
    return _is_in_list("yes", cell) or _is_in_list("no", cell)


def is_no(cell: str) -> bool:
    return _is_in_list("no", cell)


def is_day_mark(cell: str) -> bool:
    return bool(_DAY_MARK.fullmatch(cell))


def are_sign_words(words: Collection[str]) -> bool:
    """Whether the words are a plus and a minus, or words such as debit and credit."""
    if len(words) == 2 and "+" in words and _SIGNS.issuperset(words):
        return True
    return frozenset(map(normalise_name, words)) in _pairs_of_signs()


def is_document_word(letters: str, *, among_numbers: bool, among: str = "") -> bool:
    """Whether letters in a number may be those of a credit note, a quote or another document that is no sale.

    among_numbers: other documents have numbers without letters. among: the letters of most documents.
    """
    if status_of(letters) in _REVERSED_STATUSES or _is_in_list("documents", letters):
        return True
    if among != letters and _is_in_list("sale_letters", among):
        return _is_in_list("other_letters", letters)
    return among_numbers and _is_in_list("document_letters", letters)


def is_cash_movement(product: str) -> bool:
    """Whether a product is no good but cash that is put into a till or taken out of it."""
    return _is_in_list("cash", product)


def _is_in_list(list_: str, cell: str) -> bool:
    return normalise_name(cell) in _plain_words(list_)


def _main_words(header: str) -> list[str]:
    letters = unicodedata.normalize("NFKD", header.casefold())
    simple = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return [word for word in re.split(r"[\W_]+", simple) if word and word not in _FILLER_WORDS.split()]


@lru_cache(maxsize=1)
def _flag_lists() -> JsonObject:
    return tomllib.loads(resources.files("tillstream.detection.words").joinpath("flags.toml").read_text("utf-8"))


@lru_cache(maxsize=16)
def _plain_words(list_: str) -> frozenset[str]:
    return frozenset(filter(None, map(normalise_name, _flag_lists()[list_].split(","))))


@lru_cache(maxsize=1)
def _pairs_of_signs() -> frozenset[frozenset[str]]:
    return frozenset(frozenset(map(normalise_name, pair.split())) for pair in _flag_lists()["signs"].split(","))


@lru_cache(maxsize=2)
def _status_by_header(section: str) -> dict[str, str]:
    """Plain header → status."""
    return {
        normalise_name(name): status for status, names in _flag_lists()[section].items() for name in names.split(",")
    }
