"""申请售后: choose the demand, fill in its form, check everything once more, submit (B5 to B7)."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import View

from aftersales import clock
from aftersales.display import money, settled
from aftersales.drafting import Drafting, unsaid
from aftersales.enums import CaseType, Clock
from aftersales.helping import help_of
from aftersales.models import Agreement, Case, Draft, Event, Order, OrderLine, Policy, Window
from aftersales.steps import Refused
from aftersales.views import above_the_form
from buyers.demand import DemandForm
from buyers.guided import why
from buyers.showing.case import demand_rows
from buyers.views.base import BuyerPage
from buyers.views.orders import caught_up


@dataclass(frozen=True)
class Demand:
    """One kind of demand as a card: what it means, when the money comes, why it can't be chosen."""

    kind: CaseType
    means: str
    money_comes: str
    refusal: str
    url: str

    @property
    def label(self) -> str:
        return str(self.kind.label)


def demands(line: OrderLine, base: list[Any]) -> list[Demand]:
    """Every demand in the order of the trade; of a parcel that is signed for, 未收到货 comes last."""
    found, now = [], clock.now()
    minutes = Window.in_force(CaseType.RETURN_REFUND, now, line)[Clock.NO_REASON]
    for kind, refusal in Case.demands_of(line, now):
        means, money_comes = _in_a_line(kind, timedelta(minutes=minutes).days)
        url = reverse("buyers:apply_form", args=[*base, kind.value])
        found.append(Demand(kind, means, money_comes, refusal, url))
    if line.signed:
        found.sort(key=lambda each: each.kind == CaseType.REFUND_NOT_RECEIVED)
    return found


def _in_a_line(kind: CaseType, days: int) -> tuple[str, str]:
    """What a demand means, and when the money comes; an ordinary return has so many days (D17)."""
    return {
        CaseType.REFUND_UNSHIPPED: (
            _("还没发货，不想要了或商家迟迟不发。"),
            _("商家同意后立即原路退回，按实付全额退。"),
        ),
        CaseType.REFUND_NOT_RECEIVED: (
            _("包裹一直没到、显示签收却没收到，或者已经拒收。"),
            _("商家同意后立即退款；同意拒收的，包裹退回后退款。"),
        ),
        CaseType.REFUND_RECEIVED: (
            _("货收到了，有问题，不退货只退款。"),
            _("商家同意后立即原路退回。"),
        ),
        CaseType.RETURN_REFUND: (
            _("把货寄回去，退款。签收后 {n} 天内可以申请。").format(n=days),
            _("商家同意后寄回，收到并确认后退款。"),
        ),
        CaseType.EXCHANGE: (
            _("货有问题或不合适，换一件。"),
            _("商家同意后寄回，收到后发出新的；逾期不发出，自动退款。"),
        ),
        CaseType.RESEND: (
            _("少发、漏发了东西，让商家补寄。"),
            _("商家同意后直接发出，不用寄回；逾期不发出，自动退款。"),
        ),
        CaseType.REPAIR: (
            _("交易成功以后用坏了，还在保修期内，寄回去修。"),
            _("商家同意后寄回，修好寄给你；修不好可以换货或退款。"),
        ),
        CaseType.PRICE_DIFFERENCE: (
            _("买了以后降价了，退差价；不影响这件商品的其他售后。"),
            _("商家同意后立即原路退回。"),
        ),
    }[kind]


