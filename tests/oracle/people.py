"""The people of a walk: what each step takes, worked out before time or the engine has its say."""

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aftersales import clock
from aftersales.enums import Direction, ScanKind
from aftersales.market.desk import numbers
from aftersales.models import Case, CounterOffer, Offer, Offering, Parcel, Plan
from aftersales.rules import plans
from tests.factories import Desk, upload
from tests.oracle.oracle import Deal, Oracle
from tests.oracle.table import ON_ITS_WAY, PLANS, UNSENT

COUNTERS = ("partial_refund", "full_refund_no_return", "return_refund", "exchange")
GROUNDS = "双方凭证已逐项核对，按规则处理。"


class People:
    """Everybody who may touch the case of a walk; each method gives the step to be taken."""

    desk: Desk
    oracle: Oracle
    chance: random.Random
    staff: Any
    second: Any  # his colleagues
    third: Any
    deal: Deal | None  # what the step in hand offers

    @property
    def case(self) -> Case:
        return self.desk.case

    # The merchant

    def merchant(self, name: str, **answers: Any) -> Any:
        return lambda: getattr(self.case, name)(by=self.desk.merchant, **answers)

    def check(self) -> Any:
        return self.merchant("confirm_risks", risks=self.risks())

    def risks(self) -> list[str]:
        return [each.code for each in self.case.warnings() if each.ticked]

    def negotiate(self) -> Any:
        """Any plan that the tool offers for such a case, and that ends it or sends something."""
        second = self.case.round_number > 0
        form = self.case.step_form("round_2" if second else "round_1")
        fits = [
            plan
            for plan in form.offered("plans")
            if plan.code in PLANS and not plans.unfit(plan.code, self.case)
        ]
        plan = self.chance.choice(fits)
        amount = self.desk.fair_amount() if plan.wants_amount else None
        offers = [Offering(plan, amount, self.desk.terms(plan.code))]
        self.deal = Deal(plan.code, amount)
        return self.merchant(
            "negotiate",
            offers=offers,
            script=self.desk.script(form, offers),
            outcome=self.desk.outcome(form) if second else None,
            risks=self.risks(),
        )

    def reject(self) -> Any:
        name = "refuse_receipt" if self.oracle.goods_back else "reject"
        if not self.oracle.sent:
            return self.merchant(name)
        if self.oracle.kind in (UNSENT, ON_ITS_WAY):  # RR-01 wants a parcel that moves
            Parcel.objects.filter(order=self.case.order).update(last_scan_at=clock.now())
        return self.merchant(name, **self.desk.rejection())

    def agree_return(self) -> Any:
        return self.merchant("agree_return", address=self.case.default_address())

    def ship(self) -> Any:
        number = f"SF{next(numbers):010d}"
        return self.merchant("ship_replacement", carrier="顺丰速运", tracking=number)

    # The buyer

    def buyer(self, name: str, **answers: Any) -> Any:
        return lambda: getattr(self.case, name)(by=self.desk.buyer, **answers)

    def counter(self) -> Any:
        fits = [code for code in COUNTERS if not plans.unfit(code, self.case)]
        plan = Plan.objects.get(code=self.chance.choice(fits))
        amount = self.oracle.claim - self.chance.randrange(10) if plan.wants_amount else None
        self.deal = Deal(plan.code, amount)
        return self.buyer("reply", counter=CounterOffer(plan, amount))

    def accept(self) -> Any:
        made = self.case.open_offers() or list(self.case.offers.all())
        return self.buyer("accept_plan", offer=made[-1] if made else Offer(pk=0))

    def send_back(self) -> Any:
        return self.buyer("send_back", carrier="中通快递", tracking=f"ZT{next(numbers):010d}")

    def ask(self) -> Any:
        return self.buyer("ask_platform", reason="商家驳回没有道理，照片很清楚地拍到裂纹。")

    def dispute(self) -> Any:
        shown = {"platform": [upload(self.desk.buyer)]}
        why = "换来的杯子还是有裂纹，和原来的一样。"
        return self.buyer("dispute_arrival", reason=why, evidence=shown)

    # The platform, and the carrier

    def judge(self, ruling: str) -> Any:
        answers = {"responsible": "merchant", "freight": "", "grounds": GROUNDS}
        return lambda: self.case.rule(by=self.staff, ruling=ruling, **answers)

    def staff_does(self, name: str, **answers: Any) -> Any:
        return lambda: getattr(self.case, name)(by=self.staff, **answers)

    def judge_in_part(self) -> Any:
        claim = self.oracle.claim
        amount = max(claim - self.chance.randrange(1, 10), Decimal("0.01"))
        self.deal = Deal("", amount)
        answers = {"responsible": "merchant", "grounds": GROUNDS, "amount": amount}
        return lambda: self.case.rule(by=self.staff, ruling="partial_refund", **answers)

    def stand(self, who: str) -> Any:
        self.deal = Deal(days=self.chance.randrange(1, 4))
        note = "双方同意自行协商几天，请平台先不要判定。"
        return self.one(who)("propose_suspension", note=note, days=self.deal.days)

    def suspend(self, proof: str) -> Any:
        self.deal = Deal(days=self.chance.choice((2, 30)))
        given = {"because": "court", "note": "杭州市余杭区人民法院已受理", "proof": proof}
        return self.staff_does("suspend", days=self.deal.days, **given)

    def prove(self) -> Any:
        who = self.chance.choice(("buyer", "shop", "staff"))
        return self.one(who)("prove_suspension", number="（2026）浙0110民初1234号")

    def one(self, who: str) -> Any:
        return {"buyer": self.buyer, "shop": self.merchant, "staff": self.staff_does}[who]

    def appeal(self, who: str) -> Any:
        """With something new to look at."""
        user = self.desk.buyer if who == "buyer" else self.desk.merchant
        shown = {"appeal": [upload(user)]}
        return self.one(who)("appeal", reason="有新的检测报告，请再看一次。", evidence=shown)

    def propose(self) -> Any:
        """For the shop; or for the buyer, more than he got, up to all of it."""
        first = self.oracle.appeals[0] if self.oracle.appeals else None
        by_buyer = first is not None and first.party == "buyer"
        had = first.ruling.gave if first else Decimal()
        amount = self.chance.choice((self.oracle.claim, had + Decimal("0.01")))
        self.deal = Deal("", amount)
        answers = {"amount": amount, "responsible": "merchant" if by_buyer else "buyer"}
        return lambda: self.case.propose_reversal(by=self.second, grounds=GROUNDS, **answers)

    def reviews(self, name: str, who: str, **answers: Any) -> Any:
        return lambda: getattr(self.case, name)(by=getattr(self, who), **answers)

    def signs(self, name: str, direction: Direction) -> Any:
        """The carrier's signature for what goes back, or out again."""
        parcels = Parcel.objects.filter(case=self.case, direction=direction)
        parcels.update(signed_at=clock.now(), state=ScanKind.SIGNED)
        return lambda: getattr(self.case, name)(by=None)


