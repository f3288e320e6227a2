"""What the tool shows before a merchant acts: scenario, warnings and the words of a script."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum, prefetch_related_objects
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.display import mask, plain_money, when
from aftersales.enums import Clock, WizardStep
from aftersales.languages import ENGLISH, language_of
from aftersales.models.case.fields import CaseFields
from aftersales.models.catalogue import (
    Plan,
    Scenario,
    Script,
    StepForm,
)
from aftersales.models.figures import DayFigure, Measure, RolledDay
from aftersales.models.history import Attempt
from aftersales.models.negotiation import Precheck
from aftersales.models.rulebook import Rulebook, rulebook
from aftersales.models.scripting import ShopScript
from aftersales.prepared import Asked, Prepared, Written
from aftersales.rules import deadlines, facts, plans, risks, wording
from aftersales.steps import STEPS, Refused

RECENT, DAY = timedelta(days=30), timedelta(hours=24)


# Every page and step of the tool asks this. Written out: to have it built from querysets takes longer
# than to run it.
RECENTLY = Written(
    """
SELECT
    -- RW-13: the shop's cases of these goods for this reason, as far as it is told
    (SELECT count(*) FROM (SELECT 1 FROM aftersales_orderline l
        JOIN aftersales_case c ON c.line_id = l.id
        WHERE l.goods_id = %(goods)s AND l.goods_id <> '' AND c.shop_id = %(shop)s
        AND c.applied_at >= %(recently)s AND c.reason_id = %(reason)s LIMIT 1000) alike),
    -- RW-15: the clicks on 驳回 of one day
    (SELECT count(*) FROM aftersales_precheck p
        WHERE p.case_id = %(case)s AND p.at >= %(today)s AND p.ticked = '{}'),
    -- RW-15: how often the shop has used the words of a rejection, those that it used most
    (SELECT count(*) AS times FROM aftersales_event e
        WHERE e.shop_id = %(shop)s AND e.party = 'merchant' AND e.step IN ('reject', 'refuse_receipt')
        AND e.at >= %(recently)s GROUP BY e.details ->> 'statement' ORDER BY times DESC LIMIT 1),
    -- RW-19: what other cases of the order have brought back
    (SELECT CAST(coalesce(sum(r.amount), 0) AS text) FROM aftersales_refund r
        JOIN aftersales_case c ON c.id = r.case_id
        WHERE c.order_id = %(order)s AND r.purpose = 'refund' AND r.case_id <> %(case)s)
