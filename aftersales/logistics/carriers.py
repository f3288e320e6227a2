"""快递公司: the carriers people name, and which one a tracking number looks like."""

import re

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


def guess_carrier(number: str) -> str:
    """The carrier that a tracking number looks like; an empty string where nothing is plain."""
    plain = re.sub(r"[\s-]", "", number).upper()
    return next((name for look, name in _LOOKS if re.fullmatch(look, plain)), "")
