"""What the platform itself does in the demo market: an edition of its rules, and an outage."""

from datetime import datetime, timedelta

from django.db import transaction

from aftersales import catalogue, clock, extending
from aftersales.enums import Clock
from aftersales.models import Edition, Extension, User, Window

# (hours before now, act)
HAPPENINGS = [(62.0, "publish"), (42.0, "announce_outage"), (2.0, "prepare_edition")]


class Platform:
    """The market knows who reviews."""

    reviewer: User

    def ago(self, hours: float) -> datetime:
        raise NotImplementedError

    def do_publish(self, number: int) -> None:
        """Customer service answers within a day."""
        self._publish(Clock.SERVICE, 24 * 60, "客服工单改为一天内答复", clock.now())

    def do_prepare_edition(self, number: int) -> None:
        """Published, and in force next week."""
        at = clock.now() + timedelta(days=7)
        self._publish(Clock.APPEAL, 10 * 24 * 60, "春节将至，申诉时间延长到 10 天", at)

    def _publish(self, key: Clock, minutes: int, note: str, at: datetime) -> None:
        before = catalogue.content()
        with transaction.atomic():
            Window.objects.filter(clock=key).update(minutes=minutes)
            changes = catalogue.differences(before, catalogue.content())
            transaction.set_rollback(True)
        Edition.publish(changes, by=self.reviewer, note=note, at=at)

    def do_announce_outage(self, number: int) -> None:
        """Two hours during which nobody could act: open deadlines move by as much."""
        outage = Extension.objects.create(
            kind=Extension.Kind.OUTAGE,
            starts_at=self.ago(44.5),
            ends_at=self.ago(42.5),
            why="机房断电，买卖双方都无法打开页面",
            user=self.reviewer,
            at=clock.now(),
        )
        extending.carry_out(outage)
