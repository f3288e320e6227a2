"""What every merchant page knows: the shop in hand, and this user's place in it."""

import uuid
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.asked import asked_of
from aftersales.bids import bids_of, gap_text
from aftersales.enums import Party, Permission, Turn
from aftersales.models import Case, CaseQuerySet, Member, Message, Shop, User
from aftersales.steps import STEPS, Refused
from aftersales.views import CaseView, StepView
from merchants.showing.page import page_of


class ShopView(LoginRequiredMixin):
    """A page of one shop. ``permission`` names what it takes (else 403); no shop is a 404."""

    request: HttpRequest
    permission: Permission | None = None
    shop: Shop
    member: Member

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated and isinstance(request.user, User):
            self.member = current_member(request, request.user)
            self.shop = self.member.shop
            if self.permission:
                must_be_able(self.member, self.permission)
        return super().dispatch(request, *args, **kwargs)


class MerchantCase(CaseView):
    """A page about one case of a shop in which this user works."""

    party = Party.MERCHANT

    def cases(self) -> CaseQuerySet:
        return Case.objects.for_merchant(self.request.user).select_related("assignee__user")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = cast(User, self.request.user)
        current_member(self.request, user, self.case.shop_id)
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        now = clock.now()
        counts, team = self.request.counts, self.request.team  # type: ignore[attr-defined]
        page = page_of(self.case, user, now, counts=counts, team=team)
        frame = {
            "case": self.case,
            "now": now,
            "page": page,
            "requests": asked_of(self.case, Party.MERCHANT),
            "bids": bids_of(self.case),
            "gap": gap_text(self.case),
            "shops": self.request.shops,  # type: ignore[attr-defined]
            "click": uuid.uuid4().hex,
        }
        return frame | context


class MerchantStep(MerchantCase, StepView):
    """A merchant's step; its page is ``templates/merchants/cases/<step>.html``.

    Without the permission that the step takes there is no page, but a 403 that names it.
    """

    def may_enter(self) -> None:
        permission = STEPS[self.step].permission
        member = self.case.member_of(self.request.user)
        if permission and member:
            must_be_able(member, permission)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.may_enter()
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.may_enter()
        return super().post(request, *args, **kwargs)

    def get_template_names(self) -> list[str]:
        if self.template_name:
            return [self.template_name]
        return [f"merchants/cases/{self.step}.html", "merchants/cases/step.html"]

    def get_success_url(self) -> str:
        return reverse("merchants:case", args=[self.case.code])


class GuardedStep(MerchantStep):
    """A step that is refused before its form is looked at, by the engine, which logs the attempt.

    A double click carries the key of the first one: the engine knows it, and it succeeds again.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.may_enter()
        if not self.case.refusal(self.step, request.user):
            return super().post(request, *args, **kwargs)
        version = request.POST.get("version", "")
        try:
            getattr(self.case, self.step)(
                by=request.user,
                version=int(version) if version.isdecimal() else self.case.version,
                key=request.POST.get("key", "")[:64],
                **NOTHING.get(self.step, {}),
            )
        except Refused as refused:
            return self.refused(refused)
        return redirect(self.get_success_url())

    def refused(self, refused: Refused) -> HttpResponse:
        form = self.get_form()
        form.is_valid()
        form.errors.clear()
        form.refuse(refused)
        return self.form_invalid(form, conflict=refused.conflict)


# What the engine needs to be asked at all, so that it can refuse.
NOTHING: dict[str, dict[str, Any]] = {
    "reject": {"reason": None, "statement": ""},
    "refuse_receipt": {"reason": None, "statement": ""},
}


def must_be_able(member: Member, permission: Permission) -> None:
    if not member.can(permission):
        raise PermissionDenied(
            _("你没有“%(permission)s”权限，请联系店铺管理员") % {"permission": permission.label}
        )


def current_member(request: HttpRequest, user: User, shop_id: int | None = None) -> Member:
    """The membership in hand: of ``shop_id``, or of the shop remembered in the session.

    ``?shop=CODE`` chooses a shop. Sets ``request.shop`` and ``request.counts`` for the frame,
    and ``request.team``, the members on duty there. A user without a shop finds a 404.
    """
    colleagues = list(
        Member.objects.on_duty(Shop.objects.of(user)).select_related("shop", "user").order_by("pk")
    )
    members = [each for each in colleagues if each.user_id == user.pk]
    if not members:
        raise Http404
    wanted = request.GET.get("shop") or request.session.get("shop")
    member = next((each for each in members if each.shop.code == wanted), members[0])
    if shop_id is not None:
        member = next((each for each in members if each.shop_id == shop_id), member)
    if request.session.get("shop") != member.shop.code:
        request.session["shop"] = member.shop.code
    request.shop = member.shop  # type: ignore[attr-defined]
    request.shops = [each.shop for each in members]  # type: ignore[attr-defined]
    request.team = [each for each in colleagues if each.shop_id == member.shop_id]  # type: ignore[attr-defined]
    request.counts = counts(member)  # type: ignore[attr-defined]
    return member


def counts(member: Member) -> dict[str, int]:
    """How many cases wait at each turn; of those in the shop's hands, how many are ``urgent``
    and how many ``assigned`` to this member; and how many buyers have ``asked`` something
    unread before any case."""
    hours = getattr(settings, "DUE_URGENT_HOURS", 2)
    soon = Q(due_at__lt=clock.now() + timedelta(hours=hours))
    rows = Case.objects.filter(shop=member.shop_id).exclude(turn=Turn.DONE).order_by()
    numbers: dict[str, int] = {}
    found = rows.values_list("turn").annotate(
        all=Count("pk"),
        urgent=Count("pk", filter=soon),
        assigned=Count("pk", filter=Q(assignee=member)),
    )
    for turn, number, urgent, assigned in found:
        numbers[turn] = number
        if turn == Turn.MINE:
            numbers |= {"urgent": urgent, "assigned": assigned}
    asked = Message.objects.filter(
        line__order__shop=member.shop_id, party=Party.BUYER, read_at=None
    )
    numbers["asked"] = asked.values("line").distinct().count()
    return numbers
