"""先联系商家: what buyer and shop say of an order line before any case, and what they agree on."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from aftersales import clock
from aftersales.display import money
from aftersales.enums import WANTS_GOODS, CaseType, Party, Permission, PlanState
from aftersales.languages import in_both
from aftersales.models.case import Case
from aftersales.models.catalogue import Plan
from aftersales.models.history import Notice, Upload
from aftersales.models.negotiation import Message, Proposal
from aftersales.models.order import Order, OrderLine
from aftersales.models.people import Member, User
from aftersales.rules import proposals, wording
from aftersales.steps import NOT_YOURS, Refused

TEXT_MOST = 500
PICTURES_MOST = 3


class Conversation:
    """The messages of an order line before it has a case (S-06, S-46); no row of its own.

    Once there is a case, the talk goes on there (``Case.thread``), and nothing is added here.
    """

    def __init__(self, line: OrderLine) -> None:
        self.line, self.order = line, line.order

    @property
    def case(self) -> Case | None:
        return Case.objects.filter(line=self.line).order_by("applied_at").last()

    def messages(self) -> list[Message]:
        found = self.line.messages.select_related("user", "proposal__plan")
        return list(found.prefetch_related("uploads").order_by("pk"))

    def parties_of(self, user: Any) -> set[Party]:
        parties = set()
        if user.pk == self.order.buyer_id:
            parties.add(Party.BUYER)
        if self._member(user) is not None:
            parties.add(Party.MERCHANT)
        return parties

    def read(self, party: Party) -> None:
        """This side has seen what the other said."""
        unread = self.line.messages.filter(read_at=None).exclude(party=party)
        unread.update(read_at=clock.now())

    # Saying

    def say(
        self, *, by: User, party: Party, text: str, uploads: Sequence[Upload] = (), key: str = ""
    ) -> Message:
        """One message with up to three pictures; the same ``key`` again is the same message."""
        with transaction.atomic():
            if earlier := self._locked(key):
                return earlier
            self._may(by, party)
            return self._said(by, party, _checked(text, uploads, party), uploads, key)

    def propose(
        self,
        *,
        by: User,
        plan: Plan | None,
        amount: Decimal | None = None,
        text: str = "",
        key: str = "",
    ) -> Message:
        """A plan that fits the order as it stands; an open one before it is replaced (S-47)."""
        with transaction.atomic():
            if earlier := self._locked(key):
                return earlier
            self._may(by, Party.MERCHANT)
            if plan is None or plan.code not in proposals.PROPOSABLE or not plan.active:
                raise Refused(plan=_("请选择一个方案"))
            if refusal := self.unfit(plan):
                raise Refused(plan=refusal)
            if refusal := proposals.amount_refusal(plan.code, amount, self.most(plan)):
                raise Refused(amount=refusal)
            if amount is not None and (wrong := wording.amount_refusal(text, [amount])):
                raise Refused(text=wrong)
            offered = self.line_of(plan, amount)
            text = text.strip() or _("我们提议：%(plan)s。您看可以吗？") % {"plan": offered}
            self.line.proposals.filter(state=PlanState.OPEN).update(state=PlanState.REPLACED)
            said = self._said(by, Party.MERCHANT, _checked(text, (), Party.MERCHANT), (), key)
            Proposal.objects.create(
                line=self.line, message=said, plan=plan, amount=amount, at=said.at
            )
            return said

    def answer(self, proposal: Proposal, *, by: User, accept: bool, key: str = "") -> Proposal:
        """接受 or 不接受; accepted, it is the demand that the buyer goes on to apply for."""
        with transaction.atomic():
            if self._locked(key):
                return self.line.proposals.get(pk=proposal.pk)
            self._may(by, Party.BUYER)
            known = self.line.proposals.select_related("plan").filter(pk=proposal.pk).first()
            if known is None or known.state != PlanState.OPEN:
                raise Refused(_("这个方案已失效，请看最新的方案"), conflict=True)
            if accept and (refusal := self.unfit(known.plan)):
                raise Refused(refusal, conflict=True)
            told = _("接受：%(plan)s") if accept else _("不接受：%(plan)s")
            offered = self.line_of(known.plan, known.amount)
            self._said(by, Party.BUYER, told % {"plan": offered}, (), key)
            if accept:
                known.type = proposals.demand_of(known.plan.code, self.line)
                if known.type not in WANTS_GOODS:
                    known.amount = known.amount or self.most(known.plan)
            known.state = PlanState.ACCEPTED if accept else PlanState.DECLINED
            known.answered_at = clock.now()
            known.save()
            return known

    # Plans

    def plans(self) -> list[tuple[Plan, str]]:
        """Every plan that could be proposed, each with why it can't be now."""
        rows = Plan.objects.filter(code__in=proposals.PROPOSABLE, active=True)
        return [(plan, self.unfit(plan)) for plan in rows]

    def unfit(self, plan: Plan) -> str:
        """Why a plan can't be proposed now: the demand it leads to is not open to the buyer."""
        kind = proposals.demand_of(plan.code, self.line)
        if kind not in CaseType.values:
            return _("与订单现在的状态不符")
        choices = Case.demands_of(self.line, clock.now())
        return next(choice.refusal for choice in choices if choice.type == kind)

    def most(self, plan: Plan) -> Decimal:
        """All that the line can bring back by this plan, in yuan."""
        kind = proposals.demand_of(plan.code, self.line)
        left = self.line.quantity - Case.past_of(self.line).quantity
        return Case.refundable_for(self.line, max(left, 1), kind, None).total

    def line_of(self, plan: Plan, amount: Decimal | None) -> str:
        """部分退款，无需退货 ¥45.00"""
        return f"{plan.label} {money(amount)}" if amount is not None else plan.label

    # What they share

    def _locked(self, key: str) -> Message | None:
        """Take turns on the order; the message that this very click has left already, if any."""
        self.order = Order.objects.select_for_update().get(pk=self.order.pk)
        self.line.order = self.order
        return self.line.messages.filter(key=key).first() if key else None

    def _member(self, user: Any) -> Member | None:
        return Member.objects.at_work(self.order.shop_id, user)

    def _may(self, by: User, party: Party) -> None:
        if party not in self.parties_of(by):
            raise Refused(NOT_YOURS)
        member = self._member(by) if party == Party.MERCHANT else None
        if member is not None and not member.can(Permission.NEGOTIATE):
            raise Refused(
                _("你没有“%(permission)s”权限，请联系店铺管理员")
                % {"permission": Permission.NEGOTIATE.label}
            )
        if self.case is not None:
            raise Refused(_("这件商品已有售后单，请在售后单里沟通"), conflict=True)
        if self.order.buyer_id is None:
            raise Refused(_("买家还没有认领这个订单"))
        if hurry := self.line.messages.hurry(by, clock.now()):
            raise Refused(text=hurry)

    def _said(
        self, by: User, party: Party, text: str, uploads: Sequence[Upload], key: str
    ) -> Message:
        said = Message.objects.create(
            line=self.line, party=party, user=by, text=text, at=clock.now(), key=key
        )
        said.uploads.set(uploads)
        self._tell(said)
        return said

    def _tell(self, said: Message) -> None:
        """A notice for each person of the other side who has none unread of this line."""
        people = [self.order.buyer] if said.party == Party.MERCHANT else self._members()
        other = Party.BUYER if said.party == Party.MERCHANT else Party.MERCHANT
        told = set(
            Notice.objects.filter(line=self.line, read_at=None).values_list("user_id", flat=True)
        )
        chinese, english = in_both(
            lambda: (
                _("“%(goods)s”有新消息：%(text)s") % {"goods": self.line.title, "text": said.text}
            )
        )
        Notice.objects.bulk_create(
            Notice(
                user=user,
                line=self.line,
                party=other,
                text_zh=chinese,
                text_en=english,
                at=said.at,
                mail_due_at=said.at if user.email else None,
            )
            for user in people
            if user is not None and user.pk not in told and user.pk != said.user_id
        )

    def _members(self) -> list[User]:
        members = Member.objects.on_duty([self.order.shop_id]).select_related("user")
        return [member.user for member in members]


def _checked(text: str, uploads: Sequence[Upload], party: Party) -> str:
    text = text.strip()
    if not text and not uploads:
        raise Refused(text=_("请写几句，或者附一张图片"))
    if len(text) > TEXT_MOST:
        raise Refused(text=_("最多 500 个字"))
    if len(uploads) > PICTURES_MOST:
        raise Refused(proof_chat=_("最多上传 %(count)s 张") % {"count": PICTURES_MOST})
    if party == Party.MERCHANT and (found := wording.contact_found(text)):
        raise Refused(text=_("不能包含电话、微信或外部链接：「%(found)s」") % {"found": found})
    return text
