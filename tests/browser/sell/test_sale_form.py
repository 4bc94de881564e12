"""The sale form in Chromium: scanned, by keyboard, on a phone; returns, corrections, and exact amounts."""

from decimal import ROUND_HALF_UP, Decimal
from random import Random

import pytest
from live_server import Served
from page_checks import OVERFLOW, PHONE
from playwright.sync_api import Browser, Page, expect
from seller_steps import complete, scan, sign_in, status, wait_for_revenue

pytestmark = pytest.mark.browser


def test_a_scanner_sells_and_a_second_scan_raises_the_quantity(page: Page, served: Served) -> None:
    sign_in(page, served)
    for code in ("P1", "P2", "P1"):
        scan(page, code)
    expect(page.get_by_label("Quantity of Kettle")).to_have_value("2")
    expect(page.locator("[data-part=sums]")).to_contain_text("280.50 INR")
    complete(page)
    status(page, "All sales are sent")
    wait_for_revenue(served, "561", page)
    assert served.page_errors == []


def test_a_sale_by_keyboard_alone_with_discount_and_tax(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.keyboard.type("toas")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Quantity of Toaster")).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Discount of Toaster")).to_be_focused()
    page.keyboard.type("10%")
    page.get_by_text("Receipt number, customer, tax, time").press("Enter")
    page.get_by_label("Tax, %").focus()
    page.keyboard.type("18")
    sums = page.locator("[data-part=sums]")
    for text in ("-24.15 INR", "217.35 INR", "39.12 INR", "256.47 INR"):
        expect(sums).to_contain_text(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-part=done]")).to_contain_text("256.47 INR")
    expect(page.get_by_label("Product, code, or barcode")).to_be_focused()
    wait_for_revenue(served, "497.85", page)
    assert served.page_errors == []


