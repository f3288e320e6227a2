"""The platform's people hear of what they wait for, once, and of nothing else."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission as AdminPermission
from django.core import mail
from django.test import Client
from django.urls import reverse

from aftersales import clock
from aftersales.admin.people import reviewers_group
from aftersales.consistency import checking
from aftersales.enums import Party, Reminder, Status
from aftersales.models import Appeal, Case, Intervention, LedgerMood, Notice, User
from aftersales.notices.delivering import deliver_due, send_mails
from aftersales.notices.reminding import remind_all
from aftersales.payments import pay_due
from tests.aftersales.lifecycle.reading import WHY
from tests.factories import upload


def claimed(case: Case, by: User) -> Case:
    Intervention.objects.filter(case=case).update(assignee=by)
    return case


def told(user: User, **of: Any) -> list[str]:
    return [
        each.text for each in Notice.objects.filter(user=user, latest=True, **of).order_by("pk")
    ]


def unpaid_freight(make_case: Callable[..., Case], merchant: User) -> Case:
    """Goods on their way back whose freight the merchant makes good, and the gateway refuses it."""
    case = make_case("sent_back", type="return_refund")
    case.claim_freight(
        by=case.buyer, amount=Decimal("12.00"), evidence={"freight": [upload(case.buyer)]}
    )
    case.settle_freight(by=merchant, amount=Decimal("12.00"))
    LedgerMood.objects.create(answer="refuse", times=1)
    pay_due()
    return case


def at_admin(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_who_claimed_a_request_hears_of_what_changes_it(
    make_case: Callable[..., Case], staff: User, second: User, now: Any
) -> None:
    """T-20: new evidence, folded; the end of the window; and that one side withdrew."""
    case = claimed(make_case("under_review"), staff)
    deliver_due()
    assert told(staff) == []  # he claimed it knowing it

    for _piece in range(2):
        piece = {"extra": [upload(case.buyer)]}
        case.add_evidence(by=case.buyer, evidence=piece, text="补一张近照")
    deliver_due()
    deliver_due()

    assert told(staff) == [f"买家为“{case.line.title}”补充了 1 份凭证"]
    assert Notice.objects.get(user=staff, latest=True).many == 2
    now.shift(timedelta(hours=48))
    case.catch_up()
    case.withdraw(by=case.buyer)
    deliver_due()
    assert told(staff)[1:] == [
        f"“{case.line.title}”的举证时间结束，可以判定了",
        f"买家撤回了“{case.line.title}”的平台介入",
    ]
    assert told(second) == []


def test_a_settlement_of_the_sides_is_told_and_what_he_does_himself_is_not(
    deciding: Callable[..., Case], merchant: User, staff: User
) -> None:
    case, other = claimed(deciding(), staff), claimed(deciding(), staff)
    deliver_due()
    Notice.objects.all().delete()

    case.agree(by=merchant)
    other.send_message(by=staff, text="请双方补充说明。", as_party="staff")
    deliver_due()

    assert [each.case for each in Notice.objects.filter(user=staff)] == [case]


def test_an_appeal_is_told_to_who_ruled_and_opening_the_case_reads_it(
    ruled: Callable[..., Case], staff: User, second: User
) -> None:
    """T-25: the first reviewer knows why a colleague is at his ruling."""
    case = claimed(ruled("deny"), staff)
    deliver_due()
    case.appeal(by=case.buyer, reason=WHY, evidence={"appeal": [upload(case.buyer)]})
    deliver_due()

    assert WHY in told(staff)[-1]
    assert told(second) == []
    assert "由另一位客服复核" in told(staff)[-1]
    page = at_admin(staff)
    notice = Notice.objects.filter(user=staff).last()
    assert notice is not None
    opened = page.get(reverse("open_notice", args=[notice.pk]), follow=True)
    assert case.code in opened.content.decode()
    page.get(reverse("admin:aftersales_case_change", args=[case.pk]))
    assert not Notice.objects.filter(user=staff, case=case).unread().exists()


def test_a_request_that_is_overdue_to_rule_is_told_once(
    deciding: Callable[..., Case], staff: User, second: User, now: Any
) -> None:
    """D14: to who claimed it; where nobody has, to all who may rule; and e-mailed."""
    mine, nobodys = claimed(deciding(), staff), deciding()
    User.objects.filter(pk=staff.pk).update(email="staff@example.com")
    deliver_due()
    Notice.objects.all().delete()
    due_at = Intervention.objects.get(case=nobodys).decide_by
    now.move_to(due_at - timedelta(minutes=1))
    remind_all()
    assert not Notice.objects.filter(kind=Reminder.OVERDUE, case=nobodys).exists()

    now.move_to(due_at)
    remind_all()
    now.shift(timedelta(hours=3))
    remind_all()

    overdue = Notice.objects.filter(kind=Reminder.OVERDUE)
    assert {(each.user, each.case) for each in overdue} == {
        (staff, mine),
        (staff, nobodys),
        (second, nobodys),
    }
    assert {each.party for each in overdue} == {Party.STAFF}
    assert "判定时限" in overdue[0].text
    assert send_mails() == 2
    assert {letter.to[0] for letter in mail.outbox} == {"staff@example.com"}


def test_who_had_an_earlier_request_hears_nothing_of_one_that_nobody_has_claimed(
    make_case: Callable[..., Case], staff: User, second: User, now: Any
) -> None:
    """T-19, D14: it is as new to him as to the others, and all of them are told that it is late."""
    case = claimed(make_case("under_review"), staff)
    case.withdraw(by=case.buyer)
    case.ask_platform(by=case.buyer, reason=WHY)
    deliver_due()
    Notice.objects.all().delete()

    case.add_evidence(by=case.buyer, evidence={"extra": [upload(case.buyer)]})
    deliver_due()
    assert told(staff) == []
    now.move_to(Intervention.objects.latest("pk").decide_by)
    case.catch_up()
    remind_all()

    late = Notice.objects.filter(kind=Reminder.OVERDUE)
    assert {each.user for each in late} == {staff, second}


def test_an_overdue_appeal_is_told_once_to_those_who_may_decide_it(
    ruled: Callable[..., Case], staff: User, second: User, third: User, now: Any
) -> None:
    """T-25, D14: not to who ruled, nor to who proposed the reversal; and the home leads to it."""
    case = ruled("deny")
    case.appeal(by=case.buyer, reason=WHY, evidence={"appeal": [upload(case.buyer)]})
    appeal = Appeal.objects.get()
    now.move_to(appeal.decide_by - timedelta(minutes=1))
    remind_all()
    assert not Notice.objects.filter(kind=Reminder.APPEAL).exists()

    now.move_to(appeal.decide_by)
    for _sweep in range(2):
        remind_all()
        now.shift(timedelta(hours=1))

    late = Notice.objects.filter(kind=Reminder.APPEAL)
    assert {(each.user, each.case, each.party) for each in late} == {
        (second, case, Party.STAFF),
        (third, case, Party.STAFF),
    }
    assert "的申诉复核时限" in late[0].text
    second.groups.set([reviewers_group()])
    home = at_admin(second).get(reverse("admin:index")).content.decode()
    listed = reverse("admin:aftersales_appeal_changelist") + "?overdue=yes"
    assert listed in home
    assert case.code in home  # what has waited longest
    assert case.code in at_admin(second).get(listed).content.decode()
    Appeal.objects.update(state="proposed", decided_by=second, decide_by=clock.now())
    remind_all()
    assert [late.filter(user=each).count() for each in (second, third)] == [1, 2]


def test_a_ruling_in_time_reminds_nobody(ruled: Callable[..., Case], staff: User, now: Any) -> None:
    claimed(ruled("deny"), staff)
    now.shift(timedelta(days=9))

    remind_all()

    assert not Notice.objects.filter(kind=Reminder.OVERDUE).exists()


def test_a_refund_that_failed_is_told_to_all_who_may_retry_it(
    make_case: Callable[..., Case], merchant: User, staff: User, second: User, stranger: User
) -> None:
    """T-24: in words of what is to be done; the sides only hear that the platform is at it."""
    case = make_case()
    LedgerMood.objects.create(answer="refuse", times=1)
    case.agree(by=merchant)
    pay_due()
    deliver_due()

    for user in (staff, second):
        assert told(user) == [f"“{case.line.title}”的退款失败，请重试或线下处理"]
    assert "无需操作" in told(case.buyer)[-1]
    assert told(stranger) == []


def test_what_only_staff_can_look_after_is_told_to_them(
    make_case: Callable[..., Case], merchant: User, staff: User, now: Any
) -> None:
    """T-24: a compensation that could not be paid; D5: a refused parcel that is nowhere; and who
    asks for a case that time has closed."""
    case = unpaid_freight(make_case, merchant)
    lost = make_case(type="refund_not_received")
    lost.agree_refusal(by=merchant)
    late = make_case("rejected")
    now.shift(timedelta(days=10))
    for each in (lost, late):
        each.catch_up()
    late.ask_reopen(by=late.buyer, reason="出差在外没有看到通知，请重新处理。")
    deliver_due()

    assert told(staff, case=case) == [f"“{case.line.title}”的补偿没有付出，请重试或线下处理"]
    assert told(staff, case=lost) == [f"“{lost.line.title}”的拒收件到期没有退回，请核对包裹去向"]
    assert told(staff, case=late) == [
        f"买家申请重新处理“{late.line.title}”的自动结果，请答复。理由：出差在外没有看到通知，请重新处理。"
    ]
    assert not Notice.objects.filter(kind="note_failed_payout", party__in=["buyer", "merchant"])


def test_a_compensation_that_is_settled_outside_ends_no_case(
    make_case: Callable[..., Case], merchant: User, staff: User
) -> None:
    """T-24: nor does the page say so."""
    case = unpaid_freight(make_case, merchant)

    page, url = at_admin(staff), reverse("admin:settle_offline", args=[case.code])
    assert "售后单的状态不变" in page.get(url).content.decode()
    said = page.post(url, {"proof": "银行转账 回单号 178"}, follow=True).content.decode()
    assert "已登记线下退款" in said
    assert "售后单已完结" not in said
    case.refresh_from_db()
    assert case.status == Status.AWAITING_MERCHANT_RECEIPT


def test_new_findings_are_told_in_one_notice_a_check(
    make_case: Callable[..., Case], staff: User, second: User, now: Any
) -> None:
    """Not one notice a case; known findings are not told again."""
    look = AdminPermission.objects.get(codename="view_finding")
    staff.user_permissions.add(look)
    cases = [make_case() for _number in range(3)]
    deliver_due()
    Notice.objects.filter(user=staff).delete()
    Case.objects.filter(pk__in=[each.pk for each in cases]).update(due_at=None, wake_at=None)

    checking.check_all()
    now.shift(timedelta(days=1))
    checking.check_all()

    (notice,) = Notice.objects.filter(user=staff)
    assert notice.text == "核对发现 3 处新的不一致，涉及 3 个售后单"
    assert told(second) == []
    page = at_admin(staff)
    assert notice.text in page.get(reverse("notices")).content.decode()
    opened = page.get(reverse("open_notice", args=[notice.pk]))
    assert opened["Location"] == reverse("admin:aftersales_finding_changelist")


def test_the_list_of_requests_hands_out_the_next_one(
    deciding: Callable[..., Case], staff: User
) -> None:
    """A1, A2: 认领下一件 stands above the list as on the home, for who may rule."""
    case = deciding()
    page = at_admin(staff)
    url = reverse("admin:aftersales_intervention_changelist")

    assert f'action="{reverse("admin:claim_next")}"' in page.get(url).content.decode()
    asked = page.post(reverse("admin:claim_next"))

    assert asked["Location"] == reverse("admin:rule", args=[case.last_intervention.pk])
    staff.user_permissions.remove(AdminPermission.objects.get(codename="rule"))
    assert reverse("admin:claim_next") not in at_admin(staff).get(url).content.decode()
