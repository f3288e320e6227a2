"""What every merchant page knows: the shop in hand, and this user's place in it."""

import uuid
from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import cached, centre, clock, undoing
from aftersales.asked import asked_of
from aftersales.bids import bids_of, gap_text
from aftersales.drafting import BEGUN, begun_with
from aftersales.enums import Party, Permission
from aftersales.forms import StepForm
from aftersales.helping import help_of
from aftersales.models import Case, Draft, Member, Shop, User
from aftersales.models.case.loading import FOR_A_PAGE
from aftersales.prepared import Prepared
from aftersales.rules import limits
from aftersales.steps import STEPS, Refused
from aftersales.suspensions import card_of
from aftersales.views import ABOUT, CaseView, StepView
from merchants import counting, presence
from merchants.forms.desk import NoteForm
from merchants.showing.beside import OF_THE_SHOP, Beside, beside
from merchants.showing.page import agreed_words, page_of
from merchants.team import team_of
from merchants.worklist import Way

AT_THE_SCANNER = "desk"
KEYS = (
    ("n", gettext_lazy("处理下一单")),
    ("p", gettext_lazy("上一单")),
    ("g", gettext_lazy("同意，先看说明再确认")),
    ("r", gettext_lazy("驳回或继续协商，先看风险或进度")),
    ("e", gettext_lazy("看买家的凭证")),
    ("m", gettext_lazy("在线聊天")),
    ("i", gettext_lazy("写内部备注")),
    ("b", gettext_lazy("回到售后工作台")),
)


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


OURS = Prepared(
    lambda code, user: (
        Case.objects.for_merchant(user).filter(code=code).select_related(*ABOUT, "assignee__user")
    )
)


class MerchantCase(CaseView):
    """A page about one case of a shop in which this user works."""

    party = Party.MERCHANT
    drafts: dict[str, Draft]  # what this member has begun on the case, by its page
    news: list[Any]  # whether he has been told something of it that he has not read
    enters = True  # colleagues are told that this case is open here

    def found(self, code: str) -> Sequence[Case]:
        return OURS(code, self.request.user.pk)

    @cached_property
    def member(self) -> Member:
        return current_member(self.request, cast(User, self.request.user), self.case.shop_id)

    @cached_property
    def way(self) -> Way:
        member = self.member
        team = self.request.team  # type: ignore[attr-defined]
        return Way(self.case, self.request.GET, member, team)

    def url_of(self, name: str) -> str:
        """The address of a page of this case, in the list that it was opened from."""
        return reverse(f"merchants:{name}", args=[self.case.code]) + self.way.trail

    @property
    def notes_path(self) -> str:
        """Where a note is posted to, and its draft kept."""
        return reverse("merchants:add_note", args=[self.case.code])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        member, user = self.member, cast(User, self.request.user)
        self.case.seen_by(member)
        drafts, self.news, *found = self.case.read_along(
            (*FOR_A_PAGE, *OF_THE_SHOP),
            (BEGUN, (self.case.pk, user.pk, self.notes_path)),
            (centre.NEWS, (self.case.pk, user.pk)),
            *beside(self.case),
        )
        self.drafts = {draft.path: draft for draft in drafts}
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        now = clock.now()
        team = self.request.team  # type: ignore[attr-defined]
        if self.enters:
            presence.enter(self.case, member)
        looking = presence.elsewhere(team, member).get(self.case.pk, [])
        frame = {
            "case": self.case,
            "now": now,
            "page": page_of(self.case, user, now, Beside(*found), team=team, trail=self.way.trail),
            "way": self.way,
            "trail": self.way.trail,
            "notes": self.case.notes.all(),
            "note_form": begun_with(self.drafts.get(self.notes_path), NoteForm),
            "tags": self.case.tags.all(),
            "shop_tags": self.case.shop.tags.all(),
            "me": member,
            "page_keys": KEYS,
            "looking": looking,
            "told": presence.told(looking),
            "others_unknown": cached.away(),
            "requests": asked_of(self.case, Party.MERCHANT),
            "suspension": card_of(self.case, Party.MERCHANT),
            "bids": bids_of(self.case, now),
            "gap": gap_text(self.case),
            "shops": self.request.shops,  # type: ignore[attr-defined]
            "click": uuid.uuid4().hex,
        }
        return frame | context