def test_a_mistake_is_shown_at_its_field_and_keeps_the_sale(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.get_by_role("button", name="Complete sale").click()
    expect(page.get_by_text("Add a product first.")).to_be_visible()
    scan(page, "4006381333931")
    expect(page.get_by_text("No product has “4006381333931”.")).to_be_visible()
    expect(page.get_by_role("option", name="Add the code")).to_be_visible()
    page.keyboard.press("Enter")  # the unlisted code
    expect(page.get_by_label("Price of 4006381333931")).to_be_focused()
    page.keyboard.type("1,234")
    page.get_by_role("button", name="Complete sale").click()
    expect(page.get_by_text("Correct the marked fields first.")).to_be_visible()
    expect(page.get_by_text("“1,234” can be read in two ways.")).to_be_visible()
    page.get_by_label("Price of 4006381333931").fill("12.34")
    page.reload()
    expect(page.get_by_label("Price of 4006381333931")).to_have_value("12.34")
    complete(page)
    wait_for_revenue(served, "292.84", page)


def test_the_options_of_a_scan_right_after_a_click_elsewhere_stay_open(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.locator("#sell-product").evaluate(
        "input => { input.blur(); input.focus(); input.value = 'X9'; input.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_timeout(500)  # longer than the list stays open after the field is left
    expect(page.get_by_role("option", name="Add the code")).to_be_visible()


def test_a_sale_is_corrected_returned_and_cancelled(page: Page, served: Served) -> None:
    page.on("dialog", lambda dialog: dialog.accept())
    sign_in(page, served)
    scan(page, "2*P2")
    complete(page)
    wait_for_revenue(served, "441.5", page)
    page.get_by_role("button", name="Correct W-").click()
    page.get_by_label("Quantity of Toaster").fill("3")
    complete(page, "Send correction")
    wait_for_revenue(served, "522", page)
    page.get_by_role("button", name="Return W-").click()
    page.get_by_label("Quantity of Toaster").fill("4")
    expect(page.get_by_text("At most 3 were sold.")).to_be_visible()
    page.get_by_label("Quantity of Toaster").fill("1")
    complete(page, "Complete return")
    expect(page.locator("[data-part=done]")).to_contain_text("-80.50 INR")
    wait_for_revenue(served, "441.5", page)
    page.get_by_role("button", name="Cancel sale W-").first.click()
    wait_for_revenue(served, "522", page)
    assert served.page_errors == []


def test_a_sale_of_a_file_is_returned_by_its_number(page: Page, served: Served) -> None:
    sign_in(page, served)
    page.get_by_label("Number of the sale").fill("A1")
    page.get_by_role("button", name="Find sale").click()
    expect(page.get_by_role("heading", name="Return of MUM01/A1")).to_be_visible()
    expect(page.get_by_role("button", name="Discard return")).to_be_visible()
    page.get_by_label("Quantity of Kettle").fill("1")
    expect(page.locator("[data-part=sums]")).to_contain_text("-118.00 INR")
    complete(page, "Complete return")
    wait_for_revenue(served, "180.5", page)
    page.get_by_label("Number of the sale").fill("A9")
    page.get_by_role("button", name="Find sale").click()
    expect(page.get_by_text("MUM01 has no sale A9")).to_be_visible()


def test_a_refused_sale_is_listed_with_the_reason_until_it_is_corrected(
    page: Page, served: Served, chromium: Browser
) -> None:
    other = chromium.new_context()
    for device, code in ((other.new_page(), "P1"), (page, "P2")):
        sign_in(device, served)
        scan(device, code)
        device.get_by_text("Receipt number, customer, tax, time").click()
        device.get_by_label("Receipt number", exact=True).fill("77")
        complete(device)
    other.close()
    status(page, "All sales are sent · 1 sale refused")
    expect(page.get_by_text("Another sale has the number 77.")).to_be_visible()
    wait_for_revenue(served, "380.5", page)
    page.get_by_role("button", name="Correct 77").click()
    page.get_by_label("Receipt number", exact=True).fill("78")
    complete(page, "Send correction")
    status(page, "All sales are sent")
    wait_for_revenue(served, "461", page)


def test_on_a_phone_nothing_is_wider_than_the_screen(page: Page, served: Served) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    sign_in(page, served)
    scan(page, "P1")
    complete(page)
    scan(page, "P2")
    page.get_by_text("Receipt number, customer, tax, time").click()
    assert page.evaluate(OVERFLOW) == ""
    page.emulate_media(media="print")
    expect(page.get_by_role("region", name="Receipt", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Complete sale")).to_be_hidden()
    assert served.page_errors == []


LINE = """(cases) => cases.map(([quantity, price, discount, rate, included, digits]) => {
  const line = {product_id: 'x', quantity, price, discount};
  if (sell.basket.mistakes(line).length) return null;
  const {net, tax, gross} = sell.basket.amounts(line, digits, {rate, included});
  return [net, tax, gross].map(sell.decimal.text);
})"""


def test_amounts_are_exact_and_rounded_half_away_from_zero(page: Page, served: Served) -> None:
    sign_in(page, served)
    random, cases, expected = Random(15), [], []
    for _ in range(3_000):
        digits, included = random.choice((0, 2, 3)), random.random() < 0.5
        quantity = Decimal(random.randint(1, 10**6)).scaleb(-random.randint(0, 3))
        price = Decimal(random.randint(0, 10**9)).scaleb(-random.randint(0, 4))
        percent, rate = Decimal(random.randint(0, 1000)) / 10, Decimal(random.randint(0, 300)) / 10
        cases.append([f"{quantity:f}", f"{price:f}", f"{percent:f}%", f"{rate:f}", included, digits])
        expected.append(_amounts(quantity, price, percent, rate, digits, included=included))
    actual = [one and tuple(map(Decimal, one)) for one in page.evaluate(LINE, cases)]
    assert actual == expected


def _amounts(
    quantity: Decimal, price: Decimal, percent: Decimal, rate: Decimal, digits: int, *, included: bool
) -> tuple[Decimal, Decimal, Decimal]:
    def rounded(value: Decimal) -> Decimal:
        billionths = value.quantize(Decimal("1e-9"), ROUND_HALF_UP)
        return billionths.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)

    total = rounded(quantity * price)
    after = total - rounded(total * percent / 100)
    if included:
        net = rounded(after * 100 / (100 + rate))
        return net, after - net, after
    tax = rounded(after * rate / 100)
    return after, tax, after + tax
