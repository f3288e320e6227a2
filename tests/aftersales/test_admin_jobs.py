"""批量任务 in the admin: looked at, and stopped after a second look; never begun there."""

from typing import Any

from django.contrib.auth.models import Permission as AdminPermission
from django.test import Client
from django.urls import reverse

from aftersales.enums import JobKind, JobState, Status
from aftersales.jobs import running
from aftersales.models import Case, User

LIST = "admin:aftersales_job_changelist"


def staff_with(staff: User, *rights: str) -> Client:
    for name in rights:
        staff.user_permissions.add(AdminPermission.objects.get(codename=name))
    client = Client()
    client.force_login(User.objects.get(pk=staff.pk))
    return client


def read(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_staff_see_how_far_a_job_is_and_what_failed(
    make_case: Any, merchant: User, shop: Any, staff: User
) -> None:
    good, stale, waiting = make_case(), make_case(), make_case()
    begun = [(case, case.version) for case in (good, stale)]
    stale.agree(by=merchant)
    job = running.start(shop, merchant, JobKind.AGREE, key="one", cases=begun)
    running.run_due()
    running.start(shop, merchant, JobKind.TAG, key="two", cases=[(waiting, 0)], tag="加急")
    page = staff_with(staff, "view_job", "view_jobitem")

    shown = read(page.get(reverse(LIST)))
    one = read(page.get(reverse("admin:aftersales_job_change", args=[job.pk])))

    assert "成功 1，失败 1，未处理 0" in shown
    assert "成功 0，失败 0，未处理 1" in shown
    assert stale.code in one
    assert job.items.get(case=stale).reason in one
    assert page.get(reverse("admin:aftersales_job_add")).status_code == 403
    assert 'value="stop"' not in shown


def test_what_is_left_of_a_job_can_be_left_out(
    make_case: Any, merchant: User, shop: Any, staff: User
) -> None:
    """A page that lists the jobs comes first; the cases stay as they are."""
    case = make_case()
    job = running.start(shop, merchant, JobKind.AGREE, key="one", cases=[(case, case.version)])
    page = staff_with(staff, "view_job", "change_job")
    given = {"action": "stop", "_selected_action": [job.pk]}

    asked = page.post(reverse(LIST), given)
    job.refresh_from_db()
    assert "还没有处理的不再处理" in read(asked)
    assert job.state == JobState.RUNNING

    page.post(reverse(LIST), given | {"confirmed": "1"})

    job.refresh_from_db()
    running.run_due()
    assert job.state == JobState.CANCELLED
    assert Case.objects.get(pk=case.pk).status == Status.PENDING_MERCHANT
