"""分配: which member of the shop looks after a case (NEG-54)."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftersales.enums import ENDED, Party, Permission, Status
from aftersales.models.case.fields import CaseFields
from aftersales.models.people import Member
from aftersales.steps import Refused, step


class Assigning(CaseFields):
    class Meta:
        abstract = True

    @step(
        gettext_lazy("分配处理人"),
        by={Party.MERCHANT},
        permission=Permission.NEGOTIATE,
        source=[status for status in Status if status not in ENDED],
        versioned=False,
    )
    def assign(self, *, by: Any, member: Member | None = None) -> dict[str, Any]:
        """NEG-54: to a member on duty of this shop, or to nobody; others may still act."""
        if member is not None:
            here = Member.objects.on_duty([self.shop_id]).select_related("user")
            member = here.filter(pk=member.pk).first()
            if member is None:
                raise Refused(member=_("只能分配给本店在岗的成员"))
        if (member and member.pk) == self.assignee_id:
            raise Refused(member=_("处理人没有变化"))
        self.assignee = member
        return {
            "member": str(member.user) if member else "",
            "member_user": member.user_id if member else None,
        }
