"""The words of the field, each once; imports nothing of ours."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Party(TextChoices):
    """Who takes a step. The clock is time itself, and also speaks for carriers and the gateway."""

    BUYER = "buyer", _("买家")
    MERCHANT = "merchant", _("商家")
    STAFF = "staff", _("平台客服")
    CLOCK = "clock", _("系统")


class CaseType(TextChoices):
    """售后类型: what the buyer demands (lifecycle §1.1)."""

    REFUND_UNSHIPPED = "refund_unshipped", _("未发货仅退款")
    REFUND_NOT_RECEIVED = "refund_not_received", _("未收到货仅退款")
    REFUND_RECEIVED = "refund_received", _("已收到货仅退款")
    RETURN_REFUND = "return_refund", _("退货退款")
    EXCHANGE = "exchange", _("换货")
    RESEND = "resend", _("补寄")
    REPAIR = "repair", _("维修")
    PRICE_DIFFERENCE = "price_difference", _("退差价")


SIDES = frozenset({Party.BUYER, Party.MERCHANT})
SENDS_BACK = frozenset({CaseType.RETURN_REFUND, CaseType.EXCHANGE, CaseType.REPAIR})
WANTS_GOODS = frozenset({CaseType.EXCHANGE, CaseType.RESEND, CaseType.REPAIR})


class Remedy(TextChoices):
    """What a case is to end with: the demand's own, until a plan or a ruling says otherwise."""

    REFUND = "refund", _("退款")
    EXCHANGE = "exchange", _("换货")
    RESEND = "resend", _("补寄")
    REPAIR = "repair", _("维修")
    GIVE_BACK = "give_back", _("退还原商品")  # a reversed ruling: the buyer's own goods, unchanged


class Phase(TextChoices):
    """Derived from the order when the buyer applies, and stored (lifecycle §1.1)."""

    ONSALE = "onsale", _("售中")
    AFTERSALE = "aftersale", _("售后保障维权")


class Status(TextChoices):
    """Where a case stands (lifecycle §1.2); the comments carry the reference's numbers."""

    PENDING_MERCHANT = "pending_merchant", _("待商家处理")  # S1
    REJECTED = "rejected", _("商家已驳回，待买家处理")  # S2
    AWAITING_BUYER_RETURN = "awaiting_buyer_return", _("待买家退货")  # S3
    AWAITING_DELIVERY_REFUSAL = "awaiting_delivery_refusal", _("已同意拒收后退款，待买家拒收")  # S4
    AWAITING_MERCHANT_RECEIPT = "awaiting_merchant_receipt", _("买家已退货，待商家收货")  # S5
    RETURN_REFUSED = "return_refused", _("商家拒绝收货")  # S6
    AWAITING_MERCHANT_SHIP = "awaiting_merchant_ship", _("待商家发出")  # S7
    AWAITING_BUYER_RECEIPT = "awaiting_buyer_receipt", _("商家已发出，待买家收货")  # S8
    PLATFORM_REVIEW = "platform_review", _("平台处理中")  # S9
    REFUNDING = "refunding", _("退款中")  # S10
    REFUND_FAILED = "refund_failed", _("退款失败，待人工处理")  # S11
    REFUNDED = "refunded", _("退款成功")  # T1
    COMPLETED = "completed", _("售后完成")  # T2
    CANCELLED = "cancelled", _("买家已撤销")  # T3
    CLOSED_BUYER_TIMEOUT = "closed_buyer_timeout", _("买家逾期未处理，已关闭")  # T4
    CLOSED_PLATFORM_DENIED = "closed_platform_denied", _("平台不支持，售后关闭")  # T5
    CLOSED_AGREED = "closed_agreed", _("协商一致，已关闭")  # T6


NEGOTIABLE = (Status.PENDING_MERCHANT, Status.AWAITING_MERCHANT_RECEIPT)  # in the shop's hands
ENDED = frozenset(
    {
        *(Status.REFUNDED, Status.COMPLETED, Status.CANCELLED, Status.CLOSED_BUYER_TIMEOUT),
        *(Status.CLOSED_PLATFORM_DENIED, Status.CLOSED_AGREED),
    }
)


class Turn(TextChoices):
    """Whose move it is, from the merchant's chair: the tabs of the work queue."""

    MINE = "mine", _("待我处理")
    REPLY = "reply", _("等买家回复")
    RETURN = "return", _("等买家退货")
    RECEIVE = "receive", _("待验收")
    PLATFORM = "platform", _("平台处理中")
    REFUND = "refund", _("退款中")
    DONE = "done", _("已完结")


