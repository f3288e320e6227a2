"""平台介入 from the buyer's side: asking, proving, withdrawing, and reading the ruling (B14)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import reverse

from aftersales.enums import Party, Ruling, Stage, Status
from aftersales.models import Case, DecisionReason, User
from tests.buyers.conftest import Phone
from tests.factories import UserFactory, picture, upload

Read = Callable[[HttpResponse], str]
REASON = "商家说是开片工艺，可是裂纹用手摸得到，水会渗出来。"


@pytest.mark.parametrize(
    ("trait", "kind"), [("rejected", "refund_received"), ("refused_goods", "return_refund")]
)
def test_a_buyer_asks_the_platform_after_a_no(
    make_case: Callable[..., Case],
    at_phone: Phone,
    buyer: User,
    text_of: Read,
    trait: str,
    kind: str,
) -> None:
    """T-17, S-22, S-39, S-40, D11: why, what is wanted, proofs; and what comes then."""
    case = make_case(trait, type=kind)
    page = text_of(at_phone.look("ask_platform", case))
    assert "48 小时内" in page
    assert "11-25（周三）12:00" in page
    assert "预计 72 小时内" in page
    assert "11-26（周四）12:00" in page

    at_phone.send(
        *("ask_platform", case),
        **{"reason": REASON, "wants": "退全款，不退货", "proof_platform": picture()},
    )

    assert (case.status, case.stage) == (Status.PLATFORM_REVIEW, Stage.EVIDENCE)
    asked = case.interventions.get()
    assert (asked.asked_by, asked.reason, asked.wants) == (Party.BUYER, REASON, "退全款，不退货")
    assert case.evidence.filter(slot="platform").count() == 1
    event = case.events.last()
    assert (event.step, event.user) == ("ask_platform", buyer)
    shown = text_of(at_phone.look("case", case))
    assert REASON in shown
    assert "预计 11-26（周四）12:00 前出结果" in shown


@pytest.mark.parametrize(
    ("filled", "sentence"),
    [
        ({"reason": ""}, "请说明申请介入的理由"),
        ({"reason": "不讲理"}, "理由需 10 到 500 个字"),
        ({"reason": "长" * 501}, "最多 500 个字"),
        ({"wants": ""}, "请写明你希望的结果"),
    ],
)
def test_a_request_without_reason_or_wish_is_refused(
    make_case: Callable[..., Case],
    at_phone: Phone,
    text_of: Read,
    filled: dict[str, str],
    sentence: str,
) -> None:
    """S-40."""
    case = make_case("rejected")

    answer = at_phone.send("ask_platform", case, **({"reason": REASON, "wants": "退款"} | filled))

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert case.status == Status.REJECTED


@pytest.mark.parametrize("trait", ["", "waiting", "agreed", "under_review"])
def test_where_the_platform_cannot_be_asked_a_forged_request_is_refused(
    make_case: Callable[..., Case], at_phone: Phone, trait: str
) -> None:
    case = make_case(trait)
    before = (case.status, case.version)

    answer = at_phone.send("ask_platform", case, reason=REASON, wants="退款")

    assert answer.status_code == 409
    assert (case.status, case.version) == before


def test_after_the_period_to_answer_a_rejection_it_is_closed(
    make_case: Callable[..., Case], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """T-18, D6."""
    case = make_case("rejected")
    version = case.version
    now.shift(timedelta(days=7))

    answer = at_phone.send("ask_platform", case, reason=REASON, wants="退款", version=version)

    assert answer.status_code == 409
    assert "处理时限已过" in text_of(answer)
    assert case.status == Status.CLOSED_BUYER_TIMEOUT
    shown = text_of(at_phone.look("case", case))
    assert "商家驳回后，你没有在时限内申请平台介入" in shown
    assert reverse("buyers:record_complaint", args=[case.code]) in shown


def test_evidence_is_taken_until_the_window_closes(
    make_case: Callable[..., Case], at_phone: Phone, now: Any, text_of: Read
) -> None:
    """D11, lifecycle 1.6: late evidence is refused."""
    case = make_case("under_review")
    at_phone.send("add_evidence", case, proof_added=picture(), text="渗水的视频截图")
    assert case.evidence.filter(slot="added").count() == 1
    filed = case.evidence.filter(party="buyer", at__gte=case.evidence_from).count()
    told = dict(at_phone.look("case", case).context["page"].platform)
    assert told["你的举证"] == f"已提交 {filed} 份"

    now.shift(timedelta(hours=48))
    late = at_phone.send("add_evidence", case, proof_added=picture())

    assert late.status_code == 409
    assert case.evidence.filter(slot="added").count() == 1
    assert "举证已结束，平台正在判定" in text_of(at_phone.look("case", case))


def test_a_buyer_withdraws_his_request(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """T-19: back to where it was, with the time that was left."""
    case = make_case("under_review")
    page = text_of(at_phone.look("withdraw", case))
    assert "撤回后，平台不再判定这一单" in page
    assert "回到商家驳回之后，等你决定：至少到 11-30（周一）12:00" in page
    assert "逾期售后关闭" in page

    at_phone.send("withdraw", case)

    assert (case.status, case.stage) == (Status.REJECTED, Stage.WITHDRAWN)
    assert case.due_at is not None
    assert "商家驳回了你的申请" in text_of(at_phone.look("case", case))


def test_who_complained_of_what_came_is_told_where_withdrawing_leads(
    make_case: Callable[..., Case], at_phone: Phone, text_of: Read
) -> None:
    """T-19, D9: back to the look at the goods, which ends well by itself, not closed."""
    case = make_case("shipped_again", type="exchange")
    case.dispute_arrival(
        by=case.buyer,
        reason="换来的还是裂的，杯口一圈都有裂纹。",
        evidence={"arrived": [upload(case.buyer)]},
    )

    page = text_of(at_phone.look("withdraw", case))

    assert "回到等你确认收货" in page
    assert "售后自动完成" in page
    assert "售后关闭" not in page


def test_what_the_shop_asked_the_shop_withdraws(
    make_case: Callable[..., Case], at_phone: Phone, merchant: User, text_of: Read
) -> None:
    case = make_case("refused_goods", type="return_refund")
    case.ask_platform(by=merchant, reason="退回的商品有使用痕迹，请平台判定。")

    answer = at_phone.send("withdraw", case)

    assert answer.status_code == 409
    assert "只有申请介入的一方可以撤回" in text_of(answer)
    assert case.status == Status.PLATFORM_REVIEW


@pytest.mark.parametrize(
    ("ruling", "headline"),
    [
        (Ruling.FULL_REFUND, "退款中，¥128.00 原路退回"),
        (Ruling.DENY, "平台未支持你的申请"),
        (Ruling.RETURN_THEN_REFUND, "平台判定退货退款，请寄回"),
        (Ruling.EXCHANGE, "平台判定换货，请先寄回"),
    ],
)
def test_the_ruling_and_its_grounds_are_on_the_page(
    make_case: Callable[..., Case],
    at_phone: Phone,
    staff: User,
    now: Any,
    text_of: Read,
    ruling: Ruling,
    headline: str,
) -> None:
    """T-20, S-23: and other channels are named after it (S-24)."""
    case = make_case("under_review")
    now.shift(timedelta(hours=48))
    case.catch_up()
    case.rule(
        by=staff,
        ruling=ruling,
        responsible="buyer" if ruling == Ruling.DENY else "merchant",
        grounds="照片可见贯穿裂纹，商家的说明不成立。",
        freight="merchant" if ruling == Ruling.RETURN_THEN_REFUND else "",
    )

    shown = text_of(at_phone.look("case", case))

    assert headline in shown
    assert str(ruling.label) in shown
    assert "照片可见贯穿裂纹，商家的说明不成立。" in shown
    assert reverse("buyers:record_complaint", args=[case.code]) in shown


def test_what_the_shop_agreed_to_in_the_end_is_not_called_a_ruling(
    make_case: Callable[..., Case],
    at_phone: Phone,
    merchant: User,
    staff: User,
    now: Any,
    text_of: Read,
) -> None:
    """T-20, T-04: sent back to be handled anew, and then agreed."""
    case = make_case("under_review", type="return_refund")
    now.shift(timedelta(hours=48))
    case.catch_up()
    case.rule(
        by=staff, ruling="rehandle", responsible="none", grounds="事实不清，请商家重新核实再处理。"
    )
    case.agree_return(by=merchant, address=case.default_address())

    assert "商家同意退货，请寄回" in text_of(at_phone.look("case", case))


# Supplements, suspensions, execution and appeals --------------------------------------------------


@pytest.fixture
def deciding(make_case: Callable[..., Case], now: Any) -> Callable[..., Case]:
    def make(trait: str = "rejected", **given: Any) -> Case:
        case = make_case(trait, **given)
        now.shift(timedelta(minutes=1))
        case.ask_platform(by=case.buyer, reason=REASON)
        now.shift(timedelta(hours=48))
        case.catch_up()
        return case

    return make


GROUNDS = "照片可见贯穿裂纹，商家的说明不成立。"


def test_a_buyer_sees_that_the_shop_filed_but_not_what(
    make_case: Callable[..., Case], at_phone: Phone, merchant: User, now: Any, text_of: Read
) -> None:
    """§1.6, D11: its content is there when the window has closed."""
    case = make_case("rejected")
    now.shift(timedelta(minutes=1))
    case.ask_platform(by=case.buyer, reason=REASON)
    assert "商家还没有提交" in text_of(at_phone.look("case", case))
    piece = upload(merchant)
    case.add_evidence(by=merchant, evidence={"added": [piece]})
    shown = text_of(at_phone.look("case", case))
    assert "商家已提交 1 份，举证结束后可见" in shown
    assert piece.token not in shown + text_of(at_phone.look("record", case))
    assert at_phone.client.get(reverse("file", args=[piece.token])).status_code == 404
    now.shift(timedelta(hours=48))
    assert piece.token in text_of(at_phone.look("record", case))
    answer = at_phone.client.get(reverse("file", args=[piece.token]))
    assert b"".join(answer.streaming_content)


def test_a_supplement_is_asked_for_and_answered(
    deciding: Callable[..., Case], at_phone: Phone, staff: User, text_of: Read
) -> None:
    """D11: what, until when, what if not; the case waits for the buyer in his list."""
    case = deciding()
    case.ask_supplement(by=staff, of="buyer", what="请提供裂纹近照。")
    shown = text_of(at_phone.look("case", case))
    assert "平台请你补充凭证" in shown
    assert "平台要求你补充" in shown
    assert "请提供裂纹近照。" in shown
    assert "没有补充的后果由你承担" in shown
    assert case.code in text_of(at_phone.look("cases"))
    assert "请提供裂纹近照。" in text_of(at_phone.look("add_evidence", case))
    assert at_phone.send("add_evidence", case, proof_added=picture()).status_code == 302


def test_what_the_shop_is_asked_for_the_buyer_only_hears_of(
    deciding: Callable[..., Case], at_phone: Phone, staff: User, text_of: Read
) -> None:
    """D11: a forged answer is refused."""
    case = deciding()
    case.ask_supplement(by=staff, of="merchant", what="请提供打包视频。")
    assert "等商家补充凭证" in text_of(at_phone.look("case", case))
    answer = at_phone.send("add_evidence", case, proof_added=picture())
    assert answer.status_code == 409
    assert "平台没有请你补充凭证" in text_of(answer)


def test_a_suspension_is_told_and_nothing_is_offered(
    deciding: Callable[..., Case], at_phone: Phone, staff: User, text_of: Read
) -> None:
    """T-23: why, until when, and what then; a forged step is refused."""
    case = deciding()
    case.suspend(by=staff, because="court", note="买家已起诉到法院", proof="民初 123 号")
    shown = text_of(at_phone.look("case", case))
    assert "平台已中止处理" in shown
    assert "已向法院起诉" in shown
    assert "民初 123 号" in shown
    assert "到期自动恢复" in shown
    for step in ("withdraw", "cancel"):
        answer = at_phone.send(step, case)
        assert answer.status_code == 409
        assert "平台已中止处理这一单" in text_of(answer)
    assert at_phone.send("send_message", case, text="我们在谈").status_code == 302


def test_a_ruling_that_waits_for_the_shop_says_so(
    deciding: Callable[..., Case], at_phone: Phone, staff: User, shop: Any, text_of: Read
) -> None:
    """D12."""
    case = deciding(type="return_refund")
    shop.addresses.all().delete()
    case.rule(by=staff, ruling="return_then_refund", responsible="merchant", grounds=GROUNDS)
    shown = text_of(at_phone.look("case", case))
    assert "等商家提供退货地址" in shown
    assert "没有地址的直接退款 ¥128.00" in shown
    assert at_phone.send("cancel", case).status_code == 409


def test_a_denied_buyer_appeals_once(
    deciding: Callable[..., Case], at_phone: Phone, staff: User, text_of: Read, now: Any
) -> None:
    """T-25, D13: until when, what it takes; then that somebody else looks at it."""
    case = deciding()
    case.rule(by=staff, ruling="deny", responsible="none", grounds=GROUNDS)
    shown = text_of(at_phone.look("case", case))
    assert "前可申诉一次" in shown
    assert reverse("buyers:appeal", args=[case.code]) in shown
    assert GROUNDS in text_of(at_phone.look("appeal", case))

    without = at_phone.send("appeal", case, reason="检测报告证明是裂纹，请再看。")
    assert without.status_code == 422
    assert "检测报告证明是裂纹" in text_of(without)
    sent = at_phone.send(
        "appeal", case, reason="检测报告证明是裂纹，请再看。", proof_appeal=picture()
    )
    assert sent.status_code == 302
    assert case.stage == Stage.APPEAL
    assert "你的申诉正在复核" in text_of(at_phone.look("case", case))
    assert at_phone.send("appeal", case, reason="再来一次，请再看一看。").status_code == 409


def test_what_reviewers_consider_is_not_read_by_the_sides(
    deciding: Callable[..., Case], at_phone: Phone, staff: User, text_of: Read
) -> None:
    """T-25: a proposed reversal is nobody's business until two have agreed."""
    case = deciding()
    case.rule(by=staff, ruling="deny", responsible="none", grounds=GROUNDS)
    at_phone.send("appeal", case, reason="检测报告证明是裂纹，请再看。", proof_appeal=picture())
    other = UserFactory(is_staff=True)
    other.user_permissions.set(staff.user_permissions.all())
    case.propose_reversal(
        by=User.objects.get(pk=other.pk),
        responsible="merchant",
        amount=case.amount,
        grounds="检测报告成立，裂纹为出厂缺陷。",
    )
    shown = text_of(at_phone.look("case", case)) + text_of(at_phone.look("record", case))
    assert "出厂缺陷" not in shown
    assert "改判" not in shown
    assert "复核中" in shown
    case.reverse_ruling(by=staff)
    shown = text_of(at_phone.look("case", case)) + text_of(at_phone.look("record", case))
    assert "申诉成立，改判退款 ¥128.00" in shown


def test_a_request_that_is_not_heard_says_why(
    deciding: Callable[..., Case], at_phone: Phone, staff: User, text_of: Read
) -> None:
    """§1.6: and a new one takes something new."""
    case = deciding()
    row = DecisionReason.objects.get(code="DN-04")
    case.decline(by=staff, reason=row, grounds="申请里只要求三倍赔偿，不是退款。")
    shown = text_of(at_phone.look("case", case))
    assert row.label_zh in shown
    assert "申请里只要求三倍赔偿" in shown
    hero = shown.split('class="hero"')[1].split("</section>")[0]
    assert "平台没有受理上一次介入申请，理由见下面；有新的凭证可以再次申请" in hero
    asking = text_of(at_phone.look("ask_platform", case))
    assert "必传，1–3 张" in asking, "what it takes is not called optional"
    assert "上一次没有受理，这次需要平台还没看过的凭证" in asking
    again = at_phone.send("ask_platform", case, reason=REASON, wants="退款")
    assert again.status_code == 422
    assert "请上传介入凭证（1–3 张）" in text_of(again)
    assert REASON in text_of(again)
