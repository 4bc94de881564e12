"""Orders of marketplaces in Asia and Latin America, and of a delivery service: TikTok, Shopee, Lazada, Mercado Libre,
Flipkart, Uber Eats."""

from dataclasses import replace
from decimal import Decimal

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import CENT, GOODS, Line, Plan, draw
from tests.strangers.shapes.shopify import sums
from tests.strangers.shapes.till import Till
from tests.strangers.tables import Columns, encoded, plain, stamp, text, whole

FAMILY = "marketplaces"


def tiktok() -> Case:
    """The second row describes the columns, and each amount has its currency."""
    plan = Plan(1009, sales=80, cancelled=0.08, discounted=0.3)
    totals = sums(draw(plan), lambda line: line.total)
    columns: Columns = {
        "Order ID": lambda line: 576_460_000_000_000_000 + line.sale,
        "Order Status": lambda line: "Canceled" if line.status == "cancelled" else "Completed",
        "Cancelation/Return Type": lambda line: "Cancel" if line.status == "cancelled" else "",
        "Normal or Pre-order": lambda line: "Normal",
        "SKU ID": lambda line: 1_729_000 + int(line.code[-2:]),
        "Seller SKU": lambda line: line.code,
        "Product Name": lambda line: line.product,
        "Quantity": lambda line: line.quantity,
        "Sku Quantity of return": lambda line: 0,
        "SKU Unit Original Price": lambda line: f"{plain(line.price)} GBP",
        "SKU Subtotal Before Discount": lambda line: f"{plain(line.full)} GBP",
        "SKU Platform Discount": lambda line: "0.00 GBP",
        "SKU Seller Discount": lambda line: f"{plain(line.discount)} GBP",
        "SKU Subtotal After Discount": lambda line: f"{plain(line.total)} GBP",
        "Shipping Fee After Discount": lambda line: "3.00 GBP",
        "Taxes": lambda line: "0.00 GBP",
        "Order Amount": lambda line: f"{plain(totals[line.sale] + 3)} GBP",
        "Created Time": stamp("%d/%m/%Y %H:%M:%S"),
        "Paid Time": stamp("%d/%m/%Y %H:%M:%S"),
        "Buyer Username": lambda line: line.customer,
    }
    clerk = Clerk("TikTok", "GB", "GBP", "Europe/London", answers={
        "identity": "Order ID", "amount": "net", "date_order": "DMY"})  # fmt: skip
    case = Till("tiktok-orders", "All order.csv", plan, columns, clerk).case(FAMILY)
    described = ["Platform unique order ID.", "The order status.", *[""] * (len(columns) - 2)]

    def build() -> bytes:
        header, rows = case.build().split(b"\r\n", 1)
        return b"\r\n".join((header, encoded(text([described])).rstrip(), rows))

    return replace(case, build=build)


def shopee() -> Case:
    """Whole rupiahs with dots, beside the total of the order."""
    goods = tuple((*good[:3], str(int(Decimal(good[3]) * 10_000))) for good in GOODS)
    plan = Plan(1008, sales=80, cancelled=0.08, goods=goods, unit=Decimal(1), discounted=0.3, quantities=(1, 2))
    totals = sums(draw(plan), lambda line: line.total)

    def rupiahs(amount: Decimal) -> str:
        return f"{int(amount):,}".replace(",", ".")

    columns: Columns = {
        "No. Pesanan": lambda line: f"2602{line.sale:06}XYZ",
        "Status Pesanan": lambda line: "Batal" if line.status == "cancelled" else "Selesai",
        "Waktu Pesanan Dibuat": stamp("%Y-%m-%d %H:%M"),
        "Waktu Pembayaran Dilakukan": stamp("%Y-%m-%d %H:%M"),
        "Nama Produk": lambda line: line.product,
        "Nomor Referensi SKU": lambda line: line.code,
        "Harga Awal": lambda line: rupiahs(line.price),
        "Harga Setelah Diskon": lambda line: rupiahs(line.total / line.quantity),
        "Jumlah": lambda line: whole(line.quantity),
        "Returned quantity": lambda line: "0",
        "Total Harga Produk": lambda line: rupiahs(line.total),
        "Total Diskon": lambda line: rupiahs(line.discount),
        "Ongkos Kirim Dibayar oleh Pembeli": lambda line: "9.000",
        "Total Pembayaran": lambda line: rupiahs(totals[line.sale] + 9000),
        "Username (Pembeli)": lambda line: line.customer,
    }
    mapped = {
        "sale_id": "No. Pesanan", "status": "Status Pesanan", "date": "Waktu Pesanan Dibuat", "discount": "-",
        "product_name": "Nama Produk", "product_id": "Nomor Referensi SKU", "quantity": "Jumlah", "tax": "-",
        "unit_price": "Harga Setelah Diskon", "net_amount": "Total Harga Produk", "customer_id": "Username (Pembeli)",
    }  # fmt: skip
    clerk = Clerk("Shopee", "ID", "IDR", "Asia/Jakarta", mapped, {"Batal": "cancelled", "Selesai": "completed"}, {
        "identity": "No. Pesanan", "amount": "net", "decimal": ",", "prices": "net"})  # fmt: skip
    return Till("shopee-orders", "Order.completed.20260203_20260418.csv", plan, columns, clerk,
                traps=("total of the sale in each line",)).case(FAMILY)  # fmt: skip


