"""A form that fits itself to what was chosen, over a slow line: what is typed meanwhile stays."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from aftersales.models import Case, Shop, User
from tests.factories import OrderFactory
from tests.test_story import photo

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class SlowLine:
    """Holds back every refresh of a form until it is let through."""

    def __init__(self, page: Page, at: str = "**/apply/**") -> None:
        self.page, self.held = page, list[Route]()
        page.route(at, self.hold)

    def hold(self, route: Route) -> None:
        asked = route.request.post_data_buffer or b""
        if b'name="refresh"' in asked or b"refresh=1" in asked:
            self.held.append(route)
        else:
            route.continue_()

    def let_through(self) -> None:
        self.page.wait_for_timeout(50)
        while self.held:
            self.held.pop(0).continue_()

    def wait(self) -> None:
        """Until one is on its way."""
        for _ in range(100):
            if self.held:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("nothing was asked")


@pytest.fixture
def form(new_page: Callable[..., Page], buyer: User, shop: Shop) -> Page:
    order = OrderFactory(shop=shop, buyer=buyer)
    page = new_page(buyer, width=390)
    page.goto(reverse("buyers:apply_form", args=[shop.code, order.number, 1, "refund_received"]))
    return page


def test_words_typed_while_the_form_fits_itself_stay(form: Page) -> None:
    """Nothing typed is lost, however slow the line; the form fits itself afterwards."""
    line = SlowLine(form)
    form.select_option("[name=reason]", "R1")
    line.wait()

    form.locator("[name=description]").click()
    form.keyboard.type("杯口有裂纹")
    line.let_through()
    line.wait()  # asked again, with what was typed
    line.let_through()

    expect(form.locator("[name=why_close]")).to_have_count(1)
    expect(form.locator("[name=description]")).to_have_value("杯口有裂纹")
    expect(form.locator("[name=description]")).to_be_focused()


def test_an_amount_typed_while_the_form_fits_itself_is_the_buyers(form: Page) -> None:
    """The most for a piece is told; it does not take the place of what he asks for."""
    form.select_option("[name=reason]", "R1")
    expect(form.locator("[name=why_close]")).to_have_count(1)
    line = SlowLine(form)
    form.fill("[name=quantity]", "1")
    form.locator("[name=amount]").click()
    line.wait()

    form.fill("[name=amount]", "50")
    line.let_through()
    line.wait()
    line.let_through()

    expect(form.locator("#div_id_amount")).to_contain_text("最多 ¥64.00")
    expect(form.locator("[name=amount]")).to_have_value("50")


def test_of_two_reasons_chosen_quickly_the_second_is_chosen(form: Page) -> None:
    line = SlowLine(form)
    form.select_option("[name=reason]", "R1")
    line.wait()
    form.select_option("[name=reason]", "R7")
    line.let_through()
    form.wait_for_timeout(300)
    line.let_through()

    expect(form.locator("[name=why_goods]")).to_have_count(1)
    expect(form.locator("[name=reason]")).to_have_value("R7")


def test_a_picture_on_its_way_while_the_form_fits_itself_arrives(form: Page) -> None:
    form.select_option("[name=reason]", "R1")
    expect(form.locator("[name=why_close]")).to_have_count(1)
    uploads = list[Route]()
    form.route("**/files/stage/", lambda route: uploads.append(route))

    form.set_input_files("[name=proof_close]", photo())
    form.fill("[name=quantity]", "1")
    form.locator("[name=amount]").click()
    form.wait_for_timeout(1200)  # the form would have been made anew by now
    uploads.pop().continue_()

    expect(form.locator("[name=proof_close_kept]")).to_have_count(1)
    expect(form.locator("#div_id_amount")).to_contain_text("最多 ¥64.00")
    expect(form.locator("[name=proof_close_kept]")).to_have_count(1)


def test_a_number_typed_on_while_the_carrier_is_guessed_stays(
    new_page: Callable[..., Page], make_case: Callable[..., Case], buyer: User
) -> None:
    case = make_case("agreed", type="return_refund")
    page = new_page(buyer, width=390)
    page.goto(reverse("buyers:send_back", args=[case.code]))
    line = SlowLine(page, "**/send_back/**")
    page.fill("[name=tracking]", "SF1234567890")
    page.locator("[name=carrier]").focus()
    line.wait()
    page.fill("[name=tracking]", "SF1234567890123")
    line.let_through()
    page.wait_for_timeout(800)
    line.let_through()

    expect(page.locator("[name=tracking]")).to_have_value("SF1234567890123")
