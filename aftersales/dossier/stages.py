"""What happened between the asking and the ruling, and beside the rounds, as entries of a dossier."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from aftersales.display import exact, money
from aftersales.dossier.blocks import entry
from aftersales.enums import Party
from aftersales.models import Case, CaseRequest


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
