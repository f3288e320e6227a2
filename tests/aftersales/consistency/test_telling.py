"""What the check found, where it is read: the command, the staff home and the list."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from aftersales.models import User
from tests.aftersales.consistency.breaking import broken, sql


def test_the_command_says_zero(whole, capsys):
    whole("rejected")

    call_command("check_consistency")

    assert "1 cases checked, 0 findings" in capsys.readouterr().out


def test_the_command_names_each_case_and_fails(whole, make_case, capsys):
    case, other = whole(), make_case()
    for each in (case, other):
        sql("UPDATE aftersales_case SET turn = 'done' WHERE id = %s", each.pk)

    with pytest.raises(CommandError, match="2 cases checked, 2 findings"):
        call_command("check_consistency")
    said = capsys.readouterr().out
    assert f"{case.code}: 没有人负责：应在“待我处理”，却列在“已完结”" in said
    with pytest.raises(CommandError, match="1 cases checked, 1 findings"):
        call_command("check_consistency", case=other.code)
    assert case.code not in capsys.readouterr().out
    with pytest.raises(CommandError, match="no case AS0"):
        call_command("check_consistency", case="AS0")


def test_the_staff_home_says_zero_or_names_the_case(whole, client: Client):
    """Issue 3: zero is shown; anything else names the case, with a link."""
    client.force_login(User.objects.create_superuser("root", password="x"))
    home = reverse("admin:index")
    assert "还没有核对过" in client.get(home).content.decode()
    case = whole()
    page = client.get(home).content.decode()
    assert "核对了 1 单" in page
    assert "0 处不一致" in page

    sql("UPDATE aftersales_case SET turn = 'done' WHERE id = %s", case.pk)
    broken()

    page = client.get(home).content.decode()
    assert "1 处不一致" in page
    assert "0 处不一致" not in page
    assert reverse("admin:aftersales_case_change", args=[case.pk]) in page
    assert "没有人负责：应在“待我处理”，却列在“已完结”" in page
    listed = client.get(reverse("admin:aftersales_finding_changelist"))
    assert case.code in listed.content.decode()


def test_who_may_not_look_is_shown_nothing(client: Client, db: None):
    client.force_login(User.objects.create_user("clerk", password="x", is_staff=True))

    assert "一致性核对" not in client.get(reverse("admin:index")).content.decode()
    assert client.get(reverse("admin:aftersales_finding_changelist")).status_code == 403
