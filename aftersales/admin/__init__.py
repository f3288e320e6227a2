"""The staff side, in Django's admin: facts are read here, steps are taken, the catalogue is kept."""

from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.forms import formsets
from django.utils.translation import gettext_lazy as _

from aftersales.admin import (
    cases,
    catalogue,
    editions,
    extensions,
    figures,
    history,
    importing,
    interventions,
    orders,
    owned,
    people,
    policies,
    refunds,
    service,
    working,
)
from aftersales.display import EMPTY

admin.site.site_header = _("售后台 · 平台后台")
admin.site.site_title = _("售后台")
admin.site.index_title = _("工作台")
admin.site.empty_value_display = EMPTY
admin.site.unregister([Authenticator, UserSession])  # everybody's own affair
# One door: with its limits, its second factor, and browsers that it knows.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# A form may have as many rows more, and as many in all as a list shows at once (200), whatever number
# of them a request claims (TOTAL_FORMS): each costs milliseconds.
formsets.DEFAULT_MAX_NUM = 100

__all__ = [
    "cases",
    "catalogue",
    "editions",
    "extensions",
    "figures",
    "history",
    "importing",
    "interventions",
    "orders",
    "owned",
    "people",
    "policies",
    "refunds",
    "service",
    "working",
]
