"""岗位: the usual sets of what a member may do in his shop (M23)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.enums import Permission


class Role(TextChoices):
    """A usual set of permissions, by the work that somebody does; any other is his own."""

    AGENT = "agent", pgettext_lazy("role", "客服")
    LEAD = "lead", _("主管")
    STORE = "store", _("仓库")
    READER = "reader", _("只读")
    OWNER = "owner", _("店主")
    OWN = "own", _("自定义")


ROLES: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset({Permission.AGREE, Permission.NEGOTIATE}),
    Role.LEAD: frozenset(Permission) - {Permission.MANAGE},
    Role.STORE: frozenset({Permission.RECEIVE, Permission.SHIP}),
    Role.READER: frozenset(),
    Role.OWNER: frozenset(Permission),
}
