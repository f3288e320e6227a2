"""Who is signed in where."""

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.translation import gettext_lazy as _

from aftersales.models.people import User


class Session(AbstractBaseSession):
    """Django's session, which also says whose it is: one statement finds both."""

    account = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("登录会话")
        verbose_name_plural = _("登录会话")
