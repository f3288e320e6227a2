"""规则与时限: clocks to read, rules to write, try out and switch on (M24)."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from aftersales import agreeing, catalogue, clock
from aftersales.enums import Clock, Permission, Status
from aftersales.models import AgreeRule, Case, Draft, Edition, Member
from tests.factories import MemberFactory
from tests.merchants.conftest import page_of

MOST_QUERIES = 18


def filled(**changed: Any) -> dict[str, Any]:
    return {
        "name": "小额先退",
        "types": ["refund_received"],
        "reasons": [],
        "most": "200",
        "shipping": "",
        "buyer_most": "",
        "day_most": "1,000",
    } | changed


def written(at_desk: Any, **changed: Any) -> AgreeRule:
    answer = at_desk.post("add_rule", **filled(**changed))
    assert answer.status_code == 302, answer.context["form"].errors
    return AgreeRule.objects.latest("pk")


def test_a_rule_is_tried_out_written_and_switched_on(make_case, at_desk, merchant, text_of, now):
    """The dry run leads to its cases; only what comes after it was switched on is agreed to."""
    old = make_case()

    tried = at_desk.post("add_rule", **filled(), **{"try": "1"})
    assert (tried.status_code, AgreeRule.objects.count()) == (200, 0)
    assert "近 30 天会命中 1 单，合计 ¥128.00" in text_of(tried)
    assert reverse("merchants:case", args=[old.code]) in text_of(tried)

    rule = written(at_desk)
    assert (rule.active, str(rule), rule.author) == (False, "R1 v1", merchant)
    now.shift(timedelta(seconds=1))
    at_desk.post("start_rule", rule.code)
    on = AgreeRule.objects.get()
    assert (on.active, str(on)) == (True, "R1 v2")

    case = make_case()
    agreeing.consider_due()
    states = [Case.objects.get(pk=each.pk).status for each in (old, case)]
    assert states == [Status.PENDING_MERCHANT, Status.REFUNDING]
    assert "自动同意规则 R1 v2" in text_of(at_desk.look("case", case))
    page = at_desk.look("rules")
    assert "近 30 天同意 1 单，合计 ¥128.00" in text_of(page)
    shown = at_desk.look("edit_rule", rule.code)
    assert [each.pk for each in shown.context["page"]] == [case.pk]
    assert [changed for _row, changed in shown.context["history"]] == ["启用规则", "新建"]
    listed = at_desk.look("queue", tab="all", auto="rule")
    assert case.code in text_of(listed)
    assert old.code not in text_of(listed)


def test_a_change_is_a_version_and_cases_keep_theirs(make_case, at_desk, now):
    rule = written(at_desk)
    at_desk.post("start_rule", rule.code)
    case = make_case()
    agreeing.consider_due()
    now.shift(timedelta(seconds=1))
    standing = AgreeRule.objects.get()

    at_desk.post("edit_rule", rule.code, **filled(most="50", was=standing.pk))

    changed = AgreeRule.objects.get()
    assert (str(changed), changed.active) == ("R1 v3", True)
    assert str(Case.objects.get(pk=case.pk).agreed_rule) == "R1 v2"
    page = at_desk.look("edit_rule", rule.code)
    assert [told for _row, told in page.context["history"]] == ["单笔不超过", "启用规则", "新建"]
    at_desk.post("stop_rule", rule.code)
    assert not AgreeRule.objects.get().active
    assert [row.pk for row in agreeing.agreed_by(changed)] == [case.pk]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "请填写名称"),
        ({"types": []}, "请选择售后类型"),
        ({"types": ["everything"]}, "everything"),
        ({"most": ""}, "请填写单笔不超过多少元"),  # of two amounts, which
        ({"most": "0"}, "金额需大于 0"),
        ({"most": "1.234"}, "金额最多两位小数"),
        ({"most": "好"}, "请输入金额，例如 45.00"),
        ({"day_most": "199.99"}, "每天最多的金额不能低于单笔金额"),
        ({"buyer_most": "0"}, "请输入 1 到 99"),
    ],
)
def test_what_will_not_do_is_said_and_nothing_typed_is_lost(at_desk, text_of, changed, sentence):
    answer = at_desk.post("add_rule", **filled(**changed))

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert answer.context["form"]["day_most"].value() == filled(**changed)["day_most"]
    assert Draft.objects.count() == 1
    assert not AgreeRule.objects.exists()


def test_who_changes_a_changed_rule_is_told(shop, at_desk, desk_of, text_of):
    rule = written(at_desk)
    other = desk_of(MemberFactory(shop=shop, user__nick="小李").user)
    other.post("edit_rule", rule.code, **filled(most="90", was=rule.pk))

    late = at_desk.post("edit_rule", rule.code, **filled(most="80", was=rule.pk))

    assert late.status_code == 409
    assert "小李 在" in text_of(late)
    assert late.context["form"]["most"].value() == "80"
    assert AgreeRule.objects.get().most == 90


def test_who_may_do_what(shop, at_desk, desk_of, stranger, merchant, text_of):
    """Reading is free in the shop; writing takes 管理 and 同意; another shop's rule is a 404."""
    rule = written(at_desk)
    reader = desk_of(MemberFactory(shop=shop, permissions=[]).user)
    manager = desk_of(MemberFactory(shop=shop, permissions=[str(Permission.MANAGE)]).user)
    other = desk_of(stranger)

    assert rule.name in text_of(reader.look("rules"))
    assert "添加自动同意规则" not in text_of(reader.look("rules"))
    for desk, status in ((reader, 403), (other, 404)):
        assert desk.look("edit_rule", rule.code).status_code == status
        assert desk.post("edit_rule", rule.code, **filled(was=rule.pk)).status_code == status
        assert desk.post("start_rule", rule.code).status_code == status
        assert desk.post("stop_rule", rule.code).status_code == status
    assert manager.post("edit_rule", rule.code, **filled(was=rule.pk)).status_code == 403
    assert manager.post("start_rule", rule.code).status_code == 403
    assert rule.name not in text_of(other.look("rules"))
    assert AgreeRule.ever.filter(shop=shop).count() == 1

    at_desk.post("start_rule", rule.code)
    MemberFactory(shop=shop)
    Member.objects.filter(user=merchant).update(permissions=[str(Permission.MANAGE)])
    assert "已没有同意售后的权限" in text_of(at_desk.look("rules"))
    assert manager.post("stop_rule", rule.code).status_code == 302  # stopping takes no more


