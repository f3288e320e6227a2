"""店铺: return addresses, and members with what they may do (M22, M23)."""

from typing import Any, cast

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import FormView, ListView, View

from aftersales.enums import Permission
from aftersales.models import Case, Member, ReturnAddress
from merchants.forms.shop import AddressForm, MemberForm
from merchants.views.base import ShopView, ask_first


class ShopPage(ShopView):
    permission = Permission.MANAGE

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return context | {"shops": self.request.shops}  # type: ignore[attr-defined]

    def form_invalid(self, form: Any) -> HttpResponse:
        return cast(FormView, self).render_to_response(self.get_context_data(form=form), status=422)


# Return addresses ---------------------------------------------------------------------------------


class Addresses(ShopPage, ListView):
    template_name = "merchants/shop/addresses.html"
    context_object_name = "addresses"

    def get_queryset(self) -> QuerySet[ReturnAddress]:
        return ReturnAddress.objects.filter(shop=self.shop)


class EditAddress(ShopPage, FormView):
    """A new address, or one of this shop's; saving one that was set aside takes it back."""

    template_name = "merchants/shop/address.html"
    form_class = AddressForm

    def get_form_kwargs(self) -> dict[str, Any]:
        found = None
        if "pk" in self.kwargs:
            found = get_object_or_404(ReturnAddress, shop=self.shop, pk=self.kwargs["pk"])
        return super().get_form_kwargs() | {"instance": found or ReturnAddress(shop=self.shop)}

    def form_valid(self, form: AddressForm) -> HttpResponse:
        address = form.save(commit=False)
        address.flagged = ""
        with transaction.atomic():
            others = ReturnAddress.objects.select_for_update().filter(shop=self.shop)
            others = others.exclude(pk=address.pk)
            if not any(each.default and each.valid for each in others):
                address.default = True
            if address.default:
                others.update(default=False)  # before the new row is one of them
            address.save()
        messages.success(self.request, _("退货地址已保存"))
        return redirect("merchants:addresses")


class OneAddress(ShopPage, View):
    """What is done to one address with a click."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        with transaction.atomic():
            mine = ReturnAddress.objects.select_for_update().filter(shop=self.shop)
            address = get_object_or_404(mine, pk=pk)
            if refusal := self.refusal(address):
                messages.error(request, refusal)
            else:
                messages.success(request, self.act(address, mine))
        return redirect("merchants:addresses")

    def refusal(self, address: ReturnAddress) -> str:
        return ""

    def act(self, address: ReturnAddress, mine: QuerySet[ReturnAddress]) -> str:
        raise NotImplementedError


class DefaultAddress(OneAddress):
    def refusal(self, address: ReturnAddress) -> str:
        return "" if address.valid else _("这个地址已停用，不能设为默认")

    def act(self, address: ReturnAddress, mine: QuerySet[ReturnAddress]) -> str:
        mine.exclude(pk=address.pk).update(default=False)
        address.default = True
        address.save(update_fields=["default"])
        return _("已设为默认地址")


class DeleteAddress(OneAddress):
    """An address that parcels may be travelling to is only set aside."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        address = get_object_or_404(ReturnAddress, shop=self.shop, pk=pk)
        heading, button = _("删除这个退货地址？"), _("删除地址")
        return ask_first(request, heading, str(address), button, reverse("merchants:addresses"))

    def act(self, address: ReturnAddress, mine: QuerySet[ReturnAddress]) -> str:
        was_default = address.default
        used = Case.objects.open().filter(shop=self.shop, return_address=address.shown()).exists()
        if used:
            address.flagged, address.default = _("商家已停用"), False
            address.save(update_fields=["flagged", "default"])
        else:
            address.delete()
        if was_default:
            heir = next((each for each in mine.exclude(pk=address.pk or 0) if each.valid), None)
            if heir:
                mine.filter(pk=heir.pk).update(default=True)
        if used:
            return _("有售后单正在使用这个地址，已改为停用；买家仍可寄到这里")
        return _("退货地址已删除")


# Members ------------------------------------------------------------------------------------------


class Members(ShopPage, ListView):
    template_name = "merchants/shop/members.html"

    def get_queryset(self) -> QuerySet[Member]:
        members = Member.objects.filter(shop=self.shop).select_related("user")
        return members.order_by("-active", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        labels = dict(Permission.choices)
        rows = [
            {
                "member": each,
                "may": [labels[name] for name in labels if name in each.permissions],
                "me": each.user_id == self.request.user.pk,
            }
            for each in self.object_list
        ]
        return super().get_context_data(rows=rows, **kwargs)


class EditMember(ShopPage, FormView):
    """Add by account name, or change what a member may do; somebody always keeps the keys."""

    template_name = "merchants/shop/member.html"
    form_class = MemberForm

    def found(self) -> Member | None:
        if "pk" not in self.kwargs:
            return None
        members = Member.objects.select_related("user")
        return get_object_or_404(members, shop=self.shop, pk=self.kwargs["pk"])

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"shop": self.shop, "member": self.found()}

    def form_valid(self, form: MemberForm) -> HttpResponse:
        said = form.cleaned_data
        with transaction.atomic():
            team = list(Member.objects.select_for_update().filter(shop=self.shop))
            if form.member is None:
                Member.objects.create(
                    shop=self.shop,
                    user=form.user,
                    permissions=said["permissions"],
                    agree_most=said["agree_most"],
                )
            else:
                member = next(each for each in team if each.pk == form.member.pk)
                for name in ("permissions", "agree_most", "active"):
                    setattr(member, name, said[name])
                if not any(each.can(Permission.MANAGE) for each in team):
                    form.add_error("permissions", _("至少要有一位在岗成员能管理店铺"))
                    return self.form_invalid(form)
                member.save()
        messages.success(self.request, _("成员权限已保存"))
        return redirect("merchants:members")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(member=self.found(), **kwargs)
