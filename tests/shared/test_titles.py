"""错误： stands before the title of a page that shows a form with errors, whatever the form is called."""

import html
import re
from typing import Any

from django.contrib.auth.models import Permission as AdminPermission
from django.test import Client
from django.urls import reverse

from aftersales.enums import OrderState, Party
from aftersales.models import Conversation, User
from aftersales.service import asking
from tests.factories import OrderFactory


def title_of(answer: Any) -> str:
    found = re.search(r"<title>(.*?)</title>", answer.content.decode(), re.DOTALL)
    return " ".join(html.unescape(found.group(1)).split()) if found else ""


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_page_with_a_mistake_says_so_first(
    make_case: Any, shop: Any, buyer: User, merchant: User, staff: User
) -> None:
    case = make_case()
    late = OrderFactory(shop=shop, buyer=buyer, state=OrderState.CLOSED)
    line = OrderFactory(shop=shop, buyer=buyer).lines.get()
    Conversation(line).say(by=buyer, party=Party.BUYER, text="杯子有裂纹吗？")
    asked = asking.ask(late.lines.get(), by=buyer, problem="签收第二十天裂了，没人理。", wants="换")
    for name in ("view_servicerequest", "answer_servicerequest"):
        staff.user_permissions.add(AdminPermission.objects.get(codename=name))
    case_page = reverse("merchants:case", args=[case.code])
    talk = reverse("merchants:conversation", args=[line.pk])
    pages = [
        (buyer, reverse("buyers:send_message", args=[case.code]), {"text": ""}, ""),
        (merchant, talk, {"propose": "1", "amount": "abc"}, ""),
        (merchant, reverse("merchants:add_note", args=[case.code]), {"text": ""}, case_page),
        (merchant, reverse("merchants:add_tag", args=[case.code]), {"name": ""}, case_page),
        (staff, reverse("admin:aftersales_servicerequest_change", args=[asked.pk]), {}, ""),
        (staff, reverse("admin:send_message", args=[case.code]), {"text": ""}, ""),
    ]
    for user, path, given, shown in pages:
        client = client_of(User.objects.get(pk=user.pk))

        wrong = client.post(path, given)

        assert wrong.status_code == 422, path
        assert title_of(wrong).startswith("错误："), path
        assert title_of(wrong).count("错误") == 1, path
        assert title_of(wrong).endswith("· 售后台"), path
        right = title_of(client.get(shown or path))
        assert right, path
        assert "错误" not in right, path
