"""What a plan asks for besides an amount: its fields in the card, and what they come to (§2.6)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.display import when
from aftersales.enums import Freight
from aftersales.forms import MoneyField
from aftersales.models import Case, Plan
from aftersales.rules import facts, plans
from aftersales.rules.requests import MOST_PICTURES

WAITS = (12, 24, 48, 72)  # hours
# On the card, in this order.
TERMS = ("until", "what", "count", "waives", "enquiry", "sku", "items", "days", "pickup", "most")


def fields_of(plan: Plan, case: Case) -> dict[str, forms.Field]:
    """The fields of a plan's card by name, ``<term>_<plan>``; the rules say what is missing."""
    code = plan.code
    found: dict[str, forms.Field] = {}
    if code == "wait_until":
        found["until"] = forms.ChoiceField(
            label=_("等待至"),
            choices=[(str(hours), _in_hours(hours)) for hours in WAITS],
            widget=forms.Select(attrs={"class": "form-select"}),
        )
    elif code == "invite_evidence":
        found["what"] = _words(_("要拍什么"), 100)
        found["count"] = _number(_("几张"), MOST_PICTURES, initial=1)
    elif code == "intercept_refund":
        found["enquiry"] = _words(_("拦截单号（选填）"), 40)
    elif code == "exchange":
        found["sku"] = _sku(case)
    elif code == "resend":
        found["items"] = _words(_("补寄什么、几件"), 200)
    elif code == "repair":
        found["days"] = _number(_("几天内修好"), plans.MAX_REPAIR_DAYS)
    elif code == "coupon" and not facts.with_shop(case):
        found["waives"] = _tick(_("买家接受后结束本次售后"))
    elif code == "return_freight_covered":
        found["pickup"] = _tick(_("上门取件，运费由你直接付给快递"))
        if Freight.MERCHANT not in (
            case.freight,
            case.reason.freight,
        ):  # else it is all his by rule
            found["most"] = MoneyField(label=_("运费最多 ¥（选填）"))
            found["most"].widget.attrs["class"] = "form-control amount"
    for field in found.values():
        field.required = False
    return {f"{name}_{code}": field for name, field in found.items()}


def terms_of(code: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in for a plan, as the engine takes it."""
    if code == "wait_until" and said.get("until_wait_until"):
        until = clock.now() + timedelta(hours=int(said["until_wait_until"]))
        return {"until": until.isoformat()}
    if code == "coupon":
        return {"waives": True} if said.get("waives_coupon") else {}
    if code == "return_freight_covered":
        most = said.get("most_return_freight_covered")
        pickup = {"pickup": True} if said.get("pickup_return_freight_covered") else {}
        return pickup | ({"most": str(most)} if most is not None else {})
    return {
        name: str(said.get(f"{name}_{code}") or "").strip()
        for name in ("what", "count", "enquiry", "sku", "items", "days")
        if name in plans.TERMS.get(code, frozenset())
    }


def _words(label: str, most: int, **kwargs: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "form-control"})
    return forms.CharField(label=label, max_length=most, widget=widget, **kwargs)


def _tick(label: str) -> forms.BooleanField:
    widget = forms.CheckboxInput(attrs={"class": "form-check-input"})
    return forms.BooleanField(label=label, widget=widget)


def _number(label: str, most: int, **kwargs: Any) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"class": "form-control", "min": 1, "max": most})
    return forms.IntegerField(label=label, widget=widget, **kwargs)


def _sku(case: Case) -> forms.Field:
    """The model offered: of those in stock where that is known, else in words."""
    wanted = str(case.demand.get("sku") or case.line.sku)
    stock = [row["sku"] for row in case.line.stock if int(row["stock"]) > 0]
    if not stock:
        return _words(_("换成"), 200, initial=wanted)
    return forms.ChoiceField(
        label=_("换成"),
        initial=wanted,
        choices=[(sku, sku) for sku in stock],
        widget=forms.Select(attrs={"class": "form-select"}),
    )


def _in_hours(hours: int) -> str:
    now = clock.now()
    until = when(now + timedelta(hours=hours), now)
    return _("%(hours)s 小时内（到 %(until)s）") % {"hours": hours, "until": until}
