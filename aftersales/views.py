"""The one way a page moves a case, and the pages that all three kinds of people share."""

import mimetypes
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import FormView

from aftersales import cached, clock, uploads
from aftersales.changes import since
from aftersales.drafting import Drafting
from aftersales.enums import Party
from aftersales.forms import StepForm, staged
from aftersales.imports import samples
from aftersales.models import (
    Case,
    Conversation,
    Evidence,
    Message,
    OrderLine,
    Shop,
    Upload,
    User,
)
from aftersales.paths import way_back
from aftersales.rules import visibility
from aftersales.service import asking
from aftersales.steps import STEPS, Refused

ABOUT = ("order", "line", "reason", "shop", "buyer")  # what every page of a case shows of it


class CaseView(LoginRequiredMixin):
    """A page about one case of this person: what is not his is a 404, before anything else.

    Lapsed time acts first, so no page offers what time has taken away.
    """

    request: HttpRequest
    party: Party
    case: Case

    def found(self, code: str) -> Sequence[Case]:
        """The case of this number, with what it is ``ABOUT``; nothing, if it is another's."""
        raise NotImplementedError

    def may_enter(self) -> None:
        """Raises PermissionDenied for who may see the case, but is not to be on this page."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            found = self.found(kwargs["code"])
            if not found:
                raise Http404
            self.case = found[0]
            self.case.catch_up()
            self.may_enter()
        return super().dispatch(request, *args, **kwargs)


class StepView(CaseView, Drafting, FormView):
    """Show a step's form; on POST take the step with what was filled in.

    The URL names the step and, if it asks for anything, the form:
    ``MerchantStep.as_view(step="reject", form_class=RejectForm)``. Success redirects; a refusal
    answers 422, or 409 where the case has moved on, with everything typed still there.
    """

    step = ""
    form_class = StepForm
    done: Any = ""  # what the toast says after success; the status if empty

    def get_form_kwargs(self) -> dict[str, Any]:
        label = STEPS[self.step].label
        kwargs = super().get_form_kwargs() | {
            "case": self.case,
            "user": self.request.user,
            "party": self.party,
            "label": str(label),
        }
        if self.restored:
            kwargs["data"]["version"] = str(self.case.version)
            kwargs["data"]["key"] = uuid.uuid4().hex
        return kwargs

    def draft_of(self) -> tuple[Case | None, str]:
        return self.case, self.step

    def already_sent(self, key: str) -> bool:
        return self.case.events.filter(key=key).exists()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        refusal = self.case.refusal(self.step, self.request.user)
        context = super().get_context_data(
            case=self.case, step=STEPS[self.step], refusal=refusal, **kwargs
        )
        return context | {"draft_said": self.draft_said()}  # known once the form is made

    def take(self, form: StepForm) -> None:
        getattr(self.case, self.step)(by=self.request.user, **form.answers())

    def form_valid(self, form: StepForm) -> HttpResponse:
        try:
            self.take(form)
        except Refused as refused:
            form.refuse(refused)
            return self.form_invalid(form, conflict=refused.conflict)
        if form.keeps_drafts:
            self.forget()
        self.say_done()
        return redirect(self.get_success_url())

    def form_invalid(self, form: StepForm, *, conflict: bool = False) -> HttpResponse:
        """422, or 409; after a conflict the form carries the new version, and the text is kept."""
        self.remember(form)
        if conflict:
            fresh = self.request.POST.copy()
            fresh["version"] = str(self.case.version)
            form.data = fresh
        context = self.get_context_data(form=form, **self.conflict(form) if conflict else {})
        return self.render_to_response(context, status=409 if conflict else 422)

    def conflict(self, form: StepForm) -> dict[str, Any]:
        """What happened since the page was made, and whether something typed is at stake."""
        version = self.request.POST.get("version", "")
        changes = since(self.case, version, self.party, self.request.user)
        return {"conflict": True, "changes": changes, "typed": form.keeps_drafts}

    def stale_part(self, form: StepForm) -> HttpResponse:
        """The answer to a part of a page that asked for more of a form which is over: a note above
        the form, which stays as it is."""
        self.remember(form)
        context = self.conflict(form) | {
            "case": self.case,
            "now": clock.now(),
            "refusal": self.case.refusal(self.step, self.request.user),
        }
        part = render(self.request, "components/changed.html", context, status=409)
        return above_the_form(part)

    def say_done(self) -> None:
        messages.success(self.request, self.success_message())

    def success_message(self) -> str:
        status = self.case.get_status_display()
        return str(self.done) or _("{name}：{text}").format(name=self.case, text=status)


def above_the_form(part: HttpResponse) -> HttpResponse:
    """Tell htmx to put a note where every page with such a form has room for one."""
    part["HX-Retarget"], part["HX-Reswap"], part["HX-Reselect"] = "#stale", "innerHTML", ".changed"
    return part


class AnswersRequest:
    """The page that answers one formal request of the other side; another's is a 404."""

    case: Case
    party: Party
    kwargs: dict[str, Any]
    done = gettext_lazy("已答复对方的请求")

    def get_form_kwargs(self) -> dict[str, Any]:
        asked = get_object_or_404(
            self.case.requests.exclude(party=self.party), pk=self.kwargs["pk"]
        )
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        return kwargs | {"asked": asked, "as_party": self.party}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Each kind of person is led to his own part of the house."""
    user = request.user
    if not user.is_authenticated:
        return redirect("account_login")
    if Shop.objects.of(user).exists():
        return redirect("merchants:queue")
    if user.is_staff:
        return redirect("admin:index")
    return redirect("buyers:home")


@require_POST
def stage(request: HttpRequest) -> HttpResponse:
    """Take one chosen file at once; the answer is its line in the slot, or the sentence (422)."""
    if not isinstance(request.user, User):
        said = _("登录已过期，请重新登录后再上传")
        return HttpResponse(said, status=401, content_type="text/plain")
    chosen = request.FILES.get("file")
    if chosen is None:
        return HttpResponse(_("没有收到文件"), status=422, content_type="text/plain")
    try:
        upload = uploads.keep(chosen, request.user)
    except Refused as refused:
        return HttpResponse(refused.sentence, status=422, content_type="text/plain")
    context = {"file": staged(upload), "name": request.POST.get("slot", "")}
    return render(request, "components/staged.html", context)


@login_required
@require_safe
def file(request: HttpRequest, token: str) -> FileResponse:
    """An upload, to those who may see it: its owner, or a side of a case where it was filed."""
    # Whose it is stands below: a file is seen for many reasons.
    upload = get_object_or_404(Upload, token=token)  # nosemgrep: lookup-without-scope
    if upload.user_id != request.user.pk and not _sees(request, upload):
        raise Http404
    if not upload.clear:
        raise PermissionDenied(upload.held)
    kind = upload.kind
    response = FileResponse(upload.file.open("rb"), content_type=kind)
    ending = mimetypes.guess_extension(kind) or ""
    attach = "inline" if upload.image else "attachment"
    response["Content-Disposition"] = f'{attach}; filename="evidence-{upload.pk}{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _sees(request: HttpRequest, upload: Upload) -> bool:
    user: Any = request.user
    if asking.sees_file(upload, user):
        return True
    filed = Evidence.objects.filter(upload=upload).select_related("case")
    for evidence in filed:
        case = evidence.case
        for party in case.parties_of(request.user):
            if visibility.sees_content(evidence, case, party):
                if party == Party.MERCHANT and "thumb" not in request.GET:
                    Case.objects.filter(pk=case.pk).update(merchant_seen_at=clock.now())
                    cache.delete(cached.numbers(case.shop_id))
                return True
    return _said_with(request, upload)


def _said_with(request: HttpRequest, upload: Upload) -> bool:
    """A picture of a conversation before any case: for its two sides, and for staff who rule."""
    said = Message.objects.filter(uploads=upload).select_related("line__order")
    lines = [message.line for message in said if message.line is not None]
    if request.user.is_staff and request.user.has_perm("aftersales.rule"):
        return bool(lines)
    return any(Conversation(line).parties_of(request.user) for line in lines)


def case_url(code: str, party: Party) -> str:
    """Where a party finds a case."""
    if party == Party.BUYER:
        return reverse("buyers:case", args=[code])
    if party == Party.MERCHANT:
        return reverse("merchants:case", args=[code])
    return reverse("admin:case_by_code", args=[code])


def conversation_url(line: OrderLine, party: Party) -> str:
    """Where a party talks about an order line that has no case."""
    if party == Party.MERCHANT:
        return reverse("merchants:conversation", args=[line.pk])
    order = line.order
    return reverse("buyers:ask", args=[order.shop.code, order.number, line.position])


@require_POST
def demo_clock(request: HttpRequest) -> HttpResponse:
    """Move the demo's clock forward; outside the demo this page does not exist."""
    if not settings.DEMO:
        raise Http404
    minutes = {"10": 10, "60": 60, "1440": 1440}.get(request.POST.get("minutes", ""))
    if minutes:
        clock.advance(timedelta(minutes=minutes))
        messages.success(request, _("演示时间已前进"))
    return redirect(way_back(request))


@login_required
@require_safe
def demo_sample(request: HttpRequest, name: str) -> FileResponse:
    """One of the demo's order files, to try the import with; outside the demo there is none."""
    known = {*samples.FILES} if settings.DEMO else set()
    if name not in known:
        raise Http404
    return FileResponse(
        (settings.VAR / "samples" / name).open("rb"), as_attachment=True, filename=name
    )
