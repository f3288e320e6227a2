"""What the market lacks to walk through it: a second of everything, and people who have left."""

from datetime import timedelta
from decimal import Decimal

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.urls import reverse

from aftersales import clock, uploads
from aftersales.enums import GATHERING, Party, Permission, Scan, Status
from aftersales.market import colleagues
from aftersales.market.desk import upload
from aftersales.models import (
    AgreeRule,
    Attempt,
    Case,
    Conversation,
    DossierCopy,
    Draft,
    Evidence,
    Fault,
    Finding,
    ImportJob,
    Job,
    Member,
    Message,
    Note,
    Notice,
    Order,
    OrderLine,
    Plan,
    Proposal,
    ReturnAddress,
    SavedView,
    ServiceMessage,
    ServiceRequest,
    Shop,
    ShopScript,
    Tag,
    Upload,
    User,
)
from aftersales.service import asking
from aftersales.steps import Refused
from merchants.forms.rules import MOST_RULES
from tests.factories import MemberFactory, ReturnAddressFactory, ShopFactory, UserFactory

EVERYTHING = [str(each) for each in Permission]
LIS_WORDS = "小李还没发出的话"
GONE_VIEW = "离职同事的筛选"
EMPTY = "kongdian"  # a shop where nothing has happened yet; solo has it


WITH_FACTORS, WITHOUT_FACTORS = ("lost", "kept"), "plain"


def mark_of(shop: Shop) -> str:
    """A number that stands in what a shop wrote for itself, and is nobody else's to read."""
    return f"AS9{shop.pk:014d}"


def plant() -> None:
    theirs_of_shops()
    rows_of_the_admin()
    people()
    factors()
    talk()
    among_cases()
    files()
    haste()
    Notice.objects.update(read_at=None)


def factors() -> None:
    """Two who have a second factor, and one who has none; nobody of them walks."""
    for name in WITH_FACTORS:
        Authenticator.objects.create(user=UserFactory(username=name), type="totp", data={})
    UserFactory(username=WITHOUT_FACTORS)


def theirs_of_shops() -> None:
    """A second shop's own things, each with its shop's mark."""
    other = Shop.objects.get(code="muli")
    colleagues.leave(other)
    for shop in Shop.objects.all():
        mark = mark_of(shop)
        ReturnAddressFactory(shop=shop, default=False, detail=f"二号库 {mark}")
        ShopScript.objects.filter(shop=shop).update(label_zh=mark)
        AgreeRule.objects.filter(shop=shop).update(name=mark)
        Note.objects.filter(case__shop=shop).update(text=mark)
        for tag in Tag.objects.filter(shop=shop)[:1]:
            Tag.objects.filter(pk=tag.pk).update(name=mark)
        for view in SavedView.objects.filter(member__shop=shop)[:1]:
            SavedView.objects.filter(pk=view.pk).update(name=mark, shared=True)


def rows_of_the_admin() -> None:
    """A row for each of its lists."""
    case = Case.objects.filter(shop__code="shanlan").select_related("buyer").order_by("pk")[0]
    at = clock.now()
    Attempt.objects.create(case=case, user=case.buyer, step="reject", sentence="不行", at=at)
    Finding.objects.create(case=case, kind="history", code="history_empty", found_at=at, seen_at=at)
    DossierCopy.objects.create(
        case=case,
        user=case.buyer,
        party="buyer",
        form="pdf",
        version=1,
        chain="",
        sha256="0",
        at=at,
    )
    job = ImportJob.objects.filter(shop__code="shanlan").order_by("pk")[0]
    ImportJob.objects.filter(pk=job.pk).update(failed=1)
    filed = upload(case.buyer)
    case.record_complaint(
        by=case.buyer, channel="12315", filed_on=(at - timedelta(days=1)).date(), number="GD1"
    )
    Evidence.objects.create(
        case=case, upload=filed, version=case.version, party="buyer", label_zh="照片", at=at
    )
    Fault.objects.create(case=case, sweep="expire", error="broken", next_try_at=at, at=at)
    EmailAddress.objects.create(user=case.buyer, email="linshu@example.com", primary=True)


def people() -> None:
    """Who works in one shop has left the others; two more have left the first, each in his way;
    and one begins with a shop of his own."""
    shops = list(Shop.objects.order_by("pk"))
    shops.append(ShopFactory(code=EMPTY, name="空店"))
    for member in Member.objects.order_by("pk"):
        for shop in shops:
            if not member.user.memberships.filter(shop=shop).exists():
                member.user.memberships.create(shop=shop, permissions=EVERYTHING, active=False)
    MemberFactory(shop=shops[-1], user__username="solo")
    gone = MemberFactory(shop=shops[0], user__username="gone", active=False)
    SavedView.objects.create(member=gone, name=GONE_VIEW, query="tab=mine", shared=True)
    MemberFactory(shop=shops[0], user__username="barred", user__is_active=False)


