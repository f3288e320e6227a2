"""Facts in the admin are looked at, never edited; lists stay quick (NEG-55, §5.6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin import site
from django.test import Client
from django.urls import reverse

from aftersales.admin.looking import NoEditing
from aftersales.admin.people import reviewers_group
from aftersales.enums import Permission
from aftersales.models import (
    AgreeRule,
    Attempt,
    Case,
    Fault,
    Intervention,
    Member,
    Refund,
    Shop,
    ShopScript,
    User,
)
from tests.factories import Desk, ShopFactory

pytestmark = pytest.mark.django_db

FACTS = ["case", "intervention", "refund", "order", "fault", "attempt", "notice", "complaint"]
LIST_QUERIES = 8  # session, user, permissions, count, rows


def stored(case: Case) -> dict[str, Any]:
    return Case.objects.filter(pk=case.pk).values().get()


@pytest.mark.parametrize("name", FACTS)
def test_not_even_a_superuser_adds_edits_or_deletes_a_fact(
    root: Client, name: str, make_case: Callable[..., Case]
) -> None:
    """NEG-55: POST to add, change and delete pages is 403, and nothing has changed."""
    case = make_case("under_review")
    Fault.objects.create(
        case=case, sweep="expire_cases", error="boom", next_try_at=case.at, at=case.at
    )
    Attempt.objects.create(case=case, step="reject", sentence="请耐心等待", at=case.at)
    Refund.objects.create(
        case=case, number="RF1", route="微信支付", amount=1, state="paid", owed_at=case.at
    )
    before = stored(case)
    row = site._registry[_model(name)].model._default_manager.first()
    pk = row.pk if row else 1
    given = {"status": "refunded", "amount": "1", "state": "paid", "post": "yes"}
    assert root.post(reverse(f"admin:aftersales_{name}_add"), given).status_code == 403
    if row is not None:
        change = reverse(f"admin:aftersales_{name}_change", args=[pk])
        delete = reverse(f"admin:aftersales_{name}_delete", args=[pk])
        assert root.post(change, given).status_code == 403
        assert root.post(delete, given).status_code == 403
    assert stored(case) == before


def _model(name: str) -> Any:
    return next(model for model in site._registry if model._meta.model_name == name)


def test_nothing_that_a_step_writes_can_be_edited_anywhere_in_the_admin() -> None:
    """NEG-55: whatever is registered later, the facts are not among what has a form."""
    editable = {
        model._meta.model_name
        for model, admin in site._registry.items()
        if not isinstance(admin, NoEditing)
    }
    facts = {"case", "event", "evidence", "intervention", "message", "offer", "precheck", "round"}
    facts |= {"refund", "upload", "attempt", "fault", "notice", "order", "ledgerentry", "complaint"}
    assert not editable & facts


def test_what_shops_wrote_is_listed_by_shop_and_only_read(
    reviewer: Client, shop: Shop, merchant: User
) -> None:
    """M19, M24: their scripts and rules, in words, with what was changed."""
    other = ShopFactory()
    for each, said in ((shop, "先看照片"), (other, "先道歉")):
        script = ShopScript(shop=each, label_zh=said, text_zh=f"您好，{said}。")
        script.store(by=merchant, scenarios=[], plans=[], reasons=[])
        rule = AgreeRule(shop=each, name=f"{said}的", types=["resend"], most=20, day_most=100)
        rule.store(by=merchant)
        rule.switch(by=merchant, active=True)

    for name, words in (
        ("shopscript", ["先看照片", "您好，先看照片。"]),
        ("agreerule", ["先看照片的", "单笔不超过 ¥20.00", "使用中"]),
    ):
        url = reverse(f"admin:aftersales_{name}_changelist")
        listed = reviewer.get(url, {"shop": shop.code, "q": words[0]}).content.decode()
        assert [word for word in words if word not in listed] == []
        elsewhere = reviewer.get(url, {"shop": other.code}).content.decode()
        assert words[0] not in elsewhere
        row = _model(name).objects.get(shop=shop)
        page = reverse(f"admin:aftersales_{name}_change", args=[row.pk])
        assert "新建" in reviewer.get(page).content.decode()
        assert reviewer.post(page, {"name": "别的"}).status_code == 403


def test_the_record_of_a_case_shows_the_whole_history_with_its_hashes(
    reviewer: Client, make_case: Callable[..., Case]
) -> None:
    """NEG-55."""
    case = make_case("under_review")
    shown = reviewer.get(reverse("admin:aftersales_case_change", args=[case.pk])).content.decode()
    for event in case.events.all():
        assert event.hash in shown
    for evidence in case.evidence.select_related("upload"):
        assert evidence.upload.sha256 in shown
    assert "链式校验完整" in shown
    assert "平台判定" in shown


def test_a_broken_chain_is_said_on_the_record(
    reviewer: Client, make_case: Callable[..., Case]
) -> None:
    """NEG-55: a case whose last link is not the one it remembers."""
    case = make_case("rejected")
    Case.objects.filter(pk=case.pk).update(chain="0" * 64)
    shown = reviewer.get(reverse("admin:aftersales_case_change", args=[case.pk])).content.decode()
    assert "记录链校验不符" in shown


def test_a_case_is_found_by_its_code(reviewer: Client, make_case: Callable[..., Case]) -> None:
    """NEG-55: notices lead staff here."""
    case = make_case("")
    found = reviewer.get(reverse("admin:case_by_code", args=[case.code]))
    assert found["Location"] == reverse("admin:aftersales_case_change", args=[case.pk])
    assert reviewer.get(reverse("admin:case_by_code", args=["AS0"])).status_code == 404


def test_cases_are_searched_by_code_order_buyer_and_tracking(
    reviewer: Client, make_desk: Callable[..., Desk]
) -> None:
    """A5: one box for all four."""
    case = make_desk("sent_back", type="return_refund").case
    out = case.order.parcels.first()
    assert out is not None
    url = reverse("admin:aftersales_case_changelist")
    words = [case.code, case.order.number, "林溪", "linshu", case.return_tracking, out.tracking]
    words.append(f" {out.tracking[:4]} {out.tracking[4:].lower()} ")  # as a waybill groups it
    for word in words:
        assert case.code in reviewer.get(url, {"q": word}).content.decode(), word
    assert case.code not in reviewer.get(url, {"q": "nobody"}).content.decode()


def test_the_list_of_cases_asks_no_more_with_more_cases(
    reviewer: Client,
    make_case: Callable[..., Case],
    django_assert_max_num_queries: Any,
) -> None:
    """§5.6: a ceiling, whatever the number of rows."""
    for _number in range(4):
        make_case("")
    with django_assert_max_num_queries(LIST_QUERIES):
        reviewer.get(reverse("admin:aftersales_case_changelist"))


def test_the_intervention_queue_puts_the_least_time_left_on_top(
    reviewer: Client, make_desk: Callable[..., Desk], now: Any, django_assert_max_num_queries: Any
) -> None:
    """A2: what can be ruled comes before what still gathers evidence; names are masked."""
    older = make_desk("under_review").case
    now.shift(timedelta(hours=48))
    older.catch_up()
    newer = make_desk("under_review").case
    url = reverse("admin:aftersales_intervention_changelist")
    with django_assert_max_num_queries(LIST_QUERIES):
        shown = reviewer.get(url).content.decode()
    assert shown.index(older.code) < shown.index(newer.code)
    assert "林**树" in shown
    assert "林溪树" not in shown
    assert newer.code not in reviewer.get(url, {"stage__exact": "deciding"}).content.decode()
    now.shift(timedelta(days=2))
    late = reviewer.get(url, {"overdue": "yes"}).content.decode()
    assert older.code in late
    asked = older.last_intervention
    assert asked is not None
    assert reverse("admin:rule", args=[asked.pk]) in late


def test_a_reviewer_claims_only_what_nobody_has(
    reviewer: Client, make_case: Callable[..., Case], staff: User, django_user_model: type[User]
) -> None:
    """A2: two reviewers never work on one case unawares."""
    colleague = django_user_model.objects.create_user("colleague", is_staff=True)
    mine, hers = make_case("under_review"), make_case("under_review")
    Intervention.objects.filter(case=hers).update(assignee=colleague)
    url = reverse("admin:aftersales_intervention_changelist")
    keys = list(Intervention.objects.values_list("pk", flat=True))
    assert reviewer.post(url, {"action": "claim", "_selected_action": keys}).status_code == 302
    assert Intervention.objects.get(case=mine).assignee == staff
    assert Intervention.objects.get(case=hers).assignee == colleague
    shown = reviewer.get(url, {"mine": "yes"}).content.decode()
    assert mine.code in shown
    assert hers.code not in shown


def test_staff_who_may_only_look_get_lists_and_records_without_buttons_or_files(
    client: Client, make_case: Callable[..., Case], django_user_model: type[User]
) -> None:
    """NEG-55: read-only lists by view permissions, nothing more."""
    case = make_case("under_review")
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    lists = [reverse(f"admin:aftersales_{name}_changelist") for name in ("case", "intervention")]
    assert [client.get(url).status_code for url in lists] == [403, 403]
    rights = reviewers_group().permissions.exclude(codename="rule")
    clerk.user_permissions.set(rights.filter(codename__in=["view_case", "view_intervention"]))
    assert [client.get(url).status_code for url in lists] == [200, 200]
    shown = client.get(reverse("admin:aftersales_case_change", args=[case.pk])).content.decode()
    assert "平台判定" not in shown.split("协商记录")[0]
    assert "/files/" not in shown
    claim = {"action": "claim", "_selected_action": [1]}
    client.post(lists[1], claim)
    assert Intervention.objects.get(case=case).assignee is None


def test_the_home_counts_what_waits_for_staff(
    reviewer: Client, make_case: Callable[..., Case], now: Any
) -> None:
    """A1: 待判定, 举证中, 退款失败, 自动处理失败, 需要平台跟进, each with its list."""
    first = make_case("under_review")
    now.shift(timedelta(hours=80))
    first.catch_up()
    second = make_case("under_review")
    Fault.objects.create(
        case=second, sweep="expire_cases", error="boom", next_try_at=second.at, at=second.at
    )
    shown = reviewer.get(reverse("admin:index"))
    words = shown.content.decode()
    for label in ("待判定", "举证中", "退款失败", "自动处理失败", "需要平台跟进", "逾期 1"):
        assert label in words
    assert "?stage__exact=deciding" in words


def test_a_members_permissions_are_ticked_and_stored_as_their_codes(
    root: Client, merchant: User, shop: Shop
) -> None:
    """What a member may do is chosen from the list."""
    member = Member.objects.get(user=merchant)
    page = reverse("admin:aftersales_member_change", args=[member.pk])
    assert str(Permission.REJECT.label) in root.get(page).content.decode()
    given = {
        "shop": shop.pk,
        "user": merchant.pk,
        "permissions": ["agree", "reject"],
        "active": "on",
    }
    assert root.post(page, given).status_code == 302
    member.refresh_from_db()
    assert member.permissions == ["agree", "reject"]


def test_a_new_account_has_a_hashed_password(root: Client) -> None:
    """Passwords are never stored as they are typed."""
    secret = "a-long-secret-7314"
    given = {"username": "newcomer", "password1": secret, "password2": secret}
    given |= {"usable_password": "true"}
    assert root.post(reverse("admin:aftersales_user_add"), given).status_code == 302
    user = User.objects.get(username="newcomer")
    assert user.check_password(secret)
    assert secret not in user.password


def test_a_reviewer_can_not_make_himself_more_than_he_is(reviewer: Client, staff: User) -> None:
    """A group of reviewers has no say over accounts."""
    page = reverse("admin:aftersales_user_change", args=[staff.pk])
    assert reviewer.post(page, {"is_superuser": "on"}).status_code == 403
    staff.refresh_from_db()
    assert not staff.is_superuser


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("exchange", "想换的规格"),
        ("resend", "配件 × 1"),
        ("price_difference", "¥59.00"),
    ],
)
def test_staff_read_what_each_demand_asks_of_its_own(
    kind: str, told: str, make_case: Callable[..., Case], reviewer: Client
) -> None:
    """S-16, NEG-55: in the history, in words."""
    case = make_case(type=kind)
    page = reviewer.get(reverse("admin:aftersales_case_change", args=[case.pk]))
    shown = page.content.decode()
    assert told in shown
    assert "{'" not in shown
    assert "demand" not in shown


def test_what_is_no_number_is_no_choice(root: Client) -> None:
    """N1: a forged select is said on the form; its search did not bear it."""
    for chosen in ("²", "abc", "9" * 40, ""):
        answer = root.post(reverse("admin:aftersales_returnaddress_add"), {"shop": chosen})
        assert answer.status_code == 200
        assert "errornote" in answer.text
