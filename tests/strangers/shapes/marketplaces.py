"""Reports of marketplaces: Amazon, Etsy, eBay."""

from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.tables import Columns, comma, delimited, plain, stamp
from tests.strangers.truth import truth_of

FAMILY = "marketplaces"


def order_id(line: Line) -> str:
    return f"{302 + line.sale % 5}-{4_100_000 + line.sale * 7919:07}-{1_700_000 + line.sale * 104729 % 5_000_000:07}"


def amazon_cases() -> list[Case]:
    lines = draw(
        Plan(201, sales=90, cancelled=0.15, pending=0.08, rate=Decimal("0.08"), discounted=0.15, hours=(1, 23))
    )
    words = {"completed": "Shipped", "pending": "Pending", "cancelled": "Cancelled"}
    orders: Columns = {
        "amazon-order-id": order_id,
        "merchant-order-id": order_id,
        "purchase-date": stamp("%Y-%m-%dT%H:%M:%S+00:00"),
        "last-updated-date": stamp("%Y-%m-28T%H:%M:%S+00:00"),
        "order-status": lambda line: words[line.status],
        "fulfillment-channel": lambda line: "Amazon",
        "sales-channel": lambda line: "Amazon.com",
        "order-channel": lambda line: "",
        "ship-service-level": lambda line: "Expedited",
        "product-name": lambda line: line.product,
        "sku": lambda line: line.code,
        "asin": lambda line: f"B0{sum(map(ord, line.code)):08}",
        "item-status": lambda line: words[line.status],
        "quantity": lambda line: line.quantity,
        "currency": lambda line: "USD",
        "item-price": lambda line: plain(line.full),
        "item-tax": lambda line: plain(line.tax),
        "shipping-price": lambda line: "",
        "item-promotion-discount": lambda line: plain(line.discount) if line.discount else "",
        "ship-country": lambda line: "US",
        "is-business-order": lambda line: "false",
    }
    columns = {
        "sale_id": "amazon-order-id", "date": "purchase-date", "status": "order-status", "quantity": "quantity",
        "product_name": "product-name", "product_id": "sku", "currency": "currency", "country": "ship-country",
        "discount": "item-promotion-discount", "tax": "item-tax", "channel": "sales-channel",
    }  # fmt: skip
    means = {"Shipped": "completed", "Pending": "pending", "Cancelled": "cancelled"}
    no_discount = draw(Plan(202, sales=90, cancelled=0.15, pending=0.08, rate=Decimal("0.08"), hours=(1, 23)))
    clerk = Clerk("Amazon US", "US", "USD", "UTC", columns, means, {"identity": "amazon-order-id", "amount": "net"})
    total_clerk = Clerk("Amazon US", "US", "USD", "UTC", columns | {"net_amount": "item-price", "discount": "-"}, means,
                        clerk.answers)  # fmt: skip
    build = partial(delimited, delimiter="\t", quote="none", end="\n")
    return [
        Case("amazon-all-orders", FAMILY, "56789020512.txt", partial(build, no_discount, orders), total_clerk,
             truth_of(no_discount, "USD"), traps=("total column with an odd name",), delimiter="\t"),
        Case("amazon-all-orders-promotions", FAMILY, "56789020513.txt", partial(build, lines, orders), clerk,
             truth_of(lines, "USD"), traps=("total column with an odd name", "price of the whole line"),
             delimiter="\t"),
        *date_ranges(),
    ]  # fmt: skip