def lazada() -> Case:
    """One row for each unit, without a quantity."""
    plan = Plan(1010, sales=80, cancelled=0.08, quantities=(1,), discounted=0.3)
    columns: Columns = {
        "orderItemId": lambda line: 90_000_000 + line.sale * 10 + line.number,
        "orderType": lambda line: "Normal",
        "sellerSku": lambda line: line.code,
        "createTime": stamp("%d %b %Y %H:%M"),
        "updateTime": stamp("%d %b %Y %H:%M"),
        "orderNumber": lambda line: 7_000_000 + line.sale,
        "customerName": lambda line: line.customer,
        "paidPrice": lambda line: plain(line.total),
        "unitPrice": lambda line: plain(line.price),
        "sellerDiscountTotal": lambda line: plain(-line.discount),
        "shippingFee": lambda line: "2.50",
        "itemName": lambda line: line.product,
        "status": lambda line: "canceled" if line.status == "cancelled" else "delivered",
        "refundAmount": lambda line: "0.00",
    }
    mapped = {
        "line_key": "orderItemId", "product_id": "sellerSku", "date": "createTime", "sale_id": "orderNumber",
        "customer_name": "customerName", "net_amount": "paidPrice", "unit_price": "unitPrice",
        "discount": "sellerDiscountTotal", "product_name": "itemName", "status": "status",
    }  # fmt: skip
    clerk = Clerk("Lazada", "SG", "SGD", "Asia/Singapore", mapped,
                  {"canceled": "cancelled", "delivered": "completed"},
                  {"identity": "orderNumber", "amount": "net"})  # fmt: skip
    return Till("lazada-orders", "orders.csv", plan, columns, clerk, ";", units=False).case(FAMILY)


def mercado_libre() -> Case:
    """Dates in words, with the time after them; the payout beside the price of the goods."""
    plan = Plan(1007, max_lines=1, sales=100, cancelled=0.08)
    months = ["enero", "febrero", "marzo", "abril", "mayo"]

    def fee(line: Line) -> Decimal:
        return (line.full * Decimal("0.15")).quantize(CENT)

    def back(line: Line) -> Decimal:
        return line.full if line.status == "cancelled" else Decimal(0)

    columns: Columns = {
        "# de venta": lambda line: 2_000_000_000 + line.sale * 77,
        "Fecha de venta": lambda line: (
            f"{line.at.day} de {months[line.at.month - 1]} de {line.at.year} {line.at:%H:%M} hs."
        ),
        "Estado": lambda line: "Venta cancelada" if line.status == "cancelled" else "Entregado",
        "Unidades": lambda line: line.quantity,
        "Ingresos por productos (MXN)": lambda line: plain(line.full),
        "Cargo por venta e impuestos (MXN)": lambda line: plain(-fee(line)),
        "Costos de envío (MXN)": lambda line: "-4.90",
        "Anulaciones y reembolsos (MXN)": lambda line: plain(-back(line)),
        "Total (MXN)": lambda line: plain(line.full - fee(line) - Decimal("4.90") - back(line)),
        "SKU": lambda line: line.code,
        "Título de la publicación": lambda line: line.product,
        "Precio unitario de venta de la publicación (MXN)": lambda line: plain(line.price),
        "Comprador": lambda line: line.customer,
    }
    mapped = {
        "sale_id": "# de venta", "date": "Fecha de venta", "status": "Estado", "quantity": "Unidades",
        "net_amount": "Ingresos por productos (MXN)", "product_id": "SKU", "product_name": "Título de la publicación",
        "unit_price": "Precio unitario de venta de la publicación (MXN)", "customer_name": "Comprador",
    }  # fmt: skip
    clerk = Clerk("Mercado", "MX", "MXN", "America/Mexico_City", mapped,
                  {"Venta cancelada": "cancelled", "Entregado": "completed"}, {
                      "identity": "# de venta", "amount": "net", "prices": "net", "returns": "keep",
                      "subtract.Anulaciones y reembolsos (MXN)": "no"})  # fmt: skip
    return Till("mercado-libre-ventas", "Ventas_MX_Mercado_Libre.csv", plan, columns, clerk, ";").case(FAMILY)


