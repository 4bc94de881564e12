"""A purchase order as an e-mail to its supplier."""

from tillstream.mail.outbox import Attachment, Mail
from tillstream.purchasing.documents import FORMS, OrderDocument


def mail_of(document: OrderDocument, address: str) -> Mail:
    """The message with the order as PDF; the outbox sends it once for each order."""
    number = document.order.number
    text = (
        f"Dear {document.supplier},\n\nplease find attached our order {number}. Deliver it to {document.store}.\n\n"
        "This message was sent automatically."
    )
    pdf = Attachment(f"{number}.pdf", FORMS["pdf"], document.render("pdf"))
    return Mail(f"order {document.order.order_id}", address, f"Purchase order {number}", text, attachments=(pdf,))
