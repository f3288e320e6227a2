"""Return addresses: valid, one of them the default, and never lost to a parcel on its way."""

import pytest

from aftersales.models import Member, ReturnAddress
from tests.factories import ReturnAddressFactory

GOOD = {
    "name": "李仓",
    "phone": "13700001111",
    "region": "浙江省宁波市鄞州区",
    "detail": "仓储路 8 号",
}


def test_they_are_listed_with_the_default_first(shop, at_desk, text_of):
    ReturnAddressFactory(shop=shop, name="二仓", default=False)

    page = text_of(at_desk.look("addresses"))

    assert page.index("陈仓") < page.index("二仓")
    assert "默认地址" in page


def test_an_address_is_added(shop, at_desk):
    at_desk.post("add_address", **GOOD, default="on")

    assert ReturnAddress.objects.get(default=True).name == "李仓"
    assert shop.addresses.count() == 2


def test_the_first_address_is_the_default(shop, at_desk):
    shop.addresses.all().delete()

    at_desk.post("add_address", **GOOD)

    assert shop.addresses.get().default


@pytest.mark.parametrize("phone", ["13700001111", "0571-88880000", "057188880000", "400-800-1234"])
def test_phones_as_people_write_them(shop, at_desk, phone):
    at_desk.post("add_address", **GOOD | {"phone": phone})

    assert shop.addresses.count() == 2


@pytest.mark.parametrize("phone", ["", "123", "1370000111", "电话", "13700001111 转 2x"])
def test_what_is_no_phone_is_refused(shop, at_desk, text_of, phone):
    answer = at_desk.post("add_address", **GOOD | {"phone": phone})

    assert answer.status_code == 422
    assert "请" in text_of(answer)
    assert shop.addresses.count() == 1


def test_another_becomes_the_default(shop, at_desk):
    other = ReturnAddressFactory(shop=shop, name="二仓", default=False)

    at_desk.post("default_address", other.pk)

    assert [each.name for each in shop.addresses.filter(default=True)] == ["二仓"]


def test_an_unused_address_is_deleted_and_another_takes_over(shop, at_desk, text_of):
    ReturnAddressFactory(shop=shop, name="二仓", default=False)
    address = shop.addresses.get(name="陈仓")

    asked = text_of(at_desk.look("delete_address", address.pk))
    assert "删除这个退货地址？" in asked
    assert str(address) in asked
    assert shop.addresses.count() == 2
    at_desk.post("delete_address", address.pk)

    assert [(each.name, each.default) for each in shop.addresses.all()] == [("二仓", True)]


def test_an_address_in_use_is_only_set_aside(make_case, shop, at_desk, text_of):
    """§1.5: a parcel on its way keeps its address."""
    case = make_case("agreed", type="return_refund")
    address = shop.addresses.get()

    at_desk.post("delete_address", address.pk)

    address.refresh_from_db()
    assert address.flagged == "商家已停用"
    assert not address.valid
    case.refresh_from_db()
    assert case.return_address == address.shown()
    assert "已改为停用" in text_of(at_desk.look("addresses"))


def test_a_set_aside_address_is_no_default(shop, at_desk, text_of):
    address = shop.addresses.get()
    ReturnAddress.objects.update(flagged="商家已停用", default=False)

    at_desk.post("default_address", address.pk)

    address.refresh_from_db()
    assert not address.default
    assert "toast-x danger" in (page := text_of(at_desk.look("addresses")))
    assert "这个地址已停用，不能设为默认" in page


def test_saving_a_set_aside_address_takes_it_back(shop, at_desk):
    address = shop.addresses.get()
    ReturnAddress.objects.update(flagged="商家已停用", default=False)

    at_desk.post("edit_address", address.pk, **GOOD)

    address.refresh_from_db()
    assert address.valid


@pytest.mark.parametrize("name", ["edit_address", "delete_address", "default_address"])
def test_another_shops_address_is_not_there(at_desk, name):
    foreign = ReturnAddressFactory()

    assert at_desk.post(name, foreign.pk, **GOOD).status_code == 404
    assert ReturnAddress.objects.filter(pk=foreign.pk, name="陈仓").exists()


@pytest.mark.parametrize("name", ["addresses", "add_address", "members", "add_member"])
def test_it_takes_the_permission(shop, at_desk, text_of, name):
    """The engine's permission is the page's."""
    Member.objects.update(permissions=["agree"])

    answer = at_desk.look(name)

    assert answer.status_code == 403
    assert "你没有“管理店铺（地址、成员、话术与规则）”权限" in text_of(answer)
