"""Status words in English, German, French, Spanish, Portuguese, Italian, Dutch and Japanese; others in dictionaries."""

from functools import lru_cache

from tillstream.detection.words.dictionaries import status_words
from tillstream.detection.words.headers import plain

STATUSES = ("completed", "pending", "cancelled", "returned")
MAX_STATUS_WORDS = 30
"""Whether a column with more distinct words is the status is asked."""
_CLEAR_PARTS = ("status", "statut", "fulfillment", "fulfilment", "ステータス")
_VAGUE_PARTS = ("zustand", "estado", "situacao", "toestand", "状態")
"""Parts of header names that make a column a possible status; a vague one may also mean a province or a condition."""
_WORDS = {
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
_STEMS = """
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


def suggests_status(remark: str) -> bool:
    """Whether a word of a remark suggests that a sale is pending, cancelled or returned."""
    words = [plain(word) for word in remark.split()]
    return any(word.startswith(stem) or (not stem.isascii() and stem in word) for word in words for stem in _stems())


@lru_cache(maxsize=1)
def _stems() -> tuple[str, ...]:
    return tuple(plain(stem) for stem in _STEMS.split() if len(stem) > 2 or not stem.isalpha() or ord(stem[0]) > 0x2E7F)


def is_status_header(name: str, *, vague: bool = False) -> bool:
    """Whether a header contains a name of the status, as in Financial Status. vague: also names of other meanings."""
    header = plain(name)
    return any(part in header for part in (*_CLEAR_PARTS, *(_VAGUE_PARTS if vague else ())))


def status_of(word: str) -> str:
    """The status that a word means; empty if it is in no dictionary."""
    return _statuses().get(plain(word), "")


@lru_cache(maxsize=1)
def reversed_words() -> tuple[str, ...]:
    """The words that mean cancelled or returned, in small letters."""
    lists = (*status_words(), *_WORDS.items())
    words = (word for status, words in lists if status in {"cancelled", "returned"} for word in words.split(","))
    return tuple(dict.fromkeys(" ".join(word.split()).casefold() for word in words if word.strip()))


@lru_cache(maxsize=1)
def _statuses() -> dict[str, str]:
    lists = (*status_words(), *_WORDS.items())
    return {plain(word): status for status, words in lists for word in words.split(",")}
