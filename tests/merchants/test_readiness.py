"""Before 驳回: what is still missing, all at once, in the page as in the step; and the last words."""

from datetime import timedelta

import pytest

from aftersales import clock
from aftersales.enums import Party, Status
from aftersales.models import RejectReason, Script
from tests.aftersales.negotiation.talk import messages, refused, reject_reason
from tests.factories import OrderFactory, picture, upload

STATEMENT = "照片里的纹路是开片工艺，页面有说明，不是质量问题。"


def undone(answer):
    return [check.label for check in answer.context["form"].checklist() if not check.done]


def test_the_step_says_everything_that_is_missing_at_once(make_desk):
    """NEG-05, NEG-47: a forged request too reads of risks, words, answers and proofs together."""
    desk = make_desk("negotiated")
    reason = reject_reason("RR-05")
    desk.case.add_evidence(by=desk.buyer, evidence={"added": [upload(desk.buyer)]})

    with refused(desk.case, "凭证还没有查看", field="risk_RW-11") as caught:
        desk.case.reject(by=desk.merchant, reason=reason, statement="短")

    proofs = {f"proof_{proof.code}" for proof in reason.proofs.all() if proof.required}
    assert {"risk_RW-11", "statement", "answer_0", *proofs} <= caught.value.errors.keys()


def test_without_a_reason_the_rest_is_still_said(make_desk):
    """NEG-47."""
    desk = make_desk("negotiated")

    with refused(desk.case, "请选择驳回原因", field="reason") as caught:
        desk.case.reject(by=desk.merchant, reason=None, statement="")

    assert caught.value.errors["statement"] == "驳回说明需 10 到 500 个字"


def test_the_dry_run_says_what_the_step_would_say(make_case, at_desk, text_of):
    """NEG-47: 先检查一遍 lists all of it with links to the fields, and nothing is submitted."""
    case = make_case("negotiated")

    answer = at_desk.send("reject", case, review="1", reason="RR-05", statement="短")

    page, form = text_of(answer), answer.context["form"]
    assert answer.status_code == 422
    expected = case.rejection_errors(case.warnings(), reason=reject_reason("RR-05"), statement="短")
    assert expected.keys() == form.errors.keys() - {"declared"}
    for name, sentence in expected.items():
        assert form.errors[name] == [sentence]
        assert f'<a href="#id_{name}">{sentence}</a>' in page
    assert "请确认说明和凭证真实有效" in page
    assert (case.status, case.attempts.count()) == (Status.PENDING_MERCHANT, 0)


def test_nothing_written_or_attached_is_lost_in_a_dry_run(make_case, at_desk, merchant):
    """NEG-47."""
    case = make_case("negotiated")
    reason = RejectReason.objects.get(code="RR-05")
    slot = reason.proofs.filter(required=True).first()

    answer = at_desk.send(
        "reject",
        case,
        review="1",
        reason="RR-05",
        statement=STATEMENT,
        answer_0="太短",
        **{f"proof_{slot.code}": picture()},
    )

    form = answer.context["form"]
    assert answer.status_code == 422
    assert form["statement"].value() == STATEMENT
    assert form["answer_0"].value() == "太短"
    assert len(form.fields[f"proof_{slot.code}"].kept) == 1
    assert f"proof_{slot.code}" not in form.errors


def test_a_bad_picture_keeps_its_own_sentence(make_case, at_desk):
    case = make_case("negotiated")
    slot = RejectReason.objects.get(code="RR-05").proofs.filter(required=True).first()
    bad = picture("note.jpg")
    bad.file.seek(0)
    bad.file.truncate(10)

    answer = at_desk.send("reject", case, review="1", reason="RR-05", **{f"proof_{slot.code}": bad})

    told = answer.context["form"].errors[f"proof_{slot.code}"]
    assert len(told) == 1
    assert not told[0].startswith("请上传")


def test_the_checklist_follows_what_is_filled_in(make_case, at_desk, merchant, text_of):
    """NEG-47: gates, risks, reason, must-answers, proofs, words: live before the submit."""
    case = make_case("negotiated")
    reason = RejectReason.objects.get(code="RR-05")

    empty = at_desk.look("reject", case)
    assert "提交前清单：还差 4 项" in text_of(empty)
    assert "已完成 2 轮协商" in text_of(empty)
    assert undone(empty)[0] == "驳回原因"

    some = at_desk.send("reject", case, refresh="1", reason="RR-05", statement=STATEMENT)
    slots = [proof.label for proof in reason.proofs.filter(required=True)]
    assert undone(some) == [*reason.must_answer, *slots, "确认说明和凭证真实有效"]

    kept = {f"proof_{p.code}_kept": upload(merchant).token for p in reason.proofs.all()}
    words = {f"answer_{n}": "这是釉面的自然开片。" for n in range(len(reason.must_answer))}
    filled = {"reason": "RR-05", "statement": STATEMENT, "declared": "on"} | words | kept
    every = at_desk.send("reject", case, refresh="1", **filled)
    assert undone(every) == []
    assert "提交前清单：都齐了" in text_of(every)


