"""话术的文字: placeholders are filled or refused, contact data is found in any guise (NEG-13)."""

import pytest

from aftersales import catalogue
from aftersales.rules import facts
from aftersales.rules.wording import (
    KNOWN,
    contact_found,
    fill,
    promise_found,
    unknown_placeholders,
)

SCRIPTS = {row["code"]: row for row in catalogue.read("script")}
VALUES = {
    "buyer": "林**树",
    "goods": "青瓷开片手冲咖啡杯 300ml 2只装",
    "amount": "1380.00",
    "deadline": "11-24 00:05",
    "tracking": "SF1381234567890",
    "carrier": "顺丰速运",
    "shop": "山岚家居旗舰店",
}


def wide(text: str) -> str:
    """As a Chinese keyboard writes it: full-width."""
    return "".join(chr(ord(each) + 0xFEE0) for each in text)


MOBILES = [
    "13812345678",
    "138 1234 5678",
    "138-1234-5678",
    "138·1234·5678",
    "1381234 5678",
    "1 3 8 1 2 3 4 5 6 7 8",
    "1.3.8.1.2.3.4.5.6.7.8",
    wide("13812345678"),
    "一三八一二三四五六七八",
    "幺三八幺二三四五六七八",
    "壹叁捌 一二三四 伍陆柒捌",
    "①③⑧①②③④⑤⑥⑦⑧",
    "138\u200b1234\u200b5678",
    "+8613812345678",
    "+86 13812345678",
    "+86 138-1234-5678",
    "0086 13812345678",
]
LANDLINES = ["0571-88880000", "(0571)88880000", "（010）8888 0000", "057188880000"]
LANDLINES += ["400-820-8820", "4008208820"]
ACCOUNTS = {
    "请加微信聊": "微信",
    "微 信同号": "微 信",
    "薇信 abc": "薇信",
    "V信 abc": "V信",
    "加v聊": "加v",
    "加V：abc": "加V",
    "VX：abc123": "VX",
    "wx:abc": "wx",
    "wxid_abc": "wxid",
    "WeChat me": "WeChat",
    "QQ：12345": "QQ",
    wide("QQ:12345"): wide("QQ"),
    "加q": "加q",
    "扣扣号": "扣扣号",
    "支付宝账号 abc": "支付宝",
    "退款请加微信支付": "微信",
    "退款加支付宝 abc123": "支付宝",
}
ADDRESSES = {
    "看 https://a.example/c": "https://a.example/c",
    "看 http://1.2.3.4/x": "http://1.2.3.4/x",
    "看 www.taobao.com": "www.taobao.com",
    "打开taobao.com看": "taobao.com",
    "shop.tmall.com.cn/item?id=1": "shop.tmall.com.cn/item?id=1",
    "example。com": "example。com",
    "example点com": "example点com",
    "t.cn/A6abc": "t.cn/A6abc",
    "t.me/abc": "t.me/abc",
    "发到 abc@qq.com": "abc@qq.com",
    wide("abc@qq.com"): wide("abc@qq.com"),
}
INNOCENT = [
    "我们愿意退您1380.00元，共¥13812.34",
    "18.00, 25.50, 3.60",
    "19.90、29.90、39.90",
    "退您150 2026-11-24前",
    "今天 18:30 前回复",
    "2026-11-24 14:30",
    "11-13 14:05、11-14 15:00、11-15 16:00",
    "单号SF1234567890123",
    "单号JDVA13812345678",
    "单号057188880000",
    "单号7530 1381 2345 678",
    "中通快递 73012345678901",
    "EMS 1138001380012",
    "国际件 VX123456789CN",
    "订单 261120-138001380001234",
    "订单号 3812345678901234567",
    "七天无理由，一张照片，三十天内",
    "1、2、3、4、5、6、7、8、9、10、11",
    "尺寸 30.5x20.3x10.0，重量 1.38 kg",
    "差异轻微，信息已核对；轻微信号问题",
    "旺仔QQ糖 200g",
    "加V领打底衫，加VC的果汁，再加微波炉盖",
    "款项原路退回您的微信支付",
    "已退回支付宝账户，可在支付宝账单里查看",
    "电话已拨打三次，请拨打顺丰热线 95338",
]


