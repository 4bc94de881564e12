"""Exports of tills: Square, Lightspeed, Clover, Toast."""

from decimal import Decimal

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Plan
from tests.strangers.shapes.till import STORES, Till, dollars
from tests.strangers.tables import Columns, plain, stamp


def square_items() -> Till:
    columns: Columns = {
        "Date": stamp("%m/%d/%y"),
        "Time": stamp("%H:%M:%S"),
        "Time Zone": lambda line: "Eastern Time (US & Canada)",
        "Category": lambda line: line.category,
        "Item": lambda line: line.product,
        "Qty": lambda line: plain(line.quantity, 1),
        "Price Point Name": lambda line: "Regular",
        "SKU": lambda line: line.code,
        "Modifiers Applied": lambda line: "",
        "Gross Sales": lambda line: dollars(line.full),
        "Discounts": lambda line: dollars(-line.discount),
        "Net Sales": lambda line: dollars(line.net),
        "Tax": lambda line: dollars(line.tax),
        "Transaction ID": lambda line: f"{line.sale * 7919:06}aBcD{line.sale}",
        "Payment ID": lambda line: f"pay{line.sale}",
        "Device Name": lambda line: "Register 1",
        "Notes": lambda line: "",
        "Details": lambda line: "https://squareup.com/dashboard/sales/transactions/1",
        "Event Type": lambda line: "Refund" if line.status == "returned" else "Payment",
        "Location": lambda line: line.store,
        "Customer Name": lambda line: line.customer,
    }
    mapped = {
        "date": "Date", "time": "Time", "category": "Category", "product_name": "Item", "quantity": "Qty",
        "product_id": "SKU", "net_amount": "Net Sales", "tax": "Tax", "sale_id": "Transaction ID",
        "status": "Event Type", "store_id": "Location", "customer_name": "Customer Name", "discount": "Discounts",
    }  # fmt: skip
    clerk = Clerk("Square", "US", "USD", "America/New_York", mapped, {"Payment": "completed", "Refund": "returned"},
                  {"identity": "Transaction ID", "date_order": "MDY", "amount": "net"})  # fmt: skip
    plan = Plan(301, stores=STORES, returned=0.08, discounted=0.25, rate=Decimal("0.06"), sales=90)
    return Till("square-items", "items-2026-02-03-2026-04-19.csv", plan, columns, clerk, quote="all", end="\n",
                traps=("gross before the discount",))  # fmt: skip


def square_transactions() -> Till:
    plan = Plan(302, max_lines=1, sales=150, returned=0.06, rate=Decimal("0.06"))
    columns: Columns = {
        "Date": stamp("%Y-%m-%d"),
        "Time": stamp("%H:%M:%S"),
        "Time Zone": lambda line: "Pacific Time (US & Canada)",
        "Gross Sales": lambda line: dollars(line.full),
        "Discounts": lambda line: dollars(-line.discount),
        "Service Charges": lambda line: "$0.00",
        "Net Sales": lambda line: dollars(line.net),
        "Gift Card Sales": lambda line: "$0.00",
        "Tax": lambda line: dollars(line.tax),
        "Tip": lambda line: "$1.00",
        "Partial Refunds": lambda line: "$0.00",
        "Total Collected": lambda line: dollars(line.gross + 1),
        "Source": lambda line: "Register",
        "Card": lambda line: dollars(line.gross + 1),
        "Fees": lambda line: dollars(Decimal("-0.30")),
        "Net Total": lambda line: dollars(line.gross + 1 - Decimal("0.30")),
        "Transaction ID": lambda line: f"T{line.sale * 7919:08}",
        "Event Type": lambda line: "Refund" if line.status == "returned" else "Payment",
        "Transaction Status": lambda line: "Complete",
        "Location": lambda line: line.store,
        "Description": lambda line: f"{line.quantity} x {line.product}",
    }
    mapped = {
        "date": "Date", "time": "Time", "net_amount": "Net Sales", "tax": "Tax", "sale_id": "Transaction ID",
        "status": "Event Type", "store_id": "Location", "discount": "Discounts", "gross_amount": "-",
    }  # fmt: skip
    words = {"Payment": "completed", "Refund": "returned", "Complete": "completed"}
    clerk = Clerk("Square", "US", "USD", "America/Los_Angeles", mapped, words,
                  {"identity": "Transaction ID", "amount": "net"})  # fmt: skip
    return Till("square-transactions", "transactions-2026-02-03-2026-04-19.csv", plan, columns, clerk, quote="all",
                end="\n", units=False, traps=("total less the fees", "two status columns"))  # fmt: skip


