"""规则版本: every change of the catalogue is an edition: from when, by whom, why, and what."""

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales import catalogue, clock
from aftersales.models.people import User


class Edition(models.Model):
    """规则版本: a change of the catalogue that is in force from a moment on.

    The catalogue's tables hold what is in force now. An edition says what it changes, row by row
    (``changes``: a list of ``{"kind", "key", "before", "after"}``), and once it has come into
    force it has a number and keeps the whole catalogue as it then was (``content``). Editions
    come into force in the order of their times; a later one changes only what it names, so two
    that were prepared side by side do not undo each other.
    """

    number = models.PositiveIntegerField(_("版本"), null=True, unique=True)
    effective_from = models.DateTimeField(_("生效时间"))
    author = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("修改人")
    )
    note = models.CharField(_("修改原因"), max_length=300)
    changes = models.JSONField(_("改动"), default=list)
    content = models.JSONField(_("全部规则"), null=True)
    created_at = models.DateTimeField(_("发布时间"))
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True)

    class Meta:
        verbose_name = _("规则版本")
        verbose_name_plural = pgettext_lazy("list", "规则版本")
        ordering = ["-effective_from", "-pk"]
        indexes = [models.Index(fields=["effective_from"], name="edition_effective")]

    def __str__(self) -> str:
        return f"v{self.number}" if self.number else str(_("待生效"))

    @property
    def waiting(self) -> bool:
        """Published, and not in force yet."""
        return self.number is None and self.withdrawn_at is None

    @classmethod
    def in_force(cls, at: datetime) -> "Edition | None":
        """The edition in force at a moment; one that has just fallen due is written first."""
        published = cls.objects.filter(effective_from__lte=at, withdrawn_at=None).defer(
            "content", "changes"
        )
        found = published.first()
        if found is not None and found.waiting and at >= found.effective_from:
            put_in_force(at)
            found = published.first()
        return found

    @classmethod
    def publish(
        cls, changes: list[catalogue.Change], *, by: User | None, note: str, at: datetime
    ) -> "Edition":
        """Make an edition of some changes, in force from ``at`` on; at once, if that is now."""
        edition = cls.objects.create(
            effective_from=at, author=by, note=note, changes=changes, created_at=clock.now()
        )
        put_in_force(clock.now())
        edition.refresh_from_db()
        return edition

    def withdraw(self) -> bool:
        """Take it back; not if it is in force by now, or was taken back meanwhile."""
        now = clock.now()
        waiting = Edition.objects.filter(
            pk=self.pk, number=None, withdrawn_at=None, effective_from__gt=now
        )
        return bool(waiting.update(withdrawn_at=now))


def put_in_force(at: datetime) -> int:
    """Write the editions that have fallen due into the catalogue, in order; return how many.

    Two workers do it one after the other: who comes second finds nothing left to do.
    """
    with transaction.atomic():
        due = Edition.objects.select_for_update(of=("self",)).filter(
            number=None, withdrawn_at=None, effective_from__lte=at
        )
        editions = list(due.order_by("effective_from", "pk"))
        for edition in editions:
            catalogue.write(edition.changes, edition.effective_from)
            edition.number = next_number()
            edition.content = catalogue.content()
            edition.save(update_fields=["number", "content"])
    return len(editions)


def next_number(editions: Any = Edition) -> int:
    last = editions.objects.aggregate(last=models.Max("number"))["last"]
    return (last or 0) + 1
