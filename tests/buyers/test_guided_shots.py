"""照着拍: numbered slots with drawings, and 拍不了 with a reason as a valid answer (B6)."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpResponse

from aftersales.models import Case, Order, Reason
from aftersales.steps import Refused
from buyers.guided import DRAWINGS
from tests.buyers.conftest import Phone
from tests.factories import application_for

Read = Callable[[HttpResponse], str]
GONE = "外箱当天就扔了，没有留下"


def test_a_reasons_shots_are_numbered_and_drawn(
    order: Order, at_phone: Phone, text_of: Read
) -> None:
    page = at_phone.page("apply_form", order, "refund_received")

    shown = text_of(at_phone.client.post(page, {"reason": "R1", "refresh": "1"}))

    found = re.findall(r'class="place">(\d)</span> (\S+)', shown)
    assert found == [("1", "问题近照"), ("2", "商品整体"), ("3", "外箱面单")]
    assert [f"shot-{name}" in shown for name in ("close", "whole", "label")] == [True] * 3
    assert shown.count("拍不了？") == 2, "the box with its label may simply be left out"


def test_the_slots_open_camera_and_gallery(order: Order, at_phone: Phone, text_of: Read) -> None:
    """Pictures are accepted, and ``capture`` would shut the gallery."""
    page = at_phone.page("apply_form", order, "refund_received")

    shown = text_of(at_phone.client.post(page, {"reason": "R1", "refresh": "1"}))

    inputs = re.findall(r'<input [^>]*type="file"[^>]*>', shown)
    assert len(inputs) == 3
    assert all('accept="image/' in each and "capture" not in each for each in inputs)


def test_every_drawing_is_there_and_every_slot_that_must_be_filled_has_one(
    db: None,
) -> None:
    for drawing in set(DRAWINGS.values()):
        assert finders.find(f"img/shot-{drawing}.svg")
    asked = {
        proof.code
        for reason in Reason.objects.prefetch_related("proofs")
        for proof in reason.proofs.all()
        if proof.required
    }
    assert asked - set(DRAWINGS) <= {"medical", "receipt", "price_page", "video"}, "documents"


def test_what_cannot_be_shot_is_answered_with_a_reason(
    order: Order, at_phone: Phone, text_of: Read
) -> None:
    given = at_phone.answers("refund_received", reason="R7") | {"why_box": GONE}
    del given["proof_box_kept"]

    filled = at_phone.fill(order, "refund_received", **given)
    review = text_of(at_phone.review(order, "refund_received"))
    at_phone.submit(order, "refund_received")

    assert filled.status_code == 302
    assert GONE in review
    case = Case.objects.get()
    assert [(each["slot"], each["why"]) for each in case.demand["unable"]] == [("box", GONE)]
    assert {each.slot for each in case.evidence.all()} == {"goods", "label"}
    assert GONE in text_of(at_phone.look("case", case))


def test_the_shop_reads_why_a_picture_is_missing(
    order: Order, buyer: Any, merchant: Any, phone_of: Any, text_of: Read
) -> None:
    asked = application_for(order, reason="R7", unable={"box": GONE})
    case = Case.apply(
        order.lines.get(),
        type(asked)(**{**vars(asked), "evidence": {**asked.evidence, "box": []}}),
        by=buyer,
    )

    shown = text_of(phone_of(merchant).client.get(f"/merchant/cases/{case.code}/"))

    assert "外箱拍不了" in shown
    assert GONE in shown


@pytest.mark.parametrize(
    ("why", "sentence"),
    [("", "请上传外箱（1–3 张）"), ("没有", "请说明为什么拍不了（至少 4 个字）")],
)
def test_an_empty_slot_without_a_real_reason_is_sent_back(
    order: Order, at_phone: Phone, text_of: Read, why: str, sentence: str
) -> None:
    given = at_phone.answers("refund_received", reason="R7") | {"why_box": why}
    token = given["proof_goods_kept"]
    del given["proof_box_kept"]

    answer = at_phone.fill(order, "refund_received", **given)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert token in text_of(answer), "what was uploaded is still there"
    assert not Case.objects.exists()


def test_the_engine_asks_for_a_reason_too(order: Order, buyer: Any) -> None:
    asked = application_for(order, reason="R7", unable={"box": "没"})
    bare = type(asked)(**{**vars(asked), "evidence": {**asked.evidence, "box": []}})

    with pytest.raises(Refused) as refused:
        Case.apply(order.lines.get(), bare, by=buyer)

    assert set(refused.value.errors) == {"why_box"}


def test_a_picture_outweighs_the_reason_for_having_none(order: Order, buyer: Any) -> None:
    case = Case.apply(
        order.lines.get(), application_for(order, reason="R7", unable={"box": GONE}), by=buyer
    )

    assert "unable" not in case.demand


def test_a_reason_survives_a_look_at_the_review(
    order: Order, at_phone: Phone, text_of: Read
) -> None:
    given = at_phone.answers("refund_received", reason="R7") | {"why_box": GONE}
    del given["proof_box_kept"]
    at_phone.fill(order, "refund_received", **given)

    shown = text_of(at_phone.client.get(at_phone.page("apply_form", order, "refund_received")))

    assert GONE in shown
