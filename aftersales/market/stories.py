"""What has happened in the demo market: one story a case, told in hours before now."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from aftersales.enums import CaseType, FreightCover


class More(NamedTuple):
    """Another line of an order: goods, pieces, and the shop's discount in yuan."""

    goods: str
    pieces: int = 1
    off: str = "0.00"


class Told(NamedTuple):
    """One case's story: the order behind it, what is asked for, and what happens when.

    ``shipped``, ``signed`` and ``finished`` (the trade's success) are hours before now; ``acts``
    are (hours before now, act). ``off`` is the discount on the first line, ``facts`` what the shop
    tells of the order; of ``more`` lines, all are one ``bundle``, or the last is a ``gift``.
    """

    goods: str
    buyer: int
    type: CaseType
    reason: str
    acts: list[tuple[float, str]]
    shop: int = 0
    pieces: int = 1
    shipped: float | None = 150
    signed: float | None = 100
    trace: str = "self"
    finished: float | None = None
    off: str = "0.00"
    more: tuple[More, ...] = ()
    bundle: str = ""
    gift: bool = False
    facts: Mapping[str, Any] = MappingProxyType({})


UNSHIPPED, NEVER, KEEP, BACK = (
    CaseType.REFUND_UNSHIPPED,
    CaseType.REFUND_NOT_RECEIVED,
    CaseType.REFUND_RECEIVED,
    CaseType.RETURN_REFUND,
)
EXCHANGE, RESEND, REPAIR, CHEAPER = (
    CaseType.EXCHANGE,
    CaseType.RESEND,
    CaseType.REPAIR,
    CaseType.PRICE_DIFFERENCE,
)
TWO_ROUNDS = ["check", "negotiate", "reply", "negotiate", "reply"]


def _acts(start: float, *names: str, every: float = 0.5) -> list[tuple[float, str]]:
    return [(start - every * number, name) for number, name in enumerate(names)]


