"""Reports of payment services: Stripe, PayPal, and the settlements of Amazon."""

from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Plan, draw
from tests.strangers.shapes.marketplaces import FAMILY, fee, order_id
from tests.strangers.tables import Columns, delimited, plain, stamp, strip, whole
from tests.strangers.truth import truth_of


def payment_cases() -> list[Case]:
    stripe_lines = draw(Plan(231, sales=140, max_lines=1, cancelled=0.1, quantities=(1, 2, 3), hours=(8, 22)))
    stripe: Columns = {
        "id": lambda line: f"ch_3P{line.sale * 7919:010}",
        "Created date (UTC)": stamp("%Y-%m-%d %H:%M:%S"),
        "Amount": lambda line: plain(line.total),
        "Amount Refunded": lambda line: "0.00",
        "Currency": lambda line: "usd",
        "Captured": lambda line: "true",
        "Converted Amount": lambda line: plain(line.total),
        "Fee": lambda line: plain(fee(line)),
        "Status": lambda line: "Failed" if line.status == "cancelled" else "Paid",
        "Description": lambda line: f"Order {line.sale}",
        "Customer ID": lambda line: f"cus_{abs(sum(map(ord, line.customer)))}",
        "Customer Email": lambda line: "x@example.com",
    }
    words = {"Paid": "completed", "Failed": "cancelled", "succeeded": "completed", "failed": "cancelled"}
    mapped = {"sale_id": "id", "date": "Created date (UTC)", "gross_amount": "Amount", "net_amount": "Amount",
             "currency": "Currency", "status": "Status", "customer_id": "Customer ID", "tax": "-"}  # fmt: skip
    cents = {**stripe, "Amount": lambda line: whole(line.total * 100), "Fee": lambda line: whole(fee(line) * 100)}
    for header in ("Converted Amount", "Amount Refunded", "Captured"):
        del cents[header]
    cents["amount_minor"] = cents.pop("Amount")
    cents["Status"] = lambda line: "failed" if line.status == "cancelled" else "succeeded"
    minor = mapped | {"gross_amount": "amount_minor", "net_amount": "amount_minor"}
    balance_lines = draw(Plan(232, sales=120, max_lines=1, returned=0.1))
    balance: Columns = {
        "id": lambda line: f"txn_1P{line.sale * 104729:012}",
        "Type": lambda line: "refund" if line.status == "returned" else "charge",
        "Source": lambda line: f"ch_{line.sale}",
        "Amount": lambda line: plain(line.total),
        "Fee": lambda line: plain(fee(line)),
        "Net": lambda line: plain(line.total - fee(line)),
        "Currency": lambda line: "eur",
        "Created (UTC)": stamp("%Y-%m-%d %H:%M"),
        "Available On (UTC)": stamp("%Y-%m-28 00:00"),
        "Description": lambda line: "Payment",
    }
    balance_columns = {"sale_id": "id", "date": "Created (UTC)", "status": "Type", "currency": "Currency",
                       "net_amount": "Amount", "gross_amount": "Amount"}  # fmt: skip
    paypal_lines = draw(Plan(233, sales=130, max_lines=1, returned=0.08, pending=0.06, hours=(1, 23)))
    paypal: Columns = {
        "Date": stamp("%m/%d/%Y"),
        "Time": stamp("%H:%M:%S"),
        "TimeZone": lambda line: "PST",
        "Name": lambda line: line.customer,
        "Type": lambda line: "Payment Refund" if line.status == "returned" else "Express Checkout Payment",
        "Status": lambda line: "Pending" if line.status == "pending" else "Completed",
        "Currency": lambda line: "USD",
        "Gross": lambda line: plain(line.total),
        "Fee": lambda line: plain(-fee(line)),
        "Net": lambda line: plain(line.total - fee(line)),
        "From Email Address": lambda line: "buyer@example.com",
        "Transaction ID": lambda line: f"{line.sale * 104729:017X}",
        "Item Title": lambda line: line.product,
        "Quantity": lambda line: abs(line.quantity),
        "Balance": lambda line: plain(line.total * 3),
    }
    paypal_columns = {"date": "Date", "time": "Time", "customer_name": "Name", "status": "Status",
                      "currency": "Currency", "net_amount": "Gross", "gross_amount": "Gross",
                      "sale_id": "Transaction ID", "product_name": "Item Title", "quantity": "Quantity"}  # fmt: skip
    answers = {"identity": "id", "amount": "gross", "tax_rate": "0"}
    all_means = words | {"charge": "completed", "refund": "returned", "Completed": "completed", "Pending": "pending"}
    return [
        Case("stripe-payments", FAMILY, "unified_payments.csv", partial(delimited, stripe_lines, stripe, end="\n"),
             Clerk("Stripe", "-", "USD", "UTC", mapped, all_means, answers),
             truth_of(stripe_lines, "USD", units=False), traps=("lower-case currency",)),
        Case("stripe-minor-units", FAMILY, "charges.csv", partial(delimited, stripe_lines, cents, end="\n"),
             Clerk("Stripe", "-", "USD", "UTC", minor, all_means, answers | {"minor_units": "yes"}),
             truth_of(stripe_lines, "USD", units=False), "figures or held", ("minor units",)),
        Case("stripe-balance", FAMILY, "balance_history.csv", partial(delimited, balance_lines, balance, end="\n"),
             Clerk("Stripe", "-", "EUR", "UTC", balance_columns, all_means, answers),
             truth_of(balance_lines, "EUR", units=False), traps=("total less the fees",)),
        Case("paypal-activity", FAMILY, "Download.CSV", partial(delimited, paypal_lines, paypal, encoding="bom",
             quote="all"), Clerk("PayPal", "US", "USD", "America/Los_Angeles", paypal_columns, all_means,
             answers | {"identity": "Transaction ID", "date_order": "MDY"}),
             truth_of(paypal_lines, "USD", units=False), traps=("total less the fees",)),
    ]  # fmt: skip