class ApplyPage(BuyerPage, View):
    """What the three pages share: the line, its draft, and why nothing can be applied for."""

    line: OrderLine
    order: Order
    base: list[Any]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            orders = Order.objects.for_buyer(request.user).select_related("shop")
            self.order = get_object_or_404(
                orders.prefetch_related("lines__parcel", "payments", "parcels"),
                shop__code=kwargs["shop"],
                number=kwargs["number"],
            )
            lines = list(self.order.lines.all())
            if not 1 <= kwargs["line"] <= len(lines):
                raise Http404
            self.line = lines[kwargs["line"] - 1]
            self.line.order = self.order
            self.base = [kwargs["shop"], kwargs["number"], kwargs["line"]]
            caught_up(Case.objects.for_buyer(request.user).filter(line=self.line))
        return super().dispatch(request, *args, **kwargs)

    @property
    def kind(self) -> CaseType:
        if self.kwargs["kind"] not in CaseType.values:
            raise Http404
        return CaseType(self.kwargs["kind"])

    def context(self, **more: Any) -> dict[str, Any]:
        return {
            "now": clock.now(),
            "order": self.order,
            "line": self.line,
            "choose_url": reverse("buyers:apply", args=self.base),
            "service_url": reverse("buyers:ask_service", args=self.base),
            "order_url": reverse("buyers:order", args=self.base[:2]),
            **more,
        }

    def filling(self, form: DemandForm, *, here: str) -> dict[str, Any]:
        return self.context(form=form, kind=self.kind, here=here, help=help_of("fill"))

    def choices(self, *, refusal: str = "", status: int = 200) -> HttpResponse:
        """The page of choosing; also the answer to a demand that is not, or no longer, open."""
        why_not = Case.why_not(self.line)
        every = demands(self.line, self.base)
        begun = Draft.objects.filter(user=self.user, path__in=[unquote(each.url) for each in every])
        paths = set(begun.values_list("path", flat=True))
        earlier = Case.objects.filter(line=self.line).order_by("-applied_at").first()
        context = self.context(
            why_not=why_not,
            refusal=refusal if refusal != why_not else "",
            open=[each for each in every if not each.refusal],
            shut=[] if why_not else [each for each in every if each.refusal],
            earlier=earlier,
            begun=[each.url for each in every if unquote(each.url) in paths],
            ask_url=reverse("buyers:ask", args=self.base),
            help=help_of("choose"),
        )
        return render(self.request, "buyers/apply/choose.html", context, status=status)

    def shut(self, kind: CaseType) -> str:
        """Why this demand can't be made for this line now; empty when it can."""
        every = {each.kind: each.refusal for each in demands(self.line, self.base)}
        return every[kind]

    # The draft: one for each demand of a line; the review page and the submission read it.

    def page_of(self, kind: CaseType) -> str:
        """The path of a demand's form, under which its draft is kept."""
        return unquote(reverse("buyers:apply_form", args=[*self.base, kind.value]))

    def put_down(self, kind: CaseType, form: DemandForm) -> None:
        """What was filled in and holds, in place of what was there before."""
        kept = form.kept()
        if not (kept.get("key") or [""])[0]:
            kept["key"] = [uuid.uuid4().hex]
        given = QueryDict(mutable=True)
        for name, values in kept.items():
            given.setlist(name, values)
        Draft.keep(self.page_of(kind), self.user, given)

    def made_by(self, key: str) -> Case | None:
        """The case that this very click has made already."""
        if not key:
            return None
        found = Event.objects.filter(
            step="apply", key=key, user_id=self.user.pk, case__line=self.line
        )
        event = found.select_related("case").first()
        return event.case if event else None


class Choose(ApplyPage):
    """选择维权要求 (B5)."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.choices()


class Fill(ApplyPage, Drafting):
    """The form of one demand (B6)."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if refusal := self.shut(self.kind):
            return self.choices(refusal=refusal)
        self.restored = self.draft()
        form = self.form(self.restored.filled() if self.restored else None)
        if self.restored:
            unsaid(form)
        return self.show(form)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if refusal := self.shut(self.kind):
            self.keep(request.POST)
            if request.headers.get("HX-Request"):
                context = {"sentence": refusal}
                part = render(request, "buyers/apply/_shut.html", context, status=409)
                return above_the_form(part)
            return self.choices(refusal=refusal, status=409)
        form = self.form(request.POST)
        if "refresh" in request.POST:
            unsaid(form)
            return self.show(form, status=422 if form.errors else 200)
        if not form.is_valid():
            self.kept = self.keep(request.POST, form)
            return self.show(form, status=422)
        self.put_down(self.kind, form)
        return redirect(reverse("buyers:review", args=[*self.base, self.kind.value]))

    def form(self, data: QueryDict | None) -> DemandForm:
        files = self.request.FILES if self.request.method == "POST" else None
        return DemandForm(data, files, line=self.line, kind=self.kind, user=self.user)

    def get_form(self) -> DemandForm:
        return self.form(self.request.POST)

    def already_sent(self, key: str) -> bool:
        return self.made_by(key) is not None

    def show(self, form: DemandForm, status: int = 200) -> HttpResponse:
        context = self.filling(form, here=self.request.path)
        context["draft_said"] = self.draft_said()
        return render(self.request, "buyers/apply/form.html", context, status=status)


