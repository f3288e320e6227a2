"""Whoever has lost every second factor is let in again: a superuser takes them away, and says why."""

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from aftersales.models import User
from aftersales.notices.delivering import tell_of_account

MOST = 300
# Whoever did not ask for it learns that somebody did.
TOLD = gettext_noop("平台管理员刚刚清除了你账号的二次验证。如果不是你要求的，请立即联系平台客服。")


class ProvenForm(forms.Form):
    """How it was made sure that it is he who asks: kept in the history of the account."""

    how = forms.CharField(
        label=_("如何核实了本人身份"),
        help_text=_("例如：回拨登记的电话，并核对了营业执照和法人身份证。写入账号的历史。"),
        min_length=10,
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": MOST}),
    )


class LostFactors:
    """The action of the list of accounts, for one account at a time."""

    admin_site: Any
    opts: Any
    message_user: Any
    log_change: Any

    def has_reset_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    @admin.action(description=_("清除二次验证"), permissions=["reset"])
    def clear_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        """After a second look, and with the reason: he signs in by his password and sets up new ones."""
        users = list(queryset[:2])
        if len(users) != 1 or not Authenticator.objects.filter(user=users[0]).exists():
            self.message_user(request, _("请选择一个设置了二次验证的账号"), messages.WARNING)
            return None
        [user] = users
        form = ProvenForm(request.POST if "confirmed" in request.POST else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": _("清除二次验证"),
                "opts": self.opts,
                "account": user,
                "form": form,
            }
            page = TemplateResponse(request, "admin/aftersales/user/factors.html", context)
            page.status_code = 422 if form.is_bound else 200
            return page
        with transaction.atomic():
            Authenticator.objects.filter(user=user).delete()
            told = gettext("清除了二次验证：{how}").format(how=form.cleaned_data["how"])
            self.log_change(request, user, told)
            tell_of_account(user, TOLD)
        self.message_user(request, _("已清除，请本人登录后重新设置"), messages.SUCCESS)
        return None
