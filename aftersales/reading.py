"""What every reader has, whoever he is: his own way of reading (/prefs/), and his language."""

from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import FormView, TemplateView

from aftersales import prefs
from aftersales.looks import Density, Theme
from aftersales.models import Member, Shop, User
from aftersales.paths import way_back


def frame_of(request: HttpRequest) -> str:
    """The frame around a page that all share, as its reader knows it from his own pages.

    Sets ``request.shop`` for a merchant's, and what of its menu is ``request.barred`` to him.
    """
    user = request.user
    if not isinstance(user, User):
        return "base.html"
    places = list(Member.objects.places_of(user))
    if places:
        wanted = request.session.get("shop")
        member = next((each for each in places if each.shop.code == wanted), places[0])
        request.shop, request.barred = member.shop, member.barred  # type: ignore[attr-defined]
        return "base_merchant.html"
    return "base_staff.html" if user.is_staff else "base_buyer.html"


class HelpPage(TemplateView):
    """帮助: a shop reads how it works, in its own frame; everybody else, and it too if it asks for
    that, what buyers read."""

    def get_template_names(self) -> list[str]:
        of_a_shop = frame_of(self.request) == "base_merchant.html"
        if of_a_shop and self.request.GET.get("for") != "buyer":
            return ["help_merchant.html"]
        return ["help.html"]


class PrefsForm(forms.Form):
    """How pages look and when nothing is e-mailed; the latter is for accounts only."""

    language = forms.ChoiceField(
        label=gettext_lazy("语言"), choices=settings.LANGUAGES, widget=forms.RadioSelect
    )
    theme = forms.ChoiceField(label=gettext_lazy("外观"), choices=Theme, widget=forms.RadioSelect)
    density = forms.ChoiceField(
        label=gettext_lazy("行距"), choices=Density, widget=forms.RadioSelect
    )
    shortcuts = forms.BooleanField(
        label=gettext_lazy("使用单键快捷键"),
        required=False,
        help_text=gettext_lazy(
            "如 j、k、/。用语音输入或容易误触时，可以关掉；Ctrl+Enter 和 Esc 不受影响"
        ),
    )
    sound = forms.BooleanField(
        label=gettext_lazy("待处理的售后单剩余不足 10 分钟时响一声"),
        required=False,
        help_text=gettext_lazy("只在工作台打开着的时候；每单只响一次"),
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("免打扰从"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("免打扰到"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy(
            "中国时间。这段时间不发邮件，结束后再发；剩余处理时间不足 2 小时的除外。两项都不填就是不限"
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not isinstance(user, User):
            del self.fields["quiet_from"], self.fields["quiet_until"]
        if not isinstance(user, User) or not Shop.objects.of(user).exists():
            del self.fields["sound"]

    @property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_tag = False
        helper.disable_csrf = True
        return helper

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "quiet_from" in given and "quiet_until" in given:
            start, end = given["quiet_from"], given["quiet_until"]
            if (start is None) != (end is None):
                missing = "quiet_until" if end is None else "quiet_from"
                self.add_error(missing, _("请填写免打扰的开始和结束时间，或者都不填"))
            elif start is not None and start == end:
                self.add_error("quiet_until", _("开始和结束时间不能相同"))
        return given


class Preferences(FormView):
    """偏好设置, signed in or not."""

    template_name = "prefs.html"
    form_class = PrefsForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_initial(self) -> dict[str, Any]:
        shown: prefs.Prefs = self.request.prefs  # type: ignore[attr-defined]
        user = self.request.user
        return {
            "language": get_language(),
            "theme": shown.theme,
            "density": shown.density,
            "shortcuts": shown.shortcuts,
            "sound": shown.sound,
            "quiet_from": getattr(user, "quiet_from", None),
            "quiet_until": getattr(user, "quiet_until", None),
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(frame=frame_of(self.request), **kwargs)

    def form_valid(self, form: PrefsForm) -> HttpResponse:
        response = redirect(reverse("prefs"))
        prefs.keep(self.request, response, **form.cleaned_data)
        messages.success(self.request, _("偏好设置已保存"))
        return response

    def form_invalid(self, form: PrefsForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """The switch at the foot or in the menu of every page: back to where it stood."""
    response = redirect(way_back(request))
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        prefs.keep(request, response, language=language)
    return response


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """Where browsers look beside a file or a PDF, which can name no icon."""
    return redirect(static("img/favicon.svg"))
