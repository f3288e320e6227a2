"""F55 to F64: files, messages, parcels, money, reviewers, rules and imports in the same moment."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from aftersales import clock
from aftersales.enums import Direction, ScanKind, Status
from aftersales.imports import jobs
from aftersales.logistics import traces
from aftersales.models import (
    Case,
    Evidence,
    ImportJob,
    LedgerEntry,
    LedgerMood,
    Order,
    Parcel,
    Upload,
    Window,
)
from aftersales.payments import pay_due
from aftersales.tasks import expire_all, extend_deadlines
from tests.aftersales.imports.conftest import pinduoduo
from tests.aftersales.test_admin_catalogue import filled, page
from tests.buyers.conftest import Phone
from tests.factories import OrderFactory, picture, upload
from tests.races.desk import FULL, GROUNDS, NOT_NOW, STALE, taken
from tests.races.world import Said, World, one_won


def f55(world: World) -> None:
    """A picture is on its way while its case is closed: filed before, or refused."""
    case = world.desk().case
    stage, add = reverse("stage"), reverse("buyers:add_evidence", args=[case.code])
    send = world.post(world.buyer, stage, {"file": picture(f"late-{case.pk}.jpg"), "slot": "added"})
    before = case.evidence.count()

    def prove() -> Said:
        here = send()
        token = re.search(r'value="([^"]+)"', here.text)
        assert token, here.text
        said = {"proof_added_kept": token[1], "key": uuid.uuid4().hex}
        return world.post(world.buyer, add, said)()

    told, cancelled = world.together(prove, world.click(world.buyer, "cancel", case))
    if cancelled.status == 409:  # it has the case as it was before the picture
        cancelled = world.click(world.buyer, "cancel", case)()
    assert cancelled.done
    case = world.after(case)
    assert case.status == Status.CANCELLED
    assert case.evidence.count() - before == told.done
    assert told.done or (told.status == 409 and NOT_NOW in told.text)


def f56(world: World) -> None:
    """Both sides file evidence for a case that is over; what was filed stays as it was."""
    case = world.desk().case
    kept = list(Evidence.objects.filter(case=case).values_list("upload__sha256", flat=True))
    case.cancel(by=world.buyer)
    told = world.together(
        *[
            world.click(user, "add_evidence", case, proof_added_kept=upload(user).token)
            for user in (world.buyer, world.merchant)
        ]
    )
    assert [each.status for each in told] == [409, 409]
    assert all(NOT_NOW in each.text for each in told)
    now = Evidence.objects.filter(case=world.after(case)).values_list("upload__sha256", flat=True)
    assert list(now) == kept
    assert all(
        each.file.storage.exists(each.file.name) for each in Upload.objects.filter(sha256__in=kept)
    )


def f57(world: World) -> None:
    """One message clicked eight times, beside another person's."""
    case = world.desk().case
    key = uuid.uuid4().hex
    ours = [
        world.click(world.buyer, "send_message", case, text="在吗？", key=key) for _ in range(8)
    ]
    theirs = world.click(world.merchant, "send_message", case, text="在的")
    told = world.together(*ours, theirs)
    assert all(each.done for each in told), [each.status for each in told]
    said = list(world.after(case).messages.values_list("text", flat=True))
    assert sorted(said) == ["在吗？", "在的"]


def f58(world: World) -> None:
    """After cancelling, the same thing is applied for again in two tabs."""
    order = OrderFactory(shop=world.shop, buyer=world.buyer)
    case = world.desk(order=order).case
    tabs = [Phone(world.buyer), Phone(world.buyer)]
    for tab in tabs:
        tab.client.raise_request_exception = False
    case.cancel(by=world.buyer)

    def again(tab: Phone, kind: str, answers: dict[str, object]) -> Callable[[], Said]:
        def go() -> Said:
            tab.fill(order, kind, **answers)
            answer = tab.submit(order, kind)
            return Said(answer.status_code, answer.content.decode(), world.buyer)

        return go

    kinds = ("refund_received", "return_refund")
    told = world.together(
        *[again(tab, kind, tab.answers(kind)) for tab, kind in zip(tabs, kinds, strict=True)]
    )
    assert [each.status for each in told] == [409, 409]
    assert Case.objects.filter(order=order).count() == 1


def f59(world: World) -> None:
    """Staff have given more time, and the sweep finds the case due."""
    case = world.desk().case
    hour = timedelta(hours=1)
    world.go_to(case.due_at - hour)
    outage = {
        "starts_at": f"{localtime(clock.now() - hour):%Y-%m-%dT%H:%M:%S}",
        "ends_at": f"{localtime(clock.now()):%Y-%m-%dT%H:%M:%S}",
        "why": "机房断电",
        "confirmed": "1",
    }
    assert world.post(world.reviewer, reverse("admin:record_outage"), outage)().done
    late = world.edge(case.due_at)
    due = case.due_at
    world.together(extend_deadlines, expire_all)
    case = world.after(case)
    if late:
        assert (taken(case, "agree_by_default"), case.status) == (1, Status.REFUNDING)
    else:
        assert (taken(case, "extend"), case.status) == (1, Status.PENDING_MERCHANT)
        assert case.due_at == due + hour


