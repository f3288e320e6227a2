"""正式请求: acts of their own, each with a deadline and an answer; they move no other clock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import AnswerState, Clock, Party, Permission, RequestKind, Status
from aftersales.models.case.negotiating import ANYTIME, CONTACT
from aftersales.models.case.replying import Replying
from aftersales.models.history import Upload
from aftersales.models.negotiation import CaseRequest
from aftersales.rules import deadlines, requests, wording
from aftersales.steps import Refused, step

TEXT_LEAST, TEXT_MOST = 5, 300


class Requesting(Replying):
    class Meta:
        abstract = True

    # What the engine asks.

    def restart_clock(self, before: str) -> None:
        """What was asked in a status is no longer asked in the next; a withdrawal is an answer."""
        if self.status != before and self.request_due_at:
            for asked in self.open_requests():
                over = AnswerState.LAPSED if asked.due_at <= self.at else AnswerState.CLOSED
                met = asked.kind == RequestKind.WITHDRAW and self.status == Status.CANCELLED
                self._settle_request(asked, AnswerState.DONE if met else over)
        super().restart_clock(before)

    def put_forward(
        self,
        party: Party,
        evidence: Mapping[str, Sequence[Upload]],
        labels: Mapping[str, Any],
    ) -> list[dict[str, str]]:
        """Evidence of the buyer, filed wherever, answers what the shop asked for (NEG-35)."""
        kept = super().put_forward(party, evidence, labels)
        if kept and party == Party.BUYER and self.request_due_at:
            for asked in self.open_requests():
                if asked.kind == RequestKind.EVIDENCE:
                    self._settle_request(asked, AnswerState.DONE)
        return kept

    # The steps.

    @step(
        gettext_lazy("提出正式请求"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=requests.ANYWHERE,
    )
    def ask_for(
        self, *, by: Any, kind: str, text: str, count: int | None = None, as_party: str = ""
    ) -> dict[str, Any]:
        """One side asks the other for one thing, until the end of its own clock."""
        if kind not in RequestKind.values or requests.ASKED_BY[RequestKind(kind)] != self.acting:
            raise Refused(kind=_("请选择要提出的请求"))
        wanted = RequestKind(kind)
        if refusal := self.request_refusal(wanted):
            raise Refused(kind=refusal)
        text = self._request_words(text, _("请写清楚请对方做什么（至少 5 个字）"))
        if wanted != RequestKind.EVIDENCE:
            count = None
        elif count is None or not 1 <= count <= requests.MOST_PICTURES:
            raise Refused(count=_("请填写 1 到 %(most)s 张") % {"most": requests.MOST_PICTURES})
        due_at = deadlines.end_of(self, Clock.REQUEST, self.at)  # type: ignore[arg-type]
        self._request(by, wanted, text, count, due_at)
        return {"kind": kind, "text": text, "count": count, "until": due_at.isoformat()}

    @step(
        gettext_lazy("答复正式请求"),
        by={Party.BUYER, Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=requests.ANYWHERE,
        versioned=False,
    )
    def answer_request(
        self,
        *,
        by: Any,
        request: CaseRequest | None,
        done: bool,
        text: str = "",
        evidence: Mapping[str, Sequence[Upload]] | None = None,
        as_party: str = "",
    ) -> dict[str, Any]:
        """Done, or not possible and why: 拍不了 with a reason is a valid answer."""
        known = next(
            (each for each in self.open_requests() if request and each.pk == request.pk), None
        )
        if known is None:
            raise Refused(_("这个请求已经答复或已结束"), conflict=True)
        if known.party == self.acting:
            raise Refused(_("这是你自己提出的请求，等对方答复"))
        pictures = (evidence or {}).get("asked", ())
        if done and known.kind == RequestKind.WITHDRAW:
            raise Refused(done=_("同意撤销，请到“撤销申请”确认；不撤销，请说明原因"))
        if done and known.kind == RequestKind.EVIDENCE and not pictures:
            raise Refused(proof_asked=_("请上传凭证；拍不了，请选择“拍不了”并说明原因"))
        if not done:
            text = self._request_words(text, _("请说明原因（至少 5 个字）"))
        elif text.strip():
            text = self._request_words(text, "", least=0)
        kept = self.put_forward(self.acting, evidence or {}, {"asked": gettext_lazy("应请求补充")})
        self._settle_request(
            known, AnswerState.DONE if done else AnswerState.DECLINED, text.strip()
        )
        invited = {each.at for each in self.open_offers() if each.plan.code == "invite_evidence"}
        said = text.strip() or str(AnswerState(known.state).label)
        self.count_as_reply(self.acting, said, asked=known.at in invited)
        return {
            "kind": str(known.kind),
            "done": done,
            "text": text.strip(),
            "evidence": kept,
        }

    @step(gettext_lazy("正式请求逾期未答复"), by={Party.CLOCK}, source=ANYTIME)
    def lapse_request(self, *, by: Any) -> dict[str, Any]:
        """Nobody answered in time: that is noted, and nothing else follows from it."""
        lapsed = [asked for asked in self.open_requests() if asked.due_at <= self.at]
        for asked in lapsed:
            self._settle_request(asked, AnswerState.LAPSED)
        if not lapsed:
            self.request_due_at = None
        return {"kinds": [str(asked.kind) for asked in lapsed]}

    # What a round asks.

    def invite(self, by: Any, terms: Mapping[str, Any], until: datetime) -> None:
        """邀请消费者举证 is a request of its own, open as long as its round waits (§2.6, NEG-35)."""
        for asked in self.open_requests():
            if asked.kind == RequestKind.EVIDENCE:
                self._settle_request(asked, AnswerState.CLOSED)
        self._request(by, RequestKind.EVIDENCE, str(terms["what"]), int(terms["count"]), until)

    # What pages ask.

    def open_requests(self) -> list[CaseRequest]:
        """The requests that wait for an answer, oldest first."""
        if self.request_due_at is None:
            return []
        return [
            asked
            for asked in self.requests.all()  # type: ignore[attr-defined]
            if self._standing(asked).state == AnswerState.OPEN
        ]

    def request_refusal(self, kind: RequestKind) -> str:
        """Why this can't be asked for now; empty when it can."""
        if refusal := requests.unfit(kind, self):  # type: ignore[arg-type]
            return refusal
        if any(asked.kind == kind for asked in self.open_requests()):
            return _("同样的请求还在等对方答复")
        before = self.requests.filter(kind=kind, series=self.series)  # type: ignore[attr-defined]
        if before.count() >= requests.MOST_TIMES:
            return _("同样的请求最多提出 %(most)s 次") % {"most": requests.MOST_TIMES}
        return ""

    # What the steps share.

    def _request(
        self, by: Any, kind: RequestKind, text: str, count: int | None, due_at: datetime
    ) -> None:
        if kind == RequestKind.EVIDENCE:
            self.evidence_asked_at = self.at
        self.add(
            CaseRequest(
                case_id=self.pk,
                kind=kind,
                party=self.acting,
                user=by,
                series=self.series,
                text=text.strip(),
                count=count,
                at=self.at,
                due_at=due_at,
            )
        )
        self.request_due_at = min(filter(None, [self.request_due_at, due_at]))

    def _standing(self, asked: CaseRequest) -> CaseRequest:
        """The row as the step in hand has left it so far."""
        changed = (row for row, _names in self._changed if isinstance(row, CaseRequest))
        return next((row for row in changed if row.pk == asked.pk), asked)

    def _settle_request(self, asked: CaseRequest, state: AnswerState, answer: str = "") -> None:
        self.change(asked, state=state, answer=answer, answered_at=self.at)
        left = [each.due_at for each in self.open_requests() if each.pk != asked.pk]
        self.request_due_at = min(left, default=None)

    def _request_words(self, text: str, sentence: str, least: int = TEXT_LEAST) -> str:
        text = text.strip()
        if len(text) < least:
            raise Refused(text=sentence)
        if len(text) > TEXT_MOST:
            raise Refused(text=_("最多 %(count)s 个字") % {"count": TEXT_MOST})
        if self.acting == Party.MERCHANT and (found := wording.contact_found(text)):
            raise Refused(text=CONTACT % {"found": found})
        return text