class Review(ApplyPage):
    """检查并提交 (B7): a summary, the agreement, and one button."""

    seen = ""  # which state of the draft the summary shows

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if refusal := self.shut(self.kind):
            return self.choices(refusal=refusal)
        form = self.filled()
        if form is None:
            return redirect(self.form_url)
        return self.show(form)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        key = request.POST.get("key", "")[:64]
        if made := self.made_by(key):
            return redirect("buyers:case", code=made.code)
        if refusal := self.shut(self.kind):
            return self.choices(refusal=refusal, status=409)
        form = self.filled()
        if form is None:
            messages.error(request, _("请先填写申请"))
            return redirect(self.form_url)
        if request.POST.get("seen", self.seen) != self.seen:  # typed on in another tab
            return self.show(form, sentence=_("申请内容刚刚有改动，请核对后再提交"), status=409)
        version = request.POST.get("agreement", "") if request.POST.get("agreed") else ""
        try:
            case = Case.apply(
                self.line, form.application(version), by=self.user, key=form.data["key"]
            )
        except Refused as refused:
            return self.refused(form, refused)
        for kind in CaseType:
            Draft.forget(self.page_of(kind), self.user)
        messages.success(request, _("申请已提交，等商家处理"))
        return redirect("buyers:case", code=case.code)

    @property
    def form_url(self) -> str:
        return reverse("buyers:apply_form", args=[*self.base, self.kind.value])

    def filled(self) -> DemandForm | None:
        """The draft as a form that still holds, or nothing."""
        draft = Draft.at(self.page_of(self.kind), self.user)
        if draft is None:
            return None
        form = DemandForm(draft.filled(), line=self.line, kind=self.kind, user=self.user)
        self.seen = draft.updated_at.isoformat()
        return form if form.is_valid() else None

    def refused(self, form: DemandForm, refused: Refused) -> HttpResponse:
        if "agreement" in refused.errors or not refused.errors:
            status = 409 if refused.conflict else 422
            unread = "agreement" in refused.errors
            return self.show(form, sentence=refused.sentence, status=status, unread=unread)
        form.refuse(refused)
        context = self.filling(form, here=self.form_url)
        return render(self.request, "buyers/apply/form.html", context, status=422)

    def show(
        self, form: DemandForm, *, sentence: str = "", status: int = 200, unread: bool = False
    ) -> HttpResponse:
        """``unread``: the sentence is about the agreement, and stands at its tick."""
        policy = Policy.current()
        agreement = Agreement.objects.filter(version=policy.agreement_version).first()
        context = self.context(
            draft=form,
            kind=self.kind,
            summary=self.summary(form),
            files=[
                (form.fields[name].label, form.fields[name].files)  # type: ignore[attr-defined]
                for name in form.asks_slots
                if form.fields[name].kept  # type: ignore[attr-defined]
            ],
            form_url=self.form_url,
            key=form.data["key"],
            version=policy.agreement_version,
            agreement=agreement,
            sentence=sentence,
            unread=unread,
            seen=self.seen,
            help=help_of("review"),
        )
        return render(self.request, "buyers/apply/review.html", context, status=status)

    def summary(self, form: DemandForm) -> list[tuple[str, str, str]]:
        """What is about to be submitted: term, value, and the field that 修改 leads to."""
        made = form.application()
        rows = [(_("维权要求"), str(self.kind.label), "")]
        if "goods_state" in form.fields:
            states = dict(form.fields["goods_state"].choices)  # type: ignore[attr-defined]
            rows.append((_("收货情况"), str(states[made.goods_state]), "goods_state_0"))
        rows.append((_("申请原因"), made.reason.label, "reason"))
        if "quantity" in form.fields:
            rows.append((_("申请件数"), str(made.quantity), "quantity"))
        rows += [(term, value, "own") for term, value in demand_rows(made.demand, made.ship_to)]
        if "amount" in form.fields or not form.asks_own:
            link = "amount" if "amount" in form.fields else ""
            rows.append((_("退款金额"), money(made.amount), link))
            rows += [(term, told, "") for term, told in settled(form.refundable)]
        if form.freight:
            rows.append((_("退货运费"), form.freight, ""))
        if made.goods_intact:
            rows.append((_("商品完好"), _("已确认"), "goods_intact"))
        rows.append((_("说明"), made.description or "—", "description"))
        for code, told in made.unable.items():
            rows.append((str(form.fields[why(code)].label), told, why(code)))
        return rows
