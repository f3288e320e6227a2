"""外部投诉: what the buyer did outside the platform, and how it goes on (S-24, RW-20)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import Party, Status
from aftersales.models.case.fields import CaseFields
from aftersales.models.complaint import Complaint
from aftersales.models.history import Upload
from aftersales.rules import deadlines
from aftersales.rules.conditions import complained
from aftersales.steps import Refused, step


class Complaining(CaseFields):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("登记外部投诉"),
        by={Party.BUYER, Party.STAFF},
        source=list(Status),
        versioned=False,
        while_suspended=True,
    )
    def record_complaint(
        self,
        *,
        by: Any,
        channel: str,
        filed_on: date,
        number: str = "",
        wants: str = "",
        link: str = "",
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """S-24: what was complained of outside, recorded on the case (RW-20)."""
        if channel not in Complaint.Channel.values:
            raise Refused(channel=_("请选择投诉渠道"))
        if filed_on > self.at.astimezone(deadlines.CHINA).date():
            raise Refused(filed_on=_("投诉日期不能晚于今天"))
        complaint = Complaint(
            case_id=self.pk,
            channel=channel,
            number=number.strip()[:60],
            wants=wants.strip()[:300],
            link=_checked(link),
            filed_on=filed_on,
            version=self.version,
            party=self.acting,
            at=self.at,
        )
        self.add(complaint)
        return {
            "channel": channel,
            "number": complaint.number,
            "filed_on": str(filed_on),
            "link": complaint.link,
            "evidence": self._papers(complaint, evidence),
        }

    @step(
        gettext_lazy("更新外部投诉"),
        by={Party.BUYER, Party.STAFF},
        source=list(Status),
        conditions=[complained],
        versioned=False,
        while_suspended=True,
    )
    def update_complaint(
        self,
        *,
        by: Any,
        complaint: int,
        state: str,
        number: str = "",
        note: str = "",
        link: str = "",
        evidence: Mapping[str, Sequence[Upload]] | None = None,
    ) -> dict[str, Any]:
        """S-24: how a recorded complaint stands; what was said before stays in the history."""
        found = next((each for each in self.complaints.all() if each.pk == complaint), None)  # type: ignore[attr-defined]
        if found is None:
            raise Refused(_("没有这条外部投诉"))
        if state not in Complaint.State.values:
            raise Refused(state=_("请选择进展"))
        before = found.state
        self.change(
            found,
            state=state,
            number=number.strip()[:60] or found.number,
            note=note.strip()[:300],
            link=_checked(link) or found.link,
            updated_at=self.at,
        )
        return {
            "channel": found.channel,
            "number": found.number,
            "complaint_before": before,
            "complaint": state,
            "note": found.note,
            "link": found.link,
            "evidence": self._papers(found, evidence),
        }

    def _papers(
        self, complaint: Complaint, evidence: Mapping[str, Sequence[Upload]] | None
    ) -> list[dict[str, str]]:
        """Its papers, all in the complaint's own slot."""
        uploads = [upload for given in (evidence or {}).values() for upload in given]
        if not uploads:
            return []
        filed = {complaint.slot: uploads}
        return self.put_forward(self.acting, filed, {complaint.slot: gettext_lazy("外部投诉材料")})


def _checked(link: str) -> str:
    """An address of the web, or Refused."""
    link = link.strip()
    if not link:
        return ""
    try:
        URLValidator(schemes=["http", "https"])(link)
    except ValidationError:
        raise Refused(link=_("请填写完整的网址，以 https:// 开头")) from None
    if len(link) > 300:
        raise Refused(link=_("网址太长"))
    return link
