"""What a walk along the addresses does not send: requests that say something, each with what must
come of it. Whoever adds a check that the walk does not notice (``make rights``) adds one here."""

from collections.abc import Iterator
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Exists, OuterRef
from django.urls import reverse

from aftersales.enums import UNRULED, Party, Status
from aftersales.models import (
    Case,
    Draft,
    Evidence,
    ImportJob,
    Intervention,
    Job,
    Member,
    Message,
    Notice,
    Order,
    OrderLine,
    ReturnAddress,
    ServiceMessage,
    ServiceRequest,
    Shop,
    Tag,
    Upload,
    User,
)
from aftersales.models.negotiation import Proposal
from aftersales.service import asking
from aftersales.steps import STEPS
from tests.crawl.rich import Visit
from tests.rights.foreign import beginning, forms_of
from tests.rights.planted import (
    EMPTY,
    GONE_VIEW,
    LIS_WORDS,
    WITH_FACTORS,
    WITHOUT_FACTORS,
    mark_of,
)
from tests.rights.table import ALL
from tests.rights.walking import PLACES, Try
from tests.rights.world import Visitor, World

ADDRESS = {
    "name": "陈仓",
    "phone": "0571-88880000",
    "region": "浙江省杭州市",
    "detail": "一号路 1 号",
}


def deeds(world: World) -> Iterator[Try]:
    kinds = (
        bulk,
        lists,
        jobs,
        the_shop,
        among_shops,
        drafts,
        claiming,
        files,
        notices,
        staff,
        told,
    )
    for each in kinds:
        yield from each(world)


def deed(
    said: str,
    who: Visitor,
    does: str,
    args: Any = (),
    data: Any = None,
    query: str = "",
    **more: Any,
) -> Try:
    """``does`` is a method and the name of an URL; ``said`` are outcomes or statuses."""
    method, name = does.split()
    row = next(each for each in ALL if each.name == name and method in each.methods)
    place, url = PLACES[name], reverse(name, args=args) + query
    return Try(row, Visit(place, who.user, url), who, method, frozenset(said.split()), data, **more)


def owner(name: str) -> Visitor:
    return Visitor("owner", User.objects.get(username=name))


def buyer(user: Any) -> Visitor:
    return Visitor("buyer", user)


def clerk(world: World, *rights: str) -> Visitor:
    return Visitor("able clerk" if rights else "clerk", world.clerk, [*rights])


def agent(world: World, *may: str) -> Visitor:
    first = Shop.objects.get(code="shanlan")
    return Visitor("able agent", world.agents[first.pk].user, {"permissions": [*may]})


def of_shop(code: str) -> Any:
    return Case.objects.filter(shop__code=code)


def bulk(world: World) -> Iterator[Try]:
    """Cases of another shop among the ticked ones, and what a job is told."""
    chen, theirs = owner("chen"), of_shop("muli").order_by("pk")[0]
    mine = of_shop("shanlan").order_by("pk")[0]
    for name in ("agree", "assign", "tag"):
        data = {"case": f"{theirs.code}:{theirs.version}"}
        yield deed("302", chen, f"POST merchants:bulk_{name}", data=data)
    yield deed("200", chen, "POST merchants:bulk_tag", data={"case": f"{mine.code}:{mine.version}"})
    strange = ["he", "gone", "barred"]
    for member in Member.objects.filter(
        user__username__in=strange, shop__code__in=["shanlan", "muli"]
    ):
        assigned = {"case": f"{mine.code}:{mine.version}", "confirm": "x", "member": member.pk}
        chosen = ("member", str(member.pk))
        yield deed("422", chen, "POST merchants:bulk_assign", data=assigned, theirs=chosen)
        step = {"member": member.pk}
        yield deed("in", chen, "POST merchants:assign", [mine.code], step, theirs=chosen)


