"""What every buyer's page of a case knows, and the one way a buyer takes a step."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from aftersales import clock
from aftersales.enums import Party
from aftersales.helping import help_of
from aftersales.models import Attempt, Case, User
from aftersales.prepared import Prepared
from aftersales.rules import deadlines
from aftersales.steps import LAPSED, Refused
from aftersales.views import ABOUT, CaseView, StepView
from buyers.showing.standing import standing


class BuyerPage(LoginRequiredMixin):
    """A page of the one who is signed in."""

    request: HttpRequest

    @property
    def user(self) -> User:
        if not isinstance(self.request.user, User):
            raise ImproperlyConfigured("a buyer's page needs somebody signed in")
        return self.request.user


MINE = Prepared(
    lambda code, user: Case.objects.for_buyer(user).filter(code=code).select_related(*ABOUT)
)


class BuyerCase(CaseView, BuyerPage):
    """A page about one of the buyer's own cases."""

    party = Party.BUYER

    def found(self, code: str) -> Sequence[Case]:
        return MINE(code, self.request.user.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        self.case.load_along()
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        now = clock.now()
        return {"case": self.case, "now": now, "standing": standing(self.case, now), **context}


class BuyerStep(BuyerCase, StepView):
    """A buyer's step; its page is ``templates/buyers/cases/<step>.html``.

    What the rules refuse is refused before the form is looked at, with the rule's own sentence.
    A POST with ``refresh`` only fits the form to what was chosen; nothing is taken.
    """

    def get_template_names(self) -> list[str]:
        if self.template_name:
            return [self.template_name]
        return [f"buyers/cases/{self.step}.html", "buyers/cases/step.html"]

    def get_success_url(self) -> str:
        return reverse("buyers:case", args=[self.case.code])

    def refusal(self) -> str:
        return self.case.refusal(self.step, self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "refusal": self.refusal(),
            "help": help_of(self.step),
        }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refusal = self.refusal()
        if refusal:
            key = request.POST.get("key", "")[:64]
            if key and self.case.events.filter(key=key, step=self.step).exists():
                return redirect(self.get_success_url())  # the same click again
            return self.refused(self._because_of_time() or refusal)
        if "refresh" in request.POST:
            return self.refreshed()
        return super().post(request, *args, **kwargs)

    def refreshed(self) -> HttpResponse:
        form = self.get_form()
        form.is_valid()
        form.errors.clear()
        return self.render_to_response(self.get_context_data(form=form))

    def refused(self, sentence: str) -> HttpResponse:
        Attempt.objects.create(
            case=self.case,
            user=self.user,
            step=self.step,
            sentence=sentence[:300],
            at=clock.now(),
        )
        form = self.get_form()
        form.is_valid()
        form.errors.clear()
        form.refuse(Refused(sentence))
        return self.form_invalid(form, conflict=True)

    def _because_of_time(self) -> str:
        """The sentence where time moved the case on from where this page shows it."""
        version = self.request.POST.get("version", "")
        if not version.isdecimal() or len(version) > 9:
            return ""
        since = self.case.events.filter(version__gt=int(version)).exclude(before=F("after"))
        moved = since.order_by("version").first()
        by_time = moved is not None and moved.step in deadlines.LAPSES
        return str(LAPSED) if by_time else ""
