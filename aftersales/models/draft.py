"""草稿: what somebody has typed into a form and not sent yet."""

import json
from datetime import timedelta
from typing import Any

from django.db import models
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from aftersales import clock
from aftersales.models.people import User
from aftersales.steps import STEPS

KEPT_FOR = timedelta(days=30)
MOST = 100_000  # characters; far more than any form may hold
# What belongs to one click or one moment, and is never brought back: who confirms, confirms anew.
PASSING = {
    *("csrfmiddlewaretoken", "draft", "by", "version"),
    *("refresh", "review", "edit", "remove", "confirmed"),
}
CONFIRMED = ("declared", "risk_")


class Draft(models.Model):
    """草稿: one person's unsent answers to one form; it never takes effect by itself.

    ``path`` is the page of the form, ``data`` maps each field to its values as they were posted.
    Files are there by their tokens (``<slot>_kept``): they were staged when they were chosen.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="drafts")
    path = models.CharField(max_length=200)
    case = models.ForeignKey("Case", models.CASCADE, null=True, related_name="drafts")
    step = models.CharField(max_length=40, blank=True)
    data = models.JSONField(default=dict)
    updated_at = models.DateTimeField(_("保存时间"))

    class Meta:
        verbose_name = _("草稿")
        verbose_name_plural = _("草稿")
        ordering = ["-updated_at"]
        constraints = [models.UniqueConstraint(fields=["user", "path"], name="draft_once_a_page")]

    def __str__(self) -> str:
        return self.label or self.path

    @property
    def label(self) -> str:
        """驳回退款: the step that it is for."""
        return str(STEPS[self.step].label) if self.step in STEPS else ""

    @classmethod
    def at(cls, path: str, user: Any) -> "Draft | None":
        return cls.objects.filter(path=path, user=user.pk).first()

    @classmethod
    def keep(
        cls, path: str, user: Any, given: QueryDict, *, case: Any = None, step: str = ""
    ) -> "Draft | None":
        """Store what is filled in so far, in place of what was there; nothing if it is too long."""
        data = {
            name: values
            for name, values in given.lists()
            if name not in PASSING and not name.startswith(CONFIRMED)
        }
        if len(json.dumps(data)) > MOST:
            return None
        now = {"case": case, "step": step, "data": data, "updated_at": clock.now()}
        draft = cls(user=user, path=path, **now)
        # In one statement: two tabs keep and forget it in the same moment.
        Draft.objects.bulk_create(
            [draft], update_conflicts=True, unique_fields=["user", "path"], update_fields=list(now)
        )
        return draft

    @staticmethod
    def worth(given: QueryDict) -> bool:
        """Whether anything is filled in: an empty form sent by mistake is no draft."""
        nothing = PASSING | {"key", "round", "offer"}
        answers = (values for name, values in given.lists() if name not in nothing)
        return any(value.strip() for values in answers for value in values)

    @classmethod
    def forget(cls, path: str, user: Any) -> None:
        cls.objects.filter(path=path, user=user.pk).delete()

    def filled(self) -> QueryDict:
        """As a form takes it."""
        query = QueryDict(mutable=True)
        for name, values in self.data.items():
            query.setlist(name, values)
        return query

    def texts(self) -> list[str]:
        """The words in it, as somebody wrote them; not the codes of what was chosen."""
        said = [value.strip() for values in self.data.values() for value in values]
        return [text for text in said if " " in text or not text.isascii()]


def drop_old() -> int:
    """Drafts that nobody has touched for long; return how many there were."""
    return Draft.objects.filter(updated_at__lt=clock.now() - KEPT_FOR).delete()[0]