class Clock(TextChoices):
    """时限: the keys of the window table (lifecycle §1.4)."""

    HANDLE_UNSHIPPED = "D1", _("商家处理未发货退款")
    HANDLE_REFUND = "D2", _("商家处理仅退款")
    HANDLE_RETURN = "D3", _("商家处理退货")
    BUYER_RETURN = "D4", _("买家填写退货单号")
    DELIVERY_REFUSAL = "D5", _("拒收件退回")
    AFTER_REJECT = "D6", _("买家回应驳回")
    RECEIPT = "D7", _("商家确认收货（自填单号起）")
    RECEIPT_SIGNED = "D7s", _("商家确认收货（自承运商签收起）")
    EARLY = "D10", _("商家未处理时可申请平台介入")
    SHIP = "D8", _("商家发出换货或补寄")
    SHIP_REPAIRED = "D8r", _("商家修好并寄回")
    ARRIVAL = "D9", _("买家确认收货（自发出起）")
    ARRIVAL_SIGNED = "D9s", _("买家确认收货（自承运商签收起）")
    EVIDENCE = "D11", _("平台介入举证")
    SUPPLEMENT = "D11s", _("平台要求补充凭证")
    SUPPLEMENT_MOST = "D11m", _("平台要求补充凭证最长")
    EXECUTION = "D12", _("商家执行判定")
    APPEAL = "D13", _("对判定申诉")
    DECISION = "D14", _("平台判定目标时间")
    NEGOTIATION = "D15", _("协商等待买家回复")
    SUSPENSION = "D16", _("中止处理最长")
    NO_REASON = "D17", _("七天无理由")
    AFTER_SALE = "D18", _("交易成功后的售后期")
    WARRANTY = "D19", _("保修期（自签收起）")
    PRICE = "price", _("价格保护（自付款起）")
    SPOILED = "spoiled", _("生鲜变质申请（自签收起）")
    SERVICE = "service", _("平台客服答复工单")
    CALL = "call", _("虚拟号码有效期")
    REQUEST = "request", _("答复正式请求")
    RESTORED = "restored", _("撤回介入后至少剩余")
    GRACE = "grace", _("自动关闭后可申请重新处理")


class GoodsState(TextChoices):
    """收货情况, as the buyer states it (lifecycle §1.1, walks of §1.7)."""

    NONE = "", _("不适用")
    NEVER_CAME = "never_came", _("一直没收到")
    SIGNED_NOT_RECEIVED = "signed_not_received", _("显示签收但没收到")
    REFUSED = "refused", _("已拒签退回")
    RECEIVED = "received", _("已收到货")


class Freight(TextChoices):
    """运费由谁承担 (lifecycle §1.5)."""

    NONE = "none", _("无需寄回")
    MERCHANT = "merchant", _("商家承担")
    BUYER = "buyer", _("买家承担")
    INSURANCE = "insurance", _("运费险")
    UNDECIDED = "undecided", _("待定")


class FreightCover(TextChoices):
    """退货运费保障 on an order (lifecycle §1.5)."""

    NONE = "none", _("无")
    INSURANCE = "insurance", _("运费险")
    MERCHANT_FREE_RETURN = "merchant_free_return", _("退货包运费")


class PaymentKind(TextChoices):
    """支付形式: money goes back as money, coupons and points in kind."""

    MONEY = "money", _("钱款")
    COUPON = "coupon", _("优惠券")
    POINTS = "points", _("积分")


class Burden(TextChoices):
    """举证责任 (reasons.md)."""

    NONE = "none", _("无需举证")
    BUYER_FIRST = "buyer_first", _("买家先举证")
    MERCHANT_FIRST = "merchant_first", _("商家先举证")
    DURABLE = "durable", _("耐用品签收六个月内商家先举证，其余买家先举证")


class OrderState(TextChoices):
    """What the marketplace says of the order."""

    UNPAID = "unpaid", _("待付款")
    PAID = "paid", _("待发货")
    PART = "part", _("部分发货")
    SHIPPED = "shipped", _("待收货")
    SIGNED = "signed", _("已签收")
    FINISHED = "finished", _("交易成功")
    CLOSED = "closed", _("交易关闭")


SENT = frozenset({OrderState.SHIPPED, OrderState.SIGNED, OrderState.FINISHED})
ARRIVED = frozenset({OrderState.SIGNED, OrderState.FINISHED})
PAID_BACK = frozenset({Status.REFUNDING, Status.REFUND_FAILED, Status.REFUNDED})


