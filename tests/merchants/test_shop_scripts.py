"""本店话术: a shop words what it says often, beside the platform's scripts (M19, NEG-13, NEG-43)."""

from typing import Any

import pytest
from django.urls import reverse

from aftersales import catalogue, clock
from aftersales.enums import Permission
from aftersales.models import Draft, Edition, Plan, Script, ShopScript
from tests.aftersales.figures.past import Past
from tests.factories import MemberFactory
from tests.merchants.test_figures import talked

TEXT = "您好，{goods}的开片是釉面工艺。我们愿意退您{amount}元，商品您留着用，可以吗？"
MOST_QUERIES = 24


def filled(**changed: Any) -> dict[str, Any]:
    return {
        "label_zh": "开片说明",
        "text_zh": TEXT,
        "text_en": "",
        "editable": "on",
        "scenarios": ["goods_refund"],
        "plans": ["partial_refund"],
        "reasons": [],
    } | changed


def written(at_desk: Any, **changed: Any) -> ShopScript:
    answer = at_desk.post("add_script", **filled(**changed))
    assert answer.status_code == 302, answer.context["form"].errors
    return ShopScript.objects.latest("pk")


def lists_of(script: ShopScript) -> tuple[list[str], list[str], list[str]]:
    return tuple(  # type: ignore[return-value]
        sorted(row.code for row in getattr(script, name).all())
        for name in ("scenarios", "plans", "reasons")
    )


def test_a_script_of_the_shop_is_written_and_sent_like_the_platforms(
    make_case, at_desk, merchant, text_of
):
    """It is offered in round one of its scenarios, filled by the server, and stays on the round."""
    script = written(at_desk)
    assert (script.active, script.author, lists_of(script)) == (
        True,
        merchant,
        (["goods_refund"], ["partial_refund"], []),
    )
    case = make_case("checked")
    page = at_desk.look("negotiate", case)
    assert "开片说明（本店话术）" in text_of(page)

    offer = {"plans": ["partial_refund"], "amount_partial_refund": "45.00"}
    at_desk.send("negotiate", case, **offer | {"script": script.code})

    sent = case.rounds.get()
    assert sent.script_id == script.pk
    assert "我们愿意退您45.00元" in sent.text
    assert "{" not in sent.text
    assert case.events.last().details["script"] == script.code


def test_words_about_another_plan_are_refused_like_the_platforms(make_case, at_desk, text_of):
    """§2.5: no promises outside the plan."""
    script = written(at_desk)
    case = make_case("checked")

    answer = at_desk.send("negotiate", case, plans=["return_refund"], script=script.code)

    assert answer.status_code == 422
    assert "这段话术说的是“部分退款" in text_of(answer)
    assert not case.rounds.exists()


def test_it_is_offered_where_it_belongs_and_nowhere_else(make_case, at_desk, stranger, desk_of):
    """Other scenarios, other reasons, round two, other shops: none of them has it."""
    elsewhere = written(at_desk, scenarios=["goods_return"])
    other_reason = written(at_desk, reasons=["R3"])
    foreign = written(desk_of(stranger))
    mine = written(at_desk)
    archived = written(at_desk)
    at_desk.post("archive_script", archived.code)

    case = make_case("checked")
    codes = {each.code for each in at_desk.look("negotiate", case).context["form"].scripts}
    assert codes & {each.code for each in (elsewhere, other_reason, foreign, mine, archived)} == {
        mine.code
    }
    forged = {"plans": ["partial_refund"], "amount_partial_refund": "45.00"}
    for script in (elsewhere, other_reason, foreign, archived):
        assert at_desk.send("negotiate", case, **forged, script=script.code).status_code == 422
    assert not case.rounds.exists()

    second = make_case("answered")
    codes = {each.code for each in at_desk.look("negotiate", second).context["form"].scripts}
    assert mine.code not in codes  # NEG-43: the words of round two are the platform's


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"text_zh": "您好{buyr}，{amount}元可以吗？"}, "不认识的变量：buyr"),
        ({"text_zh": "您好，\uff5b商品\uff5d可以退。"}, "不认识的变量：\uff5b商品\uff5d"),
        ({"text_zh": "请加微信 abc12345 联系"}, "话术不能包含电话、微信或外部链接：「微信"),
        ({"text_zh": "有事请打 13812345678"}, "话术不能包含电话、微信或外部链接：「13812345678」"),
        ({"text_zh": "我们保证当天退款"}, "话术不能有绝对的承诺：「保证」"),
        ({"text_en": "We guarantee a refund today."}, "话术不能有绝对的承诺：「guarantee」"),
        ({"text_zh": "好" * 401}, "最多 400 个字"),
        ({"text_zh": ""}, "请填写话术正文"),
        ({"label_zh": " "}, "请填写名称"),
        ({"scenarios": []}, "请选择适用场景"),
    ],
)
def test_what_a_script_may_not_say_is_named_and_nothing_typed_is_lost(
    at_desk, merchant, text_of, changed, sentence
):
    answer = at_desk.post("add_script", **filled(**changed))

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert answer.context["form"]["text_zh"].value() == filled(**changed)["text_zh"]
    assert not ShopScript.objects.exists()
    assert Draft.objects.get(user=merchant).data["label_zh"] == [filled(**changed)["label_zh"]]


