"""Public sample sets as courses and data portals offer them: Superstore, supermarket, coffee shop, Iowa liquor."""

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.shapes.till import Till
from tests.strangers.tables import Columns, comma, delimited, money, plain, stamp, strip
from tests.strangers.truth import truth_of

FAMILY = "sample sets"
PEOPLE = {"customer_id": "Customer ID", "customer_name": "Customer Name"}


def superstore(name: str, seed: int, style: str, decimal: str, delimiter: str, encoding: str, currency: str) -> Case:
    """Sales is after the discount; Discount is a rate, and there is no price."""
    lines = draw(Plan(seed, sales=90, discounted=0.3, start=datetime(2025, 1, 2).date(), days=400))  # noqa: DTZ001

    def number(amount: Decimal) -> str:
        return comma(amount) if decimal == "," else plain(amount)

    def rate(line: Line) -> str:
        return number((line.discount / line.full).quantize(Decimal("0.01"), ROUND_HALF_UP))

    columns: Columns = {
        "Row ID": lambda line: line.sale * 10 + line.number,
        "Order ID": lambda line: f"CA-2025-{152_000 + line.sale}",
        "Order Date": stamp(style),
        "Ship Date": lambda line: strip(line.at.replace(day=28), style),
        "Ship Mode": lambda line: "Second Class",
        "Customer ID": lambda line: f"CG-{sum(map(ord, line.customer))}",
        "Customer Name": lambda line: line.customer,
        "Segment": lambda line: "Consumer",
        "Country": lambda line: "United States",
        "City": lambda line: "Henderson",
        "Postal Code": lambda line: "42420",
        "Region": lambda line: "South",
        "Product ID": lambda line: line.code,
        "Category": lambda line: line.category,
        "Product Name": lambda line: line.product,
        "Sales": lambda line: number(line.total),
        "Quantity": lambda line: line.quantity,
        "Discount": rate,
        "Profit": lambda line: number(line.total / 5),
    }
    mapped = {
        "sale_id": "Order ID", "date": "Order Date", "country": "Country", "product_id": "Product ID",
        "category": "Category", "product_name": "Product Name", "net_amount": "Sales", "quantity": "Quantity",
        "discount": "-", "line_key": "Row ID", **PEOPLE,
    }  # fmt: skip
    order = "MDY" if style.startswith("%-m") else "DMY"
    answers = {"identity": "Order ID", "date_order": order, "amount": "net", "discount": "rate", "decimal": decimal}
    clerk = Clerk("Store", "-", currency, columns=mapped, answers=answers)
    build = partial(delimited, lines, columns, delimiter, encoding)
    return Case(name, FAMILY, "Sample - Superstore.csv", build, clerk, truth_of(lines, currency),
                traps=("a discount that the total already has",), delimiter=delimiter)  # fmt: skip


def supermarket() -> Case:
    return Till(
        "supermarket", "supermarket_sales - Sheet1.csv",
        Plan(702, sales=150, max_lines=1, rate=Decimal("0.05"), stores=("A", "B", "C"), start=Plan(0).start),
        {
            "Invoice ID": lambda line: f"{700 + line.sale % 200}-{line.sale % 90 + 10}-{1000 + line.sale:04}",
            "Branch": lambda line: line.store,
            "City": lambda line: {"A": "Yangon", "B": "Mandalay", "C": "Naypyitaw"}[line.store],
            "Customer type": lambda line: "Member",
            "Gender": lambda line: "Female",
            "Product line": lambda line: line.category,
            "Unit price": lambda line: plain(line.price),
            "Quantity": lambda line: line.quantity,
            "Tax 5%": lambda line: plain(line.net * Decimal("0.05"), 4),
            "Total": lambda line: plain(line.net * Decimal("1.05"), 4),
            "Date": stamp("%-m/%-d/%Y"),
            "Time": stamp("%H:%M"),
            "Payment": lambda line: "Cash",
            "cogs": lambda line: plain(line.net),
            "gross margin percentage": lambda line: "4.761904762",
            "gross income": lambda line: plain(line.net * Decimal("0.05"), 4),
            "Rating": lambda line: "9.1",
        },
        Clerk("Market", "MM", "USD", "Asia/Yangon", {
            "sale_id": "Invoice ID", "store_id": "Branch", "category": "Product line", "unit_price": "Unit price",
            "quantity": "Quantity", "tax": "Tax 5%", "gross_amount": "Total", "date": "Date", "time": "Time",
            "net_amount": "-", "discount": "-"}, answers={
            "identity": "Invoice ID", "date_order": "MDY", "amount": "gross", "prices": "net"}),
        traps=("total with the tax",),
    ).case(FAMILY)  # fmt: skip