def lists(world: World) -> Iterator[Try]:
    """What is looked for, counted or offered is of one's own shop."""
    chen, solo = owner("chen"), owner("solo")
    back = of_shop("muli").exclude(return_address=None).order_by("pk")[0]
    yield deed("200", chen, "GET merchants:returns", query=f"?q={back.code}")
    yield deed("200", chen, "GET merchants:returns", query=f"?q={back.code[:-1]}")
    yield deed("200", solo, "GET merchants:returns")
    yield deed("200", solo, "GET merchants:queue", unsaid="下一单最早")
    yield deed("200", chen, "GET merchants:queue", unsaid="✎")
    shown = ",".join(str(case.pk) for case in of_shop("shanlan")[:20])
    query = f"?since=2020-01-01T00:00:00Z&shown={shown}"
    yield deed("204", solo, "GET merchants:news", query=query)


def jobs(world: World) -> Iterator[Try]:
    """What a job has not left is not there."""
    chen = owner("chen")
    mine = Job.objects.filter(shop__code="shanlan")
    whole, fileless = (mine.get(key=key) for key in ("file", "failed"))
    yield deed("404", chen, "GET merchants:job_failed", [whole.code])
    yield deed("404", chen, "GET merchants:job_file", [fileless.code])
    clean = ImportJob.objects.filter(shop__code="shanlan", failed=0)[0]
    yield deed("404", chen, "GET merchants:import_failed_rows", [clean.code])


def the_shop(world: World) -> Iterator[Try]:
    """Rules, addresses and members."""
    rule = next(each for each in world.own(PLACES["merchants:edit_rule"]))
    data = {name: value for form in forms_of(world, rule) for name, value in beginning(form)}
    data = {name: value for name, value in data.items() if value is not None}
    code = [rule.named["code"]]
    yield deed("302", owner("chen"), "POST merchants:edit_rule", code, data)
    yield deed("403", agent(world, "manage"), "POST merchants:edit_rule", code, data)
    yield deed("302", owner("chen"), "POST merchants:add_rule", data=data | {"name": "又一条"})
    solo = owner("solo")
    defaults = ReturnAddress.objects.filter(default=True).exclude(shop__code=EMPTY).order_by("pk")
    kept = (
        (lambda: [*defaults.values_list("pk", flat=True)]),
        [*defaults.values_list("pk", flat=True)],
    )
    data = ADDRESS | {"default": "on"}
    yield deed("302", solo, "POST merchants:add_address", data=data, left=kept)
    mine = ReturnAddress.objects.get(shop__code=EMPTY)
    gone = ReturnAddress.objects.filter(pk=mine.pk).exists, False
    yield deed("302", solo, "POST merchants:delete_address", [mine.pk], left=gone)
    yield deed("200", solo, "GET merchants:members", unsaid="agent-shanlan")
    me = Member.objects.get(user=solo.user, active=True)
    data = {"username": "solo", "permissions": ["agree"], "role": "own", "active": "on"}
    keys = (lambda: Member.objects.get(pk=me.pk).can("manage")), True
    yield deed("422", solo, "POST merchants:edit_member", [me.pk], data, left=keys)
    for case in of_shop("shanlan").filter(status=Status.PENDING_MERCHANT):
        if case.may("negotiate", owner("chen").user) and case.prechecked_at:
            sent = {"look": "1"}
            may = agent(world, "reject")
            yield deed("403", may, "POST merchants:confirm_risks", [case.code], sent)
            break


def among_shops(world: World) -> Iterator[Try]:
    """A name that another shop uses too is one's own here; its cases are none to try a script on."""
    chen, solo, mark = owner("chen"), owner("solo"), mark_of(Shop.objects.get(code="muli"))
    mine, theirs = (of_shop(code).order_by("pk")[0] for code in ("shanlan", "muli"))
    kept = Tag.objects.filter(shop__code="muli", cases__shop__code="shanlan").exists, False
    yield deed("302", chen, "POST merchants:add_tag", [mine.code], {"name": mark}, left=kept)
    view = {"name": mark, "query": "tab=mine"}
    yield deed("302", chen, "POST merchants:save_view", data=view)
    yield deed("200", chen, "GET merchants:views", unsaid=GONE_VIEW)
    script = {"case": theirs.code, "text_zh": "您好，{goods}", "text_en": "", "label_zh": ""}
    title = theirs.line.title
    yield deed("422", chen, "POST merchants:add_script", data=script, unsaid=title)
    first = of_shop("shanlan").filter(round_number=0)
    ready = [each for each in first if each.may("negotiate", chen.user)]
    for case in [each for each in ready if each.scenario().code == "goods_refund"][:2]:
        yield deed("200", chen, "GET merchants:negotiate", [case.code])
    member = {"username": "agent-muli", "role": "agent", "active": "on"}
    yield deed("302", solo, "POST merchants:add_member", data=member)


