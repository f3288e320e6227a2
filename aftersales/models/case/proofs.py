"""凭证要求: whether the slots that a reason or an outcome names are filled (G8, NEG-42, NEG-47)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from aftersales.models.catalogue import Proof, worded
from aftersales.models.history import Upload
from aftersales.rules import demands

MOST_VIDEOS = 1


def asked_here(proof: Proof, buyer_reason: str) -> bool:
    """Whether a slot is asked for with this buyer's reason."""
    return not proof.for_buyer_reasons or buyer_reason in proof.for_buyer_reasons


def slot_errors(
    proofs: Iterable[Proof],
    evidence: Mapping[str, Sequence[Upload]],
    buyer_reason: str,
    *,
    only: bool = False,
    unable: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The sentence for each slot that is empty or too full, under its field's name.

    ``only``: files in a slot that nobody asks for are refused too. ``unable``: why a slot stays
    empty, by its code (拍不了); a reason is an answer as good as a picture.
    """
    errors: dict[str, str] = {}
    asked = [proof for proof in proofs if asked_here(proof, buyer_reason)]
    if only:
        known = {proof.code for proof in asked}
        stray = [slot for slot, files in evidence.items() if files and slot not in known]
        errors = {f"proof_{slot}": _("这里不需要凭证") for slot in stray}
    for proof in asked:
        count = len(evidence.get(proof.code, ()))
        if not count and unable and proof.code in unable:
            if wrong := demands.why_errors(unable[proof.code]):
                errors[f"why_{proof.code}"] = wrong
            continue
        if (proof.required and not count) or count > proof.most:
            errors[f"proof_{proof.code}"] = _("请上传%(slot)s（1–%(most)s 张）") % {
                "slot": proof.label,
                "most": proof.most,
            }
    return errors


def too_many(uploads: Sequence[Upload], most: int) -> str:
    """Why so much can't be shown with one application (G8); empty when it can."""
    if len(uploads) > most:
        return _("最多上传 %(count)s 张") % {"count": most}
    if sum(upload.kind.startswith("video/") for upload in uploads) > MOST_VIDEOS:
        return _("最多上传 1 个视频，其余请用照片")
    return ""


def left_empty(
    proofs: Iterable[Proof],
    evidence: Mapping[str, Sequence[Upload]],
    unable: Mapping[str, str],
) -> dict[str, Any]:
    """The slots that stay empty and why, as the demand keeps it; nothing where all are filled."""
    told = [
        {"slot": proof.code, **worded("name", proof), "why": unable[proof.code].strip()}
        for proof in proofs
        if proof.code in unable and not evidence.get(proof.code)
    ]
    return {"unable": told} if told else {}
