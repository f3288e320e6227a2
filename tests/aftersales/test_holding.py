"""货款: held while a case is open, released when it ends, less what went back (T-01, T-02)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from aftersales.admin.people import reviewers_group
from aftersales.enums import Status
from aftersales.holding import held_of
from aftersales.models import Case, User
from aftersales.payments.paying import pay_due
from tests.factories import OrderFactory, application_for

pytestmark = pytest.mark.django_db


def told(case: Case) -> str:
    return held_of([case.line])[case.line_id].told


def test_an_open_case_holds_the_payment_and_its_end_releases_it(
    make_case: Callable[..., Case], buyer: User
) -> None:
    """T-01, T-02."""
    case = make_case()
    assert told(case) == "¥128.00 暂不结算，售后结束后放行"
    case.cancel(by=buyer)
    assert told(case) == "¥128.00 可结算"


def test_what_went_back_is_taken_off(shop: Any, buyer: User, merchant: User) -> None:
    """T-24: held until the money has arrived, then the rest is the shop's."""
    order = OrderFactory(shop=shop, buyer=buyer)
    given = application_for(order, amount=Decimal("28.00"))
    case = Case.apply(order.lines.get(), given, by=buyer)
    case.agree(by=merchant)
    assert told(case) == "¥100.00 暂不结算，售后结束后放行"
    pay_due()
    case.refresh_from_db()
    assert case.status == Status.REFUNDED
    assert told(case) == "¥100.00 可结算（已扣退款 ¥28.00）"


def test_nothing_is_said_to_be_held_where_all_goes_back(
    make_case: Callable[..., Case], merchant: User
) -> None:
    """T-24: it said ¥0.00 was held until the end."""
    case = make_case()
    case.agree(by=merchant)
    assert told(case) == "已全部退给买家，没有可结算的货款"
    pay_due()
    assert told(case) == "已全部退给买家，没有可结算的货款"


def test_a_line_without_a_case_is_held_by_nothing(
    shop: Any, buyer: User, django_assert_num_queries: Any
) -> None:
    order = OrderFactory(shop=shop, buyer=buyer, lines=[{}, {"title": "茶匙"}])
    first, second = order.lines.all()
    Case.apply(first, application_for(order, line=first), by=buyer)
    with django_assert_num_queries(1):
        assert set(held_of([first, second])) == {first.pk}


def test_merchant_and_staff_see_it(
    make_case: Callable[..., Case], client: Client, merchant: User, staff: User
) -> None:
    """T-01: on the case's page, the order's, and in the back office."""
    case = make_case()
    staff.groups.set([reviewers_group()])
    sentence = "¥128.00 暂不结算，售后结束后放行"
    pages = {
        merchant: [
            reverse("merchants:case", args=[case.code]),
            reverse("merchants:order", args=[case.order.number]),
        ],
        staff: [
            reverse("admin:aftersales_case_change", args=[case.pk]),
            reverse("admin:aftersales_order_change", args=[case.order_id]),
        ],
    }
    for user, urls in pages.items():
        client.force_login(user)
        for url in urls:
            assert sentence in client.get(url).content.decode(), url
