"""风险提示 on what people did: evidence, complaints and the shop's own past (RW-11 to RW-16, RW-20)."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Severity
from aftersales.figures import rolling
from aftersales.models import Case, OrderLine, Risk
from aftersales.models.figures import NEVER, DayFigure, Measure, RolledDay
from tests.aftersales.negotiation.talk import (
    DAY,
    HOUR,
    found,
    plan,
    refused,
    script,
    set_threshold,
)
from tests.factories import upload


def look_at_evidence(case):
    Case.objects.filter(pk=case.pk).update(merchant_seen_at=clock.now())


def add_evidence(desk, count=1):
    desk.case.add_evidence(
        by=desk.buyer, evidence={"added": [upload(desk.buyer) for _ in range(count)]}
    )


# RW-11, RW-12 凭证


def test_rw_11_counts_the_evidence_nobody_has_looked_at(make_desk, now):
    desk = make_desk()
    now.shift(HOUR)
    count = desk.case.evidence.count()
    add_evidence(desk, 2)

    warning = found(desk.case)["RW-11"]

    assert warning.severity == Severity.CONFIRM
    assert warning.facts == f"买家 13:00 上传的 {count + 2} 份凭证还没有查看"


def test_rw_11_is_silent_once_a_member_has_looked(make_case):
    case = make_case()
    look_at_evidence(case)

    assert "RW-11" not in found(case)


def test_rw_11_ticked_asks_again_when_more_evidence_arrives(make_desk, now):
    desk = make_desk("checked")
    assert "RW-11" in desk.case.ticks()
    now.shift(timedelta(minutes=5))
    add_evidence(desk)

    with refused(desk.case, "凭证还没有查看", field="risk_RW-11"):
        desk.negotiate(risks=[])

    desk.negotiate(risks=["RW-11"])
    assert desk.case.rounds.count() == 1


def test_rw_12_names_the_invitation_and_what_came(make_desk, now):
    """NEG-35."""
    desk = make_desk("checked")
    look_at_evidence(desk.case)
    desk.negotiate(offers=[plan("invite_evidence")], script=script("SC-05"))
    now.shift(timedelta(minutes=20))
    add_evidence(desk, 2)

    warning = found(desk.case)["RW-12"]

    assert warning.severity == Severity.CONFIRM
    assert warning.facts == "你 12:00 邀请买家举证，买家已于 12:20 补充 2 份，尚未打开"
    with refused(desk.case, "邀请买家举证", field="risk_RW-12"):
        desk.negotiate(risks=["RW-09", "RW-11"])

    look_at_evidence(desk.case)
    assert not {"RW-11", "RW-12"} & found(desk.case).keys()


def test_rw_12_is_silent_when_nothing_was_asked_for(make_desk):
    assert "RW-12" not in found(make_desk("waiting").case)


# RW-13, RW-14, RW-15 the shop's past


def test_rw_13_counts_the_same_fault_of_the_same_goods(make_desk):
    case = make_desk().case
    make_desk()
    make_desk(reason="R7")  # another fault
    assert "RW-13" not in found(case)

    make_desk()
    warning = found(case)["RW-13"]

    assert warning.severity == Severity.INFO
    assert warning.facts.startswith("近 30 天“青瓷开片手冲咖啡杯”因“质量问题")
    assert warning.facts.endswith("的售后有 3 单")
    set_threshold("RW-13", 4)
    assert "RW-13" not in found(case)


def test_rw_13_takes_goods_without_a_number_for_no_goods_alike(make_desk):
    """Some files name no number; two pieces without one may be anything."""
    cases = [make_desk().case for _ in range(3)]
    OrderLine.objects.update(goods_id="")

    assert "RW-13" not in found(cases[0])


def test_rw_13_looks_at_quality_alone(make_desk):
    cases = [make_desk(type="refund_not_received").case for _ in range(3)]

    assert "RW-13" not in found(cases[0])


def test_rw_13_forgets_after_thirty_days(make_desk, now):
    for _ in range(3):
        make_desk()
    now.shift(31 * DAY)

    assert "RW-13" not in found(make_desk().case)


@pytest.mark.parametrize(("ruling", "fires"), [("full_refund", True), ("deny", False)])
def test_rw_14_names_the_share_of_rejections_lost(make_desk, staff, now, ruling, fires):
    judged = make_desk("under_review")
    now.shift(3 * DAY)
    judged.case.catch_up()
    judged.case.rule(
        by=staff,
        ruling=ruling,
        responsible="merchant" if fires else "none",
        grounds="照片清楚地拍到裂纹，商品页没有说明。",
    )
    assert "RW-14" not in found(make_desk().case)  # a figure is of whole days
    now.shift(DAY)
    rolling.catch_up()

    warning = found(make_desk().case).get("RW-14")

    assert bool(warning) is fires
    if warning:
        assert warning.severity == Severity.INFO
        assert warning.facts == ("近 30 天本店驳回 1 单，其中 1 单介入后判商家责任，占 100.00%")
        set_threshold("RW-14", 100)
        assert "RW-14" not in found(make_desk().case)


def test_rw_14_rounds_as_the_page_of_figures_does(make_desk, shop):
    """metrics.md: half up; 13 of 32 are 40.625 %."""
    case, day = make_desk().case, rolling.yesterday()
    RolledDay.objects.create(day=day, at=clock.now())
    for measure, number in ((Measure.REJECTED, 32), (Measure.REJECTED_LOST, 13)):
        DayFigure.objects.create(
            shop=shop, day=day, measure=measure, base=day, last=NEVER, number=number
        )

    assert found(case)["RW-14"].facts.endswith("占 40.63%")


def test_rw_15_counts_the_clicks_on_reject(make_desk):
    desk = make_desk()
    for _ in range(2):
        desk.case.look_before_rejecting(by=desk.merchant)
    assert "RW-15" not in found(desk.case)

    desk.case.look_before_rejecting(by=desk.merchant)

    warning = found(desk.case)["RW-15"]
    assert (warning.severity, warning.facts) == (Severity.INFO, "本单已点击驳回 3 次")


def test_rw_15_does_not_take_ticks_for_clicks(make_desk, now):
    desk = make_desk("checked")  # one click, one tick
    now.shift(timedelta(minutes=5))
    add_evidence(desk)
    desk.negotiate()  # and another tick

    assert desk.case.prechecks.count() == 3
    assert "RW-15" not in found(desk.case)


def test_rw_15_forgets_clicks_after_a_day(make_desk, now):
    desk = make_desk()
    for _ in range(3):
        desk.case.look_before_rejecting(by=desk.merchant)
    now.shift(25 * HOUR)

    assert "RW-15" not in found(desk.case)


def test_rw_15_notices_the_same_statement_used_again(make_desk):
    for _ in range(3):
        make_desk("rejected")

    desk = make_desk()

    assert "有一段驳回说明原样用了 3 次" in found(desk.case)["RW-15"].facts
    set_threshold("RW-15", 4)
    assert "RW-15" not in found(desk.case)


# RW-16 时间不足


@pytest.mark.parametrize(("left", "fires"), [(119, True), (121, False)])
def test_rw_16_says_that_two_rounds_no_longer_fit(make_desk, now, left, fires):
    """NEG-08."""
    desk = make_desk()
    now.shift(desk.case.due_at - clock.now() - timedelta(minutes=left))

    warning = found(desk.case).get("RW-16")

    assert bool(warning) is fires
    if warning:
        assert warning.severity == Severity.INFO
        assert warning.facts == ("剩余处理时间不足以完成两轮协商（约需 120 分钟），到期将自动同意")
        desk.negotiate()  # it is said, not forbidden
        assert desk.case.rounds.count() == 1


def test_rw_16_counts_the_open_wait_and_the_rounds_to_come(make_desk, now):
    desk = make_desk("waiting")
    now.shift(timedelta(minutes=20))
    Case.objects.filter(pk=desk.case.pk).update(due_at=clock.now() + timedelta(minutes=99))

    assert "约需 100 分钟" in found(desk.case)["RW-16"].facts


def test_rw_16_is_silent_when_the_rounds_are_done(make_desk, now):
    desk = make_desk("negotiated")
    now.shift(desk.case.due_at - clock.now() - timedelta(minutes=5))

    assert "RW-16" not in found(desk.case)


# RW-20 外部投诉


def test_rw_20_names_the_channel_and_asks_again_for_the_next_one(make_desk):
    desk = make_desk()
    day = clock.now().date()
    assert "RW-20" not in found(desk.case)
    desk.case.record_complaint(by=desk.buyer, channel="12315", filed_on=day, number="B2026-11")

    warning = found(desk.case)["RW-20"]
    assert warning.severity == Severity.CONFIRM
    assert warning.facts == "买家已向外部渠道投诉：12315 B2026-11"

    desk.check()
    desk.case.record_complaint(by=desk.buyer, channel="black_cat", filed_on=day)
    with refused(desk.case, "12315 B2026-11、黑猫投诉", field="risk_RW-20"):
        desk.negotiate(risks=[])
    desk.negotiate(risks=["RW-20"])
    assert desk.case.rounds.count() == 1


# The catalogue decides


def test_staff_make_a_warning_harder_and_it_stops_the_way(make_desk):
    """NEG-04."""
    desk = make_desk()
    Risk.objects.filter(code="RW-11").update(severity=Severity.BLOCK)

    with refused(desk.case, "这单不能驳回：买家"):
        desk.case.confirm_risks(by=desk.merchant, risks=list(found(desk.case)))


def test_staff_make_a_warning_softer_and_it_is_only_shown(make_desk):
    """NEG-04."""
    desk = make_desk()
    Risk.objects.filter(code__in=["RW-09", "RW-11"]).update(severity=Severity.INFO)

    desk.case.confirm_risks(by=desk.merchant, risks=[])

    assert {"RW-09", "RW-11"} <= found(desk.case).keys()


def test_staff_switch_a_warning_off(make_desk):
    desk = make_desk()
    Risk.objects.filter(code__in=["RW-09", "RW-11"]).update(active=False)

    assert not {"RW-09", "RW-11"} & found(desk.case).keys()
    desk.case.confirm_risks(by=desk.merchant, risks=[])


def test_the_hard_warnings_are_told_first(make_case):
    case = make_case(type="refund_unshipped")
    Risk.objects.filter(code="RW-16").update(severity=Severity.BLOCK)

    looks = [warning.severity for warning in case.warnings()]

    assert looks == sorted(looks, key=["block", "confirm", "info"].index)