def drafts(world: World) -> Iterator[Try]:
    """What a colleague has typed and not sent is his."""
    draft, chen = Draft.objects.get(data__text=[LIS_WORDS]), owner("chen")
    page, code = "merchants:send_message", [draft.case.code]
    yield deed("200", chen, f"GET {page}", code, unsaid=LIS_WORDS)
    kept = Draft.objects.filter(pk=draft.pk).exists, True
    yield deed("302", chen, f"POST {page}", code, {"text": "您好，请稍等"}, left=kept)


def claiming(world: World) -> Iterator[Try]:
    """An order that somebody has, or that is sold in one's own shop, is not to be claimed; nor is
    another's plan answered."""
    chenmo = buyer(User.objects.get(username="chenmo"))
    taken = Order.objects.filter(buyer__username="linshu").order_by("pk")[0]
    free = Order.objects.filter(shop__code="muli", buyer=None).order_by("pk")[0]
    for who, order in ((chenmo, taken), (owner("he"), free)):
        data = {"number": order.number, "paid": str(order.paid)}
        kept = (lambda pk=order.pk: Order.objects.get(pk=pk).buyer_id), order.buyer_id
        yield deed("422", who, "POST buyers:find_order", data=data, left=kept)
    yield from asking_the_platform()
    asked = list(Proposal.objects.select_related("line__order__shop"))
    for mine in asked:
        for other in asked:
            order = mine.line.order
            if order.buyer_id != other.line.order.buyer_id:
                args = [order.shop.code, order.number, mine.line.position, other.pk]
                yield deed(
                    "404", buyer(order.buyer), "POST buyers:answer_proposal", args, {"accept": "1"}
                )


def asking_the_platform() -> Iterator[Try]:
    """However much others have asked, one's own question is taken; theirs are not said twice."""
    lines = OrderLine.objects.filter(order__buyer__username="linshu", service_requests=None)
    line = next(each for each in lines.select_related("order__shop") if not asking.refusal(each))
    order = line.order
    args = [order.shop.code, order.number, line.position]
    data = {
        "problem": "包裹外箱破损，商家一直没有回复。",
        "wants": "请平台协调处理",
        "text": "请尽快",
    }
    yield deed("302", buyer(order.buyer), "POST buyers:ask_service", args, data)
    open_ = ServiceRequest.objects.open().select_related("buyer").order_by("pk")[0]
    said = (lambda: open_.messages.filter(text="请尽快").count()), 1
    answer = "POST buyers:service_request"
    yield deed("302", buyer(open_.buyer), answer, [open_.number], data, left=said)


def files(world: World) -> Iterator[Try]:
    """Each kind of file, as those who must not have it."""
    linshu, chenmo = (User.objects.get(username=name) for name in ("linshu", "chenmo"))
    held = next(each for each in Upload.objects.filter(user=linshu) if not each.clear)
    yield deed("403", buyer(linshu), "GET file", [held.token])
    shown = Evidence.objects.filter(case__shop__code="shanlan", party=Party.BUYER)[0]
    yield deed("404", owner("he"), "GET file", [shown.upload.token])
    hidden = Evidence.objects.get(slot="hidden")
    yield deed("404", buyer(hidden.case.buyer), "GET file", [hidden.upload.token])
    asked = ServiceMessage.objects.exclude(files=None).select_related("request").order_by("pk")[0]
    said = Message.objects.exclude(line=None).exclude(uploads=None).order_by("pk")[0]
    for message, whose in ((asked.files, asked.user), (said.uploads, said.user)):
        token = message.all()[0].token
        other = next(each for each in (linshu, chenmo) if each != whose)
        for who in (buyer(other), owner("solo"), clerk(world)):
            yield deed("404", who, "GET file", [token])
    with held.original.open("rb") as file:
        same = SimpleUploadedFile(held.name, file.read(), content_type="image/jpeg")
    yield deed("200", owner("chen"), "POST stage", data={"file": same})
    able = clerk(world, "view_servicerequest")
    yield deed("200", able, "GET file", [asked.files.all()[0].token])


