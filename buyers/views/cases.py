"""退款/售后: the list, the case, its full record, and where the money is (B8, B9, B16)."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from aftersales import centre, clock
from aftersales.asked import asked_of
from aftersales.bids import bids_of, gap_text
from aftersales.drafting import BEGUN, drafts_of
from aftersales.enums import ENDED, OrderState, Party, Phase, RoundState, Status
from aftersales.helping import help_of
from aftersales.models import Case, Draft, Message, Order, Round
from aftersales.models.case.loading import BEING, FOR_A_PAGE
from aftersales.rules import facts
from aftersales.suspensions import card_of
from buyers.showing.case import page_of
from buyers.showing.money import shown_refunds
from buyers.showing.orders import shown_orders
from buyers.showing.progress import record
from buyers.showing.sentence import given_back
from buyers.showing.standing import FIRST_DUE, WAITING_FOR_BUYER, standing
from buyers.views.base import BuyerCase, BuyerPage
from buyers.views.orders import caught_up

A_PAGE = 20
# What the page reads with the case, beyond what both sides' pages read.
OF_THE_BUYER = ("receipts", "refunds", "order.lines", "order.payments")


class Cases(BuyerPage, TemplateView):
    """退款/售后 (B8): mine to answer, under way, ended."""

    template_name = "buyers/cases/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = caught_up(Case.objects.for_buyer(self.user))
        ended = Q(status__in=ENDED)
        tabs = {
            "mine": (_("待我处理"), mine.filter(WAITING_FOR_BUYER).order_by(FIRST_DUE, "pk")),
            "open": (_("进行中"), mine.exclude(ended).exclude(WAITING_FOR_BUYER)),
            "done": (_("已结束"), mine.filter(ended).order_by("-closed_at")),
        }
        counts = mine.order_by().aggregate(
            mine=Count("pk", filter=WAITING_FOR_BUYER),
            open=Count("pk", filter=~ended & ~WAITING_FOR_BUYER),
            done=Count("pk", filter=ended),
        )
        default = next((name for name in ("mine", "open", "done") if counts[name]), "mine")
        tab = self.request.GET.get("tab", default)
        tab = tab if tab in tabs else default
        rows = tabs[tab][1].select_related("line", "order", "shop", "reason")
        pages = Paginator(
            rows.prefetch_related("offers__plan", "interventions", "evidence"), A_PAGE
        )
        pages.count = counts[tab]
        page = pages.get_page(self.request.GET.get("page"))
        now = clock.now()
        return super().get_context_data(
            now=now,
            tab=tab,
            tabs=[(name, label, counts[name]) for name, (label, _rows) in tabs.items()],
            page_obj=page,
            cases=[(case, standing(case, now)) for case in page],
            **kwargs,
        )


class Guarantee(BuyerPage, TemplateView):
    """售后保障维权 (B20, S-08 to S-10): claims after the trade, and what can still be claimed for."""

    template_name = "buyers/cases/guarantee.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        mine = caught_up(Case.objects.for_buyer(self.user))
        rows = mine.filter(phase=Phase.AFTERSALE).select_related("line", "order", "shop", "reason")
        page = Paginator(rows.prefetch_related("offers__plan", "interventions", "evidence"), A_PAGE)
        page_obj = page.get_page(self.request.GET.get("page"))
        finished = Order.objects.for_buyer(self.user).filter(state=OrderState.FINISHED)
        orders = finished.select_related("shop").prefetch_related("lines")[:A_PAGE]
        return super().get_context_data(
            now=now,
            page_obj=page_obj,
            cases=[(case, standing(case, now)) for case in page_obj],
            open_orders=[
                each
                for each in shown_orders(list(orders), now)
                if any(not line.why_not for line in each.lines)
            ],
            **kwargs,
        )


class CasePage(BuyerCase, TemplateView):
    """售后详情 (B9). Opening it marks the open round as read; htmx asks it whether it is stale."""

    template_name = "buyers/cases/case.html"
    drafts: list[Draft]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seen = request.GET.get("seen")
        if seen is not None and getattr(request, "htmx", False):
            fresh = HttpResponse(status=204)
            if seen != str(self.case.version):
                fresh["HX-Refresh"] = "true"
            return fresh
        self.read()
        return super().get(request, *args, **kwargs)

    def read(self) -> None:
        """All that the page shows; what is news to the buyer is no more."""
        case, user = self.case, self.user.pk
        self.drafts, news, being = case.read_along(
            (*FOR_A_PAGE, *OF_THE_BUYER),
            (BEGUN, (case.pk, user, "")),
            (centre.NEWS, (case.pk, user)),
            (BEING, (case.shop_id, user)),
        )
        case.seen_by(being[0] if being else None, self.user)
        if news:
            centre.seen(self.user, case)
        current = case.last_round  # its words stand on this page
        if current and case.round_state == RoundState.WAITING and current.read_at is None:
            unread = Round.objects.filter(case=case, series=case.series, read_at=None)
            unread.update(read_at=clock.now())
        said = [each.pk for each in case.handed("messages") if current and _with(current, each)]
        if said:
            Message.objects.filter(pk__in=said, read_at=None).update(read_at=clock.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        return super().get_context_data(
            page=page_of(self.case, self.user, now),
            drafts=drafts_of(self.case, self.user, self.drafts),
            help=help_of("case"),
            requests=asked_of(self.case, Party.BUYER),
            suspension=card_of(self.case, Party.BUYER),
            bids=bids_of(self.case, now),
            gap=gap_text(self.case),
            **kwargs,
        )


def _with(current: Round, said: Message) -> bool:
    """Words of a round that its buyer has not read."""
    shop = said.party == Party.MERCHANT
    return shop and said.at == current.sent_at and said.read_at is None


class RecordPage(BuyerCase, TemplateView):
    """全部记录: what both sides and the platform said and did."""

    template_name = "buyers/cases/record.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.case.mark_read(Party.BUYER)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(record=record(self.case, clock.now()), **kwargs)


class MoneyPage(BuyerCase, TemplateView):
    """钱款去向 (B16, S-37): each route from submitting to arriving."""

    template_name = "buyers/cases/refund.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        refunds = shown_refunds(self.case, now)
        return super().get_context_data(
            refunds=refunds,
            total=sum(refund.amount for refund in refunds),
            expected=given_back(self.case),
            over=self.case.status in ENDED,
            failed=self.case.status == Status.REFUND_FAILED,
            goods_back=facts.goods_back(self.case),
            **kwargs,
        )
