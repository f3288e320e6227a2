"""The rounds with every plan, and what happened between the asking and the ruling, as entries."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from aftersales.display import exact, money
from aftersales.dossier.blocks import entry
from aftersales.enums import Party, PlanState
from aftersales.models import Case, CaseRequest, Offer, Proposal
from aftersales.telling import terms_told


def rounds(case: Case) -> list[dict[str, Any]]:
    """Each round with what was offered in it, then what was offered outside the rounds."""
    offers: dict[int | None, list[Offer]] = defaultdict(list)
    for offer in case.offers.select_related("plan"):
        offers[offer.round_id].append(offer)
    made = []
    for row in case.rounds.select_related("outcome"):
        pairs = [
            (_("发送时间"), exact(row.sent_at)),
            (_("等待至"), exact(row.due_at)),
            (_("买家已读"), exact(row.read_at)),
            (_("结果"), row.get_state_display()),
            (_("上一轮结果"), row.outcome.label if row.outcome else ""),
            (_("对上一轮结果的说明"), row.explanation),
            (_("买家回复"), row.answer),
            (_("买家回复时间"), exact(row.answered_at) if row.answered_at else ""),
            *((_("方案"), offer_told(offer)) for offer in offers[row.pk]),
        ]
        head = _("第 {series} 次处理，第 {n} 轮").format(series=row.series, n=row.number)
        made.append(entry(head, row.text, told(pairs)))
    for offer in offers[None]:
        made.append(entry(f"{_('轮次之外的方案')} · {exact(offer.at)}", offer_told(offer)))
    return made


def offer_told(offer: Offer) -> str:
    """商家：换货（已接受）规格：300ml 青绿；运费承担：商家承担"""
    terms = _("；").join(
        _("{name}：{text}").format(name=name, text=text) for name, text in terms_told(offer.terms)
    )
    return f"{offer.get_party_display()}：{plan_told(offer)}{terms}"


def plan_told(row: Offer | Proposal) -> str:
    """部分退款，无需退货 ¥45.00（已接受）"""
    amount = f" {money(row.amount)}" if row.amount is not None else ""
    return f"{row.plan.label}{amount}（{PlanState(row.state).label}）"


def stages(case: Case) -> list[dict[str, Any]]:
    """Supplements asked for, suspensions and appeals (§1.6)."""
    made = [
        entry(
            f"{_('补充举证')} · {exact(each.at)}",
            each.what,
            told(
                [
                    (_("向谁"), Party(each.of).label if each.of else _("双方")),
                    (_("截止时间"), exact(each.due_at)),
                ]
            ),
        )
        for each in case.supplements.all()
    ]
    made += [
        entry(
            f"{_('中止')} · {exact(each.at)}",
            each.note,
            told(
                [
                    (_("中止原因"), each.get_because_display()),
                    (_("受理凭证编号"), each.proof),
                    (_("最晚恢复"), exact(each.until)),
                    (_("恢复时间"), exact(each.resumed_at) if each.resumed_at else ""),
                ]
            ),
        )
        for each in case.suspensions.all()
    ]
    made += [
        entry(
            f"{_('申诉')} · {exact(each.at)}",
            each.reason,
            told(
                [
                    (_("申诉方"), each.get_party_display()),
                    (_("状态"), each.get_state_display()),
                    (_("复核依据"), each.grounds),
                    (_("复核时间"), exact(each.decided_at) if each.decided_at else ""),
                    (_("改判责任方"), each.get_responsible_display() if each.responsible else ""),
                    (_("改判退款总额"), money(each.amount) if each.amount is not None else ""),
                    (_("改判时间"), exact(each.confirmed_at) if each.confirmed_at else ""),
                ]
            ),
        )
        for each in case.appeals.all()
    ]
    return made


def asked_for(request: CaseRequest) -> dict[str, Any]:
    """A formal request and its answer."""
    return entry(
        f"{_('正式请求')} · {request.get_kind_display()} · {exact(request.at)}",
        request.text,
        told(
            [
                (_("提出方"), request.get_party_display()),
                (_("答复至"), exact(request.due_at)),
                (_("状态"), request.get_state_display()),
                (_("答复"), request.answer),
                (_("答复时间"), exact(request.answered_at) if request.answered_at else ""),
            ]
        ),
    )


def told(rows: Iterable[tuple[Any, Any]]) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in rows if value not in (None, "")]
