"""平台客服: where after-sales can't be applied for, or failed, the platform is asked (S-50)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission as AdminPermission
from django.test import Client
from django.urls import reverse

from aftersales.enums import OrderState, RequestState
from aftersales.models import Case, Notice, Order, ServiceMessage, ServiceRequest, User, Window
from aftersales.notices.delivering import send_mails
from aftersales.service import asking
from aftersales.steps import Refused
from tests.factories import Desk, OrderFactory, picture

ASKED = {"problem": "签收第二十天杯子自己裂了，商家不理我。", "wants": "换一只新的"}


@pytest.fixture
def late(shop: Any, buyer: User, now: Any) -> Order:
    """An order whose time for after-sales is over."""
    return OrderFactory(shop=shop, buyer=buyer, state=OrderState.CLOSED)


@pytest.fixture
def service(staff: User) -> User:
    """The reviewer, who may also answer requests."""
    staff.user_permissions.add(
        *AdminPermission.objects.filter(
            codename__in=["view_servicerequest", "answer_servicerequest"]
        )
    )
    return User.objects.get(pk=staff.pk)


def ask_url(order: Order) -> str:
    return reverse("buyers:ask_service", args=[order.shop.code, order.number, 1])


def ask(client: Client, order: Order, **given: Any) -> Any:
    client.force_login(order.buyer)  # type: ignore[arg-type]
    return client.post(ask_url(order), ASKED | {"key": "k1"} | given)


def answer(client: Client, service: User, asked: ServiceRequest, **given: Any) -> Any:
    client.force_login(service)
    page = reverse("admin:aftersales_servicerequest_change", args=[asked.pk])
    return client.post(page, {"text": "已联系商家，三天内给你换新。", "key": "a1"} | given)


# Asking -------------------------------------------------------------------------------------------


def test_the_order_leads_to_it_where_nothing_can_be_applied_for(
    late: Order, client: Client
) -> None:
    """S-50."""
    client.force_login(late.buyer)  # type: ignore[arg-type]
    for page in (
        reverse("buyers:orders"),
        reverse("buyers:order", args=[late.shop.code, late.number]),
    ):
        shown = client.get(page).content.decode()
        assert f'href="{ask_url(late)}">联系平台客服' in shown
    choose = reverse("buyers:apply", args=[late.shop.code, late.number, 1])
    assert ask_url(late) in client.get(choose).content.decode()


def test_what_is_wrong_and_wanted_reaches_the_platform_with_a_deadline(
    late: Order, now: Any, client: Client
) -> None:
    """S-50: 48 hours from asking, as the window row says."""
    response = ask(client, late, proof_files=picture())
    asked = ServiceRequest.objects.get()
    assert response.url == reverse("buyers:service_request", args=[asked.number])
    assert (asked.buyer, asked.line, asked.case) == (late.buyer, late.lines.get(), None)
    assert (asked.wants, asked.state) == (ASKED["wants"], RequestState.WAITING)
    assert asked.due_at - asked.at == timedelta(hours=48)  # type: ignore[operator]
    [message] = asked.messages.all()
    assert message.text == ASKED["problem"]
    assert message.files.count() == 1
    shown = client.get(response.url).content.decode()
    assert ASKED["problem"] in shown
    assert "待客服答复" in shown


def test_the_deadline_is_the_rows(late: Order, client: Client) -> None:
    Window.objects.filter(clock="service").update(minutes=60)
    ask(client, late)
    asked = ServiceRequest.objects.get()
    assert asked.due_at - asked.at == timedelta(hours=1)  # type: ignore[operator]


def test_a_failed_case_leads_to_it(make_desk: Callable[..., Desk], client: Client) -> None:
    """S-50: after-sales that failed; the request names the case."""
    desk = make_desk("rejected", type="refund_received")
    desk.case.cancel(by=desk.buyer)
    order = desk.case.order
    client.force_login(desk.buyer)
    shown = client.get(reverse("buyers:case", args=[desk.case.code])).content.decode()
    assert ask_url(order) in shown
    ask(client, order)
    assert ServiceRequest.objects.get().case == desk.case


def test_an_open_case_is_where_things_are_settled(
    make_desk: Callable[..., Desk], client: Client
) -> None:
    desk = make_desk("rejected", type="refund_received")
    response = ask(client, desk.case.order)
    assert response.status_code == 409
    shown = response.content.decode()
    assert "请在售后单里" in shown
    assert ASKED["problem"] in shown  # nothing typed is lost
    assert not ServiceRequest.objects.exists()


def test_who_can_apply_is_told_to_apply(shop: Any, buyer: User, client: Client) -> None:
    order = OrderFactory(shop=shop, buyer=buyer)
    assert "可以申请售后，请先申请" in ask(client, order).content.decode()
    assert not ServiceRequest.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"problem": ""}, "请填写遇到的问题"),
        ({"problem": "太短"}, "10 到 500 个字"),
        ({"problem": "长" * 501}, "最多 500 个字"),
        ({"wants": " "}, "请填写我希望的结果"),
        ({"wants": "长" * 201}, "最多 200 个字"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(
    late: Order, client: Client, given: dict[str, str], said: str
) -> None:
    response = ask(client, late, **given)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert not ServiceRequest.objects.exists()


def test_one_open_request_a_line(late: Order, service: User, client: Client) -> None:
    """A second click, or a second request, leads to the one that is open."""
    first, again = ask(client, late), ask(client, late, key="k2")
    assert first.url == again.url == client.get(ask_url(late)).url  # type: ignore[attr-defined]
    assert ServiceRequest.objects.count() == ServiceMessage.objects.count() == 1
    answer(client, service, ServiceRequest.objects.get(), close="on")
    assert ask(client, late, key="k3").url != first.url
    assert ServiceRequest.objects.count() == 2


def test_nobody_asks_without_end(shop: Any, buyer: User, now: Any, client: Client) -> None:
    for _ in range(asking.MOST_A_DAY):
        order = OrderFactory(shop=shop, buyer=buyer, state=OrderState.CLOSED)
        assert ask(client, order).status_code == 302
    last = OrderFactory(shop=shop, buyer=buyer, state=OrderState.CLOSED)
    assert "今天提交的工单太多了" in ask(client, last).content.decode()
    now.shift(timedelta(days=1))
    assert ask(client, last).status_code == 302


def test_nobody_writes_without_end(late: Order, client: Client) -> None:
    ask(client, late)
    asked = ServiceRequest.objects.get()
    page = reverse("buyers:service_request", args=[asked.number])
    answers = [
        client.post(page, {"text": f"再问一次 {n}", "key": f"m{n}"}).status_code
        for n in range(asking.MOST_AN_HOUR)
    ]
    assert answers == [302] * (asking.MOST_AN_HOUR - 1) + [422]


# Answering ----------------------------------------------------------------------------------------


def test_the_answer_reaches_the_buyer_with_a_notice(
    late: Order, service: User, client: Client, mailoutbox: list[Any]
) -> None:
    """S-50."""
    User.objects.filter(pk=late.buyer_id).update(email="linshu@example.com", language="en")
    ask(client, late)
    asked = ServiceRequest.objects.get()
    assert answer(client, service, asked).status_code == 302
    asked.refresh_from_db()
    assert (asked.state, asked.due_at) == (RequestState.ANSWERED, None)
    notice = Notice.objects.get(user=late.buyer)
    assert "已联系商家" in notice.text_zh
    assert send_mails() == 1
    assert asked.number in mailoutbox[0].subject
    client.force_login(late.buyer)  # type: ignore[arg-type]
    assert asked.number in client.get(reverse("notices")).content.decode()
    page = client.get(reverse("open_notice", args=[notice.pk])).url  # type: ignore[attr-defined]
    shown = client.get(page).content.decode()
    assert "已联系商家，三天内给你换新。" in shown
    assert "Answered" in shown  # his own language, as in the mail


def test_a_reply_makes_it_the_platforms_turn_again(
    late: Order, service: User, now: Any, client: Client
) -> None:
    ask(client, late)
    asked = ServiceRequest.objects.get()
    answer(client, service, asked)
    now.shift(timedelta(hours=5))
    client.force_login(late.buyer)  # type: ignore[arg-type]
    page = reverse("buyers:service_request", args=[asked.number])
    for _ in range(2):  # a double click says it once
        client.post(page, {"text": "商家还是没有消息", "key": "m1"})
    asked.refresh_from_db()
    assert asked.state == RequestState.WAITING
    assert asked.due_at == asked.at + timedelta(hours=5 + 48)
    assert [each.party for each in asked.messages.all()] == ["buyer", "staff", "buyer"]


def test_the_buyer_closes_it_when_it_is_solved(late: Order, client: Client) -> None:
    ask(client, late)
    asked = ServiceRequest.objects.get()
    close = reverse("buyers:close_service", args=[asked.number])
    assert "问题解决了，关闭工单？" in client.get(close).content.decode()
    asked.refresh_from_db()
    assert asked.state == RequestState.WAITING
    client.post(close)
    asked.refresh_from_db()
    assert (asked.state, asked.due_at) == (RequestState.CLOSED, None)
    page = reverse("buyers:service_request", args=[asked.number])
    response = client.post(page, {"text": "还有一句", "key": "m1"})
    assert response.status_code == 409
    assert "工单已关闭" in response.content.decode()
    assert client.get(close).url == page  # type: ignore[attr-defined]


def test_staff_see_the_longest_waiting_first_and_what_is_overdue(
    shop: Any, buyer: User, service: User, now: Any, client: Client
) -> None:
    """S-50: the queue by deadline; at the second of the deadline it is overdue."""
    numbers = []
    for _ in range(3):
        ask(client, OrderFactory(shop=shop, buyer=buyer, state=OrderState.CLOSED))
        numbers.append(ServiceRequest.objects.latest("pk").number)
        now.shift(timedelta(hours=1))
    answer(client, service, ServiceRequest.objects.get(number=numbers[0]))
    queue = reverse("admin:aftersales_servicerequest_changelist")

    shown = client.get(queue).content.decode()
    places = [shown.index(number) for number in (numbers[1], numbers[2], numbers[0])]
    assert places == sorted(places)
    late_ones = ServiceRequest.objects.get(number=numbers[1]).due_at
    now.move_to(late_ones - timedelta(seconds=1))  # type: ignore[operator]
    assert numbers[1] not in client.get(f"{queue}?overdue=yes").content.decode()
    now.move_to(late_ones)
    shown = client.get(f"{queue}?overdue=yes").content.decode()
    assert numbers[1] in shown
    assert numbers[2] not in shown
    assert "已逾期" in shown
    home = client.get(reverse("admin:index")).content.decode()
    assert "待答复工单" in home
    assert "逾期 1" in home


def test_who_may_only_look_cannot_answer(late: Order, service: User, client: Client) -> None:
    ask(client, late)
    asked = ServiceRequest.objects.get()
    service.user_permissions.remove(AdminPermission.objects.get(codename="answer_servicerequest"))
    assert answer(client, service, asked).status_code == 403
    assert asked.messages.count() == 1
    page = reverse("admin:aftersales_servicerequest_change", args=[asked.pk])
    assert "答复买家" not in client.get(page).content.decode()


def test_an_empty_answer_is_refused(late: Order, service: User, client: Client) -> None:
    ask(client, late)
    response = answer(client, service, ServiceRequest.objects.get(), text=" ")
    assert response.status_code == 422
    assert "请填写内容" in response.content.decode()
    assert not Notice.objects.exists()


def test_nobody_answers_himself(late: Order, client: Client) -> None:
    ask(client, late)
    with pytest.raises(Refused, match="不能答复自己"):
        asking.answer(ServiceRequest.objects.get(), by=late.buyer, text="好的")


# Whose it is --------------------------------------------------------------------------------------


def test_a_request_and_its_pictures_are_the_buyers_and_the_staffs(
    late: Order, service: User, merchant: User, stranger: User, client: Client
) -> None:
    ask(client, late, proof_files=picture())
    asked = ServiceRequest.objects.get()
    [file] = asked.messages.get().files.all()
    pages = [reverse("buyers:service_request", args=[asked.number]), ask_url(late)]
    for other in (merchant, stranger):
        client.force_login(other)
        for page in [*pages, reverse("file", args=[file.token])]:
            assert client.get(page).status_code == 404, (other, page)
        assert client.post(pages[0], {"text": "我也说一句"}).status_code == 404
        assert client.post(ask_url(late), ASKED).status_code == 404
    for one in (late.buyer, service):
        client.force_login(one)  # type: ignore[arg-type]
        shown: Any = client.get(reverse("file", args=[file.token]))
        assert len(b"".join(shown.streaming_content)) == file.size
    assert asked.messages.count() == 1


def test_the_list_shows_mine_the_open_ones_first(
    late: Order, shop: Any, buyer: User, stranger: User, client: Client
) -> None:
    page = reverse("buyers:service")
    client.force_login(buyer)
    assert "没有工单" in client.get(page).content.decode()
    ask(client, late)
    first = ServiceRequest.objects.get()
    asking.close(first, by=buyer)
    ask(client, OrderFactory(shop=shop, buyer=buyer, state=OrderState.CLOSED))
    second = ServiceRequest.objects.latest("pk")
    shown = client.get(page).content.decode()
    assert 0 < shown.index(second.number) < shown.index(first.number)
    client.force_login(stranger)
    assert first.number not in client.get(page).content.decode()


def test_an_answer_that_is_late_does_not_read_as_if_the_buyers_time_were_over(
    late: Order, client: Client, now: Any
) -> None:
    """S-50."""
    ask(client, late)
    asked = ServiceRequest.objects.get()
    now.move_to(asked.due_at + timedelta(hours=1))
    client.force_login(late.buyer)  # type: ignore[arg-type]
    for page in (
        reverse("buyers:service"),
        reverse("buyers:service_request", args=[asked.number]),
    ):
        assert "平台会尽快答复" in client.get(page).content.decode()


def test_help_says_how_and_leads_there(buyer: User, client: Client) -> None:
    """S-25."""
    client.force_login(buyer)
    shown = client.get(reverse("help")).content.decode()
    assert "联系平台客服" in shown
    assert reverse("buyers:service") in shown
    assert reverse("buyers:service") in client.get(reverse("buyers:home")).content.decode()


def test_the_forgotten_notice_of_a_case_still_leads_to_it(
    make_case: Callable[..., Case], buyer: User, client: Client
) -> None:
    case = make_case()
    event = case.events.get()
    notice = Notice.objects.create(
        user=buyer, case=case, event=event, party="buyer", text_zh="有更新", text_en="", at=case.at
    )
    client.force_login(buyer)
    answered: Any = client.get(reverse("open_notice", args=[notice.pk]))
    assert answered.url == reverse("buyers:case", args=[case.code])
    assert case.code in client.get(reverse("notices")).content.decode()


def test_staff_know_that_a_sentence_was_written_for_the_buyer(
    shop: Any, buyer: User, service: User, client: Client
) -> None:
    """你撤销过… stood beside the facts of the request, as if the reader had done it."""
    ask(client, OrderFactory(shop=shop, buyer=buyer, state=OrderState.CLOSED))
    client.force_login(service)
    asked = ServiceRequest.objects.get()

    page = client.get(reverse("admin:aftersales_servicerequest_change", args=[asked.pk])).text

    assert "买家看到的不能申请的原因" in page
