"""Where everything stands: the two sides' pages, the staff admin, and what they share."""

from django.contrib import admin
from django.urls import include, path

from aftersales import views

urlpatterns = [
    path("", views.home, name="home"),
    path("accounts/", include("allauth.account.urls")),
    path("merchant/", include("merchants.urls", namespace="merchants")),
    path("my/", include("buyers.urls", namespace="buyers")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]
