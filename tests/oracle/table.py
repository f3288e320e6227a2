"""What must become of a case, said without Django: (status, round) × step → (status, round).

The second half of the model, ``oracle.py``, walks this table and knows what time does. The ids are
those of the life-cycle's reference (T- transitions, D- deadlines).
"""

from datetime import timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Short names, so that the table fits a screen.
P, REJ, RET, REF = (
    "pending_merchant",
    "rejected",
    "awaiting_buyer_return",
    "awaiting_delivery_refusal",
)
REC, RR, REV, PAY = "awaiting_merchant_receipt", "return_refused", "platform_review", "refunding"
SHIP, BUY, FAIL = "awaiting_merchant_ship", "awaiting_buyer_receipt", "refund_failed"
PAID, OFF, LATE, DENIED = "refunded", "cancelled", "closed_buyer_timeout", "closed_platform_denied"
DONE = "completed"
ENDED = {PAID, OFF, LATE, DENIED, DONE}

NONE, WAIT, ANSWER, SILENT, YES, CUT = "", "waiting", "answered", "expired", "accepted", "closed"
ROUNDS = (NONE, WAIT, ANSWER, SILENT, YES, CUT)
SAME = "same"

UNSENT, ON_ITS_WAY = "refund_unshipped", "refund_not_received"
DIFFERENCE = "price_difference"
GOODS = {"exchange", "resend", "repair"}  # demands, and remedies, that end in goods
BACK = {"return_refund", "exchange", "repair"}  # demands by which the goods come back first
PLANS = {  # T-21: where an accepted plan leads
    "partial_refund": PAY,
    "full_refund_no_return": PAY,
    "return_refund": RET,
    "return_freight_covered": RET,
    "exchange": RET,
    "repair": RET,
    "resend": SHIP,
    "intercept_refund": REF,
}

# D1 to D3, D6, D4, D5, D7, D8, D9; a repair has longer, and a ruling less (D12)
WINDOWS = {P: 2 * DAY, REJ: 7 * DAY, RR: 7 * DAY, RET: 7 * DAY, REF: 10 * DAY, REC: 10 * DAY}
WINDOWS |= {SHIP: 3 * DAY, BUY: 15 * DAY}
REPAIR, RULED, SIGNED, APPEAL = 30 * DAY, DAY, 7 * DAY, 7 * DAY  # the last is D13

TABLE: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}


def may(step: str, status: str, rounds: tuple[str, ...], then: str, now: str = SAME) -> None:
    """In this status and these rounds the step leads there; a wait is cut where one leaves it."""
    for state in rounds:
        after = state if now == SAME else now
        if then not in (P, REC) and after == WAIT:
            after = CUT
        TABLE.setdefault((status, state), {})[step] = (then, after)


for desk_status in (P, REC):
    may("check", desk_status, (NONE, ANSWER, SILENT), desk_status)
    may("negotiate", desk_status, (NONE, ANSWER, SILENT), desk_status, WAIT)
    may("reply", desk_status, (WAIT, SILENT, ANSWER), desk_status, ANSWER)
    may("counter", desk_status, (WAIT, SILENT, ANSWER), desk_status, ANSWER)
    may("say", desk_status, (WAIT, SILENT), desk_status, ANSWER)
    may("say", desk_status, (NONE, ANSWER, YES, CUT), desk_status)
may("reject", P, (ANSWER, SILENT), REJ)  # T-07, T-12
may("reject", REC, (ANSWER, SILENT), RR)
for silent_status in (REJ, RR, RET, REF, REV, SHIP, BUY, PAY, FAIL, *sorted(ENDED)):
    may("say", silent_status, ROUNDS, silent_status)
for plan_status in (P, REJ, REC, RR, REV):  # T-21: to where the plan leads, see Oracle.go
    may("accept", plan_status, ROUNDS, PAY, YES)
    may("accept_counter", plan_status, ROUNDS, PAY, YES)
for kind_status in (P, REJ, REV):  # T-03, T-04, T-22: a shop may relent until the ruling
    may("agree", kind_status, ROUNDS, PAY)
    may("agree_return", kind_status, ROUNDS, RET)
    may("agree_resend", kind_status, ROUNDS, SHIP)
for left_status in (P, REJ, RET, REF, REV):  # T-02
    may("cancel", left_status, ROUNDS, OFF)
may("agree_refusal", P, ROUNDS, REF)  # T-05, T-06
may("take_back", REF, ROUNDS, PAY)
may("send_back", RET, ROUNDS, REC, NONE)  # T-09
may("deliver", REC, ROUNDS, REC)  # D7: the carrier says that it has arrived
for receipt_status in (REC, RR, REV):  # T-11: or SHIP where goods are owed, see Oracle.go
    may("receive", receipt_status, ROUNDS, PAY)

may("ship", SHIP, ROUNDS, BUY)  # T-14
may("refund_instead", SHIP, ROUNDS, PAY)  # T-15, by the shop itself
may("give_up", SHIP, ROUNDS, SHIP)  # walk 7: what cannot be repaired, the buyer chooses about
may("choose_exchange", SHIP, ROUNDS, SHIP)
may("choose_refund", SHIP, ROUNDS, PAY)
may("arrive", BUY, ROUNDS, BUY)  # D9
may("confirm", BUY, ROUNDS, DONE)  # T-16
may("dispute", BUY, ROUNDS, REV)  # T-16b

for asked_status in (REJ, RR, P):  # T-17
    may("ask", asked_status, ROUNDS, REV)
may("complain", RR, ROUNDS, REV)  # the shop, of goods that came back
for open_status in (P, REJ, RET, REF, REC, RR, SHIP, BUY):  # §1.6: or it comes by itself
    may("take_over", open_status, ROUNDS, REV)
may("withdraw", REV, ROUNDS, REV)  # T-19: to where it came from, see Oracle.go
may("refund", REV, ROUNDS, PAY)  # T-20
may("keep", REV, ROUNDS, PAY)
may("partial", REV, ROUNDS, PAY)
may("deny", REV, ROUNDS, DENIED)
may("return", REV, ROUNDS, RET)
for goods_ruling in ("rule_exchange", "rule_repair"):
    may(goods_ruling, REV, ROUNDS, RET)  # or SHIP where the shop has the goods
may("rule_resend", REV, ROUNDS, SHIP)
may("rehandle", REV, ROUNDS, P, NONE)
may("pay", PAY, ROUNDS, PAID)  # T-24
may("fail", PAY, ROUNDS, FAIL)
may("retry", FAIL, ROUNDS, PAY)
may("settle", FAIL, ROUNDS, PAID)

for still_step in ("stand_by_buyer", "stand_by_shop", "stand_by_staff", "suspend"):  # T-23
    may(still_step, REV, ROUNDS, REV)
for answer_step in ("yes_by_buyer", "yes_by_shop", "no_by_buyer", "no_by_shop"):
    may(answer_step, REV, ROUNDS, REV)
for staff_step in ("suspend_unproven", "prove", "resume"):
    may(staff_step, REV, ROUNDS, REV)
for any_status in [P, REJ, RET, REF, REC, RR, REV, PAY, SHIP, BUY, FAIL, *sorted(ENDED)]:  # T-25
    for appeal_step in ("appeal_by_buyer", "appeal_by_shop", "uphold", "uphold_own", "propose"):
        may(appeal_step, any_status, ROUNDS, any_status)
    for second_step in ("return_reversal", "reverse", "reverse_alone"):
        may(second_step, any_status, ROUNDS, any_status)  # where it stops something: Oracle.go