class Direction(TextChoices):
    """Which way a parcel travels."""

    OUTBOUND = "outbound", _("发货")
    RETURN = "return", _("退货")
    REPLACEMENT = "replacement", _("换货、补寄或修好寄回")


class ScanKind(TextChoices):
    """What one line of a parcel's trace says."""

    PICKED_UP = "picked_up", _("已揽收")
    MOVING = "moving", _("运输中")
    DELIVERING = "delivering", _("派送中")
    SIGNED = "signed", _("本人签收")
    SIGNED_BY_OTHER = "signed_by_other", _("他人或驿站代签")
    REFUSED = "refused", _("收件人拒收")
    RETURNING = "returning", _("退回途中")
    RETURNED = "returned", _("已退回发件人")


class ItemState(TextChoices):
    """收到时的样子: how something that was sent back arrived."""

    INTACT = "intact", _("完好")
    USED = "used", _("有使用痕迹")
    DAMAGED = "damaged", _("破损")
    WRONG = "wrong", _("不是原商品")
    MISSING = "missing", _("没有收到")


class RoundState(TextChoices):
    """A negotiation round (NEG-15, NEG-31, NEG-33)."""

    WAITING = "waiting", _("等买家回复")
    ANSWERED = "answered", _("买家已回复")
    EXPIRED = "expired", _("买家未在规定时间内回复")
    ACCEPTED = "accepted", _("买家已接受")
    CLOSED = "closed", _("已终止")


class PlanState(TextChoices):
    """A plan on offer (§2.6)."""

    OPEN = "open", _("待答复")
    ACCEPTED = "accepted", _("已接受")
    DECLINED = "declined", _("未接受")
    REPLACED = "replaced", _("已被新方案替代")


class RequestKind(TextChoices):
    """正式请求: what one side asks of the other as an act of its own."""

    EVIDENCE = "evidence", _("请买家补充凭证")
    WITHDRAW = "withdraw", _("请买家撤销申请")
    REFUSE = "refuse", _("请买家拒收包裹")
    RECALL = "recall", _("请商家拦截包裹")


class AnswerState(TextChoices):
    """What came of a formal request."""

    OPEN = "open", _("等待答复")
    DONE = "done", _("已照办")
    DECLINED = "declined", _("不能照办")
    LAPSED = "lapsed", _("逾期未答复")
    CLOSED = "closed", _("已不需要")


class Severity(TextChoices):
    """风险提示的级别 (NEG-04)."""

    BLOCK = "block", _("不可驳回")
    CONFIRM = "confirm", _("需核实")
    INFO = "info", _("提示")


class WizardStep(TextChoices):
    """The steps of the tool whose content is data (S-61)."""

    ROUND_1 = "round_1", _("第一轮协商")
    ROUND_2 = "round_2", _("第二轮协商")
    REJECT = "reject", _("驳回")


class Purpose(TextChoices):
    """用途 of a payout: the refund itself, what the merchant makes good, or paid in kind."""

    REFUND = "refund", _("退款")
    FREIGHT = "freight", _("运费补偿")
    COUPON = "coupon", _("退回优惠券")
    POINTS = "points", _("退回积分")
    GOODWILL = "goodwill", _("补偿优惠券")


IN_KIND = frozenset(
    {Purpose.COUPON, Purpose.POINTS, Purpose.GOODWILL}
)  # not yuan: never part of a sum of money


class RefundState(TextChoices):
    """退款: a payout's own life (T-24)."""

    OWED = "owed", _("应退")
    SENT = "sent", _("已提交支付渠道")
    PAID = "paid", _("已到账")
    FAILED = "failed", _("退款失败")


class Stage(TextChoices):
    """平台介入的阶段 (lifecycle §1.6)."""

    EVIDENCE = "evidence", _("举证中")
    DECIDING = "deciding", _("待判定")
    SUPPLEMENT = "supplement", _("补充举证中")
    RULED = "ruled", _("已判定")
    APPEAL = "appeal", _("申诉中")
    FINAL = "final", _("终局")
    WITHDRAWN = "withdrawn", _("已撤回")
    SETTLED = "settled", _("双方已和解")
    DECLINED = "declined", _("不予受理")


GATHERING = frozenset({Stage.EVIDENCE, Stage.SUPPLEMENT})  # evidence may come in
UNRULED = GATHERING | {Stage.DECIDING}  # before the platform for a ruling
RULED = frozenset({Stage.RULED, Stage.APPEAL, Stage.FINAL})


