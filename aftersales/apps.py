"""The app that holds all models, rules and tasks."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import TranslationCatalog

from aftersales.passwords import known_leaks, without_second


def update(catalog: Any, trans: Any) -> None:
    """Merge what has the same plural rule, as Django means to. It compares a function with a code,
    which are never the same, and so asks the catalogs of nine apps for each word of a page."""
    if trans.plural.__code__ == catalog._plurals[0].__code__:
        catalog._catalogs[0].update(trans._catalog)
    else:
        catalog._catalogs.insert(0, trans._catalog.copy())
        catalog._plurals.insert(0, trans.plural)


# Before the models are read, which speak already.
TranslationCatalog.update = update  # type: ignore[method-assign, assignment]


class AftersalesConfig(AppConfig):
    name = "aftersales"
    verbose_name = _("售后台")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register(known_leaks, deploy=True)
        register(without_second, deploy=True)
