"""Who is signed in where."""

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from aftersales.models.people import User


class Session(AbstractBaseSession):
    """Django's session, which also says whose it is: one statement finds both."""

    account = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