def talk() -> None:
    """What is said before any case names its order; a second buyer has a plan to answer."""
    for said in Message.objects.exclude(line=None).select_related("line__order"):
        Message.objects.filter(pk=said.pk).update(text=said.line.order.number)
    known = Proposal.objects.values("line__order__buyer")
    rest = OrderLine.objects.exclude(order__buyer=None).exclude(order__buyer__in=known)
    for line in rest.select_related("order__shop"):
        plan = Plan.objects.get(code="partial_refund")
        at_work = Member.objects.on_duty([line.order.shop_id]).order_by("pk")[0]
        try:
            Conversation(line).propose(by=at_work.user, plan=plan, amount=Decimal("1.00"))
        except Refused:
            continue
        return


def among_cases() -> None:
    """The same goods in two shops; what colleagues do among themselves; an order that is free."""
    mine, theirs = (
        Case.objects.filter(shop__code=code).order_by("pk")[0] for code in ("shanlan", "muli")
    )
    OrderLine.objects.filter(cases__in=[mine, theirs]).update(goods_id="G-same")
    returning = Case.objects.filter(shop__code="muli", return_address=None).order_by("-pk")[:1]
    Case.objects.filter(pk__in=returning).update(return_address={"name": "陈仓"})
    chen, li = (User.objects.get(username=name) for name in ("chen", "li"))
    waiting = Case.objects.filter(shop__code="shanlan", turn="mine").order_by("due_at")[0]
    Draft.objects.filter(user=chen).delete()
    Draft.objects.create(
        user=li,
        case=waiting,
        step="send_message",
        path=reverse("merchants:send_message", args=[waiting.code]),
        data={"text": [LIS_WORDS]},
        updated_at=clock.now(),
    )
    for case in Case.objects.filter(shop__code="shanlan", buyer__username="linshu"):
        if case.may("assign", chen):
            case.assign(by=chen, member=li.memberships.get(active=True))
            break
    Notice.objects.create(
        user=li,
        job=Job.objects.filter(user=chen).order_by("pk")[0],
        party=Party.MERCHANT,
        text_zh="完",
        text_en="-",
        at=clock.now(),
    )
    Notice.objects.create(
        user=User.objects.get(username="zhaoyi"),
        party=Party.BUYER,
        text_zh="无",
        text_en="-",
        at=clock.now(),
    )
    kept = Case.objects.open().filter(shop__code="shanlan").exclude(return_address=None)
    empty = Shop.objects.get(code=EMPTY)
    ReturnAddress.objects.create(shop=empty, default=True, **kept.order_by("pk")[0].return_address)
    free = Order.objects.filter(shop__code="muli", cases=None, lines__messages=None, buyer=None)
    if not free:
        rest = Order.objects.filter(shop__code="muli", cases=None, lines__messages=None)
        Order.objects.filter(pk=rest.order_by("-pk")[0].pk).update(buyer=None)


def haste() -> None:
    """Others have just asked, sent and written as much as one may."""
    asked = ServiceRequest.objects.open().order_by("pk")[0]
    at = clock.now() + timedelta(hours=12)  # lately, however long the walk takes
    names = {"linshu", "chenmo", "zhaoyi"} - {"linshu", asked.buyer.username}
    other = User.objects.get(username=min(names))
    line = OrderLine.objects.filter(order__buyer=other).order_by("pk")[0]
    for number in range(asking.MOST_A_DAY):
        request = ServiceRequest.objects.create(
            number=f"GD{number:015d}", buyer=other, line=line, wants="-", state="closed", at=at
        )
    ServiceMessage.objects.bulk_create(
        ServiceMessage(request=request, party=Party.BUYER, user=other, text="-", at=at)
        for _number in range(asking.MOST_AN_HOUR)
    )
    Upload.objects.bulk_create(
        Upload(user=other, token=f"hasty-{number}", name="x.jpg", size=1, created_at=at)
        for number in range(uploads.MOST)
    )
    rule = AgreeRule.objects.filter(shop__code="muli").order_by("pk")[0]
    for number in range(MOST_RULES):
        rule.pk, rule.code, rule.active = None, f"X{number}", False
        rule.save(force_insert=True)


def files() -> None:
    """One that is held back, one shown to the platform, one that the other side may not see yet."""
    buyer = User.objects.get(username="linshu")
    Upload.objects.filter(pk=upload(buyer).pk).update(scan=Scan.PENDING)
    asked = ServiceMessage.objects.filter(party=Party.BUYER).order_by("pk")[0]
    asked.files.add(upload(asked.user))
    case = Case.objects.filter(status=Status.PLATFORM_REVIEW, stage__in=GATHERING).order_by("pk")[0]
    member = Member.objects.on_duty([case.shop_id]).order_by("pk")[0]
    Evidence.objects.create(
        case=case,
        upload=upload(member.user),
        version=case.version,
        party=Party.MERCHANT,
        slot="hidden",
        label_zh="照片",
        at=clock.now(),
    )
