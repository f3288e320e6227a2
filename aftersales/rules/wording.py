"""协商话术的文字: placeholders filled on the server, and contact data that must not be in it."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from decimal import Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

KNOWN = {
    "buyer": _("买家昵称"),
    "goods": _("商品"),
    "amount": _("方案金额"),
    "deadline": _("答复截止时间"),
    "tracking": _("快递单号"),
    "carrier": _("快递公司"),
    "shop": _("店铺名称"),
}

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
# The braces of a Chinese keyboard are meant too, and would otherwise be sent as they are.
_BRACED = re.compile(r"[{\uff5b]([^{}\uff5b\uff5d]*)[}\uff5d]|[{}\uff5b\uff5d]")


def unknown_placeholders(text: str) -> list[str]:
    """The names in braces that nothing can fill, each once; an odd brace stands for itself."""
    names = {
        found[1] if _PLACEHOLDER.fullmatch(found[0]) else found[0]
        for found in _BRACED.finditer(text)
    }
    return sorted(names - KNOWN.keys())


def fill(text: str, values: dict[str, str]) -> str:
    """The text with its placeholders filled; KeyError names one that has no value, or an empty one.

    What is filled in is not looked at again: a title with braces stays a title.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if not values.get(name):
            raise KeyError(name)
        return values[name]

    return _PLACEHOLDER.sub(value, text)


def script_refusal(text: str, most: int) -> str:
    """NEG-13, §2.5: why a script of at most ``most`` characters can't be worded so; empty when it can."""
    if len(text) > most:
        return gettext("最多 %(count)s 个字") % {"count": most}
    if unknown := unknown_placeholders(text):
        return gettext("不认识的变量：%(names)s") % {"names": gettext("、").join(unknown)}
    if found := contact_found(text):
        return gettext("话术不能包含电话、微信或外部链接：「%(found)s」") % {"found": found}
    if found := promise_found(text):
        return gettext("话术不能有绝对的承诺：「%(found)s」") % {"found": found}
    return ""


# Amounts ------------------------------------------------------------------------------------------

_TIMES = {
    "十": 10,
    "拾": 10,
    "百": 100,
    "佰": 100,
    "千": 1000,
    "仟": 1000,
    "万": 10_000,
    "萬": 10_000,
}
_WORDS = dict(zip("零〇一二三四五六七八九", (0, *range(10)), strict=True)) | {"两": 2}
_WORDS |= dict(zip("壹贰叁肆伍陆柒捌玖", range(1, 10), strict=True))
_SUM = r"\d[\d,]*(?:\.\d+)?"
_NUMERALS = "".join(_WORDS) + "".join(_TIMES)
_COUNTED = rf"[{_NUMERALS}]+"
_ONE = rf"[\d{''.join(_WORDS)}]"
# 分 by itself is money only in figures or after 零: 45元十分抱歉, 45元一分不少.
_CHANGE = rf"(?:({_ONE})[角毛](?:({_ONE})分)?|(\d|零{_ONE})分(?!钟))?"
# Of a number in words 块 is money only as 块钱: 一块想办法, 坏了两块. 几十元 is no sum.
_MONEY = re.compile(
    rf"(?:¥|rmb|cny|人民币)\s?({_SUM})"
    rf"|({_SUM})\s?(?:([十百千万])?[元圆块]钱?{_CHANGE}|(?:yuan|rmb|cny)\b)"
    rf"|(?<![几数点{_NUMERALS}])({_COUNTED})(?:[元圆](?![素件旦宵化])|块钱){_CHANGE}",
    re.IGNORECASE,
)


def in_figures(words: str) -> Decimal:
    """A number in words, as sums are said: 十五, 一百二十八, 壹万伍仟."""
    if not any(each in _TIMES for each in words):  # read out, figure by figure
        return Decimal("".join(str(_WORDS[each]) for each in words))
    whole = below = last = 0
    for each in words:
        if each in _WORDS:
            last = _WORDS[each]
        elif _TIMES[each] == 10_000:
            whole, below, last = (whole + below + last) * 10_000, 0, 0
        else:
            below, last = below + (last or 1) * _TIMES[each], 0
    return Decimal(whole + below + last)