def test_a_new_risk_stands_in_the_checklist(make_case, at_desk):
    """NEG-05."""
    case = make_case("negotiated")
    case.add_evidence(by=case.buyer, evidence={"added": [upload(case.buyer)]})

    assert "风险提示都已核实" in undone(at_desk.look("reject", case))


# The last words


def test_the_rejection_comes_with_its_last_words(make_desk):
    """SC-24, NEG-49: sent with the rejection, with the end of D6, in the buyer's language."""
    desk = make_desk("negotiated")

    desk.reject()

    party, text = messages(desk.case)[-1]
    assert party == Party.MERCHANT
    assert text.startswith("很遗憾这次没能达成一致。")
    assert "您仍可在11-30 12:00前补充凭证或申请平台介入" in text
    assert desk.case.due_at == clock.now() + timedelta(days=7)
    assert [said for _party, said in messages(desk.case)].count(text) == 1


def test_the_review_shows_the_last_words_before_they_are_sent(
    make_desk, at_desk, merchant, text_of
):
    """SC-24."""
    desk = make_desk("negotiated")
    given = desk.answers_for(reject_reason("RR-05"))
    kept = {f"proof_{slot}_kept": files[0].token for slot, files in given["evidence"].items()}
    filled = {"reason": "RR-05", "statement": STATEMENT, "declared": "on"} | kept
    filled |= {f"answer_{n}": text for n, text in enumerate(given["answers"])}

    review = at_desk.send("reject", desk.case, review="1", **filled)
    assert desk.case.farewell() in text_of(review)
    assert not [text for _party, text in messages(desk.case) if "很遗憾" in text]

    at_desk.send("reject", desk.case, **filled)
    page = text_of(at_desk.look("case", desk.case))
    assert STATEMENT in page
    assert "很遗憾这次没能达成一致" in page


def test_without_an_active_script_nothing_is_said(make_desk):
    """SC-24: the catalogue decides."""
    Script.objects.filter(code="SC-24").update(active=False)
    desk = make_desk("negotiated")
    before = messages(desk.case)

    desk.reject()

    assert desk.case.status == Status.REJECTED
    assert messages(desk.case) == before


# Scripts for some buyers' reasons


def test_a_script_for_other_reasons_is_refused_by_the_engine(make_desk):
    """NEG-13, SC-06: limited to the reasons it is written for, also in a forged request."""
    desk = make_desk("checked")

    with refused(desk.case, "请选择一段话术", field="script"):
        desk.negotiate(script=Script.objects.get(code="SC-06"))


def test_and_is_not_on_the_page(make_case, at_desk):
    """NEG-13, SC-06."""
    case = make_case("checked")

    shown = [script.code for script in at_desk.look("negotiate", case).context["form"].scripts]
    answer = at_desk.send("negotiate", case, plans="return_refund", script="SC-06")

    assert "SC-05" in shown
    assert "SC-06" not in shown
    assert answer.status_code == 422
    assert case.round_number == 0


@pytest.mark.parametrize(
    ("reason", "fits"), [("R3", True), ("R4", True), ("R1", False), ("R7", False)]
)
def test_its_own_reasons_may_use_it(make_desk, shop, buyer, reason, fits):
    """SC-06."""
    desk = make_desk(reason=reason, order=OrderFactory(shop=shop, buyer=buyer))
    scripts = desk.case.scripts(desk.case.step_form("round_1"))

    assert ("SC-06" in [script.code for script in scripts]) is fits


def test_rr_01_stands_on_goods_that_are_on_their_way(db):
    """RR-01: the condition is called what it asks."""
    assert RejectReason.objects.get(code="RR-01").when == "on_its_way"


def test_what_is_missing_is_told_in_the_order_of_the_page(make_case, at_desk, text_of):
    """The result of round 1 stands first on it, and was named last."""
    page = text_of(at_desk.send("negotiate", make_case("answered")))

    sentences = ("请选择第一轮的结果", "请选择至少一个方案", "请选择一段话术")
    places = [page.index(sentence) for sentence in sentences]
    assert places == sorted(places)
