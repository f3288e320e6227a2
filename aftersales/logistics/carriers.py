"""快递公司: the carriers people name, and which one a tracking number looks like."""

import re
import unicodedata
from typing import NamedTuple

from aftersales.models.order import plain_tracking

CARRIERS = (
    "顺丰速运",
    "中通快递",
    "圆通速递",
    "韵达快递",
    "申通快递",
    "极兔速递",
    "京东快递",
    "邮政快递包裹",
    "EMS",
    "德邦快递",
    "菜鸟速递",
    "跨越速运",
    "安能物流",
    "壹米滴答",
)
OTHER = "其他快递"

# How numbers of a carrier begin; only what is plain enough to be offered, never to be insisted on.
_LOOKS = (
    (r"SF\d{10,15}", "顺丰速运"),
    (r"(ZT|ZTO)\d{10,14}|7[3568]\d{12}", "中通快递"),
    (r"YT\d{10,15}", "圆通速递"),
    (r"YD\d{10,15}|(43|46)\d{13}|31\d{11}", "韵达快递"),
    (r"STO?\d{10,15}|77\d{13}", "申通快递"),
    (r"JT\d{10,15}", "极兔速递"),
    (r"JD[A-Z]{0,2}\d{9,15}", "京东快递"),
    (r"9[89]\d{11}|P[A-Z]\d{9}CN", "邮政快递包裹"),
    (r"E[A-Z]\d{9}CN|1[01]\d{11}", "EMS"),
    (r"DPK\d{9,15}", "德邦快递"),
    (r"KYE?\d{9,15}", "跨越速运"),
)


# What people call them; the rest is called by its first two characters.
_CALLED = {"邮政": "邮政快递包裹", "EMS": "EMS"} | {
    name[:2]: name for name in CARRIERS if name not in ("EMS", "邮政快递包裹")
}
# Written in one piece or in groups of four or so; two numbers side by side are not one.
_NUMBER = re.compile(
    r"(?<![A-Z0-9])(?:[A-Z]{2,4}[ -]?)?\d{2,5}(?:[ -]\d{1,5})+(?![A-Z0-9]|[ -]\d)"
    r"|(?<![A-Z0-9])(?:[A-Z]{2}[ -])?(?=[A-Z]*\d)[A-Z0-9]{8,30}(?![A-Z0-9])"
)


class Told(NamedTuple):
    """What a person pasted: the number in it, and the carrier named beside it, if any."""

    number: str
    carrier: str


def read_tracking(text: str) -> Told:
    """The number in what was typed or pasted (“顺丰 SF1234567890”), and the carrier it names.

    Text without a plain number stays as it is: whoever typed it is told what is wrong with it.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    found = {re.sub(r"[ -]", "", each) for each in _NUMBER.findall(plain)}
    if len(found) > 1:  # perhaps a telephone number beside it
        found = {each for each in found if guess_carrier(each)}
    if len(found) != 1:
        return Told(text.strip(), "")
    rest = _NUMBER.sub(" ", plain)
    named = {name for called, name in _CALLED.items() if called in rest}
    return Told(found.pop(), named.pop() if len(named) == 1 else "")


def is_number(text: str) -> bool:
    """Whether this, as it stands, may be a tracking number."""
    return re.fullmatch(r"(?=[A-Z]*\d)[A-Z0-9]{8,30}", text) is not None


def guess_carrier(number: str) -> str:
    """The carrier that a tracking number looks like; an empty string where nothing is plain."""
    plain = plain_tracking(number)
    return next((name for look, name in _LOOKS if re.fullmatch(look, plain)), "")
