"""申请的内容: reason, proof, agreement, and that none of it changes later (G7 to G10)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from aftersales import uploads
from aftersales.enums import Freight
from aftersales.models import Agreement, Case, Event, Policy, Reason, Upload, User
from aftersales.steps import STEPS
from tests.aftersales.lifecycle.reading import (
    last,
    refusal_to,
    stored,
)
from tests.factories import application_for, upload


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("refund_unshipped", "R1"), ("refund_received", "U1"), ("refund_received", "R13")],
)
def test_a_reason_belongs_to_its_demand(kind: str, reason: str, order_for: Any, apply: Any) -> None:
    """G7, S-12."""
    refusal = refusal_to(apply, order_for(kind), kind, reason=reason)
    assert refusal.errors == {"reason": "这个原因不适用于所选的售后类型"}


def test_a_reason_taken_out_of_use_is_refused(order_for: Any, apply: Any) -> None:
    """G7."""
    order = order_for()
    Reason.objects.filter(code="R1").update(active=False)
    assert "reason" in refusal_to(apply, order).errors


def test_the_proof_a_reason_demands_must_be_there(order_for: Any, apply: Any) -> None:
    """G8, S-33: the sentence stands at its slot."""
    refusal = refusal_to(apply, order_for(), evidence={})
    assert refusal.errors
    assert all(name.startswith("proof_") for name in refusal.errors)


def test_not_more_files_than_the_policy_allows(order_for: Any, apply: Any, buyer: Any) -> None:
    """G8: eight."""
    order = order_for()
    slots = application_for(order).evidence
    Policy.objects.update(max_images=len(slots))
    extra = slots | {"more": [upload(buyer)]}
    assert refusal_to(apply, order, evidence=extra).errors == {
        "evidence": f"最多上传 {len(slots)} 张"
    }


def film(user: User, name: str) -> Upload:
    head = b"\0\0\0\x18ftypisom" + name.encode() + bytes(32)
    return uploads.keep(SimpleUploadedFile(name, head, content_type="video/mp4"), user)


def test_one_film_goes_with_an_application(order_for: Any, apply: Any, buyer: Any) -> None:
    """G8, reasons.md: pictures, papers, and at most one video."""
    order = order_for()
    slots = application_for(order).evidence
    films = [film(buyer, "a.mp4"), film(buyer, "b.mp4")]
    assert refusal_to(apply, order, evidence=slots | {"more": films}).errors == {
        "evidence": "最多上传 1 个视频，其余请用照片"
    }

    case = apply(order, evidence=slots | {"more": films[:1]})
    assert [each.upload.kind for each in case.evidence.all()].count("video/mp4") == 1


def test_proof_is_filed_with_the_application(order_for: Any, apply: Any) -> None:
    case = apply(order_for())
    kept = last(case).details["evidence"]
    assert [each["slot"] for each in kept] == [each.slot for each in case.evidence.all()]
    assert {each.version for each in case.evidence.all()} == {1}


@pytest.mark.parametrize("version", ["", "2020-01"])
def test_no_application_without_the_agreement(version: str, order_for: Any, apply: Any) -> None:
    """G9, S-11: the version in force, and the time, are kept."""
    refusal = refusal_to(apply, order_for(), agreement_version=version)
    assert refusal.errors == {"agreement": "请阅读并同意维权协议"}
    case = apply(order_for())
    assert case.agreement_version == Policy.current().agreement_version
    assert case.agreement_at == case.applied_at
    assert Agreement.objects.filter(version=case.agreement_version).exists()


def test_no_step_changes_the_demand(order_for: Any, apply: Any) -> None:
    """G10, S-14: nothing that a buyer can do takes a type, a reason or an amount to claim."""
    frozen = {"type", "reason_id", "amount", "quantity", "goods_state", "description"}
    case = apply(order_for())
    before = {name: getattr(case, name) for name in frozen}
    case.send_message(by=case.buyer, text="我想改成退货")
    case.add_evidence(by=case.buyer, evidence={"added": [upload(case.buyer)]})
    row = stored(case)
    assert {name: getattr(row, name) for name in frozen} == before
    assert not {name for name in STEPS if name.startswith(("change", "edit", "amend"))}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"description": "长" * 501}, "description"),
        ({"type": "return_refund", "reason": "R20", "description": "坏了"}, "description"),
        ({"type": "return_refund", "reason": "R13", "goods_intact": False}, "goods_intact"),
        ({"goods_state": "never_came"}, "goods_state"),
    ],
)
def test_what_is_filled_in_is_checked(
    given: dict[str, Any], field: str, order_for: Any, apply: Any
) -> None:
    """S-16, S-33: each refusal stands at its field."""
    given = dict(given)
    kind = given.pop("type", "refund_received")
    assert list(refusal_to(apply, order_for(), kind, **given).errors) == [field]


def test_the_same_click_twice_is_one_case(order_for: Any, apply: Any) -> None:
    """S-17: the second click finds the case that the first one made."""
    order = order_for()
    first = apply(order, key="one-click")
    assert apply(order, key="one-click") == first
    assert Case.objects.count() == 1
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "reason", "cover", "bears"),
    [
        ("return_refund", "R1", "none", Freight.MERCHANT),
        ("return_refund", "R13", "none", Freight.BUYER),
        ("return_refund", "R13", "insurance", Freight.INSURANCE),
        ("return_refund", "R13", "merchant_free_return", Freight.MERCHANT),
        ("return_refund", "R20", "none", Freight.UNDECIDED),
        ("refund_received", "R1", "none", Freight.NONE),
    ],
)
def test_who_bears_the_way_back_follows_from_the_reason(
    kind: str, reason: str, cover: str, bears: Freight, order_for: Any, apply: Any
) -> None:
    """§1.5: by fault, else by the order's cover."""
    assert apply(order_for(freight_cover=cover), kind, reason=reason).freight == bears


def test_an_application_is_as_old_as_its_click(order_for: Any, apply: Any, now: Any) -> None:
    """Its number carries the day in China."""
    now.shift(timedelta(hours=13))  # one o'clock on the 24th there
    assert apply(order_for()).code.startswith("AS20261124")
