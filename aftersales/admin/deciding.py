"""What staff do before and after a ruling: ask for more, decline, take over, suspend, decide appeals."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales import display
from aftersales.admin.record import Record
from aftersales.admin.stepping import StaffStep
from aftersales.enums import Clock, Party, Responsible
from aftersales.forms import MoneyField, StepForm
from aftersales.models import DecisionReason, Suspension
from aftersales.models.case.intervening import DECLINE
from aftersales.rules import amounts, deadlines
from aftersales.suspensions import ProofForm, ProposeForm
from aftersales.templatetags.desk import as_shots


def words(label: Any, help_text: Any, *, most: int = 500, rows: int = 4) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class ReasonField(forms.ModelChoiceField):
    """判定理由, by code and name, in the reader's language."""

    def label_from_instance(self, row: Any) -> str:
        return f"{row.code} {row.label}"


# Before the ruling --------------------------------------------------------------------------------


class SupplementForm(StepForm):
    of = forms.ChoiceField(
        label=gettext_lazy("向谁要求"),
        choices=[
            (str(Party.BUYER), Party.BUYER.label),
            (str(Party.MERCHANT), Party.MERCHANT.label),
            ("both", gettext_lazy("双方")),
        ],
        widget=forms.RadioSelect,
    )
    what = words(
        gettext_lazy("补充什么"),
        gettext_lazy("双方都看得到。写清楚要哪一件商品、哪个位置、能证明什么的照片或单据。"),
    )
    hours = forms.IntegerField(label=gettext_lazy("给几小时"), min_value=1, required=False)

    def fit(self) -> None:
        least, most = self.case.supplement_hours()
        self.initial.setdefault("hours", least)
        self.fields["hours"].help_text = _("{least} 小时到 {most} 小时").format(
            least=least, most=most
        )

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        return given | {"of": "" if given["of"] == "both" else given["of"]}


class AskSupplement(StaffStep):
    step = "ask_supplement"
    form_class = SupplementForm
    button = gettext_lazy("要求补充")

    intro = gettext_lazy(
        "被要求的一方在给定的时间内提交；期间不能判定，另一方到结束才看得到内容。没有提交的，后果由其承担。"
    )
    done = gettext_lazy("已要求补充凭证")


class ProposeSuspensionForm(ProposeForm):
    as_party = Party.STAFF


class SuspensionProofForm(ProofForm):
    as_party = Party.STAFF


class DeclineForm(StepForm):
    reason = ReasonField(
        label=gettext_lazy("不予受理的理由"),
        queryset=DecisionReason.objects.none(),
        to_field_name="code",
        empty_label=None,
        widget=forms.RadioSelect,
    )
    grounds = words(gettext_lazy("依据"), gettext_lazy("至少 10 个字，双方都会看到"))

    def fit(self) -> None:
        rows = [
            row for row in DecisionReason.objects.filter(active=True) if DECLINE in row.decisions
        ]
        field: Any = self.fields["reason"]
        field.queryset = DecisionReason.objects.filter(pk__in=[row.pk for row in rows])
        field.hints = {
            row.code: _("售后单关闭") if row.closes else _("退回介入前的状态，剩余时间恢复")
            for row in rows
        }


class Decline(StaffStep):
    step = "decline"
    form_class = DeclineForm
    button = gettext_lazy("不予受理")
    intro = gettext_lazy("不作判定。理由决定售后单是退回双方还是关闭；不计入商家的纠纷退款率。")

    def success_message(self) -> str:
        return _("已不予受理：{status}").format(status=self.case.get_status_display())


class GroundsForm(StepForm):
    grounds = words(gettext_lazy("依据"), gettext_lazy("至少 10 个字，双方都会看到"))


class TakeOver(StaffStep):
    step = "take_over"
    form_class = GroundsForm
    button = gettext_lazy("接管这一单")
    intro = gettext_lazy(
        "例如店铺集中出现同类投诉时，由平台主动介入。进行中的协商随即结束，双方开始举证，之后由平台判定。"
    )
    done = gettext_lazy("已接管，双方开始举证")


class ProposeSuspension(StaffStep):
    """双方自行协商: staff propose, each side consents on its own page."""

    step = "propose_suspension"
    form_class = ProposeSuspensionForm
    button = gettext_lazy("向双方提议中止")
    intro = gettext_lazy(
        "双方想自行协商时用。买家和商家各自在自己的页面上答复，都同意后才中止；任何一方不同意，平台继续处理。"
    )
    done = gettext_lazy("已提议中止，等双方答复")


