"""How amounts, moments, names and deadlines are written on every page; plain functions, time passed in."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.conf import settings
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from aftersales.enums import CaseType, ItemState
from aftersales.languages import CHINESE, ENGLISH, either, in_english

if TYPE_CHECKING:
    from aftersales.rules.amounts import Refundable

S = TypeVar("S")  # a scan, as a page writes it

EMPTY = "—"
BADGES = frozenset({"mine", "them", "platform", "ok", "off"})


class Dates(NamedTuple):
    """How a language writes a day and a moment, as strftime formats."""

    day: str
    long_day: str
    moment: str
    long_moment: str


DATES = {
    CHINESE: Dates("%m-%d", "%Y-%m-%d", "%m-%d %H:%M", "%Y-%m-%d %H:%M"),
    ENGLISH: Dates("%-d %b", "%-d %b %Y", "%-d %b, %H:%M", "%-d %b %Y, %H:%M"),
}


class Shot(NamedTuple):
    """A piece of evidence as a thumbnail; the note stands under it, the badge only when new.

    ``name`` is the number by which the viewer's keys find it, such as E3.
    """

    url: str
    thumb: str
    alt: str
    note: str = ""
    badge: str = ""
    name: str = ""


class Entry(NamedTuple):
    """A line of the record (协商记录) or of the buyer's progress; kind is me, now, next or nothing, and
    ``sort`` by what it may be looked for: talk (something was said), system (neither side did it)."""

    who: str
    what: str
    at: datetime | None = None
    text: str = ""
    kind: str = ""
    shots: Sequence[Shot] = ()
    sub: str = ""
    sort: str = ""


class Way(list[S]):
    """The scans of a parcel, and since when the carrier could not be asked for newer ones."""

    def __init__(self, scans: Iterable[S] = (), unreached_at: datetime | None = None) -> None:
        super().__init__(scans)
        self.unreached_at = unreached_at


class Stop(NamedTuple):
    """A step of the wizard's progress line; state is done, on or nothing."""

    name: str
    sub: str = ""
    state: str = ""


def money(amount: Decimal | None) -> str:
    """¥1,128.00, for sentences; the dash stands for no amount, and zero is an amount."""
    if amount is None:
        return EMPTY
    return f"-¥{-amount:,.2f}" if amount < 0 else f"¥{amount:,.2f}"


def kept_money(text: Any) -> str:
    """An amount as the history keeps it, as a page writes it; empty where there is none."""
    try:
        return money(Decimal(str(text)))
    except InvalidOperation:
        return ""


def plain_money(amount: Decimal | None) -> str:
    """1,128.00, for table cells whose head says （元）."""
    return EMPTY if amount is None else f"{amount:,.2f}"


def when(moment: datetime | None, now: datetime | None) -> str:
    """13:55 today, 11-24 09:12 this year, else 2024-11-24 09:12; whole if there is no now (paper)."""
    if moment is None:
        return EMPTY
    if now is None:
        return exact(moment)
    return _beside(localtime(moment), localtime(now), written())


def _beside(local: datetime, today: datetime, ways: Dates) -> str:
    if local.date() == today.date():
        return f"{local:%H:%M}"
    return f"{local:{ways.moment if local.year == today.year else ways.long_moment}}"


def deadline(moment: datetime | None, now: datetime) -> str:
    """今天 13:55, or with the weekday 11-24（周一）09:12: a deadline in a sentence."""
    if moment is None:
        return EMPTY
    local, today = localtime(moment), localtime(now)
    if local.date() == today.date():
        return _("今天 {time}").format(time=f"{local:%H:%M}")
    return dated(moment, now)


def dated(moment: datetime, now: datetime) -> str:
    """11-24（周一）09:12: a deadline in a text that is read on whatever day."""
    local, today = localtime(moment), localtime(now)
    day = written().day if local.year == today.year else written().long_day
    return pgettext("deadline", "{date}（{weekday}）{time}").format(
        date=f"{local:{day}}", weekday=weekday(local), time=f"{local:%H:%M}"
    )


def moved_to(details: Mapping[str, Any]) -> datetime:
    """Until when an extension gives time, as its event keeps it: of several clocks, the case's."""
    clocks = details["clocks"]
    first = clocks.get("due_at") or next(iter(clocks.values()))
    return datetime.fromisoformat(first["until"])


def written() -> Dates:
    return DATES[ENGLISH if in_english() else CHINESE]


def weekday(day: datetime) -> str:
    names = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
    return names[day.weekday()]


