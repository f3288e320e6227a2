"""What every merchant page knows: the shop in hand, and this user's place in it."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from aftersales.enums import Party, Permission, Turn
from aftersales.models import Case, CaseQuerySet, Member, Shop, User
from aftersales.views import CaseView, StepView


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
            if self.permission and not self.member.can(self.permission):
                raise PermissionDenied(
                    _("你没有“%(permission)s”权限，请联系店铺管理员")
                    % {"permission": self.permission.label}
                )
        return super().dispatch(request, *args, **kwargs)


class MerchantCase(CaseView):
    """A page about one case of a shop in which this user works."""

    party = Party.MERCHANT

    def cases(self) -> CaseQuerySet:
        return Case.objects.for_merchant(self.request.user)


class MerchantStep(MerchantCase, StepView):
    """A merchant's step; its page is ``templates/merchants/cases/<step>.html``."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated and isinstance(request.user, User):
            current_member(request, request.user)

    def get_template_names(self) -> list[str]:
        if self.template_name:
            return [self.template_name]
        return [f"merchants/cases/{self.step}.html", "merchants/cases/step.html"]


def current_member(request: HttpRequest, user: User) -> Member:
    """The membership in hand: the shop chosen with ``?shop=CODE``, remembered in the session.

    Sets ``request.shop`` and ``request.counts`` for the frame. A user without a shop finds a 404.
    """
    members = list(Member.objects.filter(user=user, active=True).select_related("shop"))
    if not members:
        raise Http404
    wanted = request.GET.get("shop") or request.session.get("shop")
    member = next((each for each in members if each.shop.code == wanted), members[0])
    if request.session.get("shop") != member.shop.code:
        request.session["shop"] = member.shop.code
    request.shop = member.shop  # type: ignore[attr-defined]
    request.counts = counts(member.shop)  # type: ignore[attr-defined]
    return member


def counts(shop: Shop) -> dict[str, int]:
    """How many cases wait at each turn, in one query."""
    rows = Case.objects.filter(shop=shop).exclude(turn=Turn.DONE).order_by()
    return dict(rows.values_list("turn").annotate(Count("pk")))