""",
    columns=4,
)
# RW-14: as the shop's page of figures has them
REJECTED = Prepared(
    lambda shop: (
        DayFigure.objects.in_window(RolledDay.newest_of_all())
        .filter(shop=shop, measure__in=[Measure.REJECTED, Measure.REJECTED_LOST])
        .values_list("measure")
        .annotate(Sum("number"))
    )
)


@dataclass
class Offering:
    """A plan as the merchant fills it in; yuan with two places."""

    plan: Plan
    amount: Decimal | None = None
    terms: dict[str, Any] = field(default_factory=dict)


class Preparing(CaseFields):
    class Meta:
        abstract = True

    def scenario(self) -> Scenario:
        """The first active scenario that fits: what the tool offers depends on it (S-61)."""
        for scenario in self._rulebook().scenarios:
            if self.type not in scenario.types:
                continue
            if scenario.logistics is not None and scenario.logistics != self.reason.logistics:
                continue
            if scenario.goods_back != facts.goods_back(self):  # type: ignore[arg-type]
                continue
            return scenario
        raise Refused(_("没有适用的协商步骤，请联系平台客服"))

    def _rulebook(self) -> Rulebook:
        known = self.__dict__.get("_prefetched_objects_cache", {}).get("mark")
        return rulebook(known[0][0] if known else None)

    def step_form(self, wizard_step: WizardStep) -> StepForm:
        form = next(
            (each for each in self.scenario().forms.all() if each.step == wizard_step), None
        )
        if form is None:
            raise Refused(_("没有适用的协商步骤，请联系平台客服"))
        return form

    def scripts(self, form: StepForm) -> list[Script]:
        """The scripts of a step that are meant for this buyer's reason, or for every reason.

        In the first round the shop's own follow the platform's; later words are the platform's
        alone (NEG-43). Words about plans that all contradict the facts are not offered (NEG-12).
        """
        offered: list[Script] = [*form.offered("scripts")]
        if form.step == WizardStep.ROUND_1:
            offered += ShopScript.offered(self.shop, form.scenario_id)
        return [
            script
            for script in offered
            if script.meant_for(self.reason)
            and (
                not script.plans.all()
                or any(not plans.unfit(plan.code, self) for plan in script.plans.all())  # type: ignore[arg-type]
            )
        ]

    def script_refusal(self, script: Script, offers: Sequence[Offering]) -> str:
        """No promises outside the plan (§2.5): why these words don't go with these offers."""
        spoken_of = {plan.code: plan.label for plan in script.plans.all()}
        if not spoken_of or any(offer.plan.code in spoken_of for offer in offers):
            return ""
        return _("这段话术说的是“%(plans)s”，请一并提出这样的方案，或换一段话术") % {
            "plans": _("”或“").join(spoken_of.values())
        }

    def misquoted(self, script: Script, offers: Sequence[Offering], text: str) -> str:
        """Why an edited text doesn't go with these offers: it names other money; empty when it does."""
        meant = self.script_values(offers, script).get("amount")
        if not meant:
            return ""
        if "{amount}" in script.text_zh:
            offered = {Decimal(meant.replace(",", ""))}
        else:
            offered = {self.whole if each.amount is None else each.amount for each in offers}
        return wording.amount_refusal(text, offered)

    def warnings(self, at: datetime | None = None) -> list[risks.Warning]:
        """Every risk warning on current data (NEG-02, NEG-05)."""
        figures = self.shop_figures()
        with self.parcels_at_hand():
            return risks.evaluate(self, self._rulebook().risks, figures, at or self.at)  # type: ignore[arg-type]

    @contextmanager
    def parcels_at_hand(self) -> Iterator[None]:
        """Many rules ask what the parcels say: read once for all of them, and forgotten after,
        for a step may send another; unless the page has read them anyway."""
        known = "parcels" in getattr(self.order, "_prefetched_objects_cache", {})
        prefetch_related_objects([self.order], "parcels")
        try:
            yield
        finally:
            if not known:
                self.order.refresh_from_db(fields=["parcels"])

    def shop_figures(self) -> risks.ShopFigures:
        """What the last 30 days of this shop say (RW-13 to RW-15), and what stands on the case."""
        [[alike, clicks, said, given_back]], rejections = self._recent or [
            query(*given) for query, given in self.recently()
        ]
        counts = dict(rejections)
        return risks.ShopFigures(
            same_product=alike,
            rejected=counts.get(Measure.REJECTED, 0),
            lost=counts.get(Measure.REJECTED_LOST, 0),
            clicks=clicks,
            same_text=said or 0,
            address_ready=self.default_address() is not None,
            complaints=[str(each) for each in self.complaints.all()],  # type: ignore[attr-defined]
            given_back=Decimal(given_back).quantize(Decimal("0.01")),
        )

    def recently(self) -> Sequence[Asked]:
        known = {
            "case": self.pk,
            "order": self.order_id,
            "shop": self.shop_id,
            "goods": self.line.goods_id,
            "reason": self.reason_id,
            "recently": self.at - RECENT,
            "today": self.at - DAY,
        }
        return (RECENTLY, [known]), (REJECTED, [self.shop_id])

    def ticks(self) -> dict[str, str]:
        """The warnings confirmed so far in this handling, with the key of the facts confirmed."""
        asked = self.last_intervention
        began = [self.applied_at, self.return_filed_at, asked.ruled_at if asked else None]
        since = max(moment for moment in began if moment is not None)
        ticked: dict[str, str] = {}
        for precheck in self.handed("prechecks"):
            if precheck.at >= since:
                ticked |= precheck.ticked
        return ticked

    def look_before_rejecting(self, *, by: Any) -> list[risks.Warning]:
        """NEG-02: what clicking 驳回退款 does: the pre-check is made and stored; nothing moves.

        Where nothing may be rejected (NEG-06, NEG-20), the click is refused and logged.
        """
        self.catch_up()
        self.forget_along()
        self.load_to_judge()
        try:
            self._check(STEPS["confirm_risks"], by)
        except Refused as why:
            Attempt.objects.create(
                case_id=self.pk, user=by, step="reject", sentence=why.sentence, at=clock.now()
            )
            raise
        found = self.warnings(clock.now())
        Precheck.objects.create(
            case_id=self.pk, user=by, warnings=[each.stored() for each in found], at=clock.now()
        )
        return found

    def farewell(self) -> str:
        """What the buyer reads with a rejection (SC-24), with the end of D6; empty without a script."""
        scripts = self.scripts(self.step_form(WizardStep.REJECT))
        end = deadlines.end_of(self, Clock.AFTER_REJECT, self.at)  # type: ignore[arg-type]
        try:
            return self.script_text(scripts[0], [], until=end) if scripts else ""
        except Refused:  # staff gave it a placeholder that this case can't fill
            return ""

    def script_values(
        self,
        offers: Sequence[Offering],
        script: Script | None = None,
        until: datetime | None = None,
    ) -> dict[str, str]:
        """The placeholders of a script, filled on the server (NEG-13).

        Amount and time are those of the plan that the script speaks of, where it names one; words
        about what comes besides (补偿) never name the whole refund as that.
        """
        parcel = facts.returned(self) or facts.outbound(self)  # type: ignore[arg-type]
        codes = {plan.code for plan in script.plans.all()} if script else set()
        meant = [offer for offer in offers if offer.plan.code in codes]
        whole = None if codes & plans.ASIDE.keys() else self.whole
        amounts = [
            whole if each.plan.code == "full_refund_no_return" else each.amount
            for each in (meant if codes else offers)
        ]
        amounts = [amount for amount in amounts if amount is not None]
        promises = [plans.kept_by(each.plan.code, each.terms, self.at) for each in meant]
        until = until or next(filter(None, promises), None)
        until = until or deadlines.end_of(self, Clock.NEGOTIATION, self.at)  # type: ignore[arg-type]
        values = {
            "buyer": mask(str(self.buyer)),
            "goods": self.line.title,
            "deadline": when(until, self.at),
            "shop": self.shop.name,
        }
        if amounts:
            values["amount"] = plain_money(amounts[0])
        if parcel is not None:
            values |= {"tracking": parcel.tracking, "carrier": parcel.carrier}
        return values

    def script_text(
        self, script: Script, offers: Sequence[Offering], until: datetime | None = None
    ) -> str:
        """The script as it will be sent, in the buyer's language; Refused if a value is missing."""
        english = language_of(self.buyer) == ENGLISH
        template = (english and script.text_en) or script.text_zh
        try:
            return wording.fill(template, self.script_values(offers, script, until))
        except KeyError as missing:
            if "amount" in str(missing):
                raise Refused(script=_("这段话术需要一个填了金额的方案")) from None
            raise Refused(script=_("这段话术缺少本单没有的资料，请换一段")) from None
