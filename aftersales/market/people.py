"""Who is in the demo market: the accounts that its sign-in page shows."""

from typing import Any

from django.utils.translation import gettext as _

from aftersales.enums import Permission

PASSWORD = "demo"  # noqa: S105  # nosec B105 # the demo's, shown on its sign-in page

SHOPS = [
    ("shanlan", "山岚家居旗舰店", "pinduoduo"),
    ("muli", "木里灯具", "taobao"),
    ("wuchang", "五常好米", "pinduoduo"),
]
EVERYTHING = [str(each) for each in Permission]
PEOPLE: list[tuple[str, str, str, list[str]]] = [
    # account, nick, shop, permissions
    ("chen", "小陈", "shanlan", EVERYTHING),
    ("li", "小李", "shanlan", ["agree", "negotiate", "receive", "ship"]),
    ("he", "小何", "muli", EVERYTHING),
    ("wu", "小吴", "wuchang", EVERYTHING),
]
BUYERS = [
    ("linshu", "林溪树", "13800000001"),
    ("chenmo", "陈默", "13800000002"),
    ("zhaoyi", "赵一", "13800000003"),
]
STAFF = [("reviewer", "小周", False), ("admin", "管理员", True)]


def accounts() -> list[dict[str, Any]]:
    """The demo's accounts with what each is for, in the order in which a visitor needs them."""
    shops = {code: name for code, name, _platform in SHOPS}
    rows = [
        (
            name,
            _("商家 · %(shop)s · %(nick)s") % {"shop": shops[code], "nick": nick},
            _("售后工作台"),
        )
        for name, nick, code, _permissions in PEOPLE
    ]
    rows += [
        (name, _("买家 · %(nick)s") % {"nick": nick}, _("我的订单")) for name, nick, _p in BUYERS
    ]
    rows += [
        (name, _("平台 · %(nick)s") % {"nick": nick}, _("管理后台")) for name, nick, _all in STAFF
    ]
    return [
        {"username": name, "password": PASSWORD, "role": role, "leads_to": where}
        for name, role, where in rows
    ]
