"""退款 for staff: the failed ones with their ways out, and the demo gateway's moods (T-24)."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from aftersales import display
from aftersales.admin.looking import BADGES, OfCase, ReadOnly, column, lines, may_rule, moment
from aftersales.enums import RefundState
from aftersales.models import LedgerEntry, LedgerMood, Refund
from aftersales.payments.paying import MOST_TRIES
from aftersales.steps import STEPS

RETRY, OFFLINE = WAYS_OUT = ("retry_refund", "settle_offline")


def best_first(refunds: Iterable[Refund]) -> tuple[str, ...]:
    """The ways out of failed payouts: what the channel refused for good, before its tries were
    used up, it will refuse again."""
    failed = [each for each in refunds if each.state == RefundState.FAILED]
    refused = any(each.tries < MOST_TRIES for each in failed)
    return (OFFLINE, RETRY) if refused else WAYS_OUT


@admin.register(Refund)
class RefundAdmin(OfCase):
    list_display = [
        "number",
        "standing",
        "yuan",
        "answer",
        "case_code",
        "paid",
    ]
    list_filter = ["state"]
    list_select_related = ["case__shop", "case__buyer"]
    search_fields = ["number", "case__code", "reference"]
    search_help_text = _("退款单号、售后单号或原支付单号")
    ordering = ["-pk"]

    @admin.display(description=_("状态"), ordering="state")
    def standing(self, refund: Refund) -> SafeString:
        kind = BADGES.get(RefundState(refund.state), "them")
        return display.badge(refund.get_state_display(), kind)

    @admin.display(description=_("金额（元）"), ordering="amount")
    def yuan(self, refund: Refund) -> str:
        return display.plain_money(refund.amount)

    @admin.display(description=_("渠道答复"))
    def answer(self, refund: Refund) -> SafeString:
        tries = ngettext("{n} 次", "{n} 次", refund.tries).format(n=refund.tries)
        return lines(
            gettext(refund.error) if refund.error else display.EMPTY, f"{refund.route} · {tries}"
        )

    @admin.display(description=_("到账时间"), ordering="owed_at")
    def paid(self, refund: Refund) -> SafeString:
        owed = format_html(gettext("{time} 应退"), time=moment(refund.owed_at))
        return lines(moment(refund.paid_at), owed)

    @admin.display(description=_("处理"))
    def ways_out(self, refund: Refund) -> SafeString | str:
        """Links to the confirm pages, where the payout has failed for good."""
        if refund.state != RefundState.FAILED:
            return display.nothing()
        return format_html_join(
            " · ",
            '<a href="{}">{}</a>',
            [
                (reverse(f"admin:{name}", args=[refund.case.code]), STEPS[name].label)
                for name in best_first([refund])
            ],
        )

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        shown: list[Any] = list(self.list_display)
        return [*shown[:3], "ways_out", *shown[3:]] if may_rule(request) else shown


class LedgerOnly:
    """Only where the shipped ledger stands in for a gateway."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        known: Any = super()
        return settings.GATEWAY == "ledger" and bool(known.has_module_permission(request))


@admin.register(LedgerMood)
class LedgerMoodAdmin(LedgerOnly, admin.ModelAdmin):
    list_display = ["answer", "times"]
    fieldsets = [
        (
            None,
            {
                "fields": ["answer", "times"],
                "description": _(
                    "演示支付渠道只记账，不付真钱。在这里让它接下来几次退款按指定方式答复，每次用掉一次，"
                    "用完恢复正常。“拒绝”使退款立即失败，等平台处理；“暂时失败”稍后自动重试；"
                    "“付款后超时”已付款却没有答复，重试时不会再付一次；“延迟到账”一分钟后到账。"
                ),
            },
        )
    ]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LedgerOnly, ReadOnly):
    list_display = [
        column(_("退款单号"), "number"),
        column(_("渠道"), "route"),
        column(_("金额（元）"), "amount"),
        column(_("时间"), "at"),
    ]
    list_display_links = None
    search_fields = ["number"]
    ordering = ["-pk"]
