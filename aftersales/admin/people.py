"""账号、店铺与成员, and the group of those who rule."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as AdminPermission
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aftersales import display
from aftersales.admin.factors import LostFactors
from aftersales.admin.looking import Few, Kept, column
from aftersales.enums import Permission
from aftersales.models import Member, ReturnAddress, Shop, User

REVIEWERS = "平台审理员"
LOOKED_AT = [
    "agreerule",
    "appeal",
    "attempt",
    "case",
    "complaint",
    "dayfigure",
    "dossiercopy",
    "edition",
    "extension",
    "fault",
    "finding",
    "importjob",
    "intervention",
    "job",
    "jobitem",
    "ledgerentry",
    "member",
    "notice",
    "order",
    "orderline",
    "parcel",
    "payment",
    "refund",
    "returnaddress",
    "rowerror",
    "servicerequest",
    "shop",
    "shopscript",
]
KEPT_UP = [
    "agreement",
    "channel",
    "decisionreason",
    "ledgermood",
    "outcome",
    "plan",
    "policy",
    "proof",
    "reason",
    "rejectreason",
    "risk",
    "scenario",
    "script",
    "stepform",
    "window",
]


def reviewers_group() -> Group:
    """平台审理员: they rule, look at every fact, and keep the catalogue; made or brought up to date."""
    names = [
        "rule",
        "answer_servicerequest",
        "change_job",
        "change_order",
        *(f"view_{name}" for name in [*LOOKED_AT, *KEPT_UP]),
        *(f"{verb}_{name}" for name in KEPT_UP for verb in ("add", "change")),
        "delete_ledgermood",
    ]
    group, _made = Group.objects.get_or_create(name=REVIEWERS)
    ours = AdminPermission.objects.filter(content_type__app_label="aftersales")
    group.permissions.set(ours.filter(codename__in=names))
    return group


class Chosen(AutocompleteSelect):
    """What was chosen, by its number: anything else that is sent is no choice, and no error."""

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        known = [each if str(each).isdecimal() and len(str(each)) < 19 else "" for each in value]
        return super().optgroups(name, known, attr)


class NamedSelects:
    """Selects that search say what they are for."""

    autocomplete_fields: ClassVar[Any]
    admin_site: Any

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = Chosen(db_field, self.admin_site)
        known: Any = super()
        return known.formfield_for_foreignkey(db_field, request, **kwargs)

    class Media:
        js = ["admin-select.js"]


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(admin.ModelAdmin):
    """Who may do what: a list to choose from, by keyboard too."""

    list_display = ["name"]
    search_fields = ["name"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        rights = AdminPermission.objects.select_related("content_type")
        plain = forms.SelectMultiple(attrs={"size": 24})
        return super().formfield_for_manytomany(
            db_field, request, queryset=rights, widget=plain, **kwargs
        )


@admin.register(User)
class AccountAdmin(LostFactors, Kept, UserAdmin):
    actions = ["clear_factors"]
    list_display = ["username", "nick", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_active", "is_superuser"]
    search_fields = ["username", "nick"]
    ordering = ["username"]
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("个人信息"), {"fields": ["nick", "phone", "email", "language"]}),
        (
            _("权限"),
            {"fields": ["is_active", "is_staff", "is_superuser", "groups"]},
        ),
        (_("重要日期"), {"fields": ["last_login", "date_joined"]}),
    ]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(
            db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Nobody gives himself or others more than he may give: that is for superusers."""
        dates = ["last_login", "date_joined"]
        if getattr(request.user, "is_superuser", False):
            return dates
        return [*dates, "is_staff", "is_superuser", "groups"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.password_given = obj.has_usable_password()
        super().save_model(request, obj, form, change)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Whoever is given a password by somebody else chooses his own before anything else."""
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            others = User.objects.exclude(pk__in=[request.user.pk])
            others.filter(pk=id).update(password_given=True)
        return answer

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's account, and with it his password, is for superusers."""
        if obj is not None and obj.is_superuser and not getattr(request.user, "is_superuser", 0):
            return False
        return super().has_change_permission(request, obj)


class MemberForm(forms.ModelForm):
    permissions = forms.MultipleChoiceField(
        label=_("权限"),
        choices=Permission.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    class Meta:
        model = Member
        fields = ["shop", "user", "permissions", "agree_most", "active"]
        labels = {"shop": _("店铺"), "user": _("账号")}


class MemberInline(Few, Kept, admin.StackedInline):
    model = Member
    form = MemberForm
    extra = 0
    autocomplete_fields = ["user"]


class AddressInline(Few, admin.StackedInline):
    model = ReturnAddress
    extra = 0


@admin.register(Shop)
class ShopAdmin(NamedSelects, Kept, admin.ModelAdmin):
    list_display = ["name", "code", "platform", column(_("开店时间"), "created_at")]
    search_fields = ["name", "code"]
    ordering = ["code"]
    inlines = [MemberInline, AddressInline]


@admin.register(Member)
class MemberAdmin(NamedSelects, Kept, admin.ModelAdmin):
    form = MemberForm
    list_display = [column(_("账号"), "user"), column(_("店铺"), "shop"), "may", "active"]
    list_filter = ["active"]
    list_select_related = ["user", "shop"]
    search_fields = ["user__username", "user__nick", "shop__name"]
    autocomplete_fields = ["user", "shop"]

    @admin.display(description=_("权限"))
    def may(self, member: Member) -> str:
        names = dict(Permission.choices)
        held = [str(names.get(each, each)) for each in member.permissions]
        return gettext("、").join(held) or display.EMPTY


class AddressForm(forms.ModelForm):
    class Meta:
        model = ReturnAddress
        fields = ["shop", "name", "phone", "region", "detail", "default", "flagged"]
        labels = {"shop": _("店铺")}


@admin.register(ReturnAddress)
class ReturnAddressAdmin(NamedSelects, admin.ModelAdmin):
    form = AddressForm
    list_display = [column(_("店铺"), "shop"), "name", "region", "detail", "default", "flagged"]
    list_filter = ["default"]
    list_select_related = ["shop"]
    search_fields = ["shop__name", "name", "detail"]
    autocomplete_fields = ["shop"]