def notices(world: World) -> Iterator[Try]:
    """Reading all of one's own; and one that leads nowhere."""
    yield deed("302", owner("chen"), "POST read_all")
    nowhere = Notice.objects.get(text_zh="无")
    yield deed("404", buyer(nowhere.user), "GET open_notice", [nowhere.pk])
    earlier = Notice.objects.filter(
        case=OuterRef("case"), kind=OuterRef("kind"), pk__lt=OuterRef("pk")
    )
    others = earlier.exclude(user=OuterRef("user"))
    told = Notice.objects.filter(Exists(others), party=Party.MERCHANT).exclude(case=None)[0]
    yield deed("302", Visitor("owner", told.user), "GET open_notice", [told.pk])


def staff(world: World) -> Iterator[Try]:
    """Actions on lists by who may only look; the accounts of superusers; and no demo."""
    free = Intervention.objects.filter(stage__in=UNRULED, assignee=None).order_by("pk")[0]
    chosen = {"action": "claim", "_selected_action": free.pk}
    kept = (lambda: Intervention.objects.get(pk=free.pk).assignee_id), None
    looks = clerk(world, "view_intervention")
    yield deed("in", looks, "POST admin:aftersales_intervention_changelist", data=chosen, left=kept)
    job = Job.objects.get(shop__code="shanlan", key="running")
    chosen = {"action": "stop", "_selected_action": job.pk, "confirmed": "1"}
    kept = (lambda: Job.objects.get(pk=job.pk).state), job.state
    looks = clerk(world, "view_job")
    yield deed("in", looks, "POST admin:aftersales_job_changelist", data=chosen, left=kept)
    proven, other = (Authenticator.objects.get(user__username=name) for name in WITH_FACTORS)
    lost = {"action": "clear_factors", "_selected_action": proven.user_id, "confirmed": "1"}
    lost["how"] = "回拨了登记的电话，核对了身份证"
    kept = (lambda: Authenticator.objects.filter(pk=proven.pk).exists()), True
    may = clerk(world, "view_user", "change_user")
    yield deed("in", may, "POST admin:aftersales_user_changelist", data=lost, left=kept)
    yield from clearing(world, lost, proven, other)
    asked = ServiceRequest.objects.open().order_by("pk")[0]
    looks = clerk(world, "view_servicerequest")
    answer = "POST admin:aftersales_servicerequest_change"
    yield deed("403", looks, answer, [asked.pk], {"text": "已联系商家"})
    yield deed("403", may, "POST admin:aftersales_user_change", [world.admin.pk])
    yield deed("403", may, "GET admin:auth_user_password_change", [world.admin.pk])
    off = {"DEMO": False}
    yield deed("404", owner("chen"), "POST demo_clock", under=off)
    sample = world.own(PLACES["demo_sample"])[0].named["name"]
    yield deed("404", owner("chen"), "GET demo_sample", [sample], under=off)


def clearing(world: World, lost: dict[str, Any], *both: Authenticator) -> Iterator[Try]:
    """The factors of the one account alone, and of one that has any."""
    root, list_ = Visitor("superuser", world.admin), "POST admin:aftersales_user_changelist"
    known = Authenticator.objects.filter(pk__in=[each.pk for each in both])
    kept = (lambda: [each.pk for each in known.all()]), [both[1].pk]
    yield deed("302", root, list_, data=lost, left=kept)
    plain = User.objects.get(username=WITHOUT_FACTORS)
    none = lost | {"_selected_action": plain.pk}
    noted = LogEntry.objects.filter(object_id=str(plain.pk))
    yield deed("302", root, list_, data=none, left=(noted.count, 0))


def told(world: World) -> Iterator[Try]:
    """Of what a shop does among its own its buyers read nothing."""
    case = of_shop("shanlan").filter(events__step="assign").order_by("pk")[0]
    for name in ("record", "case"):
        label = str(STEPS["assign"].label)
        yield deed("200", buyer(case.buyer), f"GET buyers:{name}", [case.code], unsaid=label)