def lightspeed_x() -> Till:
    plan = Plan(303, stores=STORES, rate=Decimal("0.15"), taxed=True, cancelled=0.08, pending=0.05)
    words = {"completed": "CLOSED", "cancelled": "VOIDED", "pending": "LAYBY"}
    columns: Columns = {
        "Date": stamp("%Y-%m-%d %H:%M:%S"),
        "Receipt Number": lambda line: f"{line.store[0]}-{10_000 + line.sale}",
        "Line Type": lambda line: "Sale Line",
        "Customer Name": lambda line: line.customer,
        "Quantity": lambda line: line.quantity,
        "Subtotal": lambda line: plain(line.net),
        "Sales Tax": lambda line: plain(line.tax),
        "Discount": lambda line: plain(line.discount),
        "Total": lambda line: plain(line.gross),
        "Details": lambda line: line.product,
        "Register": lambda line: "Main Register",
        "Outlet": lambda line: line.store,
        "User": lambda line: "Sam",
        "Status": lambda line: words[line.status],
        "SKU": lambda line: line.code,
    }
    mapped = {
        "date": "Date", "sale_id": "Receipt Number", "customer_name": "Customer Name", "quantity": "Quantity",
        "net_amount": "Subtotal", "tax": "Sales Tax", "gross_amount": "Total", "product_name": "Details",
        "store_id": "Outlet", "status": "Status", "product_id": "SKU", "salesperson_id": "User",
        "discount": "Discount", "unit_price": "-",
    }  # fmt: skip
    means = {"CLOSED": "completed", "VOIDED": "cancelled", "LAYBY": "pending"}
    clerk = Clerk("Lightspeed", "NZ", "NZD", "Pacific/Auckland", mapped, means, {"identity": "Receipt Number"})
    return Till("lightspeed-x-sales", "lightspeed-sales-ledger.csv", plan, columns, clerk, quote="all", end="\n",
                traps=("unknown status words",))  # fmt: skip


def lightspeed_r() -> Till:
    plan = Plan(304, rate=Decimal("0.0825"), returned=0.07, discounted=0.2)
    columns: Columns = {
        "Sale ID": lambda line: 220 + line.sale,
        "Date": stamp("%-m/%-d/%Y %-I:%M %p"),
        "Item": lambda line: line.product,
        "Custom SKU": lambda line: line.code,
        "Category": lambda line: line.category,
        "Qty": lambda line: line.quantity,
        "Retail": lambda line: dollars(line.price),
        "Subtotal": lambda line: dollars(line.full),
        "Discount": lambda line: dollars(line.discount),
        "Subtotal w/ Discounts": lambda line: dollars(line.net),
        "Tax": lambda line: dollars(line.tax),
        "Total": lambda line: dollars(line.gross),
        "Customer": lambda line: line.customer,
        "Cost": lambda line: dollars(line.price / 2),
        "Profit": lambda line: dollars(line.net - line.price / 2 * line.quantity),
        "Margin": lambda line: "50.00%",
    }
    mapped = {
        "sale_id": "Sale ID", "date": "Date", "product_name": "Item", "product_id": "Custom SKU",
        "category": "Category", "quantity": "Qty", "unit_price": "Retail", "discount": "Discount",
        "net_amount": "Subtotal w/ Discounts", "tax": "Tax", "gross_amount": "Total", "customer_name": "Customer",
        "unit_cost": "Cost",
    }  # fmt: skip
    clerk = Clerk("Lightspeed R", "US", "USD", "America/Denver", mapped, answers={
        "identity": "Sale ID", "date_order": "MDY", "amount": "net"})  # fmt: skip
    return Till("lightspeed-r-lines", "listings_transaction_lines_2026-04-19.csv", plan, columns, clerk,
                traps=("gross before the discount",))  # fmt: skip