def more() -> list[Case]:
    classic = Till(
        "sales-data-sample", "sales_data_sample.csv",
        Plan(703, sales=80, cancelled=0.12, pending=0.1, quantities=(20, 35, 41, 28)),
        {
            "ORDERNUMBER": lambda line: 10_100 + line.sale,
            "QUANTITYORDERED": lambda line: line.quantity,
            "PRICEEACH": lambda line: plain(min(line.price, Decimal(100))),
            "ORDERLINENUMBER": lambda line: line.number,
            "SALES": lambda line: plain(line.total),
            "ORDERDATE": stamp("%-m/%-d/%Y 0:00"),
            "STATUS": lambda line: {"completed": ("Shipped", "Resolved"), "cancelled": ("Cancelled",) * 2,
                                    "pending": ("On Hold", "Disputed")}[line.status][line.sale % 2],
            "QTR_ID": lambda line: (line.at.month + 2) // 3,
            "MONTH_ID": lambda line: line.at.month,
            "YEAR_ID": lambda line: line.at.year,
            "PRODUCTLINE": lambda line: line.category,
            "MSRP": lambda line: plain(line.price * 2, 0),
            "PRODUCTCODE": lambda line: line.code,
            "CUSTOMERNAME": lambda line: line.customer,
            "COUNTRY": lambda line: "France",
            "DEALSIZE": lambda line: "Small",
        },
        Clerk("Models", "-", "USD", "UTC", {
            "sale_id": "ORDERNUMBER", "quantity": "QUANTITYORDERED", "unit_price": "PRICEEACH",
            "line_key": "ORDERLINENUMBER", "net_amount": "SALES", "date": "ORDERDATE", "status": "STATUS",
            "category": "PRODUCTLINE", "product_id": "PRODUCTCODE", "customer_name": "CUSTOMERNAME",
            "country": "COUNTRY", "discount": "-"}, {
            "Shipped": "completed", "Resolved": "completed", "Cancelled": "cancelled", "On Hold": "pending",
            "Disputed": "pending"}, {"identity": "ORDERNUMBER", "date_order": "MDY", "amount": "net"}),
        traps=("prices capped at 100",),
    ).case(FAMILY)  # fmt: skip
    coffee = Till(
        "coffee-shop", "Coffee Shop Sales.csv", Plan(704, sales=160, max_lines=1, stores=("Astoria", "Hell's Kitchen")),
        {
            "transaction_id": lambda line: line.sale,
            "transaction_date": stamp("%d-%m-%Y"),
            "transaction_time": stamp("%H:%M:%S"),
            "transaction_qty": lambda line: line.quantity,
            "store_id": lambda line: len(line.store),
            "store_location": lambda line: line.store,
            "product_id": lambda line: sum(map(ord, line.code)),
            "unit_price": lambda line: plain(line.price),
            "product_category": lambda line: line.category,
            "product_detail": lambda line: line.product,
        },
        Clerk("Coffee", "US", "USD", "America/New_York", {
            "sale_id": "transaction_id", "date": "transaction_date", "time": "transaction_time",
            "quantity": "transaction_qty", "store_id": "store_location", "product_id": "product_id",
            "unit_price": "unit_price", "category": "product_category", "product_name": "product_detail"}, answers={
            "identity": "transaction_id", "date_order": "DMY", "prices": "net"}),
    ).case(FAMILY)  # fmt: skip
    liquor = Till(
        "iowa-liquor", "Iowa_Liquor_Sales.csv", Plan(705, sales=120, max_lines=1, quantities=(6, 12, 24)),
        {
            "Invoice/Item Number": lambda line: f"INV-{29_000_000 + line.sale:08}{line.number:05}",
            "Date": stamp("%m/%d/%Y"),
            "Store Number": lambda line: "2633",
            "Store Name": lambda line: "Hy-Vee #3, Des Moines",
            "City": lambda line: "Des Moines",
            "Category Name": lambda line: line.category,
            "Item Number": lambda line: sum(map(ord, line.code)),
            "Item Description": lambda line: line.product,
            "Pack": lambda line: 12,
            "Bottle Volume (ml)": lambda line: 750,
            "State Bottle Cost": lambda line: f"${plain(line.price * 2 / 3)}",
            "State Bottle Retail": lambda line: f"${plain(line.price)}",
            "Bottles Sold": lambda line: line.quantity,
            "Sale (Dollars)": lambda line: f"${plain(line.total)}",
            "Volume Sold (Liters)": lambda line: plain(line.quantity * Decimal("0.75")),
        },
        Clerk("Iowa", "US", "USD", columns={
            "sale_id": "Invoice/Item Number", "date": "Date", "store_id": "Store Number", "category": "Category Name",
            "product_id": "Item Number", "product_name": "Item Description", "unit_cost": "State Bottle Cost",
            "unit_price": "State Bottle Retail", "quantity": "Bottles Sold", "net_amount": "Sale (Dollars)"}, answers={
            "identity": "Invoice/Item Number", "date_order": "MDY", "amount": "net"}),
        traps=("total column with an odd name",),
    ).case(FAMILY)  # fmt: skip
    return [replace(classic, source="classic-models"), coffee, liquor, weekly(), retail()]


