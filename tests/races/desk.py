"""F47 to F54: who acts first at the desk, and who finds that somebody, or time, has acted."""

import uuid
from typing import Any

from django.urls import reverse

from aftersales import clock
from aftersales.enums import RoundState, Status
from aftersales.models import Case
from aftersales.tasks import expire_all
from tests.races.world import World, one_won

STALE, NOT_NOW, LAPSED = "刚刚有更新", "当前状态不能进行此操作", "处理时限已过"
WHY = "商家驳回没有道理，照片很清楚地拍到裂纹。"
GROUNDS = "照片显示裂纹贯穿杯身，属于质量问题。"
FULL = {
    "ruling": "full_refund",
    "responsible": "merchant",
    "grounds": GROUNDS,
    "reason": "DR-22",
    "confirmed": "1",
}


def taken(case: Case, step: str) -> int:
    return case.events.filter(step=step).count()


def f47(world: World) -> None:
    """The buyer accepts an offer at the instant the merchant's time is up."""
    case = world.desk("expired").case
    late = world.edge(case.due_at)
    accept = world.click(world.buyer, "accept_plan", case, offer=case.offers.get().pk)
    told, _swept = world.together(accept, expire_all)
    case = world.after(case)
    assert told.done is not late
    assert (taken(case, "accept_plan"), taken(case, "agree_by_default")) == (not late, late)
    assert str(case.refunds.get().amount) == ("128.00" if late else "45.00")
    assert told.done or told.status in (409, 422)


def f48(world: World) -> None:
    """Reject clicked eight times: four times the same click, four others from other tabs."""
    desk = world.desk("negotiated")
    said = world.rejection(desk)
    keys = [uuid.uuid4().hex] * 4 + [uuid.uuid4().hex for _ in range(4)]
    told = world.together(
        *[world.click(world.merchant, "reject", desk.case, **said, key=key) for key in keys]
    )
    case = world.after(desk.case)
    done = {key for key, each in zip(keys, told, strict=True) if each.done}
    assert len(done) == 1
    assert case.status == Status.REJECTED
    assert taken(case, "reject") == 1
    for key, each in zip(keys, told, strict=True):
        assert each.done is (key in done)
        assert each.done or (each.status == 409 and each.keeps(said["statement"]))


def f49(world: World) -> None:
    """Time closes a rejected case while the buyer asks the platform."""
    case = world.desk("rejected").case
    late = world.edge(case.due_at)
    ask = world.click(world.buyer, "ask_platform", case, reason=WHY, wants="全额退款")
    told, _swept = world.together(ask, expire_all)
    case = world.after(case)
    assert told.done is not late, told.text[:1500]
    assert case.status == (Status.CLOSED_BUYER_TIMEOUT if late else Status.PLATFORM_REVIEW)
    assert told.done or (told.status == 409 and told.keeps(WHY))


def f50(world: World) -> None:
    """Staff rule while the buyer cancels."""
    case = world.decidable()
    told = world.together(
        world.click(world.reviewer, "rule", case, **FULL),
        world.click(world.buyer, "cancel", case),
    )
    won = one_won(told, STALE, NOT_NOW)
    case = world.after(case)
    assert case.status == (Status.REFUNDING if won is told[0] else Status.CANCELLED)
    assert case.refunds.count() == (won is told[0])
    assert won is told[0] or told[0].keeps(GROUNDS)


def f51(world: World) -> None:
    """One colleague agrees, the other rejects; the loser reads who did what."""
    desk = world.desk("negotiated")
    said = world.rejection(desk)
    told = world.together(
        world.click(world.colleague, "agree", desk.case),
        world.click(world.merchant, "reject", desk.case, **said),
    )
    won = one_won(told, "小李</b> 同意退款", "小陈</b> 驳回退款")
    case = world.after(desk.case)
    assert case.status == (Status.REFUNDING if won is told[0] else Status.REJECTED)
    assert taken(case, "agree") + taken(case, "reject") == 1
    assert won is told[1] or told[1].keeps(said["statement"])


def f52(world: World) -> None:
    """A colleague's right is taken away while he uses it: done before, or not at all."""
    case, other = world.desk().case, world.desk().case
    page = reverse("merchants:edit_member", args=[world.member.pk])
    told = world.together(
        world.post(world.merchant, page, {"permissions": ["negotiate"], "active": "on"}),
        world.click(world.colleague, "agree", case),
    )
    assert told[0].done
    again = world.click(world.colleague, "agree", other)()
    world.member.save()  # with all his permissions, for the next round
    assert taken(world.after(case), "agree") == told[1].done
    assert told[1].done or (told[1].status in (403, 422) and "你没有“同意售后”权限" in told[1].text)
    assert (again.status, taken(world.after(other), "agree")) == (403, 0)


def f53(world: World) -> None:
    """The second round goes out while the buyer answers the first."""
    desk = world.desk("expired")
    case, first = desk.case, desk.case.last_round
    outcome = desk.outcome(case.step_form("round_2"))
    said: dict[str, Any] = {
        "plans": ["partial_refund"],
        "amount_partial_refund": "60.00",
        "script": "SC-22",
        "outcome": outcome.code,
    }
    told = world.together(
        world.click(world.buyer, "reply", case, plan="none", text="都不接受", round=first.pk),
        world.click(world.merchant, "negotiate", case, **said),
    )
    won = one_won(told, STALE, "商家已发起新一轮协商")
    case = world.after(case)
    assert case.round_number == (1 if won is told[0] else 2)
    assert case.round_state == (RoundState.ANSWERED if won is told[0] else RoundState.WAITING)
    assert won is told[0] or told[0].keeps("都不接受")


def f54(world: World) -> None:
    """Reject at the very end of the wait for the buyer, while the sweep ends it."""
    desk = world.desk("second_waiting")
    case, due = desk.case, desk.case.reply_due_at
    said = world.rejection(desk)
    over = world.edge(due)
    told, _swept = world.together(
        world.click(world.merchant, "reject", case, **said, version=case.version), expire_all
    )
    stale = not told.done and over
    case = world.after(case)
    assert clock.now() >= due or not told.done
    assert taken(case, "reject") == told.done
    if told.done:
        assert case.status == Status.REJECTED
    else:
        assert told.status == 409
        assert ("请耐心等待消费者回复" in told.text) or (stale and STALE in told.text)
        assert told.keeps(said["statement"])
    if over and not told.done:
        assert world.click(world.merchant, "reject", case, **said)().done
