"""Where everything stands: the two sides' pages, the staff admin, and what they share."""

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.views import list_usersessions
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.urls import include, path

from aftersales import centre, monitoring, reading, views

handler400 = "aftersales.errors.handler400"
handler403 = "aftersales.errors.handler403"
handler404 = "aftersales.errors.handler404"
handler429 = "aftersales.errors.handler429"  # asked for by allauth
handler500 = "aftersales.errors.handler500"

# Whoever finds a screen open ends nobody's sessions.
sessions = login_required(reauthentication_required(list_usersessions, allow_get=True))

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", monitoring.healthz, name="healthz"),
    path("metrics", monitoring.metrics, name="metrics"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/sessions/", sessions, name="usersessions_list"),
    path("merchant/", include("merchants.urls", namespace="merchants")),
    path("my/", include("buyers.urls", namespace="buyers")),
    path("admin/", admin.site.urls),
    path("help/", reading.HelpPage.as_view(), name="help"),
    path("notices/", centre.Notices.as_view(), name="notices"),
    path("notices/unread/", centre.unread, name="unread"),
    path("notices/read/", centre.read_all, name="read_all"),
    path("notices/<int:pk>/", centre.open_notice, name="open_notice"),
    path("files/stage/", views.stage, name="stage"),
    path("files/<str:token>/", views.file, name="file"),
    path("demo/clock/", views.demo_clock, name="demo_clock"),
    path("demo/samples/<str:name>", views.demo_sample, name="demo_sample"),
    path("favicon.ico", reading.icon, name="icon"),
    path("prefs/", reading.Preferences.as_view(), name="prefs"),
    path("prefs/language/", reading.set_language, name="set_language"),
]