STORIES = [
    # waiting for the shop
    Told("mug", 0, KEEP, "R1", _acts(27, "apply", "assign"), pieces=2),
    Told("towel", 1, KEEP, "R8", _acts(46.3, "apply")),
    Told("lamp", 2, UNSHIPPED, "U1", _acts(20, "apply"), 1, shipped=None, signed=None),
    Told("slipper", 0, BACK, "R13", _acts(38, "apply", "assign")),
    Told("kettle", 1, NEVER, "N1", _acts(40, "apply"), shipped=190, signed=None, trace="stalled"),
    Told("blanket", 2, NEVER, "N3", [(12, "apply"), (3, "ask_evidence")], trace="other"),
    Told("rice", 0, KEEP, "R7", _acts(5, "apply"), 2),
    Told("kettle", 2, NEVER, "N4D", _acts(9, "apply", "report_refusal"), signed=None, trace="back"),
    # in the tool
    Told("mug", 1, KEEP, "R1", _acts(30, "apply", "check", every=20)),
    Told("towel", 0, KEEP, "R3", [(25, "apply"), (0.4, "check"), (0.3, "negotiate")]),
    Told(
        "lamp",
        1,
        KEEP,
        "R3",
        [(28, "apply"), (3, "check"), (2.9, "negotiate"), (2.5, "counter")],
        1,
    ),
    Told("slipper", 2, BACK, "R4", [(30, "apply"), (5, "check"), (4.9, "negotiate")]),
    Told("blanket", 0, KEEP, "R1", [(33, "apply"), *_acts(4, *TWO_ROUNDS[:3]), (0.2, "negotiate")]),
    Told("kettle", 0, KEEP, "R2", [(33, "apply"), *_acts(6, *TWO_ROUNDS)]),
    Told(
        "rice", 1, KEEP, "R7", [(20, "apply"), *_acts(3, *TWO_ROUNDS[:3]), (0.5, "claim_agreed")], 2
    ),
    # turned down, with the platform, ruled
    Told("mug", 2, KEEP, "R1", [(60, "apply"), *_acts(55, *TWO_ROUNDS, "reject")], pieces=2),
    Told("lamp", 0, KEEP, "R1", [(80, "apply"), *_acts(75, *TWO_ROUNDS, "reject"), (10, "ask")], 1),
    Told("towel", 2, KEEP, "R1", [(98, "apply"), *_acts(90, *TWO_ROUNDS, "reject"), (60, "ask")]),
    Told(
        "blanket",
        1,
        KEEP,
        "R1",
        [(130, "apply"), *_acts(125, *TWO_ROUNDS, "reject"), (110, "ask"), (50, "rule_full")],
        shipped=200,
        signed=150,
    ),
    Told(
        "slipper",
        1,
        KEEP,
        "R4",
        [(130, "apply"), *_acts(125, *TWO_ROUNDS, "reject"), (110, "ask"), (50, "rule_deny")],
        shipped=200,
        signed=150,
    ),
    Told(
        "kettle",
        0,
        KEEP,
        "R2",
        [
            (98, "apply"),
            *_acts(90, *TWO_ROUNDS, "reject"),
            (70, "ask"),
            (60, "prove"),
            (9, "ask_supplement"),
        ],
    ),
    Told(
        "rice",
        1,
        KEEP,
        "R7",
        [(98, "apply"), *_acts(90, *TWO_ROUNDS, "reject"), (70, "ask"), (12, "suspend")],
    ),
    Told("mug", 0, KEEP, "R1", [(30, "apply"), (6, "take_over")]),
    Told(
        "lamp",
        2,
        KEEP,
        "R1",
        [
            (130, "apply"),
            *_acts(125, *TWO_ROUNDS, "reject"),
            (110, "ask"),
            (50, "rule_full"),
            (20, "appeal"),
        ],
        1,
        shipped=200,
        signed=150,
    ),
    # goods on their way back
    Told("slipper", 0, BACK, "R4", [(30, "apply"), (26, "agree_return")]),
    Told(
        "blanket",
        2,
        BACK,
        "R1",
        [(70, "apply"), (60, "agree_return"), (40, "send_back"), (30, "move")],
    ),
    Told(
        "kettle",
        1,
        BACK,
        "R1",
        [(90, "apply"), (80, "agree_return"), (70, "send_back"), (20, "arrive")],
    ),
    Told(
        "lamp",
        2,
        BACK,
        "R13",
        [
            (98, "apply"),
            (90, "agree_return"),
            (80, "send_back"),
            (40, "arrive"),
            *_acts(30, *TWO_ROUNDS, "reject"),
        ],
        1,
    ),
    Told(
        "mug", 0, NEVER, "N2", [(26, "apply"), (20, "agree_refusal")], signed=None, trace="moving"
    ),
    # ended
    Told("towel", 1, KEEP, "R1", [(70, "apply"), (60, "agree")]),
    Told(
        "rice",
        2,
        KEEP,
        "R11",
        [(80, "apply"), (79, "check"), (78.9, "negotiate"), (78.5, "accept")],
        2,
    ),
    Told("mug", 1, UNSHIPPED, "U2", _acts(60, "apply"), shipped=None, signed=None),
    Told("slipper", 2, KEEP, "R3", [(40, "apply"), (30, "cancel"), (20, "ask_service")]),
    Told(
        "kettle",
        2,
        BACK,
        "R13",
        [(290, "apply"), (280, "agree_return"), (60, "ask_service"), (12, "answer_service")],
        shipped=340,
        signed=300,
    ),
    Told(
        "rice",
        0,
        KEEP,
        "R7",
        [
            (40, "apply"),
            *_acts(36, *TWO_ROUNDS[:3]),
            (33, "claim_agreed"),
            (32.5, "confirm_agreed"),
        ],
        2,
    ),
    # asked first, agreed, applied for as agreed
    Told(
        "rice",
        1,
        KEEP,
        "U5",
        [(9, "ask_first"), (8.5, "propose"), (8, "take_proposal"), (7.9, "apply_as_agreed")],
        2,
    ),
    # goods instead of money
    Told("slipper", 1, EXCHANGE, "R4", _acts(21, "apply")),
    Told("towel", 2, RESEND, "R8", _acts(16, "apply")),
    Told("kettle", 0, REPAIR, "R18", _acts(11, "apply"), shipped=900, signed=850, finished=700),
    Told("mug", 2, CHEAPER, "R19", _acts(8, "apply"), pieces=2),
    Told("towel", 0, RESEND, "R8", _acts(30, "apply", "agree_resend", every=4)),
    Told(
        "slipper",
        0,
        EXCHANGE,
        "R4",
        [(90, "apply"), (80, "agree_return"), (70, "send_back"), (40, "arrive"), (30, "receive")],
    ),
    Told(
        "blanket",
        0,
        EXCHANGE,
        "R3",
        [
            *[(98, "apply"), (90, "agree_return"), (80, "send_back"), (60, "arrive")],
            *[(50, "receive"), (40, "ship"), (6, "bring")],
        ],
    ),
    Told(
        "kettle",
        1,
        REPAIR,
        "R18",
        [
            *[(95, "apply"), (85, "agree_return"), (75, "send_back"), (50, "arrive")],
            *[(48, "receive"), (20, "unrepairable")],
        ],
        shipped=900,
        signed=850,
        finished=700,
    ),
    Told(
        "towel",
        1,
        RESEND,
        "R8",
        [(96, "apply"), (94, "agree_resend"), (80, "ship"), (50, "bring"), (45, "confirm")],
    ),
    # freight by the table: the buyer bears it, the order's free returns, a gift kept, a bundle
    # parted, and free shipping broken
    Told("mug", 1, BACK, "R13", [(20, "apply"), (15, "agree_return")]),
    Told(
        "blanket",
        1,
        BACK,
        "R13",
        [(60, "apply"), (50, "agree_return"), (30, "send_back"), (20, "claim_freight")],
        facts={"freight_cover": FreightCover.MERCHANT_FREE_RETURN, "ship_from": "浙江杭州"},
    ),
    Told(
        "kettle",
        0,
        BACK,
        "R13",
        [(25, "apply"), (18, "agree_return")],
        more=(More("towel", off="39.90"),),
        gift=True,
    ),
    Told(
        "mug",
        1,
        BACK,
        "R13",
        [(24, "apply"), (19, "agree_return")],
        off="10.00",
        more=(More("kettle", off="18.00"),),
        bundle="手冲套装",
    ),
    Told(
        "towel",
        2,
        BACK,
        "R13",
        [(22, "apply")],
        more=(More("kettle"),),
        facts={"free_shipping_from": Decimal("129.00"), "full_postage": Decimal("8.00")},
    ),
    # shipped in parts: one thing came, the other is asked for
    Told(
        "rice",
        0,
        RESEND,
        "R8",
        [(52, "ship_part"), (21, "sign_part"), (7, "apply_missing")],
        2,
        shipped=None,
        signed=None,
        more=(More("mug"),),
    ),
    # money that does not want to go
    Told("lamp", 1, KEEP, "R7", [(20, "apply"), (10, "gateway_refuses"), (9.9, "agree")], 1),
    Told("blanket", 0, KEEP, "R7", [(20, "apply"), (0.01, "gateway_late"), (0.005, "agree")]),
    # orders that nobody has applied for yet
    Told("kettle", 2, REPAIR, "R18", [], shipped=900, signed=850, finished=700),
    Told("mug", 0, KEEP, "R1", [(5, "ask_first"), (4, "propose")], pieces=2, signed=30),
    Told("towel", 0, UNSHIPPED, "U1", [], shipped=None, signed=None),
    Told("kettle", 0, NEVER, "N2", [], shipped=60, signed=None, trace="moving"),
    Told("lamp", 1, BACK, "R13", [(2, "ask_first")], 1, signed=30),
    Told("rice", 2, KEEP, "R7", [], 2, signed=20),
    Told(  # parted, the bundle costs more than was paid
        "towel",
        0,
        BACK,
        "R13",
        [],
        off="18.90",
        more=(More("blanket", off="24.00"),),
        bundle="客厅两件套",
        signed=40,
    ),
    Told(
        "kettle",
        1,
        RESEND,
        "R8",
        [(30, "ship_part"), (5, "sign_part")],
        shipped=None,
        signed=None,
        more=(More("towel", 2),),
    ),
]