def date_ranges() -> list[Case]:
    """Date range reports: eight lines of definitions above the header."""
    cases = []
    for name, seed, zone, currency, number, at, headers, kinds in (
        ("amazon-date-range-us", 203, "America/Los_Angeles", "USD", plain, "%b %-d, %Y %-I:%M:%S %p PST",
         ("date/time", "settlement id", "type", "order id", "sku", "description", "quantity", "marketplace",
          "product sales", "selling fees", "total"), ("Order", "Refund")),
        ("amazon-date-range-de", 204, "Europe/Berlin", "EUR", comma, "%d.%m.%Y %H:%M:%S UTC",
         ("Datum/Uhrzeit", "Abrechnungsnummer", "Typ", "Bestellnummer", "SKU", "Beschreibung", "Menge", "Marketplace",
          "Umsätze", "Verkaufsgebühren", "Gesamt"), ("Bestellung", "Erstattung")),
    ):  # fmt: skip
        lines = draw(Plan(seed, sales=90, returned=0.12, max_lines=2, hours=(10, 14)))
        columns: Columns = {}
        writers = (
            stamp(at), lambda line: "15812345678", lambda line, kinds=kinds: kinds[line.status == "returned"], order_id,
            lambda line: line.code, lambda line: line.product, lambda line: abs(line.quantity),
            lambda line: "amazon", lambda line, number=number: number(line.total),
            lambda line, number=number: number(-fee(line)), lambda line, number=number: number(line.total - fee(line)),
        )  # fmt: skip
        columns = dict(zip(headers, writers, strict=True))
        above = [
            '"Includes Amazon Marketplace, Fulfillment by Amazon (FBA), and Amazon Webstore transactions"',
            f'"All amounts in {currency}, unless specified"',
            '"Definitions:"',
            '"Sales tax collected: Includes sales tax collected from buyers for product sales and gift wrap."',
            '"Selling fees: Includes variable closing fees and referral fees."',
        ]
        clerk = Clerk(
            "Amazon", "-", currency, zone,
            {"date": headers[0], "status": headers[2], "sale_id": headers[3], "product_id": headers[4],
             "product_name": headers[5], "quantity": headers[6], "net_amount": headers[8]},
            {"Order": "completed", "Refund": "returned", "Bestellung": "completed", "Erstattung": "returned"},
            {"identity": headers[3], "amount": "net", "date_order": "MDY" if currency == "USD" else "DMY"},
        )  # fmt: skip
        build = partial(delimited, lines, columns, encoding="bom", quote="all", above=above)
        cases.append(
            Case(name, FAMILY, f"2026Feb3-2026Apr18CustomTransaction_{currency}.csv", build, clerk,
                 truth_of(lines, currency), traps=("total less the fees", "units of returns without a sign"))
        )  # fmt: skip
    return cases


def fee(line: Line) -> Decimal:
    return (line.total * Decimal("0.15")).quantize(Decimal("0.01"))


def craft_cases() -> list[Case]:
    lines = draw(Plan(211, sales=80, discounted=0.25))
    etsy: Columns = {
        "Sale Date": stamp("%m/%d/%y"),
        "Item Name": lambda line: f"{line.product}, handmade",
        "Buyer": lambda line: line.customer,
        "Quantity": lambda line: line.quantity,
        "Price": lambda line: plain(line.price),
        "Coupon Code": lambda line: "SPRING" if line.discount else "",
        "Coupon Details": lambda line: "",
        "Discount Amount": lambda line: plain(line.discount),
        "Shipping Discount": lambda line: "0.00",
        "Order Shipping": lambda line: "3.95",
        "Order Sales Tax": lambda line: "0.00",
        "Item Total": lambda line: plain(line.full),
        "Currency": lambda line: "USD",
        "Transaction ID": lambda line: 3_900_000_000 + line.sale * 50 + line.number,
        "Listing ID": lambda line: 1_200_000_000 + sum(map(ord, line.code)),
        "Date Paid": stamp("%m/%d/%Y"),
        "Date Shipped": stamp("%m/%d/%Y"),
        "Ship Country": lambda line: "United States",
        "Order ID": lambda line: 3_210_000_000 + line.sale,
        "SKU": lambda line: line.code,
    }
    columns = {
        "sale_id": "Order ID", "date": "Sale Date", "product_name": "Item Name", "quantity": "Quantity",
        "unit_price": "Price", "discount": "Discount Amount", "currency": "Currency", "line_key": "Transaction ID",
        "product_id": "SKU", "country": "Ship Country", "customer_name": "Buyer",
    }  # fmt: skip
    answers = {"identity": "Order ID", "date_order": "MDY", "amount": "net", "prices": "net", "discount": "amount"}
    orders = draw(Plan(212, sales=120, max_lines=1))
    sold: Columns = {
        "Sale Date": stamp("%m/%d/%y"),
        "Order ID": lambda line: 3_310_000_000 + line.sale,
        "Buyer User ID": lambda line: line.customer.split()[0].lower(),
        "Full Name": lambda line: line.customer,
        "Number of Items": lambda line: line.quantity,
        "Payment Method": lambda line: "Credit Card",
        "Ship Country": lambda line: "Canada",
        "Currency": lambda line: "CAD",
        "Order Value": lambda line: plain(line.full),
        "Discount Amount": lambda line: plain(line.discount),
        "Shipping": lambda line: "4.50",
        "Sales Tax": lambda line: "0",
        "Order Total": lambda line: plain(line.total + Decimal("4.50")),
        "Card Processing Fees": lambda line: plain(fee(line)),
        "Order Net": lambda line: plain(line.total + Decimal("4.50") - fee(line)),
    }
    sold_columns = {
        "sale_id": "Order ID", "date": "Sale Date", "quantity": "Number of Items", "net_amount": "Order Value",
        "currency": "Currency", "country": "Ship Country", "customer_name": "Full Name", "discount": "-", "tax": "-",
    }  # fmt: skip
    return [
        Case("etsy-sold-items", FAMILY, "EtsySoldOrderItems2026.csv", partial(delimited, lines, etsy), Clerk(
             "Etsy", "US", "USD", columns=columns, answers=answers), truth_of(lines, "USD"),
             traps=("total column without the discount",)),
        Case("etsy-sold-orders", FAMILY, "EtsySoldOrders2026.csv", partial(delimited, orders, sold), Clerk(
             "Etsy", "CA", "CAD", columns=sold_columns, answers=answers), truth_of(orders, "CAD"),
             traps=("total less the fees", "orders without lines")),
    ]  # fmt: skip


