"""每一步的规则: what a step leads to and the rule behind it, in plain words, beside it (S-25)."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from aftersales.enums import Party

Table = dict[str, tuple[list[str], str]]  # by step: sentences, and the anchor


class Help(NamedTuple):
    """Sentences, and the part of the help page that says more; customer service is the buyer's."""

    sentences: list[str]
    anchor: str
    service: bool


def help_of(step: str, party: Party = Party.BUYER) -> Help | None:
    """The help beside a step, or beside a page that is none (``case``, ``choose``, ``fill``)."""
    mine = for_buyers() if party == Party.BUYER else for_merchants()
    found = (mine | for_both()).get(step)
    return Help(*found, service=party == Party.BUYER) if found else None


def for_both() -> Table:
    """What holds for both sides alike."""
    return {
        "propose_suspension": (
            [
                _("双方都同意才中止；一方不同意，平台照常处理。"),
                _("中止期间时限停止计算，双方只能留言；到期自动恢复，从剩余的时间继续。"),
            ],
            "platform",
        ),
        "answer_suspension": (
            [
                _("同意不等于接受对方的方案；到期谈不拢，平台继续判定。"),
                _("不同意也没关系，平台照常处理，不影响判定。"),
            ],
            "platform",
        ),
        "prove_suspension": (
            [
                _("受理凭证是法院或公安机关出具的、写明案号或受理编号的文件。"),
                _("没有按时提交的，平台恢复处理，时限从剩余的时间继续。"),
            ],
            "platform",
        ),
    }


def for_merchants() -> Table:
    return {
        "send_message": (
            [
                _("买家在等待期间发来的消息算答复，可以开始下一轮；商家发的不算。"),
                _("聊天记录双方和平台都看得到，判定时会一起看。"),
                _("一直联系不上买家，可以在售后单里获取虚拟号码。"),
            ],
            "steps",
        ),
        "ask_for": (
            [
                _("买家可以不答应；做不到并写明原因，是有效的答复。"),
                _("同一种请求最多提 3 次，对方不答复也不影响售后单的时限。"),
                _("撤销申请要由买家自己决定，不能作为退款的条件。"),
            ],
            "steps",
        ),
        "answer_request": (
            [
                _("已联系快递拦截的，可以传上快递的答复；拦截不了的，写明原因就是有效的答复。"),
            ],
            "steps",
        ),
    }


def for_buyers() -> Table:
    asking = [
        _("双方在举证时间内提交凭证，平台按凭证、订单、物流和协商记录判定，依据双方都看得到。"),
        _("申请不花钱，不影响你继续和商家协商；谈妥了可以撤回。"),
        _("无效或虚假的凭证会让提交的一方直接承担责任。"),
    ]
    parcel = [
        _("地址只用页面上的这一个；商家在聊天里另给的地址，以页面为准。"),
        _("单号填错了，快递揽收前可以更正一次。"),
        _("寄件底单和打包照片留到退款到账为止。"),
    ]
    one_application = [
        _("每件商品只能申请一次，提交后不能修改；协商时仍可以接受别的方案。"),
        _("商家必须在时限内处理；到期没有处理，按你的要求办。"),
    ]
    return {
        "case": (
            [
                _("最上面写着现在到哪一步、该谁做、到什么时候、没人做会怎样。"),
                _("轮到你而到期没有做的，售后可能关闭；到期前会提醒你。"),
            ],
            "times",
        ),
        "choose": (one_application, "steps"),
        "fill": (
            [
                _("凭证照着示意图拍，看得清就行；拍不了的写明原因，也可以提交。"),
                _("退款金额最多是这件商品实付的部分，“怎么算的”里有每一项。"),
            ],
            "steps",
        ),
        "review": (one_application, "steps"),
        "accept_plan": (
            [
                _("接受之前什么都不会发生；接受后按方案执行，不能反悔。"),
                _("不接受也没关系：售后不会关闭，商家不能因此少退。"),
            ],
            "steps",
        ),
        "reply": (
            [
                _("协商最多两轮；你提的方案，商家可以一键接受。"),
                _("没有答复，售后不会关闭，商家的处理时限也不会停。"),
            ],
            "steps",
        ),
        "send_back": (parcel, "times"),
        "correct_tracking": (parcel, "times"),
        "add_evidence": (
            [
                _("照片里看得清问题、商品整体和面单，三张往往就够用。"),
                _("提交后不能删除，商家和平台都能看到。"),
            ],
            "platform",
        ),
        "ask_platform": (asking, "platform"),
        "dispute_arrival": (asking, "platform"),
        "appeal": ([_("申诉只有一次，由另一位平台客服复核；需要新的凭证。")], "platform"),
        "withdraw": ([_("撤回后还可以再和商家协商；期限内可以再申请。")], "platform"),
        "cancel": (
            [
                _("换个要求不用撤销：把希望的方案告诉商家就行。"),
                _("商家请你撤销再重新申请的，不要照做：撤销后不能再次申请。"),
            ],
            "steps",
        ),
        "confirm_arrival": (
            [_("确认前先拆开检查；到期没有提出问题，售后自动完成。")],
            "inspect",
        ),
        "confirm_agreed": (
            [_("只有真的谈妥、该退的已经说清楚了才确认；不确认，售后继续。")],
            "steps",
        ),
        "report_refusal": ([_("当面拒收时请快递员注明原因，拍下面单。")], "inspect"),
        "answer_address": ([_("不同意也可以：仍寄到原来的地址，时限不变。")], "steps"),
        "claim_freight": ([_("按实际付的运费申报，附寄件底单或付款记录。")], "steps"),
        "choose_refund": ([_("逾期没有选择的，自动退款。")], "steps"),
        "choose_exchange": ([_("商家逾期不发出新的商品，自动退款。")], "steps"),
        "ask_reopen": ([_("重新处理由平台决定；写清没能按时操作的原因。")], "service"),
        "send_message": (
            [
                _("商家在等你答复时，你发的消息也算答复；聊天不改变任何时限。"),
                _("聊天里说好的，以商家发来的方案和页面上的状态为准。"),
                _("聊天记录双方和平台都看得到，判定时会一起看。"),
            ],
            "steps",
        ),
        "ask_for": (
            [
                _("商家要在时限内答复；拦截不成的会写明原因。"),
                _("同一种请求最多提 3 次，对方不答复也不影响售后单的时限。"),
                _("包裹还是送到了，派送时当面拒收，请快递员注明原因。"),
            ],
            "inspect",
        ),
        "answer_request": (
            [
                _("拍不了、做不到的，写明原因就是有效的答复。"),
                _("没有答复，售后不会因此关闭，商家也不能因此少退。"),
            ],
            "steps",
        ),
        "record_complaint": (
            [
                _("向其他渠道投诉，由你自己办理；登记只是记在售后单上，商家和平台都看得到。"),
                _("登记不改变售后的时限，也不影响平台判定。"),
                _("投诉时可以提交这张售后单的卷宗；有进展时再来更新。"),
            ],
            "outside",
        ),
        "update_complaint": (
            [_("写下受理编号和结果；之前登记的内容留在记录里，不会被改掉。")],
            "outside",
        ),
    }
