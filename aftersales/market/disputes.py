"""What the demo market's people do before the platform: one act a method."""

from aftersales.enums import Party, Responsible, Ruling
from aftersales.market.desk import Desk, upload
from aftersales.models import Case, DecisionReason, User


class BeforeThePlatform:
    """The acts of an intervention; the market knows its cases and people."""

    reviewer: User
    desks: dict[int, Desk]

    def case(self, number: int) -> Case:
        raise NotImplementedError

    def do_ask(self, number: int) -> None:
        case = self.case(number)
        case.ask_platform(
            by=case.buyer,
            reason="商家驳回没有道理，照片很清楚地拍到了问题，我要求按申请退款。",
            wants="全额退款",
        )

    def do_rule_full(self, number: int) -> None:
        self.case(number).rule(
            by=self.reviewer,
            ruling=Ruling.FULL_REFUND,
            responsible=Responsible.MERCHANT,
            reason=DecisionReason.objects.get(code="DR-01"),
            grounds="买家照片可见贯穿裂纹，商家未能证明发货时完好，支持买家。",
        )

    def do_rule_deny(self, number: int) -> None:
        self.case(number).rule(
            by=self.reviewer,
            ruling=Ruling.DENY,
            responsible=Responsible.NONE,
            reason=DecisionReason.objects.get(code="DR-19"),
            grounds="商品页面已写明尺码偏小，实物与描述一致，不支持退款。",
        )

    def do_prove(self, number: int) -> None:
        """The shop files its own evidence."""
        case, merchant = self.case(number), self.desks[number].merchant
        case.add_evidence(
            by=merchant, evidence={"added": [upload(merchant)]}, text="发货前的实物照片"
        )

    def do_ask_supplement(self, number: int) -> None:
        self.case(number).ask_supplement(
            by=self.reviewer,
            of=str(Party.BUYER),
            what="请补充问题部位的近照，和带面单的外包装照片。",
        )

    def do_suspend(self, number: int) -> None:
        case = self.case(number)
        case.propose_suspension(by=case.buyer, note="和商家说好先自行协商一周", days=7)
        case.answer_suspension(by=self.desks[number].merchant, agreed=True)

    def do_take_over(self, number: int) -> None:
        self.case(number).take_over(
            by=self.reviewer, grounds="该商品一周内出现多起同类投诉，平台统一处理。"
        )

    def do_appeal(self, number: int) -> None:
        case, merchant = self.case(number), self.desks[number].merchant
        case.appeal(
            by=merchant,
            reason="检测报告显示商品完好，损伤是签收后造成的，请重新判定。",
            evidence={"appeal": [upload(merchant)]},
        )