def ebay_cases() -> list[Case]:
    cases = []
    for name, seed, sign, style, zone in (
        ("ebay-us", 221, "$", "%b-%d-%y", "US"), ("ebay-uk", 222, "£", "%d-%b-%y", "GB")
    ):  # fmt: skip
        lines = draw(Plan(seed, sales=100, max_lines=1))
        columns: Columns = {
            "Sales Record Number": lambda line: 4_100 + line.sale,
            "Order Number": lambda line: f"27-{11_000 + line.sale:05}-{line.sale * 7919 % 90_000 + 10_000}",
            "Buyer Username": lambda line: line.customer.split()[0].lower() + "77",
            "Buyer Name": lambda line: line.customer,
            "Item Number": lambda line: 394_000_000_000 + sum(map(ord, line.code)),
            "Item Title": lambda line: line.product,
            "Custom Label": lambda line: line.code,
            "Quantity": lambda line: line.quantity,
            "Sold For": lambda line, sign=sign: f"{sign}{plain(line.price)}",
            "Shipping And Handling": lambda line, sign=sign: f"{sign}3.20",
            "eBay Collected Tax": lambda line, sign=sign: f"{sign}0.00",
            "Total Price": lambda line, sign=sign: f"{sign}{plain(line.total + Decimal('3.20'))}",
            "Payment Method": lambda line: "Other",
            "Sale Date": stamp(style),
            "Paid On Date": stamp(style),
            "Tracking Number": lambda line: "",
        }
        mapped = {
            "sale_id": "Order Number", "date": "Sale Date", "product_name": "Item Title", "product_id": "Custom Label",
            "quantity": "Quantity", "unit_price": "Sold For", "customer_name": "Buyer Name", "net_amount": "-",
            "gross_amount": "-", "tax": "-",
        }  # fmt: skip
        clerk = Clerk("eBay", zone, "USD" if sign == "$" else "GBP", columns=mapped, answers={
            "identity": "Order Number", "prices": "net", "amount": "net", "date_order": "MDY" if sign == "$" else "DMY",
        })  # fmt: skip
        # a blank line below the header, and two lines of text at the end
        below = ["", f"{len(lines)},record(s) downloaded,from 2026-02-03,to 2026-04-18", "Seller ID : hearth77"]
        build = partial(_blank_below_header, lines, columns, below)
        cases.append(Case(name, FAMILY, "eBay-OrdersReport-Apr-20-2026.csv", build, clerk,
                          truth_of(lines, clerk.currency), traps=("total with the postage",)))  # fmt: skip
    return cases


def _blank_below_header(lines: list[Line], columns: Columns, below: list[str]) -> bytes:
    content = delimited(lines, columns, encoding="bom", quote="all", below=below)
    head, _, rest = content.partition(b"\r\n")
    return b"\r\n".join([head, b",".join([b'""'] * len(columns)), rest])


def cases() -> list[Case]:
    return [*amazon_cases(), *craft_cases(), *ebay_cases()]