def _sums(text: str) -> Iterator[tuple[str, Decimal]]:
    """The amounts of money that a text names: as written, where that is in figures, and in yuan."""

    def figure(written: str | None) -> Decimal:
        if not written:
            return Decimal(0)
        plain = written.replace(",", "")
        return Decimal(plain) if plain[0].isascii() else in_figures(plain)

    for found in _MONEY.finditer(unicodedata.normalize("NFKC", text)):
        marked, number, times, *small, words, jiao, fen, alone = found.groups()
        whole = figure(marked or number or words) * (_TIMES[times] if times else 1)
        parts = figure(small[0] or jiao) / 10 + figure(small[1] or small[2] or fen or alone) / 100
        plain = not (times or words or parts)
        yield (marked or number) if plain else f"{whole + parts:,.2f}", whole + parts


def amount_refusal(text: str, offered: Collection[Decimal]) -> str:
    """NEG-13: why a text can't go out beside what is offered: it speaks of money, and of none of
    these sums, while the buyer will hold the shop to either. Empty when it can."""
    named = list(_sums(text))
    if not named or any(amount in offered for _written, amount in named):
        return ""
    return gettext("话术里写的是 %(found)s 元，方案是 %(offered)s 元，请改成一致") % {
        "found": named[0][0],
        "offered": gettext("、").join(f"{each:,.2f}" for each in sorted(offered)),
    }


# Absolute promises --------------------------------------------------------------------------------

_DOES = r"(?:会|能|可以|给|帮|让|为|退|赔|换|补|解决|处理|满意|没问题)"
_PROMISE = re.compile(
    r"绝对|(?<!不)(?<!不能|无法|难以)保证(?!金)|百分之?百|包[您你]?满意|无条件|永久|终身|假一赔"
    rf"|(?<!不)一定{_DOES}|100\s?[%\uff05]\s?{_DOES}|(?:我们?|本店|小店)承诺"
    r"|\bguarantee(?:d|s)?\b|\babsolutely\b|\bunconditional(?:ly)?\b|\b(?:we|i) promise\b",
    re.IGNORECASE,
)


def promise_found(text: str) -> str | None:
    """The first absolute promise, as written; None if none. A script promises what its plan holds."""
    found = _PROMISE.search(text)
    return found[0] if found else None


# Contact data -------------------------------------------------------------------------------------

_DIGITS = str.maketrans("〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789")
_UNSEEN = ("Cf", "Me", "Mn")  # invisible, or a frame or an accent on the character before

_GAP = r"[^\w\n:]{1,3}"  # between groups of digits; a colon would make it a time of day
_DATED = r"\d+ 20\d\d-\d"  # an amount and then a date
_CHINA = r"(?:(?:\+|00)?86[^\w\n]{0,3})?"
_MOBILE = (
    rf"(?<!\d){_CHINA}1[3-9]\d{{9}}(?!\d)"
    rf"|(?<!\d)(?<!\d[ -]){_CHINA}(?:"
    rf"1[3-9]\d{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)"
    rf"|1(?:{_GAP}\d){{10}}(?!{_GAP}\d|\d)"
    rf"|(?!{_DATED})1[ _-]{{0,2}}[3-9](?:[ _-]{{0,2}}\d){{9}}(?![ _-]{{0,2}}\d)"
    r")"
)
_AREA = r"0(?:10|2\d|[3-9]\d{2})"
_LANDLINE = (
    r"(?<![\da-z.])(?<!\d-)(?:"
    rf"(?:\(\s?{_AREA}\s?\)\s?|{_AREA}[^\w\n:.,、]{{0,2}})\d{{3,4}}[ -]?\d{{4}}(?!\d)"
    r"|[48]00(?:[ -]?\d{3}[ -]?\d{4}|[ -]\d{4}[ -]\d{3})(?!\d)"
    r")"
)
_CALLED = (
    r"(?:电话|座机|热线|手机|致电|拨打|来电|(?<![a-z])(?:tel|phone))[^\w\n]{0,3}(?:号码?|是|为)?"
    r"[^\w\n]{0,3}(?P<called>\d(?:[ -]?\d){6,})"
)
_NUMBER = re.compile("|".join([_MOBILE, _LANDLINE, _CALLED]))