# Placeholders -------------------------------------------------------------------------------------


def test_neg_13_a_text_is_filled_on_the_server() -> None:
    assert fill("退您{amount}元，{deadline}前", VALUES) == "退您1380.00元，11-24 00:05前"


@pytest.mark.parametrize("values", [{}, {"amount": ""}], ids=["missing", "empty"])
def test_neg_13_a_placeholder_without_a_value_is_an_error(values: dict[str, str]) -> None:
    with pytest.raises(KeyError, match="amount"):
        fill("退您{amount}元", values)


def test_neg_13_what_is_filled_in_is_not_filled_again() -> None:
    assert fill("{goods}", {"goods": "{amount}", "amount": "1"}) == "{amount}"


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("".join(f"{{{name}}}" for name in KNOWN), []),
        ("{amount} {phone} {phone} {买家}", ["phone", "买家"]),
        ("{}", ["{}"]),
        ("{ shop }", ["{ shop }"]),
        ("\uff5bamount\uff5d", ["\uff5bamount\uff5d"]),
        ("{amount", ["{"]),
    ],
    ids=["known", "unknown", "nameless", "spaced", "full-width", "open"],
)
def test_neg_13_what_can_not_be_filled_is_named(text: str, unknown: list[str]) -> None:
    assert unknown_placeholders(text) == unknown


# Contact data -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [*MOBILES, *LANDLINES])
def test_neg_13_a_phone_number_is_found_as_it_was_written(number: str) -> None:
    assert contact_found(f"有事请打{number}，谢谢") == number


@pytest.mark.parametrize("text", ["电话：88880000", "联系电话是 8888-0000", "TEL13812345678"])
def test_neg_13_a_number_that_is_called_a_phone_is_found(text: str) -> None:
    found = contact_found(text)
    assert found
    assert text.endswith(found)


@pytest.mark.parametrize("text", ["单号13812345678", "打13812345678 10点前"])
def test_neg_13_words_around_a_mobile_do_not_hide_it(text: str) -> None:
    assert contact_found(text) == "13812345678"


@pytest.mark.parametrize(("text", "found"), (ACCOUNTS | ADDRESSES).items())
def test_neg_13_accounts_and_addresses_are_found(text: str, found: str) -> None:
    assert contact_found(text) == found


@pytest.mark.parametrize("text", INNOCENT)
def test_neg_13_amounts_times_parcels_and_refund_routes_are_no_contact(text: str) -> None:
    assert contact_found(text) is None


def test_neg_13_the_first_of_several_is_named() -> None:
    assert contact_found("加微信 abc，或打 13812345678") == "微信"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", SCRIPTS)
def test_neg_13_a_shipped_script_is_filled_whole_and_passes(code: str, language: str) -> None:
    text = SCRIPTS[code][f"text_{language}"]
    assert unknown_placeholders(text) == []
    filled = fill(text, VALUES)
    assert "{" not in filled
    assert contact_found(filled) is None


def test_every_condition_of_a_row_is_a_fact_of_a_case() -> None:
    rows = catalogue.read("outcome") + catalogue.read("reject_reason")
    assert {row.get("when", "") for row in rows} <= set(facts.WHEN)


def test_an_absolute_promise_is_named_and_a_careful_word_is_none() -> None:
    """§2.5: no promises outside the plan."""
    for text, found in {
        "我们保证当天退款": "保证",
        "我们可以保证": "保证",
        "一定会给您一个满意的答复": "一定会",
        "100%退款": "100%退",
        "本店承诺终身保修": "本店承诺",
        "不满意无条件退": "无条件",
        "We GUARANTEE a refund": "GUARANTEE",
        "不能保证今天到": None,
        "难以保证时间，不一定能修好": None,
        "保证金会原路退回": None,
        "面料是100%棉，有一定色差": None,
        "没有按承诺时间发货是我们的问题": None,
    }.items():
        assert promise_found(text) == found, text
    assert not any(promise_found(row["text_zh"] + row["text_en"]) for row in SCRIPTS.values())