# What buyers write, by reason.
WORDS = {
    "R1": "收到后发现有一处裂口，用手能摸到，不敢再用。",
    "R2": "用了两次以后底部开始掉漆，应该是质量问题。",
    "R3": "收到的颜色明显偏灰，和页面上的图片差得多。",
    "R4": "按尺码表买的，量出来短了两厘米，穿不了。",
    "R7": "外箱压扁了，里面的商品也破了。",
    "R8": "写的是两件，箱子里只有一件。",
    "R11": "打开有一股霉味，米里还有小虫。",
    "R18": "用了一个月，壶嘴的焊缝开始漏水，擦干了还漏。",
    "R19": "昨天看到同款降价了，截图在下面。",
    "N1": "物流好几天没有动了，问快递也说不清楚。",
    "N2": "说好三天到，现在还没有收到。",
    "N3": "显示驿站代签，可驿站说没有这个件。",
    "N4D": "外箱破得厉害，当场拒收了，快递已经带回去。",
}
# What shops answer when they reject, by the buyer's reason.
REFUSALS = {
    "R1": "照片里的痕迹是正常的工艺纹路，页面有说明，不是质量问题。",
    "R2": "掉漆处有磕碰的痕迹，出厂检测没有这个问题，不属于质量问题。",
    "R4": "按页面的尺码表复量，实物与描述一致。",
    "R13": "退回的商品有使用过的痕迹，吊牌已剪，影响二次销售。",
    "R7": "发货前拍过外箱，签收时没有提出破损，照片看不出是运输造成的。",
}