def f60(world: World) -> None:
    """The return is signed for while the merchant refuses it."""
    desk = world.desk("sent_back", type="return_refund")
    for _ in range(2):
        desk.negotiate()
        desk.reply()
    case, said = desk.case, world.rejection(desk)
    parcel = Parcel.objects.get(case=case, direction=Direction.RETURN)
    signed = traces.Scan(clock.now(), ScanKind.SIGNED, "本人签收", "仓库")
    told, _noted = world.together(
        world.click(world.merchant, "refuse_receipt", case, **said),
        lambda: traces.record(parcel, [signed]),
    )
    case = world.after(case)
    assert Parcel.objects.get(pk=parcel.pk).signed_at == signed.at
    if not told.done:  # he reads it, and sends it again
        assert told.status in (409, 422), told.text[:500]
        assert told.keeps(said["statement"])
        risks = {f"risk_{each.code}": "on" for each in case.warnings() if each.ticked}
        again = world.click(world.merchant, "refuse_receipt", case, **said | risks)()
        assert again.done, again.text[:2000]
    assert world.after(case).status == Status.RETURN_REFUSED


def f61(world: World) -> None:
    """A failed refund: one reviewer pays it outside, the other has the gateway try again."""
    pay_due(limit=10**6)  # what earlier races owe would take the gateway's no
    desk = world.desk()
    LedgerMood.objects.create(answer=LedgerMood.Answer.REFUSE, times=1)
    desk.case.agree(by=desk.merchant)
    pay_due()
    number, proof = desk.case.refunds.get().number, "银行转账 20261126-0042"
    told = world.together(
        world.click(world.reviewer, "settle_offline", desk.case, proof=proof),
        world.click(world.second, "retry_refund", desk.case),
        pay_due,
    )
    won = one_won(told[:2], STALE, NOT_NOW, "没有付出", "没有失败")
    pay_due()
    case = world.after(desk.case)
    assert case.status == Status.REFUNDED
    assert LedgerEntry.objects.filter(number=number).count() == (won is told[1])
    assert bool(case.refunds.get().proof) is (won is told[0])
    assert won is told[0] or told[0].keeps(proof)


def f62(world: World) -> None:
    """A reviewer rules on what a colleague has taken over and rules on too."""
    case = world.decidable()
    asked = case.last_intervention
    take = world.post(world.second, reverse("admin:claim", args=[asked.pk]), {})
    deny = FULL | {"ruling": "deny", "responsible": "buyer"}
    told = world.together(
        world.click(world.reviewer, "rule", case, **FULL),
        world.click(world.second, "rule", case, **deny),
        take,
    )
    won = one_won(told[:2], STALE, NOT_NOW)
    assert told[2].status in (302, 404)
    case = world.after(case)
    assert taken(case, "rule") == 1
    assert case.refunds.count() == (won is told[0])
    lost = told[1] if won is told[0] else told[0]
    assert lost.keeps(GROUNDS)


def f63(world: World) -> None:
    """A window is changed while a round goes out: the case keeps the one it was applied with."""
    client = Client()
    client.force_login(world.reviewer)
    row = Window.objects.get(clock="D15", case_type="", starts_on=None)
    url = page("change", "window", row.pk)
    case = world.desk("checked").case
    stamped = case.windows["D15"]
    fresh = 90 if row.minutes == 60 else 60
    said = filled(client, url, minutes=str(fresh))
    assert client.post(url, said).status_code == 200
    publish = {"publish": "1", "edition-when": "now", "edition-note": "按运营要求调整"}
    told = world.together(
        world.post(world.reviewer, url, said | publish),
        world.click(
            world.merchant,
            "negotiate",
            case,
            plans=["partial_refund"],
            amount_partial_refund="45.00",
            script="SC-02",
        ),
    )
    assert [each.done for each in told] == [True, True], [each.text[:500] for each in told]
    case = world.after(case)
    assert case.reply_due_at == clock.now() + timedelta(minutes=stamped)
    assert world.desk().case.windows["D15"] == fresh


def f64(world: World) -> None:
    """Two colleagues bring in the same order from two files at once."""
    number = f"261117-{world.number:015d}"
    new = reverse("merchants:import_new")
    told = world.together(
        *[
            world.post(
                user,
                new,
                {
                    "file": ContentFile(
                        pinduoduo({"订单号": number}).encode(), name=f"{user.pk}.csv"
                    )
                },
            )
            for user in (world.merchant, world.colleague)
        ]
    )
    assert [each.done for each in told] == [True, True], [each.text[:500] for each in told]
    world.together(jobs.run_due, jobs.run_due)
    brought = ImportJob.objects.order_by("-pk")[:2]
    for job in brought:
        confirm = reverse("merchants:import_confirm", args=[job.code])
        assert world.post(job.uploader, confirm, {})().done
    world.together(jobs.run_due, jobs.run_due)
    jobs.run_due()
    done = [(job.state, job.failed) for job in ImportJob.objects.order_by("-pk")[:2]]
    assert done == [("done", 0)] * 2, done
    order = Order.objects.get(number=number)
    assert (order.lines.count(), order.payments.count()) == (1, 1)