_TLD = "com|cn|net|org|top|shop|xyz|vip|cc|info|link|site|store|online|club|ltd|wang|ink"
_ADDRESS = (
    r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+"
    r"|[a-z]{3,10}://[!-~]+"
    r"|(?<![a-z0-9])www\.[a-z0-9][!-~]*"
    rf"|(?<![a-z0-9.-])(?:[a-z0-9][a-z0-9-]*\.)+(?:{_TLD})(?![a-z0-9])[/a-z0-9_?=&%#.-]*"
    r"|(?<![a-z0-9.-])[a-z0-9][a-z0-9-]*\.[a-z]{2,6}/[a-z0-9_?=&%#.-]+"
    r"|(?<![a-z0-9])[a-z0-9][a-z0-9-]*\s?(?:。|点|\(?dot\)?)\s?(?:com|cn|net)(?![a-z])"
)
_END = r"(?=$|[^\w]|[a-z0-9_]|号|我|聊|联|吧|哦|呀|啊)"
_ACCOUNT = (
    r"(?<![轻稍略细])微[ ._*·-]{0,2}信|we\s?chat|weixin|wxid|[薇徽v]信|公众号"
    # A postal number such as VX123456789CN is a parcel's.
    r"|(?<![a-z0-9])(?:v[ ._-]?x|wx)(?![a-z]|\d{9}[a-z]{2})"
    r"|(?:加|\u2795|\+)(?:一?下|我|个)*[ :]?"
    rf"(?:v(?![a-z领型])|[微薇威]{_END}|卫星号?{_END}|q(?![a-z弹糖]))"
    r"|(?<![a-z])q[ ._-]?q(?![a-z]|软?糖|弹|果|肉|面)"
    r"|(?<![a-z])q\s?(?:号|群|:\s?\d{5})|加扣扣|扣扣(?:号|\W{0,2}\d{5})|企鹅号"
    r"|支付宝|alipay|whats\s?app|telegram|钉钉号"
)
_OUTSIDE = re.compile("|".join([_ADDRESS, _ACCOUNT]))
# Saying where the money goes back to is no contact: 退回您的微信支付.
_ROUTE = re.compile(
    r"(?:退|返回|原路|支付方式)[^，。；！？,;!?\n加扫联找]{0,12}?"
    r"(?:微信(?:支付(?![宝给])|零钱|钱包)|支付宝(?:账户|余额)?(?![账帐号给]|[\W_]{0,2}[a-z0-9]))"
    r"|(?:微信|支付宝)(?:支付)?里?的?账单"
)
_CARRIER = re.compile(r"(?<![A-Za-z])(?!TEL$|MOB$|CALL$)[A-Z]{2,4}$")
_PARCEL_OR_ORDER = re.compile(r"(?:单号|订单|编号)[^\w\n]{0,3}$")


def contact_found(text: str) -> str | None:
    """The first phone number, account or address outside the platform, as written; None if none.

    Spaces, dashes, full-width and Chinese digits don't hide a number. A parcel's number is none:
    it has more digits than a phone's, or a carrier's capitals before them (JDVA13812345678).
    """
    plain, places = _plain(text)
    masked = _ROUTE.sub(lambda found: "，" * len(found[0]), plain)
    hits = [found.span() for found in _OUTSIDE.finditer(masked)]
    for found in _NUMBER.finditer(plain.translate(_DIGITS)):
        if not _goes_by_post(found[0], text[: places[found.start()]]):
            hits.append(found.span("called" if found["called"] else 0))
    if not hits:
        return None
    start, end = min(hits)
    return text[places[start] : places[end - 1] + 1].strip()


def _goes_by_post(number: str, before: str) -> bool:
    """Whether unbroken digits are a parcel's or an order's, by what stands before them."""
    if not number.isdigit():
        return False
    if number.startswith("1"):
        return bool(_CARRIER.search(before))
    return bool(_PARCEL_OR_ORDER.search(before))


def _plain(text: str) -> tuple[str, list[int]]:
    """The text in plain small characters, and where each of them stands in what was written."""
    plain: list[str] = []
    places: list[int] = []
    for place, written in enumerate(text):
        if unicodedata.category(written) in _UNSEEN:
            continue
        # Character by character, so that the place is known; one may become several.
        for each in unicodedata.normalize("NFKC", written).lower():
            plain.append(each)
            places.append(place)
    return "".join(plain), places
