"""What a form answers is said in our words: none of Django's own stiff sentences is left anywhere."""

import gettext
import importlib
import pkgutil
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import django
import pytest
from allauth.account import forms as allauth_forms
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import forms as auth_forms
from django.core import validators
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

import aftersales
import buyers
import merchants
from aftersales.models import User

DJANGO = Path(django.__file__).parent
PLACES = [
    DJANGO / "conf" / "locale",
    DJANGO / "contrib" / "auth" / "locale",
    DJANGO / "contrib" / "admin" / "locale",
]
STIFF = re.compile(r"确保|该变量|字段|有效的|必填项|is not|must be|[.。]$")


def stock() -> set[str]:
    """Every sentence of Django's own Chinese."""
    said: set[str] = set()
    for place in PLACES:
        known = gettext.translation("django", place, ["zh_Hans"])
        said |= {text for text in known._catalog.values() if text}  # type: ignore[attr-defined]
    return said


def form_classes() -> list[type[forms.BaseForm]]:
    """Every form class of the project, and those of Django and allauth that its pages show."""
    for package in (aftersales, buyers, merchants):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and not module.name.endswith("wsgi"):
                importlib.import_module(module.name)
    found: set[type[forms.BaseForm]] = {
        AdminAuthenticationForm,
        auth_forms.AdminPasswordChangeForm,
        auth_forms.AuthenticationForm,
        auth_forms.PasswordChangeForm,
        auth_forms.UserCreationForm,
        allauth_forms.ChangePasswordForm,
        allauth_forms.LoginForm,
    }
    waiting = [forms.BaseForm]
    while waiting:
        each = waiting.pop()
        waiting += each.__subclasses__()
        if each.__module__.partition(".")[0] in ("aftersales", "buyers", "merchants"):
            found.add(each)
    return sorted(found, key=lambda form: f"{form.__module__}.{form.__qualname__}")


def sentences(form: type[forms.BaseForm]) -> Iterator[tuple[str, str]]:
    """Every sentence that the fields of a form, their validators and the form itself may say."""
    for code, text in getattr(form, "error_messages", {}).items():
        yield code, str(text)
    for name, field in getattr(form, "base_fields", {}).items():
        for code, text in field.error_messages.items():
            yield f"{name}.{code}", str(text)
        for validator in field.validators:
            yield f"{name}.{type(validator).__name__}", said_by(validator)


def said_by(validator: Any) -> str:
    """What a validator says of something that can't be right."""
    for wrong in ("", "x" * 5000, "\x00", -(10**9), 10**9, Decimal("0.12345678901234567890123")):
        try:
            validator(wrong)
        except ValidationError as error:
            return error.messages[0]
        except (TypeError, AttributeError):  # not a value of its kind
            continue
    return str(getattr(validator, "message", ""))


def test_forms_are_found() -> None:
    assert len(form_classes()) > 60


@pytest.mark.parametrize("form", form_classes(), ids=lambda form: form.__qualname__)
def test_no_form_speaks_in_djangos_words(form: type[forms.BaseForm]) -> None:
    with override("zh-hans"):
        told = list(sentences(form))
    django_said = stock()
    for where, text in told:
        assert text not in django_said, f"{where}: {text}"
        assert not STIFF.search(text), f"{where}: {text}"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        (forms.CharField(min_length=10), "短", "至少 10 个字，现在 1 个"),
        (forms.CharField(max_length=3), "四个字了", "最多 3 个字，现在 4 个"),
        (forms.CharField(), "", "请填写此项"),
        (forms.CharField(), "\x00", "内容里有不能保存的字符，请重新输入"),
        (forms.IntegerField(), "一", "请输入整数"),
        (forms.IntegerField(min_value=1), "0", "不能小于 1"),
        (forms.IntegerField(max_value=9), "10", "不能大于 9"),
        (forms.DecimalField(decimal_places=2), "1.234", "最多 2 位小数"),
        (forms.DateField(), "昨天", "请输入日期，例如 2026-11-24"),
        (forms.TimeField(), "25:00", "请输入时间，例如 22:00"),
        (forms.EmailField(), "a@", "请输入完整的邮箱地址"),
        (forms.URLField(assume_scheme="https"), "x y", "请输入完整的网址，以 https:// 开头"),
        (forms.ChoiceField(choices=[("a", "甲")]), "b", "请选择列表中的选项，“b”不在其中"),
        (forms.UUIDField(), "1", "请输入完整的编号"),
        (forms.RegexField(r"^\d+$"), "x", "这一项的写法不对，请检查"),
        (forms.SlugField(), "a b", "只能用字母、数字、下划线和短横线"),
    ],
)
def test_what_a_person_reads(field: forms.Field, value: str, sentence: str) -> None:
    with override("zh-hans"), pytest.raises(ValidationError) as refused:
        field.clean(value)
    with override("zh-hans"):
        assert refused.value.messages == [sentence]


def test_in_english_django_speaks_for_itself() -> None:
    with override("en"), pytest.raises(ValidationError) as refused:
        validators.MinValueValidator(1)(0)
    with override("en"):
        assert refused.value.messages == ["Ensure this value is greater than or equal to 1."]


@pytest.mark.django_db
def test_signing_in_and_changing_a_password_are_refused_in_our_words(
    client: Client, buyer: User
) -> None:
    page = client.post(reverse("account_login"), {"login": "linshu", "password": "wrong"})
    assert "账号或密码不对，请重新输入" in page.text
    client.force_login(buyer)
    given = {"oldpassword": "wrong", "password1": "short", "password2": "other"}
    page = client.post(reverse("account_change_password"), given)
    told = [text for errors in page.context["form"].errors.values() for text in errors]
    assert told == ["当前密码不对，请重新输入", "密码太短，至少 10 位"]
