"""本店话术 and 自动同意规则 for staff: what shops write themselves, to be read and never changed here."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales import agreeing, display
from aftersales.admin.looking import ReadOnly, lines, moment
from aftersales.models import AgreeRule, Reason, Shop, ShopScript


class OfShop(admin.SimpleListFilter):
    """The shops that have written something."""

    title = _("店铺")
    parameter_name = "shop"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        wrote = model_admin.model.objects.order_by().values("shop")
        return list(Shop.objects.filter(pk__in=wrote).order_by("name").values_list("code", "name"))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(shop__code=self.value()) if self.value() else queryset


class OwnedAdmin(ReadOnly):
    """A list of what is in force, with its shop; a row opens to its history."""

    list_filter = [OfShop, "active"]
    list_select_related = ["shop", "author"]
    ordering = ["shop__name", "pk"]

    @admin.display(description=_("店铺"), ordering="shop__name")
    def of(self, row: Any) -> SafeString:
        return lines(row.shop, row.shop.code)

    @admin.display(description=_("状态"), ordering="active")
    def standing(self, row: Any) -> SafeString:
        used = (gettext("使用中"), "ok") if row.active else (gettext("已停用"), "off")
        return display.badge(*used)

    @admin.display(description=_("最近修改"), ordering="written_at")
    def changed(self, row: Any) -> SafeString:
        return lines(moment(row.written_at), row.author)

    @admin.display(description=_("改动记录"))
    def past(self, row: Any) -> SafeString:
        return format_html_join(
            "",
            "<p>{} · {} · {}</p>",
            ((moment(each.written_at), each.author, said) for each, said in row.history()),
        )


@admin.register(AgreeRule)
class AgreeRuleAdmin(OwnedAdmin):
    list_display = ["name", "of", "standing", "asks", "changed"]
    search_fields = ["name", "code", "shop__name", "shop__code"]
    search_help_text = _("规则名称、编号或店铺")
    fieldsets = [
        (None, {"fields": ["code", "version", "name", "of", "standing", "asks"]}),
        (_("改动记录"), {"fields": ["changed", "past"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        self.reasons = {row.code: row.label for row in Reason.objects.all()}
        return super().get_queryset(request)

    @admin.display(description=_("条件"))
    def asks(self, rule: AgreeRule) -> str:
        return gettext("；").join(agreeing.in_words(rule, self.reasons))


@admin.register(ShopScript)
class ShopScriptAdmin(OwnedAdmin):
    list_display = ["named", "of", "standing", "words", "fits", "changed"]
    search_fields = ["label_zh", "text_zh", "text_en", "code", "shop__name", "shop__code"]
    search_help_text = _("名称、正文、编号或店铺")
    fieldsets = [
        (None, {"fields": ["code", "label_zh", "of", "standing", "fits", "spoken_of", "meant"]}),
        (_("正文"), {"fields": ["text_zh", "text_en", "editable"]}),
        (_("改动记录"), {"fields": ["changed", "past"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related(*ShopScript.LISTS)

    @admin.display(description=_("名称"), ordering="label_zh")
    def named(self, script: ShopScript) -> str:
        return script.label

    @admin.display(description=_("正文"))
    def words(self, script: ShopScript) -> str:
        return Truncator(script.text).chars(60)

    @admin.display(description=_("适用场景"))
    def fits(self, script: ShopScript) -> str:
        return gettext("、").join(each.label for each in script.scenarios.all())

    @admin.display(description=_("适用方案"))
    def spoken_of(self, script: ShopScript) -> str:
        return gettext("、").join(each.label for each in script.plans.all()) or display.EMPTY

    @admin.display(description=_("买家原因"))
    def meant(self, script: ShopScript) -> str:
        return gettext("、").join(each.label for each in script.reasons.all()) or display.EMPTY