def test_a_change_leaves_the_rounds_before_it_as_they_were(make_case, at_desk, merchant, text_of):
    """The row that was sent stays; its successor has the same code, and the page says who did what."""
    first = written(at_desk)
    case = make_case("checked")
    offer = {"plans": ["partial_refund"], "amount_partial_refund": "45.00"}
    at_desk.send("negotiate", case, **offer, script=first.code)

    at_desk.post("edit_script", first.code, **filled(text_zh="换一种说法。", was=first.pk))

    assert case.rounds.get().script.text_zh == TEXT
    now = ShopScript.objects.get(code=first.code)
    assert (now.text_zh, now.pk != first.pk) == ("换一种说法。", True)
    page = at_desk.look("edit_script", first.code)
    assert [changed for _row, changed in page.context["history"]] == ["正文", "新建"]
    assert TEXT.split("{")[0] in text_of(page)


def test_two_who_change_it_at_once_are_told_of_each_other(shop, at_desk, desk_of, text_of):
    colleague = desk_of(MemberFactory(shop=shop, user__nick="小李").user)
    script = written(at_desk)
    colleague.post("edit_script", script.code, **filled(text_zh="小李的说法。", was=script.pk))

    late = at_desk.post("edit_script", script.code, **filled(text_zh="我的说法。", was=script.pk))

    assert late.status_code == 409
    assert "小李 在" in text_of(late)
    assert "小李的说法。" in text_of(late)
    assert late.context["form"]["text_zh"].value() == "我的说法。"
    again = late.context["form"]["was"].value()
    at_desk.post("edit_script", script.code, **filled(text_zh="我的说法。", was=again))
    assert ShopScript.objects.get(code=script.code).text_zh == "我的说法。"


def test_an_archived_script_is_kept_and_can_be_brought_back(at_desk, text_of):
    script = written(at_desk)

    at_desk.post("archive_script", script.code)
    page = at_desk.look("scripts")
    assert [row.script.code for row in page.context["archived"]] == [script.code]
    assert not page.context["used"]
    at_desk.post("archive_script", script.code)  # the click again
    at_desk.post("restore_script", script.code)

    back = ShopScript.objects.get(code=script.code)
    assert (back.active, lists_of(back)) == (True, lists_of(script))
    assert [changed for _row, changed in back.history()] == ["恢复使用", "停用", "新建"]


def test_the_preview_reads_as_a_case_of_this_shop_would_send_it(
    make_case, at_desk, stranger, desk_of, text_of
):
    """The newest that fits, or the one asked for; a case of another shop is none."""
    case = make_case("checked")
    make_case(type="return_refund")

    answer = at_desk.post("add_script", **filled(preview="1"))
    told = answer.context["preview"]
    assert (answer.status_code, told.case, told.fits) == (200, case, True)
    assert told.text == TEXT.format(goods=case.line.title, amount="128.00")
    assert not ShopScript.objects.exists()

    asked = at_desk.post("add_script", **filled(preview="1", case=case.code, scenarios=["price"]))
    assert "这一单不在所选的适用范围里" in text_of(asked)
    unknown = at_desk.post("add_script", **filled(preview="1", text_zh="{buyr}"))
    assert "不认识的变量：buyr" in text_of(unknown)
    foreign = desk_of(stranger).post("add_script", **filled(preview="1", case=case.code))
    assert "本店没有这个售后单" in text_of(foreign)
    assert case.line.title not in text_of(foreign)


