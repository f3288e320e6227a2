"""通知: the notice centre of every role, and the count at its bell."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import ListView

from aftersales import clock
from aftersales.enums import Party, Reminder
from aftersales.models import Notice, User
from aftersales.models.history import OF_ACCOUNT
from aftersales.prepared import Prepared
from aftersales.reading import frame_of
from aftersales.service import asking
from aftersales.views import case_url, conversation_url

TABS = {
    "all": gettext_lazy("全部"),
    "unread": gettext_lazy("未读"),
    "reminders": gettext_lazy("时限提醒"),
}


class Notices(LoginRequiredMixin, ListView):
    """The newest first, one of each case and kind; what is read is what was opened."""

    template_name = "notices/list.html"
    paginate_by = 30
    request: HttpRequest

    @property
    def tab(self) -> str:
        asked = self.request.GET.get("tab", "")
        return asked if asked in TABS else "all"

    def get_queryset(self) -> Any:
        shown = Notice.objects.shown_to(self.request.user)
        if self.tab == "unread":
            shown = shown.unread()
        elif self.tab == "reminders":
            shown = shown.filter(kind__in=Reminder.values)
        return shown.select_related("case", "line__order", "request", "job", "check_run")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        given: dict[str, Any] = super().get_context_data(**kwargs)
        return given | {"frame": frame_of(self.request), "tab": self.tab, "tabs": TABS.items()}


@login_required
@require_safe
def unread(request: HttpRequest) -> HttpResponse:
    """The count at the bell, asked for again while somebody looks; nobody keeps it."""
    response = render(request, "components/unread.html")
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """全部标为已读: those that the page showed or hid, but none that came in meanwhile."""
    newest = request.POST.get("newest", "")
    mine = Notice.objects.filter(user=request.user.pk)
    if newest.isdecimal():
        mine = mine.filter(pk__lte=int(newest[:18]))
    shown = mine.filter(latest=True).unread().count()
    mine.mark_read(clock.now())
    told = ngettext("{n} 条通知已标为已读", "{n} 条通知已标为已读", shown).format(n=shown)
    messages.success(request, told)
    return redirect(reverse("notices"))


@login_required
@require_safe
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """From a notice to its case, request, job or account, on the side of the one it was written to."""
    notice = get_object_or_404(
        Notice.objects.select_related("case", "line__order__shop", "request", "job"),
        pk=pk,
        user_id=request.user.pk,
    )
    of_its_kind = Notice.objects.filter(
        user=request.user.pk,
        case=notice.case,
        line=notice.line,
        request=notice.request,
        job=notice.job,
        check_run=notice.check_run_id,
        kind=notice.kind,
        pk__lte=pk,
    )
    of_its_kind.mark_read(clock.now())
    party = Party(notice.party)
    if notice.case is not None:
        return redirect(case_url(notice.case.code, party))
    if notice.request is not None:
        return redirect(asking.url_of(notice.request, party))
    if notice.job is not None:
        return redirect("merchants:job", notice.job.code)
    if notice.check_run_id is not None:
        return redirect("admin:aftersales_finding_changelist")
    if notice.kind == OF_ACCOUNT:
        return redirect("mfa_index")
    if notice.line is None:
        raise Http404
    return redirect(conversation_url(notice.line, party))


# Whether something told of a case has not been read yet.
NEWS = Prepared(
    lambda case, user: Notice.objects.filter(user=user, case=case).unread().values_list("pk")[:1]
)


def seen(user: User | Any, case: Any) -> None:
    """Who has the case before him has read what is told of it."""
    Notice.objects.filter(user=user.pk, case=case.pk).mark_read(clock.now())