def weekly() -> Case:
    """Takings of a week and a store, without sale numbers or products."""
    lines = draw(Plan(706, sales=135, days=315, max_lines=1, stores=("1", "2", "3"), quantities=(800, 950, 1200)))
    columns: Columns = {
        "Store": lambda line: line.store,
        "Date": stamp("%d-%m-%Y"),
        "Weekly_Sales": lambda line: plain(line.total),
        "Holiday_Flag": lambda line: 0,
        "Temperature": lambda line: "42.31",
        "Fuel_Price": lambda line: "2.572",
        "CPI": lambda line: "211.0963582",
        "Unemployment": lambda line: "8.106",
    }
    clerk = Clerk("Mart", "US", "USD", columns={"store_id": "Store", "date": "Date", "net_amount": "Weekly_Sales"},
                  answers={"identity": "Store,Date", "date_order": "DMY", "amount": "net"})  # fmt: skip
    return Case("weekly-takings", FAMILY, "stores_weekly.csv", partial(delimited, lines, columns), clerk,
                truth_of(lines, "USD", sales=False, units=False), traps=("no sale numbers",),
                source="walmart-weekly")  # fmt: skip


def retail() -> Case:
    """Online retail: returns are invoices that start with C, prices as 2.55, numbers of customers as 17850.0."""
    lines = draw(Plan(707, sales=90, returned=0.1, quantities=(6, 12, 2, 1), first=536_365))
    columns: Columns = {
        "Invoice": lambda line: f"C{line.sale}" if line.status == "returned" else line.sale,
        "StockCode": lambda line: line.code,
        "Description": lambda line: line.product.upper(),
        "Quantity": lambda line: line.quantity,
        "InvoiceDate": stamp("%Y-%m-%d %H:%M:%S"),
        "Price": lambda line: plain(line.price),
        "Customer ID": lambda line: f"{17_000 + sum(map(ord, line.customer))}.0",
        "Country": lambda line: "United Kingdom",
    }
    clerk = Clerk("Gifts", "-", "GBP", "Europe/London", {
        "sale_id": "Invoice", "product_id": "StockCode", "product_name": "Description", "quantity": "Quantity",
        "date": "InvoiceDate", "unit_price": "Price", "customer_id": "Customer ID", "country": "Country"},
        answers={"identity": "Invoice", "prices": "net"})  # fmt: skip
    return Case("online-retail-ii", FAMILY, "online_retail_II.csv", partial(delimited, lines, columns), clerk,
                truth_of(lines, "GBP"), traps=("letters tell the returns",))  # fmt: skip


def cases() -> list[Case]:
    us = superstore("superstore-us", 701, "%-m/%-d/%Y", ".", ",", "cp1252", "USD")
    eu = superstore("superstore-eu-copy", 708, "%d/%m/%Y", ",", ";", "bom", "EUR")
    eu = replace(eu, encoding="utf-8-sig", source="superstore-eu")
    return [us, eu, replace(supermarket(), source="supermarket"), *more(), rents()]


def rents() -> Case:
    """A city's list of fees: amounts with dollar signs and commas, months as Feb-26."""
    lines = draw(Plan(709, sales=120, max_lines=1, quantities=(1,)))
    columns: Columns = {
        "RECEIPT_NO": lambda line: f"R{line.sale:07}",
        "PAID_DATE": stamp("%d-%b-%Y"),
        "FISCAL_YEAR": lambda line: "2025-26",
        "DEPARTMENT": lambda line: line.category,
        "FEE_DESCRIPTION": lambda line: line.product,
        "AMOUNT_PAID": lambda line: money(line.total, thousands=",", before="$"),
        "PAYMENT_STATUS": lambda line: "PAID",
    }
    clerk = Clerk("City", "US", "USD", columns={
        "sale_id": "RECEIPT_NO", "date": "PAID_DATE", "category": "DEPARTMENT", "product_name": "FEE_DESCRIPTION",
        "net_amount": "AMOUNT_PAID", "status": "PAYMENT_STATUS"}, status={"PAID": "completed"},
        answers={"identity": "RECEIPT_NO", "amount": "net", "language": "en", "date_order": "DMY"})  # fmt: skip
    return Case("city-fees", FAMILY, "fees.csv", partial(delimited, lines, columns), clerk,
                truth_of(lines, "USD", units=False), traps=("orders without lines",))  # fmt: skip