def ago(moment: datetime, now: datetime) -> str:
    """刚刚, N 分钟前, N 小时前, then the moment itself: for notices only."""
    minutes = int((now - moment).total_seconds()) // 60
    if minutes < 1:
        return _("刚刚")
    if minutes < 60:
        return ngettext("{n} 分钟前", "{n} 分钟前", minutes).format(n=minutes)
    if minutes < 24 * 60:
        hours = minutes // 60
        return ngettext("{n} 小时前", "{n} 小时前", hours).format(n=hours)
    return when(moment, now)


def remaining(until: datetime | None, now: datetime, *, to_the_second: bool = False) -> str:
    """1天2小时 from a day up, else HH:MM:SS, rounded down: never more time than there is."""
    if until is None:
        return EMPTY
    if until <= now:
        return _("已到期")
    days, rest = divmod(int((until - now).total_seconds()), 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    if not days:
        return clock
    if to_the_second:
        return _("{d}天 {time}").format(d=days, time=clock)
    return _("{d}天{h}小时").format(d=days, h=rest // 3600)


def span(length: timedelta) -> str:
    """26 分钟, 3 小时, 5 天: how long something took, rounded down."""
    minutes = max(0, int(length.total_seconds()) // 60)
    if minutes < 120:
        return ngettext("{n} 分钟", "{n} 分钟", minutes).format(n=minutes)
    if minutes < 3 * 24 * 60:
        return ngettext("{n} 小时", "{n} 小时", minutes // 60).format(n=minutes // 60)
    days = minutes // (24 * 60)
    return ngettext("{n} 天", "{n} 天", days).format(n=days)


def exact(moment: datetime | None) -> str:
    """2026-11-23 13:55:00: a moment as a paper needs it, whole and the same in every language."""
    return EMPTY if moment is None else f"{localtime(moment):%Y-%m-%d %H:%M:%S}"


def level(until: datetime | None, now: datetime) -> str:
    """How pressing a deadline is: over, urgent, soon, or nothing."""
    if until is None:
        return ""
    left = until - now
    if left <= timedelta():
        return "over"
    if left < timedelta(hours=settings.DUE_URGENT_HOURS):
        return "urgent"
    if left < timedelta(hours=settings.DUE_SOON_HOURS):
        return "soon"
    return ""


def iso(moment: datetime) -> str:
    """The machine's form of a moment, with the zone people see it in."""
    return localtime(moment).isoformat(timespec="seconds")


def time_tag(moment: datetime | None, text: str) -> SafeString:
    """A moment in words inside the element that tells machines the same."""
    if moment is None:
        return nothing()
    return format_html('<time datetime="{}">{}</time>', iso(moment), text)


class Dues:
    """Deadlines both ways, remaining and absolute, on a page of many: what they share, made once.

    The script only makes the first way tick; ``over`` is said in place of a time that has passed.
    """

    def __init__(self, now: datetime, *, over: str = "") -> None:
        self.now, self.today, self.ways = now, localtime(now), written()
        at = _("{time} 到期").format(time='<time datetime="{stamp}">{at}</time>')
        told = conditional_escape(over).replace("{", "{{").replace("}", "}}")
        self.lapsed = f'<span class="due over"><b>{{left}}</b> <small>{told or at}</small></span>'
        said = f' data-over="{told}"' if over else ""
        self.running = {
            how: f'<span class="due {how}"{said}><b data-until="{{stamp}}">{{left}}</b> <small>{at} '
            f'<span class="visually-hidden">{aloud}</span></small></span>'
            for how, aloud in (("", ""), ("soon", _("临近")), ("urgent", _("紧急")))
        }

    def __call__(self, until: datetime | None) -> SafeString:
        if until is None:
            return nothing()
        local = until.astimezone(self.today.tzinfo)
        shown = self.running.get(level(until, self.now), self.lapsed).format(
            stamp=local.isoformat(timespec="seconds"),
            left=remaining(until, self.now),
            at=_beside(local, self.today, self.ways),
        )
        return SafeString(shown)  # nosec B703 # figures and words of ours; nobody's text is in it


def due(until: datetime | None, now: datetime, *, over: str = "") -> SafeString:
    """A deadline both ways."""
    return Dues(now, over=over)(until)


def countdown(
    until: datetime | None, now: datetime, *, say: str = "", reload: bool = False
) -> SafeString:
    """The ticking part alone, for a clock card whose sentence gives the absolute time."""
    if until is None:
        return nothing()
    left = remaining(until, now, to_the_second=True)
    if until <= now:
        return time_tag(until, left)
    return format_html(
        '<time datetime="{0}"><span role="timer" data-until="{0}" data-long="1"{1}{2}>{3}</span></time>',
        iso(until),
        format_html(' data-say="{}"', say) if say else "",
        SafeString(' data-reload="1"') if reload else "",
        left,
    )


def badge(text: str, kind: str) -> SafeString:
    """Whose turn it is; never a link, and its shape differs as well as its colour."""
    if kind not in BADGES:
        raise ValueError(f"no badge kind {kind!r}: one of {', '.join(sorted(BADGES))}")
    return format_html('<span class="st {}">{}</span>', kind, text)


def nothing() -> SafeString:
    """The dash for no value, with a word for those who hear the page."""
    return format_html(
        '<span class="muted"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        EMPTY,
        _("无"),
    )


def mask(name: str) -> str:
    """林**树, 陈**: enough to recognise a person by, not to name them."""
    name = name.strip()
    if len(name) < 2:
        return "**" if name else EMPTY
    return f"{name[0]}**{name[-1]}" if len(name) > 2 else f"{name[0]}**"


def mask_phone(number: str) -> str:
    """186****1402, 0571-****; a real number never reaches a page."""
    number = number.strip()
    area, dash, rest = number.partition("-")
    if dash and rest and area.isdigit() and len(area) <= 4:
        return f"{area}-****"
    if len(number) < 8:
        return "****" if number else EMPTY
    return f"{number[:3]}****{number[-4:]}"


def mask_address(address: str) -> str:
    """浙江省杭州市****: the town at most."""
    address = address.strip()
    return f"{address[:6]}****" if len(address) > 6 else "****" if address else EMPTY


def tail(number: str) -> str:
    """尾号 0107: how lists name a long number."""
    return _("尾号 {digits}").format(digits=number.strip()[-4:]) if number.strip() else EMPTY


def shorten(number: str) -> str:
    """SF…7731: a tracking number where space is short."""
    number = number.strip()
    if len(number) <= 7:
        return number or EMPTY
    return f"{number[:2]}…{number[-4:]}"


def file_size(size: int) -> str:
    """18.4 MB, 320 KB."""
    if size >= 1_000_000:
        return f"{size / 1_000_000:.1f} MB"
    return f"{max(1, round(size / 1_000))} KB"


def demanded(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a demand asks of its own, as term and words (S-16)."""
    rows: list[tuple[str, str]] = []
    if asked.get("sku"):
        rows.append((_("想换的规格"), str(asked["sku"])))
    if asked.get("missing"):
        told = _("、").join(f"{row['item']} × {row['count']}" for row in asked["missing"])
        rows.append((_("少了什么"), told))
    if asked.get("fault_since"):
        rows.append((_("什么时候开始"), str(asked["fault_since"])))
    if asked.get("reference_price") is not None:
        rows.append((_("现在的单价"), money(Decimal(str(asked["reference_price"])))))
    if asked.get("reference_url"):
        rows.append((_("价格页面"), str(asked["reference_url"])))
    for each in asked.get("unable", []):
        name = either(each["name"], each.get("name_en"))
        rows.append((_("%(slot)s拍不了") % {"slot": name}, each["why"]))
    return rows


def arrivals(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """How each thing arrived, in the sentence of the receipt (M18)."""
    sentence = _("%(title)s：应收 %(expected)s 件，收到 %(received)s 件，%(state)s")
    return [sentence % (dict(each) | {"state": ItemState(each["state"]).label}) for each in items]


def settled(made: "Refundable | None") -> list[tuple[str, str]]:
    """What settling a partial return took off, and what the buyer still owes (多退少补)."""
    if made is None or not made.deducted:
        return []
    parts = [
        (_("套餐结算"), made.bundle),
        (_("赠品不寄回"), made.gifts),
        (_("发货运费"), made.shipping),
    ]
    rows = [(term, _("扣 %(amount)s") % {"amount": money(off)}) for term, off in parts if off > 0]
    if made.bundle < 0:
        rows.append((_("套餐结算"), _("加 %(amount)s") % {"amount": money(-made.bundle)}))
    if made.owed:
        told = _("%(amount)s，不会自动扣款；再退同一套餐的其他商品时，从那次退款里扣除")
        rows.append((_("还差"), told % {"amount": money(made.owed)}))
    return rows


# What a browser calls itself, most particular first: many name those that they resemble too.
_BROWSERS = {
    "MicroMessenger/": gettext_lazy("微信"),
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def device(agent: str) -> str:
    """Chrome · Windows: a browser that is signed in, so that its owner knows it again."""
    known = [
        next((str(name) for mark, name in names.items() if mark in agent), "")
        for names in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(filter(None, known)) or agent


def type_tag(case: Any) -> str:
    """仅退款 · 已收货: what is asked for, in two words."""
    return {
        CaseType.REFUND_UNSHIPPED: _("仅退款 · 未发货"),
        CaseType.REFUND_NOT_RECEIVED: _("仅退款 · 未收到货"),
        CaseType.REFUND_RECEIVED: _("仅退款 · 已收货"),
    }.get(CaseType(case.type), str(case.get_type_display()))
