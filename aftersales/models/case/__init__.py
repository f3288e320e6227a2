"""售后单: the case, leg by leg in the order in which it is lived."""

from datetime import datetime
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales import clock
from aftersales.enums import ENDED, WANTS_GOODS, CaseType, Status
from aftersales.models.case.appealing import Appealing
from aftersales.models.case.applying import Application, Applying
from aftersales.models.case.assigning import Assigning
from aftersales.models.case.complaining import Complaining
from aftersales.models.case.extending import Extending
from aftersales.models.case.handling import Handling
from aftersales.models.case.intervening import Intervening
from aftersales.models.case.preparing import Offering
from aftersales.models.case.receiving import Arrived, Item, Receiving
from aftersales.models.case.refunding import Refunding
from aftersales.models.case.rejecting import Rejecting
from aftersales.models.case.replacing import Replacing
from aftersales.models.case.replying import CounterOffer
from aftersales.models.case.requesting import Requesting
from aftersales.models.case.returning import Returning
from aftersales.models.case.ruling import Deciding
from aftersales.models.case.suspending import Suspending
from aftersales.models.case.undoing import Undoing
from aftersales.models.people import User


class CaseQuerySet(models.QuerySet["Case"]):
    def for_merchant(self, user: User | AnonymousUser) -> Self:
        """The cases of the shops this user works in; what is not among them is a 404."""
        return self.filter(shop__members__user_id=user.pk, shop__members__active=True)

    def for_buyer(self, user: User | AnonymousUser) -> Self:
        return self.filter(buyer_id=user.pk)

    def for_staff(self, user: User | AnonymousUser) -> Self:
        allowed = user.is_staff and user.has_perm("aftersales.rule")
        return self.all() if allowed else self.none()

    def due(self, at: datetime | None = None) -> Self:
        """Cases in which the next step is the clock's, the longest overdue first."""
        return self.filter(wake_at__lte=at or clock.now()).order_by("wake_at")

    def open(self) -> Self:
        return self.exclude(status__in=ENDED)


class Case(
    Applying,
    Assigning,
    Handling,
    Undoing,
    Requesting,
    Rejecting,
    Returning,
    Replacing,
    Receiving,
    Intervening,
    Complaining,
    Suspending,
    Deciding,
    Appealing,
    Refunding,
    Extending,
):
    """售后单."""

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("售后单")
        verbose_name_plural = pgettext_lazy("list", "售后单")
        ordering = ["-applied_at"]
        constraints = [
            models.UniqueConstraint(fields=["code", "shop"], name="case_once_per_code"),
            models.CheckConstraint(
                name="case_status_known", condition=models.Q(status__in=Status.values)
            ),
            models.CheckConstraint(
                # nothing is asked back where goods are asked for (G6), or where settling a bundle
                # leaves nothing (§1.5)
                name="case_amount_fits",
                condition=models.Q(amount__gt=0)
                | models.Q(amount=0, type__in=WANTS_GOODS)
                | models.Q(amount=0, type=CaseType.RETURN_REFUND, refundable=0),
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "turn", "due_at", "id"], name="case_queue"),
            models.Index(
                fields=["wake_at"], condition=models.Q(wake_at__isnull=False), name="case_wake"
            ),
            models.Index(
                fields=["remind_at"],
                condition=models.Q(remind_at__isnull=False),
                name="case_remind",
            ),
            models.Index(
                fields=["rules_at"], condition=models.Q(rules_at__isnull=False), name="case_rules"
            ),
            models.Index(
                fields=["id"], condition=models.Q(status=Status.REFUNDING), name="case_refunding"
            ),
            models.Index(
                fields=["agreed_rule", "handled_at"],
                condition=models.Q(agreed_rule__isnull=False),
                name="case_agreed_by_rule",
            ),
            models.Index(
                fields=["id"], condition=models.Q(needs_staff=True), name="case_for_staff"
            ),
            models.Index(fields=["-applied_at", "-id"], name="case_newest"),
            models.Index(fields=["code"], opclasses=["varchar_pattern_ops"], name="case_begins"),
            models.Index(fields=["buyer", "-applied_at"], name="case_of_buyer"),
            models.Index(fields=["shop", "-applied_at", "-id"], name="case_recent"),
            models.Index(fields=["shop", "-updated_at", "-id"], name="case_moved"),
        ]

    def get_absolute_url(self) -> str:
        return f"/my/cases/{self.code}/"


__all__ = ["Application", "Arrived", "Case", "CaseQuerySet", "CounterOffer", "Item", "Offering"]