class Ruling(TextChoices):
    """判定结果 (lifecycle §1.6)."""

    FULL_REFUND = "full_refund", _("全额退款，无需退货")
    PARTIAL_REFUND = "partial_refund", _("部分退款，无需退货")
    RETURN_THEN_REFUND = "return_then_refund", _("退货后退款")
    KEEP_GOODS = "keep_goods", _("退款，商品不值得或无法退回")
    EXCHANGE = "exchange", _("换货")
    RESEND = "resend", _("补寄")
    REPAIR = "repair", _("维修")
    DENY = "deny", _("不支持买家")
    REHANDLE = "rehandle", _("退回商家重新处理")
    CLOSE_AGREED = "close_agreed", _("双方已协商一致，关闭")


FOR_BUYER = frozenset(
    {
        Ruling.FULL_REFUND,
        Ruling.PARTIAL_REFUND,
        Ruling.RETURN_THEN_REFUND,
        Ruling.KEEP_GOODS,
        Ruling.EXCHANGE,
        Ruling.RESEND,
        Ruling.REPAIR,
    }
)


class Reopening(TextChoices):
    """重新处理: what came of an automatic result that a party does not accept."""

    ASKED = "asked", _("已申请重新处理")
    GRANTED = "granted", _("已重新处理")
    DECLINED = "declined", _("不予重新处理")


class Responsible(TextChoices):
    """责任方 (lifecycle §1.6)."""

    MERCHANT = "merchant", _("商家")
    BUYER = "buyer", _("买家")
    CARRIER = "carrier", _("承运商")
    NONE = "none", _("无责任方")


class AppealState(TextChoices):
    """申诉 (T-25): a reversal is proposed by one reviewer and confirmed by another."""

    OPEN = "open", _("待复核")
    PROPOSED = "proposed", _("拟改判，待第二人复核")
    UPHELD = "upheld", _("维持原判")
    REVERSED = "reversed", _("已改判")


class RequestState(TextChoices):
    """客服工单 (S-50): whose turn it is, or that it is over."""

    WAITING = "waiting", _("待客服答复")
    ANSWERED = "answered", _("客服已答复")
    CLOSED = "closed", _("已关闭")


class Permission(TextChoices):
    """What a shop member may do; one per kind of work, checked by the engine."""

    AGREE = "agree", _("同意售后")
    NEGOTIATE = "negotiate", _("协商与沟通")
    REJECT = "reject", _("驳回")
    RECEIVE = "receive", _("验收退货")
    SHIP = "ship", _("寄出商品")
    IMPORT = "import", _("导入订单")
    EXPORT = "export", _("导出数据")
    MANAGE = "manage", _("管理店铺（地址、成员、话术与规则）")


class Scan(TextChoices):
    """安全检查 of a file: only what is clear is shown to anybody."""

    CLEAR = "clear", _("已通过安全检查")
    PENDING = "pending", _("待安全检查")
    INFECTED = "infected", _("未通过安全检查")


class ImportState(TextChoices):
    """订单导入任务."""

    CHECKING = "checking", _("正在预检")
    CHECKED = "checked", _("待确认导入")
    QUEUED = "queued", _("排队导入")
    IMPORTING = "importing", _("正在导入")
    DONE = "done", _("已完成")
    FAILED = "failed", _("无法读取")


class JobKind(TextChoices):
    """批量任务: what is done to many cases at once; rejecting is not among it, in any form (S-60)."""

    AGREE = "agree", _("批量同意")
    ASSIGN = "assign", _("批量分配")
    TAG = "tag", _("批量加标签")
    EXPORT = "export", _("导出")


class JobState(TextChoices):
    """批量任务的状态."""

    RUNNING = "running", _("进行中")
    DONE = "done", _("已完成")
    CANCELLED = "cancelled", _("已取消")
    FAILED = "failed", _("未能完成")


class JobResult(TextChoices):
    """批量任务里的一单."""

    WAITING = "waiting", _("待处理")
    DONE = "done", _("成功")
    FAILED = "failed", _("失败")
    SKIPPED = "skipped", _("已取消")


class Reminder(TextChoices):
    """提醒: the marks of a running clock (lifecycle §1.4)."""

    HALF = "half", _("时间过半")
    DAY = "day", _("剩余 24 小时")
    LAST = "last", _("剩余 2 小时")
    OVERDUE = "overdue", _("判定逾期")
    APPEAL = "appeal_overdue", _("复核逾期")
