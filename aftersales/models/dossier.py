"""卷宗: the copies of a case that were handed out."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.enums import Party
from aftersales.models.people import User
from aftersales.models.placing import ShopOf


class DossierCopy(models.Model):
    """One download of a case's dossier: by whom, for which side, and the hash it is known by.

    ``sha256`` is the manifest's hash of the whole for a ZIP, the file's own for a PDF;
    ``version`` and ``chain`` say how far the case had come.
    """

    class Form(models.TextChoices):
        PDF = "pdf", _("PDF")
        ZIP = "zip", _("ZIP")

    case = models.ForeignKey("Case", models.PROTECT, related_name="dossier_copies")
    shop = ShopOf("case")
    user = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("下载人"))
    party = models.CharField(_("角色"), max_length=10, choices=Party)
    form = models.CharField(_("格式"), max_length=3, choices=Form)
    version = models.PositiveIntegerField(_("到第几步"))
    chain = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = pgettext_lazy("one", "卷宗下载")
        verbose_name_plural = _("卷宗下载")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["user", "-at"], name="dossier_of_user")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.form} {self.at:%Y-%m-%d %H:%M}"