def clover() -> Till:
    plan = Plan(305, rate=Decimal("0.07"), cancelled=0.06, sales=80)
    columns: Columns = {
        "Line Item Date": stamp("%d-%b-%Y %I:%M %p EDT"),
        "Order ID": lambda line: f"{line.sale * 104729:013X}",
        "Order Date": stamp("%d-%b-%Y %I:%M %p EDT"),
        "Item ID": lambda line: line.code,
        "Item Name": lambda line: line.product,
        "Item Revenue": lambda line: plain(line.full),
        "Modifiers Revenue": lambda line: "0.00",
        "Total Revenue": lambda line: plain(line.full),
        "Tax Amount": lambda line: plain(line.tax),
        "Item Total with Tax": lambda line: plain(line.gross),
        "Currency": lambda line: "USD",
        "Order Payment State": lambda line: "Voided" if line.status == "cancelled" else "Paid",
        "Per Unit Quantity": lambda line: line.quantity,
    }
    mapped = {
        "date": "Line Item Date", "sale_id": "Order ID", "product_id": "Item ID", "product_name": "Item Name",
        "net_amount": "Total Revenue", "tax": "Tax Amount", "gross_amount": "Item Total with Tax",
        "currency": "Currency", "status": "Order Payment State", "quantity": "Per Unit Quantity",
    }  # fmt: skip
    clerk = Clerk("Clover", "US", "USD", "America/New_York", mapped, {"Paid": "completed", "Voided": "cancelled"},
                  {"identity": "Order ID", "amount": "net"})  # fmt: skip
    return Till("clover-line-items", "LineItemsExport-20260203_0000_EST-20260418.csv", plan, columns, clerk,
                traps=("two date columns",))  # fmt: skip


def toast() -> Till:
    plan = Plan(306, rate=Decimal("0.05"), cancelled=0.1, discounted=0.15, stores=("Downtown",), hours=(11, 23))
    columns: Columns = {
        "Location": lambda line: line.store,
        "Order Id": lambda line: 900_000_000_000 + line.sale * 104729,
        "Order #": lambda line: line.sale % 90 + 1,
        "Sent Date": stamp("%-m/%-d/%y %-I:%M %p"),
        "Order Date": stamp("%-m/%-d/%y %-I:%M %p"),
        "Check Id": lambda line: 800_000_000_000 + line.sale * 7919,
        "Server": lambda line: "Kim L",
        "Table": lambda line: line.sale % 20,
        "Dining Area": lambda line: "Patio",
        "Item Selection Id": lambda line: line.sale * 1000 + line.number,
        "Item Id": lambda line: line.code,
        "Menu Item": lambda line: line.product,
        "Menu Group": lambda line: line.category,
        "Gross Price": lambda line: plain(line.full),
        "Discount": lambda line: plain(line.discount),
        "Net Price": lambda line: plain(line.net),
        "Qty": lambda line: line.quantity,
        "Tax": lambda line: plain(line.tax),
        "Void?": lambda line: "true" if line.status == "cancelled" else "false",
    }
    mapped = {
        "store_id": "Location", "sale_id": "Order Id", "date": "Order Date", "product_id": "Item Id",
        "product_name": "Menu Item", "category": "Menu Group", "discount": "Discount", "net_amount": "Net Price",
        "quantity": "Qty", "tax": "Tax", "status": "Void?", "line_key": "Item Selection Id", "salesperson_id": "Server",
        "unit_price": "-", "gross_amount": "-",
    }  # fmt: skip
    clerk = Clerk("Toast", "US", "USD", "America/New_York", mapped, {"true": "cancelled", "false": "completed"},
                  {"identity": "Order Id", "amount": "net", "date_order": "MDY"})  # fmt: skip
    return Till("toast-item-selections", "ItemSelectionDetails_2026_02_03-2026_04_18.csv", plan, columns, clerk,
                end="\n", traps=("a flag for cancelled lines", "gross before the discount"))  # fmt: skip


def cases() -> list[Case]:
    tills = (square_items, square_transactions, lightspeed_x, lightspeed_r, clover, toast)
    return [till().case() for till in tills]
