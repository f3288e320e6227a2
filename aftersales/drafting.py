"""Nothing typed is lost: a page's form is kept as a draft while it is filled in, and given back."""

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Q
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.generic import View

from aftersales import clock
from aftersales.display import when
from aftersales.forms import SlotField
from aftersales.models import Case, Draft
from aftersales.prepared import Prepared
from aftersales.steps import STEPS, Refused

TYPED = "typed"  # in the session: what came in after it had expired, for whoever signs in again
MOST_TYPED = 30_000  # characters

F = TypeVar("F", bound=BaseForm)


class Drafting(LoginRequiredMixin, View):
    """A page that keeps what is typed into its form; the draft takes effect never by itself.

    Script posts the form with ``draft=auto`` while somebody types and shows the sentence that it
    gets; 存为草稿 and 放弃草稿 are the same without script. What comes in after the session has
    expired waits in the new session and becomes the draft of the same person once he has signed
    in; a decision is never taken for him.
    """

    restored: Draft | None = None  # on this page, from before
    kept: Draft | None = None  # by this very request

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            self.take_over_typed()
            if request.method == "POST" and "draft" in request.POST:
                discard = request.POST["draft"] == "discard"
                return self.discard_draft() if discard else self.save_draft()
        return super().dispatch(request, *args, **kwargs)

    # What the page itself says.

    def draft_of(self) -> tuple[Case | None, str]:
        """The case and the step that the draft is for."""
        return None, ""

    def already_sent(self, key: str) -> bool:
        """Whether the click that these answers belong to has had its effect."""
        return False

    @property
    def shown_at(self) -> str:
        """The page that shows the form."""
        return self.request.get_full_path()

    def part_of(self, given: QueryDict) -> str:
        """Which form of the page these are the answers of, where it has several."""
        return ""

    def path_of(self, part: str = "") -> str:
        """Under what a draft is kept."""
        return f"{self.request.path}#{part}" if part else self.request.path

    # Saving.

    def keep(self, given: QueryDict, form: Any = None) -> Draft | None:
        """Store the answers; files that came with them are staged by ``form``."""
        key = given.get("key", "")[:64]
        if key and self.already_sent(key):
            return None
        kept = given.copy()
        for name, field in getattr(form, "fields", {}).items():
            if isinstance(field, SlotField):
                kept.setlist(f"{name}_kept", [upload.token for upload in field.kept])
        case, step = self.draft_of()
        path = self.path_of(self.part_of(given))
        return Draft.keep(path, self.request.user, kept, case=case, step=step)

    def remember(self, form: Any) -> None:
        """What was typed is a draft too, should the page with the answer be closed."""
        if not form.keeps_drafts:
            return
        if self.request.FILES or Draft.worth(self.request.POST):
            self.kept = self.keep(self.request.POST, form)
        else:
            self.forget()
        form.draft_said = self.draft_said()

    def forget(self) -> None:
        Draft.forget(self.path_of(self.part_of(self.request.POST)), self.request.user)

    def save_draft(self) -> HttpResponse:
        form = self.get_form() if self.request.FILES else None
        errors = form.errors if form else {}
        draft = self.keep(self.request.POST, form)
        said = saved(draft) if draft else _("草稿没有保存")
        if self.request.POST["draft"] == "auto":
            return HttpResponse(said, status=200 if draft else 422, content_type="text/plain")
        messages.info(self.request, said)
        for name, sentences in errors.items():
            for sentence in sentences if name.startswith("proof_") else ():
                messages.error(self.request, sentence)
        return redirect(self.shown_at)

    def discard_draft(self) -> HttpResponse:
        self.forget()
        messages.info(self.request, _("草稿已放弃"))
        return redirect(self.shown_at)

    # Giving back.

    def draft(self) -> Draft | None:
        return Draft.at(self.path_of(), self.request.user)

    def begun(self, make: Callable[[QueryDict | None], F], part: str = "") -> F:
        """A form that a page makes itself, as it first shows it: with the draft, if there is one."""
        return begun(self.path_of(part), self.request.user, make)

    def get_form(self, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(*args, **kwargs)  # type: ignore[misc]
        if self.restored:
            unsaid(form)
        return form

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()  # type: ignore[misc]
        if self.request.method in ("GET", "HEAD") and (draft := self.draft()):
            self.restored = draft
            kwargs["data"] = draft.filled()
        return kwargs

    def draft_said(self) -> str:
        """The line under the form: since when there is a draft; nothing without one."""
        if self.kept:
            return saved(self.kept)
        return restored(self.restored) if self.restored else ""

    # An expired session.

    def handle_no_permission(self) -> Any:
        kept = self.request.method == "POST" and put_by(self.request)
        if kept:
            said = _("登录已过期，内容已暂存，重新登录后恢复")
            if self.request.POST.get("draft") == "auto":
                return HttpResponse(said, status=401, content_type="text/plain")
            messages.info(self.request, said)
        return super().handle_no_permission()

    def take_over_typed(self) -> None:
        typed = self.request.session.get(TYPED)
        if not typed or typed["path"] != self.request.path:
            return
        del self.request.session[TYPED]
        given = QueryDict(mutable=True)
        for name, values in typed["data"].items():
            given.setlist(name, values)
        if given.get("by") == str(self.request.user.pk) and self.keep(given):
            messages.info(self.request, _("登录前填写的内容已恢复，还没有提交"))


class Sending(Drafting):
    """A page with one form that is no step's: what it says is sent, and the page goes on from there.

    422 where the form is wrong, 409 where it comes too late, with everything typed still there.
    """

    done: Any = ""  # what the toast says after success

    def take(self, form: Any) -> str:
        """Do what was filled in, or raise Refused; return where to go on."""
        raise NotImplementedError

    def show(self, form: Any, status: int = 200) -> HttpResponse:
        raise NotImplementedError

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = self.get_form()
        if not form.is_valid():
            self.remember(form)
            return self.show(form, status=422)
        try:
            url = self.take(form)
        except Refused as refused:
            self.remember(form)
            form.refuse(refused)
            return self.show(form, status=409 if refused.conflict else 422)
        self.forget()
        messages.success(request, self.done)
        return redirect(url)


def begun(path: str, user: Any, make: Callable[[QueryDict | None], F]) -> F:
    """The form that ``make`` makes of a draft, under a click of its own; or an empty one."""
    return begun_with(Draft.at(path, user), make)


def begun_with(draft: Draft | None, make: Callable[[QueryDict | None], F]) -> F:
    if draft is None:
        return make(None)
    given = draft.filled()
    given["key"] = uuid.uuid4().hex
    form: Any = make(given)
    unsaid(form)
    form.draft_said = restored(draft)
    return form  # type: ignore[no-any-return]


def put_by(request: HttpRequest) -> bool:
    """Keep what an expired session or page still brought, for the one who had typed it."""
    given = dict(request.POST.lists())
    length = sum(len(value) for values in given.values() for value in values)
    if "by" not in given or length > MOST_TYPED:
        return False
    request.session[TYPED] = {"path": request.path, "data": given}
    return True


def saved(draft: Draft) -> str:
    return _("草稿已保存 %(at)s") % {"at": f"{localtime(draft.updated_at):%H:%M:%S}"}


def restored(draft: Draft) -> str:
    return _("恢复自 %(at)s") % {"at": when(draft.updated_at, clock.now())}


class Shown(NamedTuple):
    """A draft on the page of its case: go on with it, or read what can't be sent any more."""

    label: str
    url: str
    at: datetime
    refusal: str
    texts: list[str]


# What somebody has begun on a case, and at another form of its page.
BEGUN = Prepared(
    lambda case, user, path: Draft.objects.filter(Q(case=case) | Q(path=path), user=user)
)


def drafts_of(case: Case, user: Any, known: Iterable[Draft] | None = None) -> list[Shown]:
    """What this person has begun on this case and not sent (``known`` where it was read)."""
    return [
        Shown(
            draft.label,
            draft.path,
            draft.updated_at,
            case.refusal(draft.step, user) if draft.step in STEPS else "",
            draft.texts(),
        )
        for draft in (Draft.objects.filter(case=case, user=user.pk) if known is None else known)
        if draft.case_id == case.pk
    ]


def unsaid(form: BaseForm) -> None:
    """Clean what was typed so far, and complain of nothing: it was not sent yet. Only a file that
    came along and can't be taken is named, for the page that comes back is without it."""
    form.is_valid()
    gone = {name: form.errors[name] for name in form.files if name in form.errors}
    form.errors.clear()
    form.errors.update(gone)