def test_the_page_counts_how_often_a_script_was_accepted(shop, buyer, at_desk, merchant):
    """Across its changes, with the interval; too few cases say nothing."""
    past = Past(shop, buyer)
    script = written(at_desk)
    talked(past, merchant, script, 7, 5)
    (row,) = at_desk.look("scripts").context["used"]
    assert row.worked == (12, "—", "")

    at_desk.post("edit_script", script.code, **filled(text_zh="换一种说法。", was=script.pk))
    talked(past, merchant, ShopScript.objects.get(code=script.code), 7, 5)
    talked(past, merchant, Script.objects.get(code="SC-01"), 0, 1)

    page = at_desk.look("scripts")
    (row,) = page.context["used"]
    assert row.worked == (24, "58.33%", "38.83% – 75.53%")
    counted = {
        row.script.code: row.worked.cases for group in page.context["groups"] for row in group.rows
    }
    assert counted["SC-01"] == 1


def test_every_member_reads_and_only_who_manages_the_shop_writes(
    shop, at_desk, desk_of, stranger, text_of
):
    script = written(at_desk)
    may = [each for each in Permission if each != Permission.MANAGE]
    reader = desk_of(MemberFactory(shop=shop, permissions=may).user)

    page = text_of(reader.look("scripts"))
    assert script.label in page
    assert "添加本店话术" not in page
    for name in ("add_script", "edit_script"):
        args = [script.code] if name == "edit_script" else []
        assert reader.look(name, *args).status_code == 403
        assert reader.post(name, *args, **filled()).status_code == 403
    assert reader.post("archive_script", script.code).status_code == 403

    other = desk_of(stranger)
    assert script.label not in text_of(other.look("scripts"))
    assert other.look("edit_script", script.code).status_code == 404
    assert other.post("edit_script", script.code, **filled(was=script.pk)).status_code == 404
    for name in ("archive_script", "restore_script"):
        assert other.post(name, script.code).status_code == 404
    assert [row.active for row in ShopScript.ever.filter(code=script.code)] == [True]


def test_the_catalogue_knows_nothing_of_it(at_desk):
    """No edition holds a shop's words; a plan put in its place is followed."""
    before = catalogue.content()
    script = written(at_desk)
    assert catalogue.content() == before

    plan = Plan.objects.get(code="partial_refund")
    row = catalogue.content()["plan"]["partial_refund"]
    change = catalogue.Change(
        kind="plan", key="partial_refund", before=row, after=row | {"label_zh": "退一部分"}
    )
    Edition.publish([change], by=None, note="改名", at=clock.now())
    assert script.plans.get().label_zh == "退一部分"
    assert script.plans.get().pk != plan.pk


def test_an_english_reader_gets_the_english_words_where_there_are_any(make_case, at_desk, buyer):
    buyer.language = "en"
    buyer.save()
    offer = {"plans": ["partial_refund"], "amount_partial_refund": "45.00"}
    chinese = written(at_desk)
    english = written(at_desk, text_en="We can refund you {amount} yuan.")

    for script, said in (
        (chinese, "我们愿意退您45.00元"),
        (english, "We can refund you 45.00 yuan."),
    ):
        case = make_case("checked")
        at_desk.send("negotiate", case, **offer, script=script.code)
        assert said in case.rounds.get().text


def test_the_page_stays_light_with_many_scripts(at_desk, django_assert_max_num_queries):
    for _number in range(5):
        written(at_desk)
    with django_assert_max_num_queries(MOST_QUERIES):
        at_desk.look("scripts")


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_script_is_written_with_chips_and_a_live_preview(make_case, merchant, new_page, shoot):
    make_case("checked")
    page = new_page(merchant)
    page.goto(reverse("merchants:add_script"))
    page.get_by_label("名称").fill("开片说明")
    page.get_by_label("正文", exact=False).first.fill("您好，可以退您")
    page.get_by_role("button", name="方案金额").click()
    page.get_by_label("商品问题 · 仅退款").check()
    page.locator("#preview .bubble").get_by_text("可以退您128.00").wait_for()
    with page.expect_navigation():
        page.get_by_label("用哪一单预览").press("Enter")  # shows, and saves nothing
    assert not ShopScript.objects.exists()
    shoot(page, "script-editor")
    page.get_by_role("button", name="保存话术").click()
    page.get_by_role("heading", name="协商话术", exact=True).wait_for()
    shoot(page, "scripts")
    for address, name in (
        (reverse("merchants:scripts"), "list"),
        (reverse("merchants:add_script"), "form"),
    ):
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            shoot(page, f"scripts-{name}-{width}")
    assert ShopScript.objects.get().text_zh == "您好，可以退您{amount}"