def test_a_forged_rule_agrees_to_nothing_by_hand(make_case, at_desk):
    """A form of the case can't name a rule."""
    rule = written(at_desk)
    case = make_case()

    answer = at_desk.send("agree", case, rule=rule.pk)

    assert page_of(answer) == reverse("merchants:case", args=[case.code])
    assert case.agreed_rule is None
    assert "rule" not in case.events.last().details


def test_the_clocks_are_those_in_force_with_their_edition(at_desk, text_of):
    """Every merchant clock in words, from the rows of the catalogue."""
    page = at_desk.look("rules")
    clocks = {row.code: row for row in page.context["clocks"]}
    assert {"D1", "D2", "D3", "D7", "D8", "D11", "D12", "D13", "D15", "D19"} <= clocks.keys()
    assert (clocks["D2"].length, clocks["D2"].since) == ("48 小时", None)
    assert "商家逾期未处理，按买家要求退款" in text_of(page)

    before = catalogue.content()[catalogue.WINDOW][str(Clock.HANDLE_REFUND)]
    change = catalogue.Change(
        kind="window", key="D2", before=before, after=before | {"minutes": 36 * 60}
    )
    edition = Edition.publish([change], by=None, note="缩短", at=clock.now())

    row = {row.code: row for row in at_desk.look("rules").context["clocks"]}["D2"]
    assert (row.length, row.edition, row.since) == ("36 小时", str(edition), edition.effective_from)


def test_the_pages_stay_light(make_case, at_desk, django_assert_max_num_queries):
    rule = written(at_desk)
    for _number in range(4):
        written(at_desk)
        make_case()
    with django_assert_max_num_queries(MOST_QUERIES):
        at_desk.look("rules")
    with django_assert_max_num_queries(MOST_QUERIES):
        at_desk.look("edit_rule", rule.code, **{"try": "1"})


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_rules_are_read_and_tried_out_at_every_width(make_case, merchant, new_page, shoot):
    make_case()
    page = new_page(merchant)
    page.goto(reverse("merchants:add_rule"))
    page.get_by_label("名称").fill("小额先退")
    page.get_by_label("已收到货仅退款").check()
    page.get_by_label("单笔不超过（元）").fill("200")
    page.get_by_label("每天最多（元）").fill("1000")
    page.get_by_label("每天最多（元）").press("Enter")  # tries out, and saves nothing
    page.get_by_text("近 30 天会命中 1 单，合计 ¥128.00").wait_for()
    shoot(page, "rule")
    page.get_by_role("button", name="保存规则").click()
    page.get_by_role("button", name="启用").click()
    page.get_by_role("heading", name="规则与时限", exact=True).wait_for()
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for name, address in (
            ("list", reverse("merchants:rules")),
            ("edit", reverse("merchants:edit_rule", args=["R1"]) + "?try=1"),
        ):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            shoot(page, f"rules-{name}-{width}")
    assert AgreeRule.objects.get().active
