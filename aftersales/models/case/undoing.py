"""撤销同意: for some seconds an agreement can be taken back, before money or message leaves (UX §5.4)."""

from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_fsm import GET_STATE

from aftersales.enums import Party, Permission, RefundState, Status
from aftersales.models.case.fields import CaseFields
from aftersales.models.history import Event
from aftersales.models.negotiation import Message
from aftersales.models.refund import Refund
from aftersales.rules.conditions import agreed_himself, before_the_deadline, still_held
from aftersales.steps import Refused, step

SHIPPED = 10  # seconds, for cases that are older than the switch
# What the engine itself writes with every step.
OF_THE_ENGINE = {"status", "version", "chain", "updated_at", "turn", "due_at", "wake_at"} | {
    "held_until",
    "stood",
}


class Undoing(CaseFields):
    _going_back = False

    class Meta:
        abstract = True

    @property
    def undo_window(self) -> timedelta:
        """How long an agreement may be undone, by the policy in force when the buyer applied."""
        return timedelta(seconds=int(self.policy.get("undo_seconds", SHIPPED)))

    def restart_clock(self, before: str) -> None:
        """What was undone goes on with the clock that it had, and with its reminders."""
        began, reminded = self.due_from, self.remind_at
        super().restart_clock(before)
        if self._going_back:
            self.due_from, self.remind_at = began, reminded
        self._going_back = False

    def standing_before(self, user: Any) -> dict[str, Any]:
        """The status, the clock, and the former values of all that the step in hand has changed."""
        now, first = self.__dict__, dict(zip(*self._first, strict=True))
        return {
            "by": user.pk,
            "status": first["status"],
            "due_at": first["due_at"],
            "payouts": first["payouts"],
            "fields": {
                attname: first[attname]
                for attname, name in self._columns().items()
                if name not in OF_THE_ENGINE and now[attname] != first[attname]
            },
            "rows": [[row._meta.label, row.pk, values] for row, values in self._changed],
        }

    @step(
        gettext_lazy("撤销同意"),
        by={Party.MERCHANT},
        permission=Permission.AGREE,
        source=[
            Status.REFUNDING,
            Status.AWAITING_BUYER_RETURN,
            Status.AWAITING_MERCHANT_SHIP,
            Status.AWAITING_DELIVERY_REFUSAL,
        ],
        target=GET_STATE(
            lambda case, **_: Status(case.stood["status"]),
            states=[Status.PENDING_MERCHANT, Status.REJECTED, Status.PLATFORM_REVIEW],
        ),
        conditions=[still_held, before_the_deadline],
        for_whom=[agreed_himself],
    )
    def undo(self, *, by: Any) -> dict[str, Any]:
        """The case, its clocks and its round stand as they did; nobody is told, nothing is paid."""
        stood: dict[str, Any] = self.stood or {}
        agreed = Event.objects.select_for_update().get(case_id=self.pk, version=self.version - 1)
        refunds = self._unpaid(stood["payouts"])
        if agreed.delivered_at is not None:
            raise Refused(_("同意已经通知买家，不能撤销"), conflict=True)
        for label, pk, values in stood["rows"]:
            row = apps.get_model(label)._base_manager.get(pk=pk)
            self.change(row, **read_back(row, values))
        for attname, value in read_back(self, stood["fields"]).items():
            setattr(self, attname, value)
        self._going_back = True
        self.set_due(as_moment(stood["due_at"]))
        said = Message.objects.filter(case_id=self.pk, version=agreed.version)
        self.remove(*refunds, *said)
        return {"undone": agreed.step, "version": agreed.version}

    def _unpaid(self, before: int) -> list[Refund]:
        """The payouts that the agreement owes, locked; a payment that was quicker is the end of it."""
        since = self._payouts()[before:]  # type: ignore[attr-defined]
        locked = Refund.objects.select_for_update().filter(pk__in=[each.pk for each in since])
        owed = list(locked)
        if any(each.state != RefundState.OWED or each.tries for each in owed):
            raise Refused(_("退款已经提交，不能撤销"), conflict=True)
        return owed


def as_moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def read_back(row: models.Model, values: dict[str, Any]) -> dict[str, Any]:
    """Values from the keeping of JSON, as the fields of the row have them."""
    fields = row._meta
    return {name: fields.get_field(name).to_python(value) for name, value in values.items()}  # type: ignore[union-attr]