def merchant(name: str, **answers: Any) -> Callable[[People], Any]:
    return lambda people: people.merchant(name, **answers)


def buyer(name: str, **answers: Any) -> Callable[[People], Any]:
    return lambda people: people.buyer(name, **answers)


def staff(name: str, **answers: Any) -> Callable[[People], Any]:
    return lambda people: people.staff_does(name, **answers)


def ruling(name: str) -> Callable[[People], Any]:
    return lambda people: people.judge(name)


def reviewer(name: str, who: str, **answers: Any) -> Callable[[People], Any]:
    return lambda people: people.reviews(name, who, **answers)


def side(act: Callable[..., Any], who: str) -> Callable[[People], Any]:
    return lambda people: act(people, who)


def answer(who: str, agreed: bool) -> Callable[[People], Any]:
    return lambda people: people.one(who)("answer_suspension", agreed=agreed)


def carrier(name: str, direction: Direction) -> Callable[[People], Any]:
    return lambda people: people.signs(name, direction)


ACTS: dict[str, Callable[[Any], Any]] = {
    "check": People.check,
    "negotiate": People.negotiate,
    "reply": buyer("reply", text="都不接受"),
    "counter": People.counter,
    "say": buyer("send_message", text="在吗？"),
    "accept": People.accept,
    "accept_counter": merchant("accept_counter"),
    "reject": People.reject,
    "agree": merchant("agree"),
    "agree_return": People.agree_return,
    "agree_resend": merchant("agree_resend"),
    "agree_refusal": merchant("agree_refusal"),
    "take_back": merchant("take_back"),
    "receive": merchant("confirm_receipt"),
    "cancel": buyer("cancel"),
    "send_back": People.send_back,
    "deliver": carrier("note_delivery", Direction.RETURN),
    "ship": People.ship,
    "refund_instead": merchant("refund_instead"),
    "give_up": merchant("report_unrepairable", text="主板已经烧坏，配件停产，修不好了。"),
    "choose_exchange": buyer("choose_exchange"),
    "choose_refund": buyer("choose_refund"),
    "arrive": carrier("note_arrival", Direction.REPLACEMENT),
    "confirm": buyer("confirm_arrival"),
    "dispute": People.dispute,
    "ask": People.ask,
    "complain": merchant("ask_platform", reason="买家寄回的不是原来的杯子，请平台看照片。"),
    "take_over": staff("take_over", grounds=GROUNDS),
    "withdraw": buyer("withdraw"),
    "refund": ruling("full_refund"),
    "keep": ruling("keep_goods"),
    "deny": ruling("deny"),
    "return": ruling("return_then_refund"),
    "rule_exchange": ruling("exchange"),
    "rule_repair": ruling("repair"),
    "rule_resend": ruling("resend"),
    "rehandle": ruling("rehandle"),
    "partial": People.judge_in_part,
    **{f"stand_by_{who}": side(People.stand, who) for who in ("buyer", "shop", "staff")},
    **{f"yes_by_{who}": answer(who, True) for who in ("buyer", "shop")},
    **{f"no_by_{who}": answer(who, False) for who in ("buyer", "shop")},
    "suspend": side(People.suspend, "（2026）浙0110民初99号"),
    "suspend_unproven": side(People.suspend, ""),
    "prove": People.prove,
    "resume": staff("resume"),
    **{f"appeal_by_{who}": side(People.appeal, who) for who in ("buyer", "shop")},
    "uphold": reviewer("uphold_appeal", "second", grounds=GROUNDS),
    "uphold_own": reviewer("uphold_appeal", "staff", grounds=GROUNDS),
    "propose": People.propose,
    "return_reversal": reviewer("return_reversal", "third", grounds=GROUNDS),
    "reverse": reviewer("reverse_ruling", "third"),
    "reverse_alone": reviewer("reverse_ruling", "second"),
    "retry": staff("retry_refund"),
    "settle": staff("settle_offline", proof="网银转账 20261125-0071"),
}
LIKELY = {"negotiate": 12, "reject": 12, "reply": 6, "send_back": 6, "ask": 6, "check": 4}
LIKELY |= {"agree_return": 4, "agree_resend": 4, "receive": 4, "rehandle": 4, "ship": 6}
LIKELY |= {"dispute": 4, "withdraw": 2, "counter": 2, "give_up": 15}
LIKELY |= {"take_over": 3, "deny": 4, "partial": 4, "return": 4, "rule_exchange": 4}
LIKELY |= {"appeal_by_buyer": 30, "appeal_by_shop": 30, "propose": 30, "reverse": 20}
LIKELY |= {"yes_by_buyer": 4, "yes_by_shop": 4}
BUTTONS = {  # the engine's name of a step, and whose it is
    "check": ("confirm_risks", "merchant"),
    "negotiate": ("negotiate", "merchant"),
    "reject": ("reject", "merchant"),
    "agree": ("agree", "merchant"),
    "agree_return": ("agree_return", "merchant"),
    "agree_resend": ("agree_resend", "merchant"),
    "receive": ("confirm_receipt", "merchant"),
    "ship": ("ship_replacement", "merchant"),
    "give_up": ("report_unrepairable", "merchant"),
    "refund_instead": ("refund_instead", "merchant"),
    "accept_counter": ("accept_counter", "merchant"),
    "reply": ("reply", "buyer"),
    "accept": ("accept_plan", "buyer"),
    "send_back": ("send_back", "buyer"),
    "cancel": ("cancel", "buyer"),
    "choose_exchange": ("choose_exchange", "buyer"),
    "choose_refund": ("choose_refund", "buyer"),
    "confirm": ("confirm_arrival", "buyer"),
    "dispute": ("dispute_arrival", "buyer"),
    "ask": ("ask_platform", "buyer"),
    "withdraw": ("withdraw", "buyer"),
    "complain": ("ask_platform", "merchant"),
    "take_over": ("take_over", "staff"),
    "deny": ("rule", "staff"),
    "stand_by_buyer": ("propose_suspension", "buyer"),
    "stand_by_shop": ("propose_suspension", "merchant"),
    "stand_by_staff": ("propose_suspension", "staff"),
    "yes_by_buyer": ("answer_suspension", "buyer"),
    "no_by_shop": ("answer_suspension", "merchant"),
    "suspend": ("suspend", "staff"),
    "prove": ("prove_suspension", "merchant"),
    "resume": ("resume", "staff"),
    "appeal_by_buyer": ("appeal", "buyer"),
    "appeal_by_shop": ("appeal", "merchant"),
    "uphold": ("uphold_appeal", "second"),
    "uphold_own": ("uphold_appeal", "staff"),
    "propose": ("propose_reversal", "third"),
    "return_reversal": ("return_reversal", "third"),
    "reverse_alone": ("reverse_ruling", "second"),
    "retry": ("retry_refund", "staff"),
    "settle": ("settle_offline", "staff"),
}
