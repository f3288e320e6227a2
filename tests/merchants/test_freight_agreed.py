"""退货退款，商家承担运费: picked up, or paid up to an agreed sum, from the offer to the payout (§2.6)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from aftersales.dossier.stages import rounds
from aftersales.enums import Purpose
from aftersales.models import DecisionReason
from aftersales.telling import said
from tests.aftersales.negotiation.talk import plan, refused, script
from tests.buyers.conftest import Phone
from tests.factories import upload

COVERED = {"plans": ["return_freight_covered"], "script": "SC-01"}
PICKED_UP = COVERED | {"pickup_return_freight_covered": "on"}
UP_TO_12 = COVERED | {"most_return_freight_covered": "12"}
R20 = {"type": "return_refund", "reason": "R20"}  # by rule the way back is the buyer's


@pytest.fixture
def accepted(make_case, at_desk, buyer):
    """The plan as filled in, offered on the merchant's page and accepted on the buyer's."""

    def made(filled):
        case, phone = make_case("checked", **R20), Phone(buyer)
        assert at_desk.send("negotiate", case, **filled).status_code == 302
        phone.send("accept_plan", case, offer=case.offers.get().pk)
        case.refresh_from_db()
        return case, phone

    return made


def test_the_buyer_reads_how_the_way_back_is_paid_before_he_accepts(
    make_case, at_desk, buyer, text_of
):
    """§2.6."""
    case, phone = make_case("checked", **R20), Phone(buyer)
    at_desk.send("negotiate", case, **UP_TO_12)
    url = reverse("buyers:accept_plan", args=[case.code])

    assert "运费最多 ¥12.00" in text_of(phone.look("case", case))
    asked = text_of(phone.client.get(url, {"offer": case.offers.get().pk}))
    assert "运费商家承担，凭寄件底单，最多 ¥12.00" in asked


@pytest.mark.parametrize(
    ("filled", "told"), [(PICKED_UP, "商家安排上门取件"), (UP_TO_12, "运费最多 ¥12.00")]
)
def test_how_the_way_back_is_paid_is_told_wherever_the_plan_is(
    filled, told, make_case, at_desk, buyer, text_of
):
    """§2.6: the preview, the wait, the card, both records and the dossier."""
    case, phone = make_case("checked", **R20), Phone(buyer)
    chip = f"退货退款，商家承担运费 ¥128.00：{told}"

    previewed = at_desk.send("negotiate", case, refresh="1", **filled)
    assert previewed.context["preview"].chips == [chip]
    at_desk.send("negotiate", case, **filled)
    assert at_desk.look("wait", case).context["sent_chips"] == [chip]
    assert told in text_of(phone.look("case", case))
    phone.send("accept_plan", case, offer=case.offers.get().pk)

    plan_ = f"退货退款，商家承担运费：{told}"
    kept = f"退货退款，商家承担运费 ¥128.00：{told}"
    record = text_of(at_desk.look("case", case))
    assert f"发送第 1 轮协商：{plan_}" in record
    assert f"接受方案：{kept}" in record
    assert f"你接受了方案：{kept}" in text_of(phone.look("record", case))
    assert told.removeprefix("运费最多 ") in str(rounds(case))
    for event in case.events.filter(step__in=("negotiate", "accept_plan")):
        read = dict(said(event.details, {}))
        assert told.removeprefix("运费最多 ") in str(read), event.step
        assert "return_freight_covered" not in str(read)


def test_what_is_agreed_limits_what_the_merchant_owes(accepted, at_desk, text_of, merchant):
    """§1.5, §2.6: the slip says 15, the plan says 12."""
    case, phone = accepted(UP_TO_12)
    assert "按约定最多 ¥12.00" in text_of(phone.look("send_back", case))
    case.send_back(by=case.buyer, carrier="中通快递", tracking="ZT8800000001")
    slip = {"freight": [upload(case.buyer)]}
    case.claim_freight(by=case.buyer, amount=Decimal("15.00"), evidence=slip)

    page = text_of(at_desk.look("settle_freight", case))
    more = at_desk.send("settle_freight", case, amount="15.00")
    at_desk.send("settle_freight", case, amount="12.00")

    assert "确认后从商家账户付给买家 ¥12.00" in page
    assert more.status_code == 422
    assert "应赔付 ¥12.00" in text_of(more)
    claim, payout = case.freight_claims.get(), case.refunds.get()
    assert (claim.paid, claim.most, claim.settled) == (
        Decimal("15.00"),
        Decimal("12.00"),
        Decimal("12.00"),
    )
    assert (payout.amount, payout.purpose) == (Decimal("12.00"), Purpose.FREIGHT)


def test_a_pick_up_is_the_merchants_to_arrange(accepted, at_desk, text_of):
    """§2.6: both sides read it, and the claim keeps it."""
    case, phone = accepted(PICKED_UP)

    assert "商家安排上门取件" in text_of(phone.look("send_back", case))
    assert "商家安排上门取件" in text_of(at_desk.look("case", case))
    case.send_back(by=case.buyer, carrier="中通快递", tracking="ZT8800000001")
    claim = case.freight_claims.get()
    assert (claim.payer, claim.pickup, claim.most) == ("merchant", True, None)


def test_a_pick_up_has_no_limit(make_case, at_desk, text_of):
    """§2.6."""
    case = make_case("checked", **R20)

    answer = at_desk.send("negotiate", case, **PICKED_UP | UP_TO_12)

    assert answer.status_code == 422
    assert "上门取件的运费由你直接付" in text_of(answer)
    assert not case.rounds.exists()


@pytest.mark.parametrize("most", ["0", "-3", "10000", "NaN", "abc", "1.234"])
def test_a_limit_is_a_sum_of_money(make_case, at_desk, most):
    """§2.6."""
    case = make_case("checked", **R20)

    answer = at_desk.send("negotiate", case, **UP_TO_12 | {"most_return_freight_covered": most})

    assert answer.status_code == 422
    assert not case.rounds.exists()


def test_no_limit_where_the_rules_put_the_whole_way_on_the_merchant(make_desk):
    """§1.5: for a fault of the goods the plan may not come to less than the rule."""
    desk = make_desk("checked", type="return_refund", reason="R1")
    offered = [plan("return_freight_covered", most="5.00")]

    with refused(desk.case, "不能设上限", field="most_return_freight_covered"):
        desk.negotiate(offers=offered, script=script("SC-04"))


def test_a_request_that_is_not_heard_leaves_the_agreement_as_it_was(accepted, staff, now):
    """§2.6, §1.6: only a ruling sets it aside."""
    case, phone = accepted(UP_TO_12)
    now.shift(timedelta(hours=1))
    grounds = "接管的原因已经消除，退回双方处理。"
    case.take_over(by=staff, grounds=grounds)
    case.decline(by=staff, reason=DecisionReason.objects.get(code="DN-07"), grounds=grounds)
    case.send_back(by=phone.user, carrier="中通快递", tracking="ZT8800000077")

    assert case.freight_claims.get().most == Decimal("12.00")
