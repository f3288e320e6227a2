"""平台判定: both sides side by side, the form, and what it will do before it is done (T-20, S-23)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import centre, clock, display
from aftersales.admin.deciding import VIEWS, ReasonField
from aftersales.admin.precedents import precedents
from aftersales.admin.readers import reader
from aftersales.admin.record import Record
from aftersales.admin.sides import both_sides
from aftersales.admin.stepping import StaffStep, step_url
from aftersales.enums import GATHERING, AppealState, Party, Responsible, Ruling, Stage, Status
from aftersales.forms import MoneyField, StepForm
from aftersales.models import Appeal, Case, DecisionReason, Intervention, Refund
from aftersales.models.case.intervening import DECLINE
from aftersales.models.case.ruling import OVERRULES
from aftersales.rules import facts, rulings
from aftersales.steps import STALE, STEPS, Act, Refused
from aftersales.suspensions import card_of

BEARERS = [
    ("", gettext_lazy("按运费规则（默认）")),
    *((each.value, each.label) for each in rulings.BEARERS),
]


class RuleForm(StepForm):
    """判定: what comes of it, who is responsible, and on what grounds. Nothing is preselected."""

    ruling = forms.ChoiceField(
        label=gettext_lazy("判定结果"), choices=Ruling.choices, widget=forms.RadioSelect
    )
    amount = MoneyField(
        label=gettext_lazy("退款金额"),
        required=False,
        help_text=gettext_lazy("单位元"),
    )
    reason = ReasonField(
        label=gettext_lazy("判定理由"),
        queryset=DecisionReason.objects.none(),
        to_field_name="code",
        empty_label=gettext_lazy("请选择"),
    )
    freight_out = forms.ChoiceField(
        label=gettext_lazy("发货运费"),
        choices=BEARERS,
        required=False,
        help_text=gettext_lazy(
            "全额退款和退货后退款：商家承担的连同邮费一起退，买家承担的不退邮费"
        ),
    )
    freight = forms.ChoiceField(
        label=gettext_lazy("退货运费"),
        choices=BEARERS,
        required=False,
        help_text=gettext_lazy("默认按责任方由运费规则算出；改由另一方承担的，要选择理由"),
    )
    freight_reason = ReasonField(
        label=gettext_lazy("运费改判理由"),
        queryset=DecisionReason.objects.none(),
        to_field_name="code",
        empty_label=gettext_lazy("不改，按运费规则"),
        required=False,
    )
    exempt = forms.BooleanField(
        label=gettext_lazy("不计入纠纷退款（在依据里说明）"), required=False
    )
    nothing_back = forms.BooleanField(
        label=gettext_lazy("没有可以寄还的商品（空包裹、错件或没有收到），直接关闭"), required=False
    )
    responsible = forms.ChoiceField(
        label=gettext_lazy("责任方"),
        choices=Responsible.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("支持买家且责任方为商家时，计入商家的纠纷退款率"),
    )
    cited = forms.TypedMultipleChoiceField(
        label=gettext_lazy("采信的凭证"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    grounds = forms.CharField(
        label=gettext_lazy("判定依据"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("至少 10 个字。双方都会看到，请写明采信了什么、为什么。"),
    )

    def fit(self) -> None:
        self.record = Record(self.case, shows_files=True)
        case, ruling = self.case, self.fields["ruling"]
        whole = display.money(case.whole)
        kept, part = _("退款 {amount}，买家留下商品"), _("退款低于 {amount}，买家留下商品")
        if facts.with_shop(case):
            kept, part = _("退款 {amount}，商品已在商家处"), _("退款低于 {amount}，商品已在商家处")
        ruling.hints = {  # type: ignore[attr-defined]
            str(Ruling.FULL_REFUND): kept.format(amount=whole),
            str(Ruling.PARTIAL_REFUND): part.format(amount=whole),
            str(Ruling.RETURN_THEN_REFUND): _(
                "买家按时寄回，商家收货后退款 {amount}；逾期未寄回则关闭"
            ).format(amount=display.money(case.worth_returned)),
            str(Ruling.KEEP_GOODS): _("退款 {amount}，商品不值得或无法退回，留给买家").format(
                amount=whole
            ),
            str(Ruling.EXCHANGE): _("买家寄回，商家收货后发出换货；没有按时发出改为退款"),
            str(Ruling.RESEND): _("商家按时补寄，没有按时发出改为退款"),
            str(Ruling.REPAIR): _("买家寄回，商家修好后发回；没有按时发出改为退款"),
            str(Ruling.DENY): _("不退款；商家按时把商品原样寄还买家，没有按时寄还的改为退款")
            if facts.with_shop(case)
            else _("售后关闭，不退款"),
            str(Ruling.CLOSE_AGREED): _("双方已自行谈妥，售后关闭，不退款"),
            str(Ruling.REHANDLE): _("商家的处理时限和协商轮次重新开始"),
        }
        ruling.inside = {str(Ruling.PARTIAL_REFUND): ["amount"]}  # type: ignore[attr-defined]
        if facts.with_shop(case):
            ruling.inside[str(Ruling.DENY)] = ["nothing_back"]  # type: ignore[attr-defined]
        else:
            del self.fields["nothing_back"]
        self.fields["amount"].wanted = True  # type: ignore[attr-defined]
        ruling.refusals = {  # type: ignore[attr-defined]
            str(each): unfit for each in Ruling if (unfit := rulings.unfit(each, case))
        }
        coded: Any = self.fields["reason"]
        rows = DecisionReason.objects.filter(active=True)
        coded.queryset = rows.exclude(decisions__in=[[DECLINE], [OVERRULES]])
        overruling: Any = self.fields["freight_reason"]
        overruling.queryset = rows.filter(decisions=[OVERRULES])
        self.fields["responsible"].hints = {  # type: ignore[attr-defined]
            str(each): self._preset(each) for each in Responsible
        }
        cited: Any = self.fields["cited"]
        cited.choices = [
            (
                piece.evidence.pk,
                f"{piece.number} {piece.evidence.get_party_display()} "
                f"{piece.evidence.label or piece.evidence.upload.name}",
            )
            for piece in self.record.pieces
        ]

    def _preset(self, responsible: str) -> str:
        """The freight that follows from finding this side responsible, out of the freight table."""
        chosen = str(self["ruling"].value() or Ruling.RETURN_THEN_REFUND)
        out, back = rulings.freight_of(self.case, chosen, responsible)
        return _("运费：发货{out}，退货{back}").format(out=out.label, back=back.label)

    @property
    def freight_touched(self) -> bool:
        """Whether somebody departs from the freight rules, or has been refused there."""
        return any(
            self[name].value() or self[name].errors
            for name in ("freight_out", "freight", "freight_reason", "exempt")
        )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("ruling") != Ruling.PARTIAL_REFUND:
            given["amount"] = None  # typed for a ruling that was then left
            self.errors.pop("amount", None)
        if given.get("ruling") != Ruling.DENY:
            given.pop("nothing_back", None)
        return given


class Rule(StaffStep):
    """The ruling page: check shows what the ruling will do, in words; confirming does it."""

    step = "rule"
    form_class = RuleForm
    template_name = "admin/aftersales/intervention/rule.html"
    asked: Intervention

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        known = Intervention.objects.select_related("case", "assignee", "ruled_by")
        self.asked = get_object_or_404(known, pk=kwargs["pk"])
        return super().dispatch(request, code=self.asked.case.code, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        self.asked.refresh_from_db(fields=["stage"])  # lapsed time may just have closed the window
        return super().get_form_kwargs()

    @property
    def open(self) -> bool:
        """Whether this request to the platform is the one that a ruling would answer."""
        last = self.case.last_intervention
        return last is not None and last.pk == self.asked.pk and self.asked.stage == Stage.DECIDING

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        centre.seen(self.request.user, self.case)
        record = context["form"].record
        cited = " ".join(record.cited.get(pk, f"#{pk}") for pk in self.asked.evidence_cited)
        return context | {
            "asked": self.asked,
            "record": record,
            "sides": both_sides(record),
            "precedents": precedents(self.case),
            "open": self.open,
            "gathering": self.asked.stage in GATHERING,
            "moves": self.other_moves(),
            "stood": self.case.last_suspension if self.case.suspended else None,
            "suspension": card_of(self.case, Party.STAFF),
            "appeal": Appeal.objects.filter(intervention=self.asked).first(),
            "appealed": self.asked.stage == Stage.APPEAL,
            "kept_out": self.kept_out(),
            "impartial": self.case.parties_of(self.request.user) == {Party.STAFF},
            "cited": cited,
        }

    def kept_out(self) -> str:
        """Why this reviewer may not decide the appeal that waits; empty where he may."""
        appeal = self.case.open_appeal
        if appeal is None:
            return ""
        step = "uphold_appeal" if appeal.state == AppealState.OPEN else "reverse_ruling"
        return self.case.refusal(step, self.request.user)

    def other_moves(self) -> list[tuple[Any, str]]:
        """What else a reviewer may do with this request now."""
        last = self.case.last_intervention
        if last is None or last.pk != self.asked.pk:
            return []
        moves = self.case.moves(self.request.user, Party.STAFF)
        return [
            (move, step_url(self.case, move.name))
            for move in moves
            if move.name in VIEWS and not move.refusal
        ]

    def form_valid(self, form: StepForm) -> HttpResponse:
        if "confirmed" in self.request.POST:
            return super().form_valid(form)
        if "edit" in self.request.POST:
            return self.render_to_response(self.get_context_data(form=form))
        self.remember(form)
        try:
            act = self.rehearse(form)
        except Refused as refused:
            form.refuse(refused)
            return self.form_invalid(form, conflict=refused.conflict)
        return self.render_to_response(
            self.get_context_data(form=form, **self.consequences(form, act))
        )

    def take(self, form: StepForm) -> None:
        last = self.case.last_intervention
        if last is None or last.pk != self.asked.pk:
            raise Refused(_("这次介入已经结束"), conflict=True)
        super().take(form)

    def rehearse(self, form: StepForm) -> Act:
        """Take the step on a copy that is thrown away: what it says is what will happen."""
        known = Case.objects.select_related("order", "line", "reason", "shop", "buyer")
        case = known.prefetch_related("interventions").get(pk=self.case.pk)
        answers = form.answers()
        seen = answers.pop("version")
        answers.pop("key")
        if seen is not None and seen != case.version:
            raise Refused(STALE, conflict=True)
        if refusal := case.refusal(self.step, self.request.user):
            raise Refused(refusal, conflict=case.status != Status.PLATFORM_REVIEW)
        at = clock.now()
        return case.run(STEPS[self.step], Party.STAFF, self.request.user, at, "", answers)

    def consequences(self, form: Any, act: Act) -> dict[str, Any]:
        """What the rehearsed ruling did, for the page that asks to confirm it."""
        case: Any = act.case
        ruled = case.last_intervention
        numbers = form.record.cited
        form_values: Any = self.request.POST
        return {
            "ruled": ruled,
            "after": case,
            "readers": [reader(act, party) for party in (Party.BUYER, Party.MERCHANT)],
            "refunds": [row for row in act.rows if isinstance(row, Refund)],
            "citing": " ".join(numbers[pk] for pk in ruled.evidence_cited),
            "carried": [
                (name, value)
                for name in self.get_form_class().base_fields
                for value in form_values.getlist(name)
            ],
        }

    def get_template_names(self) -> list[str]:
        return [self.template_name]

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        if "ruled" in context:
            self.template_name = "admin/aftersales/intervention/confirm.html"
        return super().render_to_response(context, **kwargs)

    def success_message(self) -> str:
        return _("已判定：{ruling}。{status}").format(
            ruling=Ruling(self.case.last_intervention.ruling).label,  # type: ignore[union-attr]
            status=self.case.get_status_display(),
        )