class MerchantStep(MerchantCase, StepView):
    """A merchant's step; its page is ``templates/merchants/cases/<step>.html``.

    Without the permission that the step takes, or beyond one's limit, there is no page, but a 403
    that says so.
    """

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if self.request.headers.get("HX-Target") == "peek":  # asked for in the quick view
            kwargs["frame"] = "merchants/cases/_beside.html"
        return super().get_context_data(help=help_of(self.step, Party.MERCHANT), **kwargs)

    def may_enter(self) -> None:
        permission = STEPS[self.step].permission
        self.case.seen_by(self.member)
        if permission:
            must_be_able(self.member, permission)
        who = (self.case, Party.MERCHANT, self.request.user)
        if any(each in limits.LIMITS and not each(*who) for each in STEPS[self.step].for_whom):
            raise PermissionDenied(limits.BEYOND)

    def take(self, form: StepForm) -> None:
        answers = form.answers()
        if STEPS[self.step].undoable:
            answers["undo_within"] = self.case.undo_window
        getattr(self.case, self.step)(by=self.request.user, **answers)

    def say_done(self) -> None:
        if self.case.held_until is None:
            super().say_done()

    def get_template_names(self) -> list[str]:
        if self.template_name:
            return [self.template_name]
        return [f"merchants/cases/{self.step}.html", "merchants/cases/step.html"]

    def form_valid(self, form: StepForm) -> HttpResponse:
        self.way.stay()
        answer = super().form_valid(form)
        if self.case.held_until:  # may be undone, and says so for as long; on the next page too
            agreed = agreed_words(self.step, self.case)
            told = _("%(goods)s：已%(what)s") % {"goods": self.case.line.title, "what": agreed}
            undoing.offer(answer, self.case, self.request.user, told, clock.now())
        return answer

    def get_success_url(self) -> str:
        """The case; or where one was without its page: at the scanner, or in the list."""
        stay = self.request.POST.get("stay")
        if stay == AT_THE_SCANNER:
            return reverse("merchants:returns")
        return self.way.onward_url if stay else self.url_of("case")


class GuardedStep(MerchantStep):
    """A step that is refused before its form is looked at, by the engine, which logs the attempt.

    A double click carries the key of the first one: the engine knows it, and it succeeds again.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
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


def ask_first(
    request: HttpRequest, heading: str, what: str, button: str, back_url: str
) -> HttpResponse:
    """The page before something goes for good; its button posts to the same address."""
    asked = {"heading": heading, "what": what, "button": button, "back_url": back_url}
    frame = {"now": clock.now(), "shops": request.shops}  # type: ignore[attr-defined]
    return render(request, "merchants/ask_first.html", frame | asked)


def current_member(request: HttpRequest, user: User, shop_id: int | None = None) -> Member:
    """The membership in hand: of ``shop_id``, or of the shop remembered in the session.

    ``?shop=CODE`` chooses a shop. Sets ``request.shop``, what of its menu is ``request.barred`` to
    him, ``request.counts`` and ``request.unread`` for the frame, and ``request.team``, the members
    on duty there. A user without a shop finds a 404.
    """
    everybody, members, unread, moved = team_of(user)
    if not members:
        raise Http404
    wanted = request.GET.get("shop") or request.session.get("shop")
    member = next((each for each in members if each.shop.code == wanted), members[0])
    if shop_id is not None:
        member = next((each for each in members if each.shop_id == shop_id), member)
    if request.session.get("shop") != member.shop.code:
        request.session["shop"] = member.shop.code
    request.unread = unread  # type: ignore[attr-defined]
    request.shop = member.shop  # type: ignore[attr-defined]
    request.barred = member.barred  # type: ignore[attr-defined]
    request.shops = [each.shop for each in members]  # type: ignore[attr-defined]
    request.team = [each for each in everybody if each.shop_id == member.shop_id]  # type: ignore[attr-defined]
    request.counts = SimpleLazyObject(  # type: ignore[attr-defined]
        lambda: counting.numbers_of(member, moved.get(member.shop_id))
    )
    return member