class SuspendForm(StepForm):
    because = forms.ChoiceField(
        label=gettext_lazy("中止原因"),
        choices=[
            (each.value, each.label)
            for each in Suspension.Because
            if each != Suspension.Because.SETTLING
        ],
        widget=forms.RadioSelect,
    )
    note = words(
        gettext_lazy("依据"),
        gettext_lazy("例如哪个法院、哪个派出所；双方都会看到"),
        rows=3,
    )
    proof = forms.CharField(
        label=gettext_lazy("受理凭证编号"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("还没有凭证的留空：7 个工作日内没有提交的，自动恢复处理"),
    )
    days = forms.IntegerField(label=gettext_lazy("中止几天"), min_value=1)

    def fit(self) -> None:
        most = deadlines.length(self.case, Clock.SUSPENSION).days
        self.initial.setdefault("days", most)
        self.fields["days"].help_text = _("最多 {n} 天，到期自动恢复").format(n=most)


class Suspend(StaffStep):
    step = "suspend"
    form_class = SuspendForm
    button = gettext_lazy("中止处理")
    intro = gettext_lazy(
        "法院或公安机关已介入时用，立即中止。时限停止计算，恢复后继续；期间买卖双方只能留言，不能操作这一单。"
    )
    done = gettext_lazy("已中止处理")


class ProveSuspension(StaffStep):
    step = "prove_suspension"
    form_class = SuspensionProofForm
    button = gettext_lazy("登记受理凭证")
    intro = gettext_lazy("登记后中止到期满；逾期没有凭证的自动恢复处理。")
    done = gettext_lazy("已登记受理凭证")


class Resume(StaffStep):
    step = "resume"
    button = gettext_lazy("恢复处理")
    intro = gettext_lazy("举证和判定的时限从剩余的时间继续计算，双方会收到通知。")
    done = gettext_lazy("已恢复处理")


# Appeals ------------------------------------------------------------------------------------------


class AppealStep(StaffStep):
    """A step about an appeal: the ruling, the appeal and its new evidence stand above the form."""

    template_name = "admin/aftersales/intervention/appeal.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        appeal = self.case.open_appeal
        filed = self.case.evidence.filter(slot="appeal").select_related("upload")
        shots = as_shots(filed.filter(at__gte=appeal.at)) if appeal else []
        rulings = dict(Record(self.case, shows_files=False).rulings)
        cited = rulings.get(appeal.intervention, "") if appeal else ""
        return super().get_context_data(appeal=appeal, new_shots=shots, cited=cited, **kwargs)


class UpholdAppeal(AppealStep):
    step = "uphold_appeal"
    form_class = GroundsForm
    button = gettext_lazy("维持原判")
    intro = gettext_lazy("判定成为终局，双方会收到通知。")
    done = gettext_lazy("已维持原判")


class ReversalForm(StepForm):
    amount = MoneyField(label=gettext_lazy("改判后的退款总额"), required=False)
    responsible = forms.ChoiceField(
        label=gettext_lazy("责任方"), choices=Responsible.choices, widget=forms.RadioSelect
    )
    grounds = words(
        gettext_lazy("依据"), gettext_lazy("至少 10 个字，改判后双方都会看到"), most=2000, rows=6
    )

    def fit(self) -> None:
        appeal = self.case.open_appeal
        if appeal is None or appeal.party == Party.MERCHANT:
            del self.fields["amount"]
            return
        had = appeal.intervention.amount or amounts.NOTHING
        self.fields["amount"].help_text = _("已判 {had}，买家最多可得 {most}").format(
            had=display.money(had),
            most=display.money(self.case.whole),
        )


class ProposeReversal(AppealStep):
    step = "propose_reversal"
    form_class = ReversalForm
    button = gettext_lazy("提交给另一位同事复核")
    intro = gettext_lazy(
        "改判要两个人：你提出，另一位同事确认后才生效，在此之前双方看不到。"
        "改判支持商家的，只取消纠纷退款，不向买家追回已退的钱。"
    )
    done = gettext_lazy("已提出改判，等另一位同事复核")


class ReturnReversal(AppealStep):
    step = "return_reversal"
    form_class = GroundsForm
    button = gettext_lazy("不同意改判，退回")
    intro = gettext_lazy("申诉回到待复核，买卖双方看不到这一步。")
    done = gettext_lazy("已退回改判意见")


class ReverseRuling(AppealStep):
    step = "reverse_ruling"
    button = gettext_lazy("确认改判")
    intro = gettext_lazy("确认后立即生效，不能更改。买家申诉成立的，差额立即原路退回。")
    done = gettext_lazy("已改判")


VIEWS = {
    view.step: view
    for view in (
        AskSupplement,
        Decline,
        TakeOver,
        ProposeSuspension,
        Suspend,
        ProveSuspension,
        Resume,
        UpholdAppeal,
        ProposeReversal,
        ReturnReversal,
        ReverseRuling,
    )
}
