"""The app that holds all models, rules and tasks."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AftersalesConfig(AppConfig):
    name = "aftersales"
    verbose_name = _("售后台")
    default_auto_field = "django.db.models.BigAutoField"
