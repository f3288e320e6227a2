"""The case page: where a case stands, until when, what can be done, and to whom it is shown."""

import pytest
from django.urls import reverse

from aftersales.enums import Permission, Status
from aftersales.models import Member

MOST_QUERIES = 8
TO_AGREE = 11  # beginning and end of the transaction included
STEPS = [
    "agree",
    "agree_return",
    "agree_refusal",
    "take_back",
    "undo",
    "confirm_receipt",
    "accept_counter",
    "improve_offer",
    "confirm_risks",
    "negotiate",
    "wait",
    "reject",
    "refuse_receipt",
    "rejected",
    "send_message",
    "add_evidence",
    "assign",
    "ask_platform",
    "withdraw",
    "peek",
    "case",
]


def answers(desk, case):
    """What each page of a step answers, by name: a look changes nothing."""
    return {name: desk.look(name, case).status_code for name in STEPS}


def test_another_shops_case_is_not_there(make_case, stranger, desk_of):
    assert answers(desk_of(stranger), make_case()) == dict.fromkeys(STEPS, 404)


def test_a_buyer_has_no_merchant_pages(make_case, buyer, desk_of):
    assert answers(desk_of(buyer), make_case()) == dict.fromkeys(STEPS, 404)


@pytest.mark.parametrize(
    "trait",
    ["", "checked", "waiting", "answered", "expired", "negotiated", "rejected", "agreed"],
)
def test_no_page_breaks_wherever_the_case_stands(make_case, at_desk, trait):
    assert set(answers(at_desk, make_case(trait)).values()) <= {200, 302}


@pytest.mark.parametrize("trait", ["", "agreed", "sent_back", "refused_goods"])
def test_no_page_breaks_in_a_return(make_case, at_desk, trait):
    case = make_case(trait, type="return_refund")

    assert set(answers(at_desk, case).values()) <= {200, 302}


@pytest.mark.parametrize("type", ["refund_unshipped", "refund_not_received"])
def test_every_kind_of_case_has_its_page(make_case, at_desk, type):
    case = make_case(type=type)

    assert at_desk.look("case", case).status_code == 200


def test_the_deadline_stands_twice_with_what_happens_then(make_case, at_desk, text_of):
    """S-19: remaining and absolute time, and for how much it lapses."""
    page = text_of(at_desk.look("case", make_case()))

    assert "处理剩余时间" in page
    assert "截止" in page
    assert "到期未处理，将按买家要求自动退款 ¥128.00；协商不会暂停这个时限。" in page


def test_the_real_phone_and_name_are_nowhere(make_case, at_desk, text_of):
    """NEG-23, S-73: the buyer's number, full name and address are in no HTML."""
    page = text_of(at_desk.look("case", make_case()))

    for secret in ("13812345678", "林溪树", "某路 9 号"):
        assert secret not in page
    assert "林**树" in page


def test_the_record_has_the_exact_words_and_the_evidence(make_case, at_desk, text_of):
    case = make_case("answered")

    page = text_of(at_desk.look("case", case))

    assert case.rounds.get().text in page
    assert "都不接受" in page
    assert "申请退款 ¥128.00" in page


def test_evidence_that_nobody_opened_says_so(make_case, at_desk, text_of):
    page = text_of(at_desk.look("case", make_case()))

    assert "未查看" in page


def test_opening_a_thumbnail_is_not_looking_at_evidence(make_case, at_desk):
    case = make_case()
    url = reverse("file", args=[case.evidence.first().upload.token])

    b"".join(at_desk.client.get(f"{url}?thumb=1").streaming_content)
    case.refresh_from_db()
    assert case.merchant_seen_at is None

    b"".join(at_desk.client.get(url).streaming_content)
    case.refresh_from_db()
    assert case.merchant_seen_at is not None


def test_after_a_decision_the_next_case_is_the_main_button(make_case, at_desk, text_of):
    done, waiting = make_case("agreed"), make_case()

    page = text_of(at_desk.look("case", done))

    assert "处理下一单（剩 1）" in page
    assert reverse("merchants:case", args=[waiting.code]) in page


def test_lapsed_time_acts_before_the_page_is_shown(make_case, at_desk, text_of, now):
    case = make_case()
    now.move_to(case.due_at)

    page = text_of(at_desk.look("case", case))

    assert "同意退款" in page
    assert "驳回退款</button>" not in page
    assert "退款中" in page


@pytest.mark.parametrize(
    ("name", "permission"),
    [
        ("agree", Permission.AGREE),
        ("negotiate", Permission.NEGOTIATE),
        ("confirm_risks", Permission.REJECT),
        ("reject", Permission.REJECT),
        ("send_message", Permission.NEGOTIATE),
        ("call", Permission.NEGOTIATE),
    ],
)
def test_who_lacks_the_permission_reads_which(make_case, at_desk, text_of, name, permission):
    """Sub-accounts with separate permissions; the engine and the page say the same."""
    case = make_case()
    Member.objects.update(permissions=[])

    answer = at_desk.send(name, case)

    assert answer.status_code == 403
    assert f"你没有“{permission.label}”权限" in text_of(answer)
    assert case.version == 1


def test_a_refused_button_stays_and_says_why(make_case, at_desk, text_of):
    case = make_case()
    Member.objects.update(permissions=["negotiate"])

    page = text_of(at_desk.look("case", case))

    assert 'aria-disabled="true"' in page
    assert "你没有“同意售后”权限" in page


def test_the_phone_is_told_that_the_tool_is_for_the_web(make_case, at_desk, text_of):
    """NEG-53, S-84."""
    page = text_of(at_desk.look("case", make_case()))

    assert "手机端暂未开放驳回协商，请在电脑网页端处理，敬请期待" in page


@pytest.mark.postgres
def test_a_long_case_asks_the_database_no_more_often(
    make_case, at_desk, django_assert_max_num_queries
):
    short, long = make_case(), make_case("answered")
    for number in range(4):
        long.send_message(by=long.buyer, text=f"还在等 {number}")
    at_desk.look("case", short)

    for case in (short, long):
        with django_assert_max_num_queries(MOST_QUERIES):
            at_desk.look("case", case)


@pytest.mark.postgres
def test_an_agreement_asks_the_database_no_more_than_it_must(
    make_case, at_desk, django_assert_max_num_queries
):
    case, given = make_case(), {"version": 1, "key": "a-click"}
    at_desk.look("case", case)

    with django_assert_max_num_queries(TO_AGREE):
        answer = at_desk.client.post(reverse("merchants:agree", args=[case.code]), given)

    assert answer.status_code == 302
    case.refresh_from_db()
    assert case.status == Status.REFUNDING


def test_the_lines_that_a_buyer_typed_stay_lines(make_case, at_desk, client, buyer):
    case = make_case(description="少了两样：\n杯垫\n<b>说明书")
    client.force_login(buyer)

    pages = [at_desk.look("case", case), at_desk.look("peek", case)]
    pages.append(client.get(reverse("buyers:case", args=[case.code])))

    for page in pages:
        assert "少了两样：<br>杯垫<br>&lt;b&gt;说明书" in page.content.decode()
