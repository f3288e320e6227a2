"""售后工作台: the cases by whose turn it is, those with the least time first (M1)."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from django_htmx.http import trigger_client_event

from aftersales import clock
from aftersales.display import when
from aftersales.enums import Turn
from aftersales.models import Case, Shop
from merchants import counting, presence
from merchants.listed import listed
from merchants.showing.filters import menus, sorts
from merchants.showing.rows import rows_of
from merchants.views.base import ShopView
from merchants.worklist import WorkList, moment_told, place, read_place

SIZES = (25, 50, 100)
Counts = dict[str, counting.Number]
KEYS = (
    ("g", gettext_lazy("同意，先看说明再确认")),
    ("e", gettext_lazy("看买家的凭证")),
    ("u", gettext_lazy("有更新时刷新列表")),
)


class Queue(ShopView, TemplateView):
    template_name = "merchants/queue.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        size = request.GET.get("size", "")
        if size.isdecimal() and int(size) in SIZES and int(size) != self.member.page_size:
            self.member.page_size = int(size)
            self.member.save(update_fields=["page_size"])
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now, query, member = clock.now(), self.request.GET, self.member
        team = self.request.team  # type: ignore[attr-defined]
        work = WorkList(query, member, team)
        counts = self.request.counts  # type: ignore[attr-defined]
        beginning = query.get("after", "")
        found = listed(*work.page(beginning, member.page_size + 1), member.user)
        page = found[: member.page_size]
        more = len(found) > len(page)
        here = work.query_with(after=beginning)
        chosen = chips(work, counts)
        counted = work.tab in counts and not work.narrowed
        return super().get_context_data(
            now=now,
            shops=self.request.shops,  # type: ignore[attr-defined]
            title=title(counts),
            page_keys=KEYS,
            work=work,
            tabs=tabs(work.tab, counts),
            chips=chosen,
            unsaved=not any(chip.here for chip in chosen),
            menus=menus(work),
            sorts=sorts(work),
            sizes=tuple((size, f"?{work.query_with(size=str(size))}") for size in SIZES),
            page_size=member.page_size,
            rows=rows_of(page, now, member, here, presence.elsewhere(team, member)),
            shown=",".join(str(case.pk) for case in page),
            total=counts[work.tab] if counted else counting.many(work.cases),
            may=dict.fromkeys(member.permissions, True),
            export_query=urlencode({"of": "cases", "list": work.query}),
            not_found=work.filter.not_found() if work.narrowed else [],
            next_url=f"?{work.query_with(after=place(page[-1], work.order))}" if more else "",
            first_url=f"?{work.query}" if read_place(work.order, beginning) else "",
            empty=None if page else self.why_empty(work, beginning),
            **kwargs,
        )

    def why_empty(self, work: WorkList, beginning: str) -> dict[str, str]:
        if work.narrowed or beginning:
            return {
                "text": _("没有符合条件的售后单"),
                "action": _("清除筛选"),
                "action_url": f"?tab={work.tab}",
            }
        text = _("这里还没有售后单")
        if work.tab == Turn.MINE:
            text = _("都处理完了，没有等你处理的售后单") + self.next_due()
        return {"text": text, "action": "", "action_url": ""}

    def next_due(self) -> str:
        """When the next of the other side's deadlines ends: then there may be work again."""
        waiting = Case.objects.filter(shop=self.shop, due_at__gt=clock.now())
        first = waiting.order_by("due_at").first()
        if first is None:
            return ""
        return _("。下一单最早 %(at)s 到期（%(turn)s）") % {
            "at": when(first.due_at, clock.now()),
            "turn": first.get_turn_display(),
        }


class News(ShopView, TemplateView):
    """What has happened since the list was drawn: new numbers, and an offer to draw it again.

    Asked every 30 s by a list that is being looked at; the rows stay where they are.
    """

    template_name = "merchants/_news.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        work = WorkList(request.GET, self.member, request.team)  # type: ignore[attr-defined]
        changed = self.changed(work)
        if str(changed) == request.GET.get("told", "0"):  # said already: nobody hears it twice
            answer = HttpResponse(status=204)
        else:
            refresh = work.query_with(after=request.GET.get("after", ""))
            answer = self.render_to_response({"changed": changed, "refresh": refresh})
        counts = request.counts  # type: ignore[attr-defined]
        told = dict(counts) | {"title": f"{title(counts)} · {_('售后台')}"}
        return trigger_client_event(answer, "counts", told)

    def changed(self, work: WorkList) -> int:
        """How many of the rows drawn, or of those that would be drawn now, have moved since."""
        since = moment_told(self.request.GET.get("since", ""))
        if since is None:
            return 0
        drawn = self.request.GET.get("shown", "")[:2000].split(",")
        pks = [int(pk) for pk in drawn if pk.isdecimal() and len(pk) < 19]
        moved = Case.objects.filter(shop=self.shop, updated_at__gt=since)
        return moved.filter(Q(pk__in=pks) | Q(pk__in=work.cases.values("pk"))).count()


def title(counts: Counts) -> str:
    """(4) 售后工作台: how many are urgent, to be seen from another tab of the browser."""
    name = _("售后工作台")
    return f"({counts['urgent']}) {name}" if counts["urgent"] else name


class Tab(NamedTuple):
    tab: str
    name: str
    n: counting.Number
    here: bool


class Chip(NamedTuple):
    """A view; ``id`` is the name of its number, where it has one."""

    id: str
    name: str
    query: str
    n: counting.Number | None
    here: bool


def tabs(here: str, counts: Counts) -> tuple[Tab, ...]:
    named = [(str(turn), str(turn.label), counts.get(turn, 0)) for turn in Turn]
    return tuple(
        Tab(tab, name, n if tab != Turn.DONE else "", tab == here)
        for tab, name, n in [*named, ("all", _("全部"), "")]
    )


def chips(work: WorkList, counts: Counts) -> tuple[Chip, ...]:
    """The views that everybody has, with their numbers; one's own; and those that are shared."""
    rows: list[tuple[str, str, str, counting.Number | None]] = [
        ("", _("全部待处理"), "tab=mine", None),
        ("urgent", _("2 小时内到期"), "tab=mine&soon=on", counts["urgent"]),
        ("answered", _("买家已回复"), "tab=mine&stage=answered", counts["answered"]),
        ("unseen", _("新凭证"), "tab=mine&unseen=on", counts["unseen"]),
        ("assigned", _("分给我的"), "tab=mine&who=me", counts["assigned"]),
    ]
    rows += [("", name, query, None) for name, query in work.words.views]
    return tuple(Chip(*row, here=row[2] == work.query) for row in rows)


class ChooseShop(ShopView, View):
    """Another of one's shops; remembered in the session."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        mine = Shop.objects.of(request.user)
        chosen = request.POST.get("shop", "")
        shop = get_object_or_404(mine, pk=int(chosen) if chosen.isdecimal() else 0)
        request.session["shop"] = shop.code
        return redirect("merchants:queue")