def flipkart() -> Case:
    """Long names that repeat how each amount is computed; returned units are in rows of their own."""
    plan = Plan(1006, max_lines=1, sales=100, returned=0.12, taxed=True, rate=Decimal("0.18"), discounted=0.4)
    taxable, invoiced = (
        "Taxable Value (Final Invoice Amount -Taxes)",
        "Final Invoice Amount (Price after discount+Shipping Charges)",
    )
    columns: Columns = {
        "Seller GSTIN": lambda line: "29AAACX1234C1ZV",
        "Order ID": lambda line: f"OD{line.sale * 99_991}",
        "Order Item ID": lambda line: f"OI:{line.sale * 3_337}",
        "Product Title/Description": lambda line: line.product,
        "SKU": lambda line: line.code,
        "HSN Code": lambda line: "6912",
        "Event Type": lambda line: "Return" if line.status == "returned" else "Sale",
        "Order Type": lambda line: "Prepaid",
        "Order Date": stamp("%Y-%m-%d"),
        "Item Quantity": lambda line: whole(abs(line.quantity)),
        "Price before discount": lambda line: plain(line.full),
        "Total Discount": lambda line: plain(line.discount),
        "Price after discount (Price before discount-Total discount)": lambda line: plain(line.total),
        "Shipping Charges": lambda line: "0.0",
        invoiced: lambda line: plain(line.total),
        taxable: lambda line: plain(line.net),
        "IGST Rate": lambda line: "18.0",
        "IGST Amount": lambda line: plain(line.tax),
        "Buyer Invoice Date": stamp("%Y-%m-%d"),
    }
    mapped = {
        "sale_id": "Order ID", "line_key": "Order Item ID", "product_name": "Product Title/Description",
        "product_id": "SKU", "status": "Event Type", "date": "Order Date", "quantity": "Item Quantity",
        "discount": "Total Discount", "gross_amount": invoiced, "net_amount": taxable, "tax": "IGST Amount",
    }  # fmt: skip
    clerk = Clerk("Flipkart", "IN", "INR", "Asia/Kolkata", mapped, {"Sale": "completed", "Return": "returned"}, {
        "identity": "Order ID", "amount": "net"})  # fmt: skip
    return Till("flipkart-sales", "Sales Report.csv", plan, columns, clerk).case(FAMILY)


def uber_eats() -> Case:
    """The payout is less fees."""
    plan = Plan(1003, max_lines=1, sales=120, rate=Decimal("0.08"), cancelled=0.08)

    def fee(line: Line) -> Decimal:
        return (line.net * Decimal("0.3")).quantize(CENT)

    columns: Columns = {
        "Store Name": lambda line: line.store,
        "Order ID": lambda line: f"#{line.sale * 40_503:05X}",
        "Order Status": lambda line: "Cancelled" if line.status == "cancelled" else "Completed",
        "Order Date": stamp("%-m/%-d/%y"),
        "Order Accept Time": stamp("%-I:%M %p"),
        "Sales (excl. tax)": lambda line: plain(line.net),
        "Tax on sales": lambda line: plain(line.tax),
        "Sales (incl. tax)": lambda line: plain(line.gross),
        "Refunds (excl. tax)": lambda line: "0.00",
        "Marketplace Fee": lambda line: plain(-fee(line)),
        "Total payout": lambda line: plain(line.gross - fee(line)),
    }
    mapped = {
        "store_id": "Store Name", "sale_id": "Order ID", "status": "Order Status", "date": "Order Date",
        "time": "Order Accept Time", "net_amount": "Sales (excl. tax)", "tax": "Tax on sales",
        "gross_amount": "Sales (incl. tax)",
    }  # fmt: skip
    clerk = Clerk("Uber", "US", "USD", "America/New_York", mapped,
                  {"Cancelled": "cancelled", "Completed": "completed"},
                  {"identity": "Order ID", "date_order": "MDY", "amount": "net"})  # fmt: skip
    return Till("uber-eats-payments", "payment_details.csv", plan, columns, clerk, units=False).case(FAMILY)


def cases() -> list[Case]:
    return [tiktok(), shopee(), lazada(), mercado_libre(), flipkart(), uber_eats()]