def settlement() -> Case:
    """The flat settlement report: a summary row first, then a row for each part of an amount."""
    lines = draw(Plan(205, sales=60, max_lines=2))
    header = ["settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount",
              "currency", "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id",
              "marketplace-name", "amount-type", "amount-description", "amount", "fulfillment-id", "posted-date",
              "posted-date-time", "order-item-code", "sku", "quantity-purchased"]  # fmt: skip

    def build() -> bytes:
        start = ["15812345678", "2026-02-03T00:00:00+00:00", "2026-04-18T00:00:00+00:00", "2026-04-20T00:00:00+00:00"]
        deposit = sum((line.total - fee(line) for line in lines), Decimal(0))
        rows = [header, [*start, plain(deposit), "USD", *[""] * 15]]
        for line in lines:
            day, moment = strip(line.at, "%Y-%m-%d"), strip(line.at, "%Y-%m-%dT%H:%M:%S+00:00")
            for kind, words, amount in (("ItemPrice", "Principal", line.total), ("ItemFees", "Commission", -fee(line))):
                rows.append([start[0], "", "", "", "", "", "Order", order_id(line), "", "", f"S{line.sale}",
                             "Amazon.com", kind, words, plain(amount), "AFN", day, moment,
                             f"{line.sale}{line.number:03}", line.code, str(line.quantity)])  # fmt: skip
        return "".join("\t".join(row) + "\n" for row in rows).encode()

    # the money of fees and principal stands in one column: only a person who keeps the Principal rows has the sales
    clerk = Clerk(
        "Amazon", "US", "USD", "UTC",
        {"sale_id": "order-id", "date": "posted-date-time", "product_id": "sku", "quantity": "quantity-purchased",
         "net_amount": "amount", "currency": "currency"},
        {"Order": "completed"}, {"identity": "order-id", "amount": "net"},
    )  # fmt: skip
    return Case("amazon-settlement", FAMILY, "15812345678.txt", build, clerk, truth_of(lines, "USD"),
                "figures or held", ("fees among the sales",), delimiter="\t")  # fmt: skip


def cases() -> list[Case]:
    return [*payment_cases(), settlement()]
