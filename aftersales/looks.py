"""The looks a reader may choose for the pages; no case knows of them."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Theme(TextChoices):
    """外观 of every page; paper is always light."""

    SYSTEM = "system", _("跟随系统")
    LIGHT = "light", _("浅色")
    DARK = "dark", _("深色")


class Density(TextChoices):
    """行距: how close rows and cards stand."""

    NORMAL = "normal", _("标准")
    COMPACT = "compact", _("紧凑")
