"""The work queue: by whose turn it is, the least time first; found, narrowed, and quick."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.models import Case, Member
from merchants import counting
from merchants.worklist import WorkList
from tests.factories import MemberFactory, OrderFactory
from tests.merchants.conftest import Desk

MOST_QUERIES = 5
COUNTING = 1


def codes(answer):
    return [row.code for row in answer.context["rows"]]


def test_the_least_time_stands_first(make_case, at_desk, now):
    """Sorted by time left."""
    early = make_case()
    now.shift(timedelta(hours=3))
    late = make_case()

    assert codes(at_desk.look("queue")) == [early.code, late.code]


def test_the_summary_counts_what_is_urgent_and_what_was_done_today(
    make_case, at_desk, text_of, now
):
    make_case()
    now.shift(timedelta(hours=47))
    make_case()

    handled = make_case("waiting")
    make_case("under_review")

    page = at_desk.look("queue")

    assert '待我处理 <b class="text-body" data-live="mine">2</b> 单' in text_of(page)
    assert '<b class="hot" data-live="urgent">1</b> 单 2 小时内到期' in text_of(page)
    assert '今日已处理 <span data-live="handled">2</span> 单' in text_of(page)
    assert "<title> (1) 售后工作台 · 售后台</title>" in text_of(page)

    now.shift(timedelta(days=1))
    handled.refresh_from_db()
    handled.send_message(by=handled.buyer, text="还在等")
    assert at_desk.look("queue").wsgi_request.counts["handled"] == 0


@pytest.mark.parametrize(
    ("trait", "given", "tab"),
    [
        ("", {}, "mine"),
        ("answered", {}, "mine"),
        ("waiting", {}, "reply"),
        ("rejected", {}, "reply"),
        ("agreed", {"type": "return_refund"}, "return"),
        ("sent_back", {"type": "return_refund"}, "receive"),
        ("under_review", {}, "platform"),
        ("agreed", {}, "refund"),
    ],
)
def test_a_case_stands_in_the_tab_of_whose_turn_it_is(make_case, at_desk, trait, given, tab):
    """One tab each, and the counts are those of the lists."""
    case = make_case(trait, **given)

    for each in ("mine", "reply", "return", "receive", "platform", "refund", "done"):
        answer = at_desk.look("queue", tab=each)
        assert codes(answer) == ([case.code] if each == tab else [])
    assert at_desk.look("queue").wsgi_request.counts[tab] == 1


def test_an_ended_case_is_among_the_done(make_case, at_desk):
    case = make_case()
    case.cancel(by=case.buyer)

    page = at_desk.look("queue", tab="done")

    assert codes(page) == [case.code]
    assert page.context["rows"][0].due == "12:00 完结"  # under the heading 剩余时间


def test_another_shops_cases_are_not_in_it(make_case, stranger, desk_of):
    """With data that could leak."""
    make_case()

    assert codes(desk_of(stranger).look("queue", tab="all")) == []


def test_a_row_says_it_in_two_lines(make_case, at_desk, text_of):
    case = make_case("waiting")

    row = at_desk.look("queue", tab="reply").context["rows"][0]

    assert row.goods == "青瓷开片手冲咖啡杯"
    assert row.amount == "128.00"
    assert row.proofs == "凭证 2"
    assert "等买家回复" in row.stage
    assert row.hint == "第一轮 · 到 13:00"
    assert row.sku.startswith(f"× {case.quantity} · 尾号 {case.code[-4:]} · ")  # the end may be cut


def test_a_lapsed_row_says_what_is_being_done(make_case, at_desk, text_of, now):
    """§1: after expiry never an empty cell."""
    case = make_case()
    now.move_to(case.due_at + timedelta(seconds=1))

    page = text_of(at_desk.look("queue"))

    assert "已到期" in page
    assert "正在按买家要求处理" in page


@pytest.mark.parametrize("how", ["code", "tail", "order", "tracking", "nick", "goods"])
def test_it_is_found_by(make_case, at_desk, shop, buyer, how):
    make_case()
    order = OrderFactory(
        shop=shop,
        buyer=buyer,
        buyer_nick="王小明",
        lines=[{"title": "竹编床头灯"}],
        number="999-888777",
    )
    case = make_case(order=order)
    words = {
        "code": case.code,
        "tail": case.code[-5:],
        "order": "999-888777",
        "tracking": order.parcels.get().tracking,
        "nick": "小明",
        "goods": "床头灯",
    }

    assert codes(at_desk.look("queue", tab="all", q=words[how])) == [case.code]


def test_many_numbers_are_pasted_at_once(make_case, at_desk, text_of):
    """By new lines, commas or blanks, of whatever kind; what no case answers to is named."""
    cases = [make_case("sent_back", type="return_refund"), *(make_case() for _ in range(3))]
    numbers = [
        cases[0].return_tracking.lower(),
        cases[1].code,
        cases[2].order.number,
        cases[3].order.parcels.first().tracking,
    ]
    pasted = f"{numbers[0]}\r\n{numbers[1]}，{numbers[2]} {numbers[3]}, SF00000001、AS1999"

    answer = at_desk.look("queue", tab="all", q=pasted)

    assert set(codes(answer)) == {case.code for case in cases}
    assert answer.context["not_found"] == ["SF00000001", "AS1999"]
    assert "没找到 2 个" in text_of(answer)


def test_words_are_not_missed_as_numbers(make_case, at_desk):
    assert at_desk.look("queue", tab="all", q="青瓷 开片 杯子").context["not_found"] == []


def test_nothing_found_is_not_nothing_to_do(make_case, at_desk, text_of):
    make_case("waiting")
    page = text_of(at_desk.look("queue"))
    assert "都处理完了，没有等你处理的售后单。下一单最早 11-25 12:00 到期（等买家回复）" in page
    make_case()
    page = text_of(at_desk.look("queue", type="return_refund"))
    assert "没有符合条件的售后单" in page
    assert "清除筛选" in page


def test_pages_follow_each_other_without_a_gap(make_case, at_desk, now):
    Member.objects.update(page_size=2)
    cases = [make_case().code for _ in range(5)]

    seen, answer = [], at_desk.look("queue")
    while True:
        seen += codes(answer)
        if not answer.context["next_url"]:
            break
        answer = at_desk.client.get(reverse("merchants:queue") + answer.context["next_url"])

    assert seen == cases


@pytest.mark.parametrize(
    ("sort", "wanted"),
    [
        ("", ["old", "dear", "moved"]),
        ("new", ["moved", "dear", "old"]),
        ("amount", ["dear", "moved", "old"]),
        ("moved", ["moved", "old", "dear"]),
    ],
)
def test_the_order_is_a_choice(make_case, at_desk, shop, buyer, now, sort, wanted):
    """By time left, applied, amount (of goods asked for: what was paid for them), or moved."""
    known = {}
    for name, paid, kind in (
        ("old", 20, {}),
        ("dear", 200, {"type": "exchange"}),
        ("moved", 90, {}),
    ):
        order = OrderFactory(shop=shop, buyer=buyer, paid=Decimal(paid), goods_total=Decimal(paid))
        known[make_case(order=order, **kind).code] = name
        now.shift(timedelta(minutes=5))
    for name in ("old", "moved"):
        case = Case.objects.get(code=next(code for code, each in known.items() if each == name))
        case.send_message(by=buyer, text="请尽快处理")
        now.shift(timedelta(minutes=1))
    Member.objects.update(page_size=2)

    first = at_desk.look("queue", sort=sort)
    second = at_desk.client.get(reverse("merchants:queue") + first.context["next_url"])

    assert [known[code] for code in codes(first) + codes(second)] == wanted


def test_the_size_of_a_page_is_remembered(make_case, at_desk, merchant):
    at_desk.look("queue", size=50)
    assert Member.objects.get(user=merchant).page_size == 50

    at_desk.look("queue", size=7000)

    assert at_desk.look("queue").context["page_size"] == 50


@pytest.mark.parametrize("sort", ["new", "amount"])
@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "~", "2026-99-99~5", "2026-01-01~5", "x~5", f"1~{10**30}"]
)
def test_a_broken_cursor_starts_from_the_beginning(make_case, at_desk, sort, cursor):
    case = make_case()

    assert codes(at_desk.look("queue", sort=sort, after=cursor)) == [case.code]


def test_the_queries_do_not_grow_with_the_rows(make_case, at_desk, django_assert_max_num_queries):
    """Wherever the cases stand, for each shows something else."""
    traits = ["", "answered", "waiting", "rejected", "agreed", "under_review", "cancelled"]
    given: list[dict[str, str]] = [{}, {"type": "return_refund"}, {"type": "exchange"}]
    for number, trait in enumerate(traits):
        case = make_case(trait, **given[number % 2 if trait != "agreed" else 0])
        case.shop.tags.create(name=f"标签{number}").cases.add(case)
    for type_ in given[1:]:
        make_case("agreed", **type_)
        make_case("sent_back", **type_)
    at_desk.look("queue")

    for tab in ("mine", "all"):
        with django_assert_max_num_queries(MOST_QUERIES + (tab == "all")) as seen:
            few = at_desk.look("queue", tab=tab)
        assert isinstance(seen, CaptureQueriesContext)
    assert len(codes(few)) == len(traits) + 4


def test_the_numbers_take_as_many_queries_however_many_tabs(make_case, merchant):
    for trait in ("", "answered", "waiting", "under_review"):
        make_case(trait)
    member = Member.objects.get(user=merchant)

    with CaptureQueriesContext(connection) as seen:
        counts = counting.numbers_of(member, None)

    assert len(seen) == COUNTING
    assert (counts["mine"], counts["reply"], counts["platform"]) == (2, 1, 1)


def test_beyond_a_thousand_a_number_says_that_it_is_more(make_case, at_desk, text_of, monkeypatch):
    monkeypatch.setattr(counting, "MOST", 2)
    for _number in range(2):
        make_case()
    make_case("waiting")
    assert at_desk.look("queue").wsgi_request.counts["mine"] == 2

    make_case("answered")

    page = at_desk.look("queue")
    counts = page.wsgi_request.counts
    assert (counts["mine"], counts["urgent"], counts["reply"]) == ("2+", 0, 1)
    assert (counts["unseen"], counts["assigned"]) == ("2+", "0+")
    assert "共 2+ 单" in text_of(page)
    assert "共 2+ 单" in text_of(at_desk.look("queue", tab="all"))


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("tab=mine", "case_queue"),
        ("tab=mine&soon=on", "case_queue"),
        ("tab=all", "case_recent"),
        ("tab=all&sort=moved", "case_moved"),
    ],
)
def test_a_list_is_read_off_an_index(make_case, merchant, query, index):
    """In its order, so that a long list costs what its first page costs."""
    make_case()
    member = Member.objects.get(user=merchant)
    work = WorkList(QueryDict(query), member, [member])

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    plan = work.cases.order_by(*work.order)[:21].explain()

    assert f"Index Scan using {index}" in plan or f"Index Scan Backward using {index}" in plan


def test_a_whole_number_is_found_without_reading_all_that_is_there(make_case, at_desk):
    """Words within are looked for only where no number is meant."""
    case = make_case("sent_back", type="return_refund")
    for word in (case.code, case.order.number, case.return_tracking):
        with CaptureQueriesContext(connection) as caught:
            assert codes(at_desk.look("queue", tab="all", q=word)) == [case.code]
        assert not [each for each in caught.captured_queries if "UPPER(" in each["sql"]]
    assert codes(at_desk.look("queue", tab="all", q=case.line.title[1:4])) == [case.code]


def test_the_quick_view_shows_the_claim(make_case, at_desk, text_of):
    case = make_case()

    page = text_of(at_desk.look("peek", case))

    for said in (case.description, "质量问题（肉眼可见）", "¥128.00", "本人签收"):
        assert said in page


def test_the_quick_view_says_where_there_is_no_proof(make_case, at_desk, text_of):
    case = make_case(type="refund_unshipped")
    assert "买家没有上传凭证" in text_of(at_desk.look("peek", case))


def test_a_member_of_two_shops_chooses(make_case, merchant, text_of):
    make_case()
    other = MemberFactory(user=merchant, shop__name="木里灯具").shop
    desk = Desk(merchant)

    assert len(codes(desk.look("queue"))) == 1
    desk.post("shop", shop=other.pk)
    assert codes(desk.look("queue")) == []
    assert "木里灯具" in text_of(desk.look("queue"))


def test_a_case_of_ones_other_shop_is_shown_in_that_shop(make_case, merchant, text_of):
    case = make_case()
    MemberFactory(user=merchant, shop__name="木里灯具")
    desk = Desk(merchant)
    desk.look("queue", shop="none")

    page = desk.look("case", case)

    assert page.wsgi_request.shop == case.shop
    assert Case.objects.get().shop == page.wsgi_request.shop


def test_nobody_chooses_a_shop_that_is_not_his(shop, stranger, desk_of):
    assert desk_of(stranger).post("shop", shop=shop.pk).status_code == 404


def test_who_has_no_shop_finds_nothing(buyer, desk_of):
    assert desk_of(buyer).look("queue").status_code == 404


def test_who_is_not_signed_in_is_led_to_the_door(client, shop):
    answer = client.get(reverse("merchants:queue"))

    assert answer.status_code == 302
    assert "/accounts/login/" in answer.url
