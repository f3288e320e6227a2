"""The ledger gateway: only writes down what it would pay, and can be told to misbehave."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.models import LedgerEntry, LedgerMood
from aftersales.payments.gateway import Answer, Payout

LATE = timedelta(minutes=1)  # how long a late answer lets wait


class Ledger:
    """Pays each number once. ``LedgerMood`` rows tell it to refuse, be busy, pay and then not
    answer, or pay late: what real gateways do on bad days."""

    def refund(
        self, *, number: str, route: str, reference: str, amount: Decimal
    ) -> tuple[Answer, str]:
        entry = LedgerEntry.objects.filter(number=number).first()
        if entry is not None:
            if entry.amount != amount or entry.route != route:
                return Answer.REFUSED, _("同一退款单号的金额或渠道不一致")
            late = entry.at > clock.now()
            return (Answer.ACCEPTED, _("渠道处理中")) if late else (Answer.PAID, "")
        mood = _take_mood()
        if mood == LedgerMood.Answer.REFUSE:
            return Answer.REFUSED, _("原支付账户已注销")
        if mood == LedgerMood.Answer.BUSY:
            return Answer.UNKNOWN, _("渠道繁忙，请稍后再试")
        at = clock.now() + (LATE if mood == LedgerMood.Answer.LATE else timedelta())
        LedgerEntry.objects.get_or_create(
            number=number, defaults={"route": route, "amount": amount, "at": at}
        )
        if mood == LedgerMood.Answer.TIMEOUT:
            return Answer.UNKNOWN, _("渠道超时，没有答复")
        if mood == LedgerMood.Answer.LATE:
            return Answer.ACCEPTED, _("渠道处理中")
        return Answer.PAID, ""

    def payouts(self, since: datetime) -> Iterator[Payout]:
        entries = LedgerEntry.objects.filter(at__gte=since, at__lte=clock.now()).order_by("pk")
        for entry in entries.iterator(chunk_size=1000):
            yield Payout(entry.number, entry.amount, entry.at)


def _take_mood() -> str:
    """One of the answers it has been told to give, used up by one."""
    with transaction.atomic():
        mood = LedgerMood.objects.select_for_update().filter(times__gt=0).order_by("pk").first()
        if mood is None:
            return ""
        mood.times -= 1
        mood.save(update_fields=["times"])
        return mood.answer
