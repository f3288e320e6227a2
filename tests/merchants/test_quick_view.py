"""快速查看 (M2p): the easy cases are decided beside the queue, without another page."""

from datetime import timedelta

import pytest
from django.urls import reverse

from aftersales.enums import Status

UNDERWAY = ".htmx-request, .htmx-swapping, .htmx-settling"
IN_VIEW = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "peek"}


def test_agreeing_is_asked_in_the_quick_view_itself(make_case, at_desk):
    """M3: what it does and for how much, without the frame of a page."""
    case = make_case()
    url = reverse("merchants:agree", args=[case.code])
    peek = at_desk.look("peek", case).content.decode()
    assert f'hx-get="{url}"' in peek

    asked = at_desk.client.get(url, **IN_VIEW).content.decode()

    assert "同意退款 ¥128.00？" in asked
    assert case.code in asked
    assert case.line.title in asked
    assert "<main" not in asked
    assert "协商记录" not in asked
    assert f'action="{url}"' in asked
    assert reverse("merchants:peek", args=[case.code]) in asked  # the way back


def test_agreed_there_one_is_back_at_the_list_at_the_next_row(make_case, at_desk, now):
    first = make_case()
    now.shift(timedelta(minutes=1))
    second = make_case()

    answer = at_desk.send("agree", first, stay="1")

    assert answer.headers["Location"] == f"{reverse('merchants:queue')}#{second.code}"
    assert first.status == Status.REFUNDING
    assert "撤销" in at_desk.look("queue").content.decode()


def test_the_list_and_its_page_are_kept(make_case, at_desk, now):
    first = make_case()
    now.shift(timedelta(minutes=1))
    second = make_case()
    url = reverse("merchants:agree", args=[first.code]) + "?list=tab%3Dall%26sort%3Ddue"

    hidden = {"version": first.version, "key": "k", "stay": "1"}
    answer = at_desk.client.post(url, hidden)

    queue = reverse("merchants:queue")
    assert answer.headers["Location"] == f"{queue}?tab=all&sort=due#{second.code}"


def test_the_last_of_the_list_leads_to_the_list(make_case, at_desk):
    answer = at_desk.send("agree", make_case(), stay="1")

    assert answer.headers["Location"] == reverse("merchants:queue")


def test_what_is_refused_there_is_a_whole_page(make_case, at_desk, text_of):
    case = make_case()
    seen = case.version
    at_desk.send("send_message", case, text="您好，方便再拍一张吗？")

    answer = at_desk.send("agree", case, version=seen, stay="1")

    assert answer.status_code == 409
    assert "协商记录" in text_of(answer)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_queue_is_decided_without_leaving_it(make_case, merchant, new_page, now):
    """g asks and commits nothing; Enter agrees; the next row is chosen (ux 2.5)."""
    first = make_case()
    now.shift(timedelta(minutes=1))
    second = make_case()
    make_case()
    page = new_page(merchant)
    with page.expect_response(f"**/{first.code}/peek/"):  # as the page opens, of its own accord
        page.goto(reverse("merchants:queue"))
    page.locator(f"#peek:not({UNDERWAY})", has_text=first.code).wait_for()
    with page.expect_response(f"**/{first.code}/peek/"):
        page.keyboard.press("j")
    page.locator(f"#peek:not({UNDERWAY})", has_text=first.code).wait_for()

    page.keyboard.press("g")
    page.locator(f"#peek:not({UNDERWAY})", has_text="同意退款 ¥128.00？").wait_for()
    first.refresh_from_db()
    assert first.status == Status.PENDING_MERCHANT
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/merchant/#{second.code}")
    chosen = page.locator(".cases tr[aria-selected=true]")
    assert chosen.get_attribute("id") == second.code
    page.locator("#peek", has_text=second.code).wait_for()
    first.refresh_from_db()
    assert first.status == Status.REFUNDING


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_g_is_never_for_the_row_before(make_case, merchant, new_page, now):
    """While the next row is loading, the quick view still shows the one before."""
    first = make_case()
    now.shift(timedelta(minutes=1))
    second = make_case()
    page = new_page(merchant)
    page.goto(reverse("merchants:queue"))
    page.locator("#peek", has_text=first.code).wait_for()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(f"**/{second.code}/peek/**", lambda route: None)

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("g")
    page.locator("#peek.htmx-request").wait_for()
    page.keyboard.press("g")

    assert not [url for url in asked if "/agree/" in url]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_who_is_signed_out_meanwhile_is_told_so(make_case, merchant, new_page):
    case = make_case()
    page = new_page(merchant)
    page.goto(reverse("merchants:queue"))
    page.locator("#peek", has_text=case.code).wait_for()
    page.context.clear_cookies()

    page.keyboard.press("j")

    page.locator(".toast-x", has_text="登录已过期，请刷新页面，重新登录后继续。").wait_for()
    assert case.code in page.locator("#peek").inner_text()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_quick_view_is_of_the_row_that_one_comes_back_to(make_case, merchant, new_page, now):
    """It showed the first row of the list beside another one that was chosen: g was for the wrong case."""
    make_case()
    now.shift(timedelta(minutes=1))
    second = make_case()
    page = new_page(merchant)

    page.goto(f"{reverse('merchants:queue')}#{second.code}")

    page.locator("#peek", has_text=second.code).wait_for(timeout=5000)
